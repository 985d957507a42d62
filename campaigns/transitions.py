"""What goes over one transition: its rows as the last run kept them or as the draft would give them, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from activities import columns
from activities.compiler import Compiler
from activities.graph import Graph
from activities.populations import ActivityError, Context, Population
from orchcamp.datasets import engine, overview, preview, statistics
from orchcamp.datasets.preview import MASK
from orchcamp.datasets.schema import ColumnShape
from orchcamp.web.errors import Refused

from . import changes, contexts, counts, store
from .models import CampaignVersion, Run
from .store import RunStore

PAGE = 20
PAGES_AT_MOST = 500  # further rows come with an export


@dataclass(frozen=True)
class Carried:
    """The population of a transition, lazily, and the place that it is seen from."""

    population: Population
    ctx: Context
    run: Run | None = None  # that kept it; None: as the draft would give it

    @cached_property
    def shapes(self) -> dict[str, ColumnShape]:
        """Every column that a row carries: those of its dimension, and those that nodes added."""
        own = self.ctx.model.dataset(self.population.dimension).columns
        return {**own, **columns.shapes(self.population)}

    def hidden(self, *, personal: bool) -> set[str]:
        """The columns whose values a reader may not see."""
        return set() if personal else {name for name, shape in self.shapes.items() if shape.personal}

    @property
    def wide(self) -> Table:
        return self.ctx.wide(self.population)


# --- The population ------------------------------------------------------------------------------------------------


def stored(version: CampaignVersion, run: Run | None, node_id: str, port: str) -> Population | None:
    """The rows that the last run kept, if the canvas has not changed at or before them since."""
    if run is None or node_id in counts.changed_nodes(run.graph, version.graph):
        return None
    return RunStore(run).population(node_id, port)


def of_run(run: Run | None, node_id: str, port: str) -> Population | None:
    """The rows that a run kept, whatever has changed since."""
    return RunStore(run).population(node_id, port) if run else None


def gone(run: Run | None, node_id: str, port: str) -> str:
    """The sentence for a transition of which a run has the count but not the rows any more; "" otherwise."""
    row = next((row for row in run.nodes.all() if row.node_id == node_id), None) if run else None
    if run is None or row is None or port not in row.outputs or of_run(run, node_id, port) is not None:
        return ""
    if at := run.purging_at or store.purged_at(run.pk):
        day = formats.date_format(timezone.localtime(at), "DATE_FORMAT")
        return _("Data no longer available: the run's rows were removed on %(day)s. Test the campaign again.") % {
            "day": day
        }
    return _("Data no longer available: the run's rows were removed. Test the campaign again.")


def carried(version: CampaignVersion, run: Run | None, node_id: str, port: str, *, live: bool) -> Carried:
    """What goes over a transition. Raises Refused, which says why there are no rows and what to do."""
    if not live:
        kept = stored(version, run, node_id, port)
        if run is None or kept is None:
            sentence = gone(run, node_id, port)
            raise ActivityError(
                sentence or _("The last run keeps no rows of this transition; test the campaign again.")
            )
        run.campaign = version.campaign
        return Carried(kept, contexts.context(run), run)
    compiler = Compiler(version.graph, contexts.draft_context(version.planned()))
    found = compiler.outputs(node_id)
    if port not in found:
        raise ActivityError(_("This node has no such port any more; reload the page."))
    if not found[port].dimension:
        raise ActivityError(_("No audience goes over this transition."))
    return Carried(found[port], compiler.at(node_id))


# --- Columns -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ColumnLine:
    """A column of a transition: what it is called, what it holds, and where it comes from."""

    name: str
    shape: ColumnShape
    origin: str
    added: bool
    key: bool


def column_lines(found: Carried, graph: Graph, node_id: str) -> list[ColumnLine]:
    """The columns of a transition, those that nodes added first."""
    population = found.population
    dataset = found.ctx.model.dataset(population.dimension).label
    added = columns.shapes(population)
    makers = _makers(graph, found, node_id, set(added))
    lines = [
        ColumnLine(
            name, shape, makers.get(name, dataset) if name in added else dataset, name in added, name in population.key
        )
        for name, shape in found.shapes.items()
    ]
    return sorted(lines, key=lambda line: not line.added)


def _makers(graph: Graph, found: Carried, node_id: str, names: set[str]) -> dict[str, str]:
    """Added column -> the name of the node that added it: the farthest one before that gives it."""
    if not names:
        return {}
    compiler = Compiler(graph, found.ctx)
    makers = {}
    for name in names:
        at = node_id
        while before := [e for e in graph.incoming(at) if name in _extras(compiler, e.source, e.source_port)]:
            at = before[0].source
        makers[name] = graph.nodes[at].name
    return makers


def _extras(compiler: Compiler, node_id: str, port: str) -> Sequence[str]:
    try:
        return compiler.outputs(node_id)[port].extras
    except (Refused, KeyError):
        return ()


# --- Rows ----------------------------------------------------------------------------------------------------------


def page(found: Carried, names: list[str], number: int, *, personal: bool) -> dict[str, Any]:
    """Some rows in the order of their key, as heads and cells; a masked cell never reaches the template."""
    number = max(1, min(number, PAGES_AT_MOST))
    population, key = found.population, list(found.population.key)
    ordered = population.table.order_by(key).limit(PAGE + 1, offset=(number - 1) * PAGE)
    wide = found.ctx.wide(population.with_table(ordered)).order_by(key)
    chosen = [name for name in wide.columns if name in names] or list(wide.columns)
    rows = engine.rows(wide.select(*dict.fromkeys([*key, *chosen])))
    return {
        **table(found, chosen, rows[:PAGE], personal=personal),
        "number": number,
        "previous": number - 1 if number > 1 else None,
        "following": number + 1 if len(rows) > PAGE and number < PAGES_AT_MOST else None,
        "last_page": number == PAGES_AT_MOST and len(rows) > PAGE,
    }


def table(found: Carried, names: Sequence[str], rows: list[dict[str, Any]], *, personal: bool) -> dict[str, Any]:
    """Heads and cells of rows."""
    shapes, hidden = found.shapes, found.hidden(personal=personal) & set(names)
    heads = [shapes[name].label or name if name in shapes else name for name in names]
    keys = found.population.key
    lines = [
        {
            "key": None if found.hidden(personal=personal) & set(keys) else [row[name] for name in keys],
            "cells": [MASK if name in hidden and row.get(name) is not None else row.get(name) for name in names],
        }
        for row in rows
    ]
    return {"heads": heads, "lines": lines, "hidden": bool(hidden)}


# --- Distribution --------------------------------------------------------------------------------------------------


def distribution(found: Carried, name: str, wanted: str, *, personal: bool) -> dict[str, Any]:
    """What a column holds over the rows of the transition: figures, a histogram, its most frequent values.

    Raises Refused where the column is not there or may not be seen.
    """
    shape = found.shapes.get(name)
    if shape is None:
        raise Refused(_("This transition has no column “%(name)s” any more.") % {"name": name})
    if name in found.hidden(personal=personal):
        raise Refused(_("Your profile may not see the values of personal columns."))
    only = found.wide.select(name)
    facts = statistics.of_column(only, name, shape.type)
    values, more = preview.frequencies(only, name, wanted)
    return {
        "shape": shape,
        "facts": facts,
        "null_rate": facts["nulls"] / facts["rows"] if facts["rows"] else None,
        "bars": overview.bars_of(facts["bars"]) if facts["histogram"] else (),
        "values": values,
        "more": more,
        "wanted": wanted,
    }


# --- Against earlier runs ------------------------------------------------------------------------------------------


def compared(found: Carried, node_id: str, port: str, before: Run | None, *, personal: bool) -> dict[str, Any]:
    """Who came in, left and stayed since an earlier run; a sentence where that cannot be said."""
    earlier = of_run(before, node_id, port)
    if before is None or earlier is None:
        sentence = gone(before, node_id, port) if before else ""
        return {"run": before, "sentence": sentence or _("That run did not come to this transition.")}
    parts = changes.since(found.population, earlier, found.ctx)
    if parts is None:
        return {"run": before, "sentence": _("That run carried rows of another dimension here.")}
    names = shown_columns(found)
    return {
        "run": before,
        "parts": [(part, table(found, names, list(part.sample), personal=personal)) for part in parts],
    }


def shown_columns(found: Carried) -> list[str]:
    """The few columns of a sample: the key, the addresses and what nodes added."""
    shape = found.ctx.model.dataset(found.population.dimension)
    addresses = [name for name in shape.target.values() if isinstance(name, str) and name in shape.columns]
    return list(dict.fromkeys([*found.population.key, *addresses[:1], *found.population.extras[:2]]))
