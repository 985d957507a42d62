"""Why a row satisfies a rule or does not: the verdict of every node of the rule, compiled as the rule itself is.

Each node becomes a boolean column beside the row by the same ``holds`` that decides membership, so that what is told
cannot differ from what was done. The values beside the verdicts are read over the same links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import BooleanValue, Table
from ibis.expr.types import Value as Expression

from .. import engine, expressions
from ..schema import DatasetShape, Step
from . import ways, words
from .compiling import Frame, holds, inlined, widened, with_figure, with_sources
from .context import RuleContext
from .nodes import (
    Aggregate,
    Attribute,
    Collection,
    Computed,
    Condition,
    FilterUse,
    Group,
    Literal,
    Membership,
    Node,
    Source,
)
from .reader import read
from .verdicts import Cell, Verdict

VALUES_AT_MOST = 200  # conditions whose values are read; of more, only the verdicts
LINKS_AT_MOST = 20  # conditions on linked rows that are looked into
SAMPLES = 3
SAMPLE_COLUMNS = 4
TELLING = {"string", "date", "datetime"}  # types of an expression that may tell who somebody is
KINDS = {Collection: "collection", Aggregate: "figure", Membership: "audience", FilterUse: "filter"}
Which = Callable[[Table], BooleanValue]


def explain(table: Table, tree: Any, dataset: str, ctx: RuleContext, which: Which) -> Verdict | None:
    """What the rule says of the row that ``which`` picks from the table; None when there is no such row."""
    shape, node = ctx.model.dataset(dataset), read(tree, dataset, ctx)
    listed = list(_nodes(node))
    frame, sources = _beside(Frame(table, shape, ctx), listed)
    keep = [name for name in shape.key if name in table.columns]
    marked = frame.table.select(
        *keep,
        **{f"verdict_{n}": holds(inlined(each), frame).fill_null(False) for n, each in enumerate(listed)},
        **{f"value_{n}": column for n, column in enumerate(sources.values())},
    )
    found = engine.rows(marked.filter(which(marked)), 1)
    if not found:
        return None
    places = {id(each): f"verdict_{n}" for n, each in enumerate(listed)}
    values = {source: found[0][f"value_{n}"] for n, source in enumerate(sources)}
    one = table.filter(which(table))
    facts = {
        id(each): _linked(each, one, ctx)
        for each in islice((each for each in listed if isinstance(each, Collection | Aggregate)), LINKS_AT_MOST)
    }
    return _Teller(shape, ctx, found[0], places, values, facts).tell(node)


def _nodes(node: Node) -> Iterator[Node]:
    """The node and all below it that are about the row itself."""
    yield node
    for item in node.items if isinstance(node, Group) else (node.node,) if isinstance(node, FilterUse) else ():
        yield from _nodes(item)


def _beside(frame: Frame, listed: list[Node]) -> tuple[Frame, dict[Any, Expression]]:
    """The frame with all that its conditions ask of, and the columns of their values."""
    asked = [each for each in listed if isinstance(each, Condition | Aggregate)]
    if len(asked) > VALUES_AT_MOST:
        return widened(frame, inlined(listed[0])), {}
    conditions = [each.attribute for each in asked if isinstance(each, Condition)]
    against = [value for each in asked for value in each.test.values if not isinstance(value, Literal)]
    frame = with_sources(frame, [*conditions, *against])
    figures = list(dict.fromkeys(each for each in asked if isinstance(each, Aggregate)))
    for figure in figures:
        frame = with_figure(frame, figure)
    found: dict[Any, Expression] = {source: frame.column(source) for source in [*conditions, *against]}
    return frame, {**found, **{figure: frame.table[frame.joined[figure]] for figure in figures}}


class _Teller:
    """Puts the tree of verdicts together from what the engine answered."""

    def __init__(self, shape: DatasetShape, ctx: RuleContext, row: Any, places: Any, values: Any, facts: Any):
        self.shape, self.ctx, self.row = shape, ctx, row
        self.places, self.values, self.facts = places, values, facts

    def tell(self, node: Node, part: str = "") -> Verdict:
        verdict = Verdict(
            words.say(node) if isinstance(node, Group) else words.phrase(node),
            bool(self.row[self.places[id(node)]]),
            node.kind if isinstance(node, Group) else KINDS.get(type(node), "condition"),
            part=part,
        )
        if isinstance(node, Group):
            parts = ["except" if node.kind == "except" and place else "" for place in range(len(node.items))]
            items = tuple(self.tell(item, part) for item, part in zip(node.items, parts, strict=True))
            return replace(verdict, items=items)
        if isinstance(node, FilterUse):
            return replace(verdict, items=(self.tell(node.node),), filter=node.filter)
        if isinstance(node, Condition):
            return replace(verdict, cells=tuple(self._cells(node)))
        if isinstance(node, Aggregate) and node in self.values:
            verdict = replace(verdict, cells=(Cell("", self.values[node], self._personal_figure(node)),))
        return replace(verdict, **self.facts.get(id(node), {}))

    def _cells(self, node: Condition) -> Iterator[Cell]:
        named = [node.attribute, *(value for value in node.test.values if not isinstance(value, Literal))]
        for place, source in enumerate(named):
            if source in self.values:
                label = words.name(source) if place else ""
                yield Cell(label, self.values[source], _personal(source, self.shape, self.ctx))

    def _personal_figure(self, node: Aggregate) -> bool:
        if node.attribute is None or node.function.startswith("count"):
            return False
        return _personal(node.attribute, self.ctx.model.dataset(node.steps[-1].target), replace(self.ctx, columns={}))


def _personal(source: Source, shape: DatasetShape, ctx: RuleContext) -> bool:
    """Whether a value may tell who somebody is: of an expression, when it reads a personal column."""
    if isinstance(source, Computed):
        if source.type in TELLING:
            return True
        given = {name: list(value) if isinstance(value, tuple) else value for name, value in source.given}
        within = replace(ctx, variables={**ctx.variables, **given})
        found = expressions.read(source.text, shape.slug, within)
        return any(_personal(column, shape, ctx) for column in found.columns.values())
    if source.steps:
        return ctx.model.dataset(source.steps[-1].target).columns[source.column].personal
    column = ctx.columns.get(source.column) or shape.columns.get(source.column)
    return column is None or column.personal


# --- Linked rows -------------------------------------------------------------------------------------------------


def _linked(node: Collection | Aggregate, one: Table, ctx: RuleContext) -> dict[str, Any]:
    """How many linked rows there are, how many satisfy each part of what is asked of them, and the first of them."""
    shape = ctx.model.dataset(node.steps[-1].target)
    rows = _followed(one, node.steps, ctx)
    within = replace(ctx, columns={})
    listed = list(islice(_nodes(node.where), VALUES_AT_MOST))
    frame = widened(Frame(rows, shape, within), inlined(node.where))
    marks = {f"verdict_{n}": holds(inlined(each), frame).fill_null(False) for n, each in enumerate(listed)}
    marked = frame.table.select(*rows.columns, **marks)
    sums = {name: marked[name].cast("int64").sum() for name in marks}
    (counted,) = engine.rows(marked.aggregate(of=marked.count(), **sums))
    numbers = {name: int(counted[name] or 0) for name in sums}
    found = numbers["verdict_0"]
    wanted = marked.filter(marked["verdict_0"]) if found else marked
    return {
        "noun": " ".join(step.name.replace("_", " ") for step in node.steps),
        "of": int(counted["of"]),
        "rows": found,
        "items": _counted(node.where, listed, numbers, int(counted["of"])),
        "samples": _samples(wanted, node, shape, within) if counted["of"] else (),
    }


def _followed(one: Table, steps: tuple[Step, ...], ctx: RuleContext) -> Table:
    """The rows that the steps lead to."""
    for step in steps:
        there = ways.rows(step, ctx.model)
        pairs = zip(step.source_columns, step.target_columns, strict=True)
        one = there.semi_join(one, [there[theirs] == one[mine] for mine, theirs in pairs])
    return one


def _counted(where: Node, listed: list[Node], numbers: dict[str, int], of: int) -> tuple[Verdict, ...]:
    """Each part of the condition on linked rows, with how many of them satisfy it; nothing where all are asked for."""
    places = {id(each): numbers[f"verdict_{n}"] for n, each in enumerate(listed)}

    def tell(node: Node, part: str = "") -> Verdict:
        rows = places.get(id(node))
        inner = node.items if isinstance(node, Group) else (node.node,) if isinstance(node, FilterUse) else ()
        kind = node.kind if isinstance(node, Group) else KINDS.get(type(node), "condition")
        excluded = [
            part if not isinstance(node, Group) else "except" if kind == "except" and n else ""
            for n in range(len(inner))
        ]
        return Verdict(
            words.say(node) if isinstance(node, Group) else words.phrase(node),
            None if rows is None else rows > 0,
            kind,
            items=tuple(tell(item, excluded[n]) for n, item in enumerate(inner)),
            part=part,
            rows=rows,
            of=of,
            filter=node.filter if isinstance(node, FilterUse) else "",
        )

    parts = tell(where).items if isinstance(where, Group) else (tell(where),)
    alone = len(parts) == 1 and not parts[0].items
    return () if alone else parts  # one condition says no more than the whole


def _samples(table: Table, node: Collection | Aggregate, shape: DatasetShape, ctx: RuleContext) -> Any:
    """The first linked rows, the latest first where they have a day."""
    named = [each.attribute for each in _nodes(node.where) if isinstance(each, Condition)]
    named += [node.attribute] if isinstance(node, Aggregate) and node.attribute else []
    wanted = [source.column for source in named if isinstance(source, Attribute) and not source.steps]
    days = [name for name, column in shape.columns.items() if column.type in ("date", "datetime")]
    amounts = [name for name, column in shape.columns.items() if column.type in ("decimal", "float")]
    chosen = list(dict.fromkeys([*days[:1], *wanted, *amounts[:1]]))[:SAMPLE_COLUMNS] or list(shape.key)
    day = next((name for name in chosen if name in days), None)
    order = [ibis.desc(table[day], nulls_first=False)] if day else []
    order += [ibis.asc(table[name], nulls_first=False) for name in shape.key]
    rows = engine.rows(table.order_by(order).select(*chosen), SAMPLES)
    shapes = {name: shape.columns[name] for name in chosen}
    return tuple(
        tuple(Cell(shapes[name].label or name, row[name], shapes[name].personal) for name in chosen) for row in rows
    )


def everyone() -> Verdict:
    """What a rule without conditions says."""
    return Verdict(_("Every row"), True, "and")
