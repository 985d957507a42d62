"""What one node does: wait, compute and keep its populations, write, or prepare a sending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities import catalogue
from activities.base import ERROR, Activity, Channel, Gate, Loss, MadeFile, Unfinished, Work, Writer
from activities.compiler import Compiler
from activities.populations import Context, Population
from orchcamp.datasets import engine
from orchcamp.messaging import transports
from orchcamp.messaging.models import Channel as Kind
from orchcamp.web.errors import Refused

from . import contexts, gates, sealing, sending, telling
from .approvals import deviation
from .models import NodeRun, Run, RunFile
from .outcome import Outcome
from .store import RunStore

S = NodeRun.Status


def perform(node: NodeRun) -> Outcome:
    """Do what a node does; doing it twice is doing it once. Raises Refused with the sentence for the log."""
    run = node.run
    kind = catalogue.get(run.graph.node(node.node_id).type)
    if run.mode == Run.Mode.TEST and not kind.runs_in_test and not issubclass(kind, Writer):
        return Outcome(S.SKIPPED, sentence=_("left out in a test."))
    ctx, store = contexts.context(run), RunStore(run)
    compiler = Compiler(run.graph, ctx, store.read, store.open)
    activity = contexts.built(compiler, node.node_id)
    if isinstance(activity, Gate) and run.mode == Run.Mode.LIVE and (closed := gates.closed(activity, node, compiler)):
        return closed
    try:
        return _done(activity, node, compiler, store)
    except Unfinished as pause:
        until = timezone.now() + timedelta(seconds=pause.seconds)
        time = NodeRun.WaitingFor.TIME
        return Outcome(S.WAITING, waiting_for=time, resume_at=until, sentence=pause.sentence)
    except (Refused, engine.Failed) as error:
        if not activity.processes_errors or isinstance(error, engine.Interrupted):
            raise
        return _gone_on(node, compiler, store, str(error))


def _done(activity: Activity, node: NodeRun, compiler: Compiler, store: RunStore) -> Outcome:
    """Compute what leaves the node and keep it; write, or prepare a sending."""
    ctx = compiler.ctx.at(node.node_id)
    activity.prepare(ctx)
    populations = compiler.outputs(node.node_id)
    later = {ERROR} | (activity.late if isinstance(activity, Writer) and node.run.mode != Run.Mode.TEST else set())
    now = {port: part for port, part in populations.items() if _has_rows(part) and port not in later}
    outputs = store.keep_all(node.node_id, now)
    _keep_files(node, activity.made(ctx))
    said = _passed(activity, node.run.mode, ctx) if isinstance(activity, Gate) else ""
    if isinstance(activity, Writer):
        if node.run.mode == Run.Mode.LIVE:
            said = _written(activity, node, compiler, store, outputs)
        elif node.run.mode == Run.Mode.DRY:
            said = _rehearsed(activity, node, compiler, store, outputs, populations)
        elif not activity.outputs() and not activity.runs_in_test:
            return Outcome(S.SKIPPED, sentence=_("left out in a test."))
        else:
            said = activity.left_out
    rows = {port: kept["rows"] for port, kept in outputs.items()}
    follows = list(activity.follows({port: rows.get(port, 0) for port in activity_ports(activity, populations)}, ctx))
    outputs = {port: kept for port, kept in outputs.items() if port in follows or not kept["rows"]}
    parts = {port: store.kept(node.node_id, port, kept) for port, kept in outputs.items()}
    facts: dict[str, Any] = {
        "outputs": outputs,
        "follows": [port for port in follows if port != ERROR],
        "lost": _lost(activity, compiler, node.node_id, parts),
        "memory": activity.remember(parts, ctx) if node.run.mode == Run.Mode.LIVE else {},
    }
    if isinstance(activity, Channel):
        prepare = _prepared if node.run.mode == Run.Mode.LIVE else _sealed
        return prepare(activity, node, parts["out"], facts, ctx)
    counted = {port: rows[port] for port in outputs}
    apart = said if node.run.mode == Run.Mode.DRY else ""
    told = [_counted(activity, counted, follows), "" if apart else said, *_lost_in_words(facts["lost"])]
    return Outcome(S.SUCCEEDED, **facts, resume_at=node.resume_at, sentence=" ".join(filter(None, told)), said=apart)


def _written(activity: Writer, node: NodeRun, compiler: Compiler, store: RunStore, outputs: dict[str, Any]) -> str:
    """Let a writer do its work; keep what it made and tell what it has to tell. The sentence for the log."""
    written = activity.write(_work(node, compiler, store))
    for port, part in written.populations.items():
        outputs[port] = store.keep(node.node_id, port, part)
    _keep_files(node, written.files)
    telling.tell(node, written)
    return written.sentence


def _rehearsed(
    activity: Writer,
    node: NodeRun,
    compiler: Compiler,
    store: RunStore,
    outputs: dict[str, Any],
    populations: Mapping[str, Population],
) -> str:
    """What a writer would do, in its words; of late ports that nobody can foresee no rows are kept."""
    work = _work(node, compiler, store)
    rehearsed = activity.rehearse(work)
    for port in activity.late & set(populations):
        outputs[port] = store.keep(node.node_id, port, rehearsed.populations.get(port, populations[port]))
    return rehearsed.sentence


def _passed(activity: Gate, mode: str, ctx: Context) -> str:
    """What a gate says of having been passed without waiting."""
    if mode == Run.Mode.DRY:
        return activity.assumed(ctx)
    return activity.tried() if mode == Run.Mode.TEST else ""


def activity_ports(activity: Activity, populations: Mapping[str, Population]) -> list[str]:
    """The ports of a node that rows can leave, the one for errors apart."""
    return [port.name for port in activity.outputs()] or [port for port in populations if port != ERROR]


def _has_rows(population: Population) -> bool:
    """A bare start (a fork without inbound) has no rows to keep."""
    return bool(population.dimension)


def _gone_on(node: NodeRun, compiler: Compiler, store: RunStore, sentence: str) -> Outcome:
    """A failure that the canvas processes: what arrived goes on through the port for errors."""
    arrived = [part for part in compiler.inputs(node.node_id).many() if _has_rows(part)]
    outputs = {ERROR: store.keep(node.node_id, ERROR, arrived[0])} if arrived else {}
    return Outcome(S.SUCCEEDED, outputs, [ERROR], error=sentence)


def _work(node: NodeRun, compiler: Compiler, store: RunStore) -> Work:
    """What a writer is given: the first population that arrived."""
    run, population = node.run, compiler.inputs(node.node_id).one()
    return Work(
        population=population,
        ctx=compiler.ctx.at(node.node_id),
        run_key=f"{run.pk}-{node.node_id}",
        source=f"{run.campaign.name} · {run.graph.node(node.node_id).name}",
        folder=store.folder(node.node_id),
        by=run.started_by_id,
        rows=engine.count(population.table) if _has_rows(population) else 0,
    )


def _keep_files(node: NodeRun, files: Iterable[MadeFile]) -> None:
    for file in files:
        facts = {
            "path": file.path,
            "rows": file.rows,
            "size": (engine.root() / file.path).stat().st_size,
            "note": file.note,
        }
        RunFile.objects.update_or_create(run=node.run, node_id=node.node_id, name=file.name, defaults=facts)


def _lost(
    activity: Activity, compiler: Compiler, node_id: str, parts: Mapping[str, Population]
) -> list[dict[str, Any]]:
    """How many rows arrived and left through no port, by reason."""
    losses = activity.lost(compiler.inputs(node_id), compiler.ctx.at(node_id), parts)
    counted = [{"reason": str(loss.reason), "rows": _rows_of(loss)} for loss in losses]
    return [loss for loss in counted if loss["rows"] > 0]


def _lost_in_words(lost: list[dict[str, Any]]) -> list[str]:
    return [
        ngettext("%(n)s row lost: %(reason)s", "%(n)s rows lost: %(reason)s", loss["rows"])
        % {"n": f"{loss['rows']:,}", "reason": loss["reason"]}
        for loss in lost
    ]


def _rows_of(loss: Loss) -> int:
    return engine.count(loss.rows) - sum(engine.count(table) for table in loss.less)


def _prepared(
    activity: Channel,
    node: NodeRun,
    population: Population,
    facts: dict[str, Any],
    ctx: Context,
) -> Outcome:
    """The plan is made; it goes out now, or when a person has looked at its numbers."""
    delivery = sending.prepare(node, population, activity, ctx)
    numbers = {"targeted": f"{delivery.targeted:,}", "prepared": f"{delivery.prepared:,}"}
    sentence = _("%(targeted)s targeted, %(prepared)s to be sent") % numbers
    if not delivery.prepared:
        return Outcome(S.SUCCEEDED, **facts, sentence=sentence + _("; nothing goes out."))
    if activity.channel not in transports.CHANNELS:
        name = str(dict(Kind.choices)[activity.channel])
        said = _("; nothing was sent: this version has no transport for %(channel)s.") % {"channel": name}
        return Outcome(S.SUCCEEDED, **facts, sentence=sentence + said, warns=True)
    held = "" if node.confirmed_at else deviation.of(node, delivery.targeted)
    if node.confirmed_at or (activity.settings.get("without_confirmation") and not held):
        return Outcome(S.SENDING, **facts, sentence=sentence + ".")
    if held:
        confirming = NodeRun.WaitingFor.CONFIRMATION
        return Outcome(S.WAITING, **facts, waiting_for=confirming, sentence=f"{sentence}. {held}", warns=True)
    return Outcome(
        S.WAITING,
        **facts,
        waiting_for=NodeRun.WaitingFor.CONFIRMATION,
        sentence=sentence + _("; waits for a person to confirm."),
    )


def _sealed(activity: Channel, node: NodeRun, population: Population, facts: dict[str, Any], ctx: Context) -> Outcome:
    """The plan is made and sealed: nothing goes out, and the population goes on."""
    sealed = sealing.seal(node, population, activity, ctx)
    numbers = {"targeted": f"{sealed.targeted:,}", "prepared": f"{sealed.prepared:,}"}
    sentence = _("%(targeted)s targeted, %(prepared)s would be sent.") % numbers
    if sealed.failing:
        failing = ngettext(
            "%(n)s message cannot be put together.", "%(n)s messages cannot be put together.", sealed.failing
        )
        sentence = f"{sentence} {failing % {'n': f'{sealed.failing:,}'}}"
    return Outcome(S.SUCCEEDED, **facts, sentence=sentence, warns=bool(sealed.failing))


def _counted(activity: Activity, rows: dict[str, int], follows: list[str]) -> str:
    labels = {port.name: str(port.label) for port in activity.ports()}
    if labels and not follows and (len(labels) > 1 or not rows):
        return _("no way was taken; the path ends here.")
    parts = []
    for port, count in rows.items():
        text = ngettext("%(n)s row", "%(n)s rows", count) % {"n": f"{count:,}"}
        label = f"{labels.get(port) or port}: " if len(labels) > 1 else ""
        parts.append(
            f"{label}{text}"
            if port in follows
            else _("%(label)s%(text)s, the path ends") % {"label": label, "text": text}
        )
    return (", ".join(parts) or _("done")) + "."
