"""From nodes to Ibis: no join multiplies a row, and a chain of ANDs stays a plain chain of ANDs.

Each node compiles twice over: to ``holds``, true on exactly the rows that satisfy it, and to ``fails``, true on
exactly the others. Neither promises more than "not true" elsewhere (false or null), which is all that a filter asks.
A condition about a linked row is a membership test, ``key IN (SELECT key …)``. Only a value that is itself a column
elsewhere, or held against a figure, needs its row widened by a left join on unique keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.operations as ops
from ibis.expr.types import BooleanValue, Table
from ibis.expr.types import Value as Expression

from ..schema import DatasetShape, Step
from . import computed, ways
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
    Test,
)
from .operators import OPERATORS
from .predicates import COMPARE, Asked, satisfies

Leaf = Condition | Collection | Aggregate | Membership | FilterUse
EVERY, NONE = ibis.literal(True), ibis.literal(False)


@dataclass(frozen=True)
class Frame:
    """Rows that predicates are about: the table as it stands, and the columns joined to it under made-up names."""

    table: Table
    shape: DatasetShape
    ctx: RuleContext
    joined: dict[Any, str] = field(default_factory=dict)  # attribute path, expression or aggregate -> column

    def column(self, attribute: Source) -> Expression:
        if isinstance(attribute, Computed):
            return self.table[self.joined[attribute]]
        return self.table[self.joined[attribute.path] if attribute.steps else attribute.column]


def keep(table: Table, shape: DatasetShape, node: Node, ctx: RuleContext) -> Table:
    """The rows that satisfy the node, with the columns they came with."""
    node = inlined(node)
    if _everyone(node):
        return table
    frame = widened(Frame(table, shape, ctx), node)
    found = frame.table.filter(*_conjuncts(node, frame))
    return found.select(*table.columns) if frame.joined else found


def mark(table: Table, shape: DatasetShape, node: Node, ctx: RuleContext, name: str) -> Table:
    """All rows, with a column that says whether each satisfies the node."""
    node = inlined(node)
    if _everyone(node):
        return table.mutate(**{name: EVERY})
    frame = widened(Frame(table, shape, ctx), node)
    return frame.table.select(*table.columns, **{name: holds(node, frame).fill_null(False)})


def inlined(node: Node) -> Node:
    """The node with each predefined filter's rule in its place; what lies behind a link follows when its turn comes."""
    if isinstance(node, FilterUse):
        return inlined(node.node)
    if isinstance(node, Group):
        return replace(node, items=tuple(map(inlined, node.items)))
    return node


def _conjuncts(node: Node, frame: Frame) -> list[BooleanValue]:
    if isinstance(node, Group) and node.kind == "and" and len(node.items) <= 50:
        return [holds(item, frame) for item in node.items if not _everyone(item)]
    return [holds(node, frame)]


def _everyone(node: Node) -> bool:
    if not isinstance(node, Group):
        return False
    if node.kind == "except":
        return not node.items or (len(node.items) == 1 and _everyone(node.items[0]))
    if not node.items:
        return True
    return (all if node.kind == "and" else any)(_everyone(item) for item in node.items)


def holds(node: Node, frame: Frame) -> BooleanValue:
    """True on exactly the rows that satisfy the node."""
    if isinstance(node, Group):
        if not node.items:
            return EVERY
        if node.kind == "except":
            first, *others = node.items
            return _all([holds(first, frame), *(fails(other, frame) for other in others)])
        return (_all if node.kind == "and" else _any)([holds(item, frame) for item in node.items])
    positive, raw = _raw(node, frame)
    return raw if positive else _complement(raw)


def fails(node: Node, frame: Frame) -> BooleanValue:
    """True on exactly the rows that do not satisfy the node."""
    if isinstance(node, Group):
        if not node.items:
            return NONE
        if node.kind == "except":
            first, *others = node.items
            return _any([fails(first, frame), *(holds(other, frame) for other in others)])
        return (_any if node.kind == "and" else _all)([fails(item, frame) for item in node.items])
    positive, raw = _raw(node, frame)
    return _complement(raw) if positive else raw


def _complement(raw: BooleanValue) -> BooleanValue:
    if raw.op().find(ops.InSubquery, filter=ops.Value):  # in "NOT x IN (…)" Spark takes a null for a member
        return ~raw.fill_null(False)
    return (~raw).fill_null(True)  # the faster of the two


def _all(parts: Iterable[BooleanValue]) -> BooleanValue:
    return _balanced(list(parts), lambda left, right: left & right)


