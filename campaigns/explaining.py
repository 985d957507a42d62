"""Explain: which way one row went through the canvas, where it stopped, and why, in words and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities.base import ERROR, Activity, Channel
from activities.cases import Case
from activities.populations import Context
from orchcamp.datasets import engine
from orchcamp.datasets.rules import verdicts
from orchcamp.datasets.rules.verdicts import Cell, Verdict
from orchcamp.datasets.schema import ColumnShape, DataModel
from orchcamp.web.errors import Refused

from . import contexts, drawing
from .fates import fate
from .models import CampaignVersion, NodeRun, Run
from .tracing import Key, Stage, Tracer, Way, among, begins, keyed

FOUND_AT_MOST = 10
TOLD_AT_MOST = 3  # rows of one node that are told one by one
SEARCHED = ("string", "integer", "decimal", "float")
S = NodeRun.Status


@dataclass(frozen=True)
class Reader:
    """What the person who asks may see: rows at all, personal values, and which filters are closed to them."""

    rows: bool = True
    personal: bool = True
    hidden: frozenset[str] = frozenset()

    def verdict(self, verdict: Verdict) -> Verdict:
        return verdicts.masked(verdict, personal=self.personal, values=self.rows, hidden=self.hidden)


class NotFound(Refused):
    """No row has what was typed."""


# --- Finding the row -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A row that was found: its key, and what else tells it from others."""

    key: Key
    cells: tuple[Cell, ...] = ()


def dimensions(stage: Stage, first: str) -> list[str]:
    """The dimensions of which the canvas has rows, that of the campaign first."""
    slugs = [node.settings.get("dimension") for node in stage.graph.nodes.values()]
    return [
        slug for slug in dict.fromkeys([first, *slugs]) if isinstance(slug, str) and slug in stage.ctx.model.datasets
    ]


def identifiers(model: DataModel, dimension: str, reader: Reader) -> dict[str, ColumnShape]:
    """The columns by which a row can be looked for; personal ones only by those who may see them."""
    shape = model.dataset(dimension)
    named = [
        *shape.key,
        *(name for path in shape.target.values() for name in ([path] if isinstance(path, str) else path)),
    ]
    own = {name: shape.columns[name] for name in dict.fromkeys(named) if name in shape.columns}
    rest = {name: column for name, column in shape.columns.items() if column.type in SEARCHED and name not in own}
    return {name: column for name, column in {**own, **rest}.items() if reader.personal or not column.personal}


def find(ctx: Context, dimension: str, text: str, reader: Reader, column: str = "") -> list[Found]:
    """The rows with this key, this address or this value of a column; the text is data, never part of a statement.

    Raises NotFound, which says what was looked through.
    """
    shape, text = ctx.model.dataset(dimension), text.strip()
    offered = identifiers(ctx.model, dimension, reader)
    addresses = {name for path in shape.target.values() for name in ([path] if isinstance(path, str) else path)}
    names = [column] if column in offered else [name for name in offered if name in shape.key or name in addresses]
    table = ctx.model.table(dimension)
    asked = ibis.memtable([{"asked": text.lower()}])
    same = [table[name].cast("string").strip().lower() for name in names]
    if len(shape.key) > 1 and not column and set(shape.key) <= set(offered):  # a key of several columns: "1, a"
        same.append(_joined([table[name].cast("string").lower() for name in shape.key]))
        asked = ibis.memtable(
            [{"asked": ",".join(part.strip() for part in text.lower().split(","))}, {"asked": text.lower()}]
        )
    found = table.filter(ibis.or_(*(value.isin(asked.asked) for value in same))) if same else table.limit(0)
    shown = [name for name in names if name not in shape.key]
    rows = engine.rows(found.order_by(list(shape.key)).select(*shape.key, *shown), FOUND_AT_MOST)
    if not rows:
        raise NotFound(_nobody(shape.label, text, [offered[name].label or name for name in names], reader))
    return [
        Found(
            tuple(row[name] for name in shape.key),
            tuple(Cell(offered[name].label or name, row[name], offered[name].personal) for name in shown),
        )
        for row in rows
    ]


def demand(ctx: Context, dimension: str, key: Key, reader: Reader) -> Key:
    """The key as the dimension has it. Raises NotFound unless there is such a row and the reader may name it."""
    shape = ctx.model.dataset(dimension)
    closed = not reader.personal and any(shape.columns[name].personal for name in shape.key)
    table = ctx.model.table(dimension)
    try:
        one = table.filter(among(table, shape.key, [key])).select(*shape.key)
        rows = [] if closed else engine.rows(one, 1)
    except (TypeError, ValueError):  # no value of the column's type, or too few of them
        rows = []
    if not rows:
        raise NotFound(_nobody(shape.label, key_text(key), [shape.columns[n].label or n for n in shape.key], reader))
    return tuple(rows[0].values())


def _joined(parts: list[Any]) -> Any:
    text = parts[0]
    for part in parts[1:]:
        text = text + ibis.literal(",") + part
    return text


