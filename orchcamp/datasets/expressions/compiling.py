"""From checked parts to Ibis: row by row, in windows, and as figures of groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
from ibis.expr.types import Table, Value

from ..rules import ways
from ..rules.context import RuleContext
from ..rules.nodes import Attribute
from ..schema import DatasetShape
from . import clocks
from .building import Building, constant, typed
from .typed import Apply, Column, Constant, Typed, aggregates, columns


def build(node: Typed, building: Building) -> Value:
    """The value of a part, row by row."""
    if isinstance(node, Constant):
        return _written(node)
    if isinstance(node, Column):
        return building.column(node.attribute.path, node.type)
    if isinstance(node, Apply):
        return _applied(node, building)
    return _converted(build(node.inner, building), node.type, building)


def _written(node: Constant) -> Value:
    """What stands in the expression; a small whole number too has 64 bits, or two of them would overflow 32."""
    if node.type == "integer" and abs(node.value) < 2**31:
        return ibis.literal(node.value, type="int32").cast("int64")
    return constant(node.value, node.type)


def _applied(node: Apply, building: Building) -> Value:
    function = node.function
    if node in building.figures:
        return typed(building.table[building.figures[node]], node.type)
    if function.raw:
        return typed(function.build(building, *node.arguments), node.type)
    given: list[Any] = []
    for n, argument in enumerate(node.arguments):
        written = bool(function.parameters) and function.parameters[min(n, len(function.parameters) - 1)].written
        given.append(argument.value if written else building.tidy(build(argument, building)))  # type: ignore[union-attr]
    given += [parameter.default for parameter in function.parameters[len(given) :] if parameter.optional]
    held = building.texts
    value = typed(function.build(building, *given), node.type)
    if node.type == "string" and building.texts == held:
        building.hold(building.longest)  # it may be a copy of all the texts that were made
    return value


def _converted(value: Value, type: str, building: Building) -> Value:
    if type == "datetime":
        return building.instant(value.cast(clocks.CLOCK))
    if type == "decimal":
        return value.cast("decimal(38, 4)").try_cast("decimal(18, 4)")
    return value.cast("float64")


def widened(table: Table, found: Mapping[str, Attribute], ctx: RuleContext) -> tuple[Table, dict[str, str]]:
    """The table with every column that a path leads to, each path once, and the names they have there."""
    names = {}
    mark = _unused(table)
    for n, (path, attribute) in enumerate(found.items()):
        if attribute.steps:
            table, made = ways.joined(table, attribute.steps, [attribute.column], ctx.model, f"{mark}{n}")
            names[path] = made[0]
        else:
            names[path] = attribute.column
    return table, names


def _unused(table: Table) -> str:
    mark = "x"
    while any(name.startswith((f"joined_{mark}", f"key_{mark}")) for name in table.columns):
        mark += "x"
    return mark


def add(table: Table, named: Mapping[str, Typed], shape: DatasetShape | None, ctx: RuleContext) -> Table:
    """All rows with a column more for each expression."""
    found = {path: column for node in named.values() for path, column in columns(node).items()}
    wide, names = widened(table, found, ctx)
    building = Building(wide, ctx, names, key_of(shape, table))
    values = {}
    for name, node in named.items():
        building.start()
        values[name] = building.tidy(build(node, building))
    made = building.finish(values)
    own = [name for name in table.columns if name not in named]
    return building.table.select(*own, **{name: building.table[column] for name, column in made.items()})


def aggregate(
    table: Table, named: Mapping[str, Typed], by: list[str], shape: DatasetShape | None, ctx: RuleContext
) -> Table:
    """One row for each group with its figures."""
    found = {path: column for node in named.values() for path, column in columns(node).items()}
    wide, names = widened(table, found, ctx)
    rows = Building(wide, ctx, names, key_of(shape, table))
    figures = {node: f"figure_{n}" for n, node in enumerate(f for one in named.values() for f in aggregates(one))}
    given = {}
    for figure in figures:
        rows.start()
        given[figure] = [building_argument(argument, rows) for argument in figure.arguments]
    metrics = {name: figure.function.build(rows, *given[figure]) for figure, name in figures.items()}
    grouped = rows.table.group_by(by).aggregate(**metrics) if by else rows.table.aggregate(**metrics)
    groups = Building(grouped, ctx, {name: name for name in by}, tuple(by))
    groups.figures = figures
    values = {}
    for name, node in named.items():
        groups.start()
        values[name] = groups.tidy(build(node, groups))
    made = groups.finish(values)
    return groups.table.select(*by, **{name: groups.table[column] for name, column in made.items()})


def building_argument(argument: Typed, building: Building) -> Any:
    """An argument of a figure: a column put aside, or what is written out."""
    return argument.value if isinstance(argument, Constant) else building.keep(build(argument, building))


def key_of(shape: DatasetShape | None, table: Table) -> tuple[str, ...]:
    """What tells the rows of a table apart: the dataset's key where it is there, else nothing known."""
    if shape and set(shape.key) <= set(table.columns):
        return shape.key
    return ()