def _any(parts: Iterable[BooleanValue]) -> BooleanValue:
    return _balanced(list(parts), lambda left, right: left | right)


def _balanced(parts: list[BooleanValue], join: Any) -> BooleanValue:
    """Joined pairwise, so that thousands of conditions make a shallow tree."""
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=False)
        parts = [join(left, right) for left, right in pairs] + (parts[-1:] if len(parts) % 2 else [])
    return parts[0]


def _raw(node: Leaf, frame: Frame) -> tuple[bool, BooleanValue]:
    """A predicate that is never null-sensitive once negated by ``_complement``, and whether it is the positive side."""
    assert not isinstance(node, FilterUse)
    if isinstance(node, Membership):
        return node.member, _in_audience(node.audience, frame)
    if isinstance(node, Collection):
        return node.exists, _linked(node.steps, node.where, frame)
    positive = not OPERATORS[node.test.operator].base
    if isinstance(node, Aggregate):
        return _figure(node, positive, frame)
    if node.attribute.steps and not _compares_columns(node):
        inner = Condition(replace(node.attribute, steps=()), _as_positive(node.test))
        return positive, _linked(node.attribute.steps, inner, frame)
    asked = Asked(frame.column(node.attribute), node.attribute.type, frame.ctx, frame.column)  # type: ignore[arg-type]
    return positive, satisfies(node.test, asked)


def _as_positive(test: Test) -> Test:
    return replace(test, operator=OPERATORS[test.operator].base or test.operator)


def _compares_columns(node: Condition | Aggregate) -> bool:
    return not all(isinstance(value, Literal) for value in node.test.values)


# --- Linked rows -------------------------------------------------------------------------------------------------


def _linked(steps: tuple[Step, ...], where: Node, frame: Frame) -> BooleanValue:
    """Whether the steps lead to a row that satisfies ``where``."""
    step, *rest = steps
    inner = ways.rows(step, frame.ctx.model)
    shape = frame.ctx.model.dataset(step.target)
    if rest:
        linked = Frame(inner, shape, frame.ctx)
        inner = inner.filter(_linked(tuple(rest), where, linked))
    else:
        inner = keep(inner, shape, where, replace(frame.ctx, columns={}))
    return _member(frame.table, step, inner)


def _in_audience(slug: str, frame: Frame) -> BooleanValue:
    """Whether the row's key is among an audience's."""
    key = frame.shape.key
    members = frame.ctx.model.audience_table(slug)
    given = members.filter(*(members[name].notnull() for name in key))
    return _member(frame.table, Step(slug, frame.shape.slug, key, frame.shape.slug, key, False), given)


def _member(table: Table, step: Step, linked: Table) -> BooleanValue:
    """``key IN (SELECT key FROM linked)``; a key of several columns is compared as one value."""
    if len(step.source_columns) == 1:
        return table[step.source_columns[0]].isin(linked[step.target_columns[0]])
    names = [f"k{n}" for n in range(len(step.source_columns))]
    own = ibis.struct({n: table[column] for n, column in zip(names, step.source_columns, strict=True)})
    theirs = ibis.struct({n: linked[column] for n, column in zip(names, step.target_columns, strict=True)})
    given = _all([table[column].notnull() for column in step.source_columns])
    return given & own.isin(linked.select(key=theirs).key)


# --- Figures over linked rows ------------------------------------------------------------------------------------


def _figure(node: Aggregate, positive: bool, frame: Frame) -> tuple[bool, BooleanValue]:
    if _compares_columns(node):
        column = frame.table[frame.joined[node]]
        asked = Asked(column, node.type, frame.ctx, frame.column)  # type: ignore[arg-type]
        return positive, satisfies(node.test, asked)
    *way, last = node.steps
    groups = _grouped(node, frame.ctx)
    asked = Asked(groups["figure"], node.type, frame.ctx, frame.column)  # type: ignore[arg-type]
    found = satisfies(_as_positive(node.test), asked)
    if without := _holds_for_zero(node):  # who has no row satisfies it too: ask who does not
        found = _complement(found)
    return positive != without, _chain(tuple(way), last, groups.filter(found), frame)


def _chain(way: tuple[Step, ...], last: Step, groups: Table, frame: Frame) -> BooleanValue:
    """Whether the steps lead to one of the groups."""
    if not way:
        named = groups.rename(dict(zip(last.target_columns, _group_keys(last), strict=True)))
        return _member(frame.table, last, named)
    step, *rest = way
    inner = ways.rows(step, frame.ctx.model)
    linked = Frame(inner, frame.ctx.model.dataset(step.target), frame.ctx)
    return _member(frame.table, step, inner.filter(_chain(tuple(rest), last, groups, linked)))