def _nobody(label: str, text: str, looked: list[str], reader: Reader) -> str:
    sentence = _("No row of {dimension} has “{text}” as its {columns}.")
    joined = _(" or ").join(looked)
    said = sentence.format(dimension=label, text=text, columns=joined or _("key"))
    if not reader.personal:
        said += " " + _("Personal columns, such as addresses, are not looked through: your profile lacks that right.")
    return said


# --- Explaining ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What one row met at a node."""

    key: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Step:
    """One node on the row's way."""

    node_id: str
    name: str
    icon: str
    kind: str
    state: str  # passed, stopped, ended, missed: the value of data-lit
    word: str
    sentence: str
    ports: tuple[str, ...] = ()
    wires: str = ""  # the transitions it came over, as the drawing names them
    told: tuple[Told, ...] = ()
    rows: int = 1

    @property
    def port_keys(self) -> str:
        """The outlets that it left through, as the drawing names them."""
        return " ".join(f"{self.node_id}-{port}" for port in self.ports)


@dataclass(frozen=True)
class Explanation:
    """The whole way, and what came of it in a sentence."""

    row: str
    headline: str
    steps: tuple[Step, ...]
    elsewhere: tuple[str, ...]  # names of nodes that are not on the way
    run: Run | None


def stage_of(version: CampaignVersion, run: Run | None) -> Stage:
    """The run's canvas with its rows, or the draft's."""
    if run is None:
        return Stage(version.graph, contexts.draft_context(version.planned()))
    run.campaign = version.campaign
    return Stage(run.graph, contexts.context(run), run)


def explain(stage: Stage, dimension: str, key: Key, reader: Reader) -> Explanation:
    """The way of one row."""
    way = Tracer(stage, dimension, key)
    traced = way.trace()
    steps, elsewhere = [], []
    for id in stage.graph.order():
        step = _step(stage, way, traced, id)
        if step is None:
            elsewhere.append(stage.graph.nodes[id].name)
        else:
            told = tuple(replace(each, verdicts=tuple(map(reader.verdict, each.verdicts))) for each in step.told)
            steps.append(replace(step, told=told))
    name = _row_name(stage, dimension, key)
    return Explanation(name, _headline(name, steps), tuple(steps), tuple(elsewhere), stage.run)


def _row_name(stage: Stage, dimension: str, key: Key) -> str:
    return f"{stage.ctx.model.dataset(dimension).label} {key_text(key)}"


def key_text(key: Key) -> str:
    return ", ".join(str(part) for part in key)


def _step(stage: Stage, tracer: Tracer, way: Way, id: str) -> Step | None:
    """What happened at one node; None where the row did not come and was not looked for."""
    node, arrived, ports = stage.graph.nodes[id], way.arrivals(id), way.ports(id)
    activity = stage.activity(id)
    looked = begins(stage.graph, id) and any(p.dimension == way.dimension for p in tracer.outputs[id].values())
    if activity is None or not (arrived or ports or looked):
        return None
    icon, kind, _group, _summary = drawing.describe(node, None)
    labels = {port.name: str(port.label) for port in activity.ports()} | {ERROR: _("Error")}
    state, word, sentence = _fate(stage, activity, id, arrived, ports, labels)
    keys = sorted(arrived, key=str) or [way.key]
    told = tuple(_told(stage, tracer, activity, id, key) for key in keys[:TOLD_AT_MOST])
    wires = " ".join(f"{edge.source}-{edge.source_port}-{edge.target}" for edge in way.came[id])
    return Step(id, node.name, icon, kind, state, word, sentence, ports, wires, tuple(filter(None, told)), len(keys))


def _fate(
    stage: Stage, activity: Activity, id: str, arrived: set[Key], ports: tuple[str, ...], labels: Mapping[str, str]
) -> tuple[str, str, str]:
    """State, word and sentence of a node."""
    row, found = stage.row(id), begins(stage.graph, id)
    if isinstance(activity, Channel):
        return "passed", _("reached"), _("Reached this message.")
    if ports:
        if row is not None and not set(ports) & set(row.follows):
            return "stopped", _("path ended"), _("It was here, but the run did not go on from this node.")
        named = ", ".join(labels[port] for port in ports if labels.get(port))
        if found:
            said = _("Found here; left through “{port}”.") if named else _("Found here.")
            return "passed", _("found"), said.format(port=named)
        return "passed", _("went on"), (_("Left through “{port}”.") if named else _("Went on.")).format(port=named)
    if found:
        return "missed", _("not found"), _("Not found here.")
    if row is not None and row.status not in {S.SUCCEEDED, S.SENDING}:
        said = _("It came here, but the run did not do this node: {status}.")
        return "stopped", _("not run"), said.format(status=str(S(row.status).label).lower())
    if not activity.ports():
        return "ended", _("the end"), _("Its path ends here.")
    return "stopped", _("stopped"), _("It stopped here.")