def _group_keys(step: Step) -> list[str]:
    return [f"key{n}" for n in range(len(step.target_columns))]


def _grouped(node: Aggregate, ctx: RuleContext) -> Table:
    """One row per key with its figure, over the linked rows that satisfy ``where``."""
    step = node.steps[-1]
    shape = ctx.model.dataset(step.target)
    rows = keep(ways.rows(step, ctx.model), shape, node.where, replace(ctx, columns={}))
    frame = Frame(rows, shape, ctx)
    if node.attribute:
        frame = with_sources(frame, [node.attribute])
    keys = {new: frame.table[old] for new, old in zip(_group_keys(step), step.target_columns, strict=True)}
    column = frame.column(node.attribute) if node.attribute else None
    return frame.table.group_by(**keys).aggregate(figure=_aggregate(node.function, column, frame.table))


def _aggregate(function: str, column: Any, table: Table) -> Expression:
    if column is None:
        return table.count()
    if function == "sum":
        return column.sum().fill_null(0)
    if function == "stddev":
        return column.cast("float64").std(how="sample")
    method = {"count": "count", "count_distinct": "nunique", "avg": "mean", "min": "min", "max": "max"}[function]
    return getattr(column, method)()


def _holds_for_zero(node: Aggregate) -> bool:
    """Whether the positive operator holds for no row at all: 0 for a count or a sum; the rest are empty."""
    if node.function not in ("count", "sum"):
        return False
    test = _as_positive(node.test)
    if test.operator == "is_not_empty":
        return True
    values = [_number(value.value) for value in test.values if isinstance(value, Literal)]
    if test.operator == "in":
        return 0 in values
    if test.operator == "between":
        return values[0] <= 0 <= values[1]
    return bool(COMPARE[test.operator](0, values[0]))


def _number(value: Any) -> Decimal | int:
    assert isinstance(value, int | Decimal)
    return value


# --- Columns from elsewhere --------------------------------------------------------------------------------------


def widened(frame: Frame, node: Node) -> Frame:
    """The frame with every expression, every column that its conditions hold against another, every figure so held."""
    sources: list[Source] = []
    figures: dict[Aggregate, None] = {}
    for condition in _of_this_row(node):
        against = [value for value in condition.test.values if not isinstance(value, Literal)]
        sources += against
        if isinstance(condition, Aggregate):
            figures |= {condition: None} if against else {}
        elif against or isinstance(condition.attribute, Computed):
            sources.append(condition.attribute)
    frame = with_sources(frame, sources)
    for figure in figures:
        frame = with_figure(frame, figure)
    return frame


def _of_this_row(node: Node) -> Iterable[Condition | Aggregate]:
    if isinstance(node, Group):
        for item in node.items:
            yield from _of_this_row(item)
    elif isinstance(node, Condition | Aggregate):
        yield node


def with_sources(frame: Frame, sources: list[Source]) -> Frame:
    """Expressions beside the rows, and left joins over to-one links: each once; the linked side has every key once."""
    table, named = computed.beside(
        frame.table, [source for source in sources if isinstance(source, Computed)], frame.shape, frame.ctx
    )
    joined: dict[Any, str] = {**frame.joined, **named}
    for path, attribute in {source.path: source for source in sources if isinstance(source, Attribute)}.items():
        if attribute.steps:
            mark = str(len(joined))
            table, (joined[path],) = ways.joined(table, attribute.steps, [attribute.column], frame.ctx.model, mark)
    return replace(frame, table=table, joined=joined)


def with_figure(frame: Frame, node: Aggregate) -> Frame:
    """The frame with an aggregate's figure beside each row."""
    table, at = frame.table, len(frame.joined)
    *way, last = node.steps
    own = list(last.source_columns)
    if way:
        table, own = ways.joined(table, tuple(way), own, frame.ctx.model, str(at))
    groups = _grouped(node, frame.ctx)
    keys = [f"group_{at}_{i}" for i in range(len(own))]
    name = f"figure_{at}"
    groups = groups.rename({**dict(zip(keys, _group_keys(last), strict=True)), name: "figure"})
    table = table.left_join(groups, [table[o] == groups[k] for o, k in zip(own, keys, strict=True)])
    if node.function in ("count", "sum"):
        table = table.mutate(**{name: table[name].fill_null(0)})
    return replace(frame, table=table, joined={**frame.joined, node: name})