def _told(stage: Stage, tracer: Tracer, activity: Activity, id: str, key: Key) -> Told | None:
    """What one row met at a node: its own reasons, else the loss that it is among."""
    case = _case(stage, tracer, id, key)
    if case is None:
        return None
    try:
        found = list(activity.explain(case))
        if not found and not case.left:
            found = list(_lost(activity, case))
        if isinstance(activity, Channel) and (people := case.inputs.many()):
            found += fate(stage, id, activity, people[0], case.key)
    except Refused as refusal:
        found = [verdicts.fact(str(refusal))]
    return Told(key_text(key), tuple(found)) if found else None


def _case(stage: Stage, tracer: Tracer, id: str, key: Key) -> Case | None:
    outputs, came = tracer.outputs[id], tracer.way.came[id]
    dimension = tracer.way.dimension
    for edge, keys in came.items():
        if key in keys:
            dimension = tracer.outputs[edge.source][edge.source_port].dimension
    try:
        inputs = stage.compiler.inputs(id)
    except Refused:
        return None
    edges = sorted(stage.compiler.edges(id), key=lambda edge: edge.target_port)
    sets = [(edge_name(stage, edge.source, edge.source_port), key in came.get(edge, set())) for edge in edges]
    left = tuple(port for port, keys in tracer.way.left[id].items() if key in keys)
    names = stage.ctx.model.dataset(dimension).key
    return Case(inputs, outputs, stage.compiler.at(id), dimension, keyed(names, key), tuple(sets), {}, left)


def edge_name(stage: Stage, source: str, port: str) -> str:
    """What a set is called that arrives over a transition."""
    node = stage.graph.nodes[source]
    label = next((str(each.label) for each in drawing.ports_of(node) if each.name == port and each.label), "")
    return f"{node.name} · {label}" if label else node.name


def _lost(activity: Activity, case: Case) -> Iterator[Verdict]:
    """The losses of the node that the row is among."""
    for loss in activity.lost(case.inputs, case.ctx, case.outputs):
        if not set(case.key) <= set(loss.rows.columns) or case.first(loss.rows) is None:
            continue
        if all(case.first(less) is None for less in loss.less if set(case.key) <= set(less.columns)):
            yield verdicts.fact(str(loss.reason).capitalize(), False)


# --- In a sentence -------------------------------------------------------------------------------------------------


def _headline(name: str, steps: list[Step]) -> str:
    """What came of the row, for those who read no more."""
    reached = [step for step in steps if step.state != "missed"]
    if not reached:
        return _missed(name, steps)
    stopped = [step for step in reached if step.state == "stopped"]
    last = [step for step in reached if step.word == _("reached") or step.state == "ended"]
    if stopped and not last:
        step = stopped[-1]
        why = _blamed([step])
        said = _("{row} came as far as “{node}” and stopped there{why}.")
        return said.format(row=name, node=step.name, why=f": {why}" if why else "")
    if not last:
        names = ", ".join(f"“{step.name}”" for step in reached[-1:])
        return _("{row} went through {n} nodes, the last {node}.").format(row=name, n=len(reached), node=names)
    names = ", ".join(f"“{step.name}”" for step in last)
    said = ngettext("{row} reached {nodes}{how}.", "{row} reached {nodes}{how}.", len(last))
    outcome = [told.verdicts[0].words for step in last for told in step.told[:1] if step.word == _("reached")]
    return said.format(row=name, nodes=names, how=f": {outcome[-1]}" if outcome else "")


def _missed(name: str, steps: list[Step]) -> str:
    if not steps:
        return _("{row} exists, but this canvas looks for no rows of that dimension.").format(row=name)
    names = ", ".join(f"“{step.name}”" for step in steps)
    why = _blamed(steps)
    said = _("{row} exists, but {nodes} did not find it{why}.")
    return said.format(row=name, nodes=names, why=f": {why}" if why else "")


def _blamed(steps: list[Step]) -> str:
    """The conditions that kept the row out."""
    told = [verdict for step in steps for told in step.told[:1] for verdict in told.verdicts]
    found = [culprit for verdict in told for culprit in verdicts.culprits(verdict, verdict.part != "except")]
    return "; ".join(_kept_out(culprit) for culprit in found[:3])


def _kept_out(culprit: Verdict) -> str:
    """One condition that kept the row out, with the value that the row has."""
    if culprit.kind == "fact" and not culprit.part:
        said = culprit.words[:1].lower() + culprit.words[1:]
    else:
        said = (_("“{words}” holds") if culprit.holds else _("“{words}” does not hold")).format(words=culprit.words)
    if len(culprit.cells) == 1 and not culprit.cells[0].label:
        value = culprit.cells[0].value
        said += _(" (it is empty)") if value is None else _(" (it is {value})").format(value=shown(value))
    return said


def shown(value: Any) -> str:
    """A value as a sentence has it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return formats.date_format(value)
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else value.normalize()
    if isinstance(value, int | float | Decimal):
        return str(formats.number_format(value, use_l10n=True))
    return str(value)
