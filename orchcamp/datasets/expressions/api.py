"""The things one does with an expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from ..rules.context import RuleContext
from ..rules.nodes import Attribute
from ..schema import TYPES, ColumnShape, DatasetShape
from . import compiling, kinds, typed
from .building import Building
from .checking import Checker, problem
from .parsing import parse
from .syntax import Node
from .typed import Typed


@dataclass(frozen=True, eq=False)
class Expression:
    """An expression with every name resolved and every type known."""

    text: str
    syntax: Node
    checked: Typed
    type: str  # a key of schema.TYPES

    @cached_property
    def columns(self) -> dict[str, Attribute]:
        """The columns it reads, by path."""
        return typed.columns(self.checked)

    @property
    def columns_used(self) -> list[str]:
        """The paths of the columns it reads."""
        return list(self.columns)

    @cached_property
    def aggregate(self) -> bool:
        """Whether it is a figure over many rows."""
        return bool(typed.aggregates(self.checked))

    @cached_property
    def window(self) -> bool:
        """Whether it looks at other rows beside this one."""
        return typed.has_window(self.checked)


def read(text: str, dataset: str, ctx: RuleContext, *, columns: Mapping[str, ColumnShape] | None = None) -> Expression:
    """The expression of a text, about rows of a dataset (or of a file: "" and its columns). Raises ExpressionError."""
    shape = ctx.model.dataset(dataset) if dataset else None
    node = parse(text)
    checked = Checker(shape, ctx, ctx.columns if columns is None else columns).check(node)
    if checked.type in kinds.CLAUSES:
        raise problem(checked.place, _("%(what)s is no value of its own."), what=kinds.NAMES[checked.type])
    found = Expression(text, node, checked, checked.type)
    _demand_small(found, shape, ctx)
    return found


def _demand_small(expression: Expression, shape: DatasetShape | None, ctx: RuleContext) -> None:
    """Build it once on a table without rows: it may unfold to more than an engine takes."""
    names = {path: f"column_{n}" for n, path in enumerate(expression.columns)}
    types = {names[path]: TYPES[column.type] for path, column in expression.columns.items()}
    key = {name: TYPES[shape.columns[name].type] for name in shape.key} if shape else {"row": "int64"}
    table = ibis.table({**{name: type for name, type in key.items() if name not in types}, **types}, name="rows")
    if expression.aggregate:
        for figure in typed.aggregates(expression.checked):
            for argument in figure.arguments:
                compiling.build(argument, Building(table, ctx, names, tuple(key)))
        return
    building = Building(table, ctx, names, tuple(key))
    building.tidy(compiling.build(expression.checked, building))


def check(text: str, dataset: str, ctx: RuleContext, expects: str | None = None) -> Expression:
    """Raise ExpressionError unless the expression can be used on these rows, for a value of this type."""
    found = read(text, dataset, ctx)
    if found.aggregate:
        raise _outside(found)
    demand_type(found, expects)
    return found


def demand_type(expression: Expression, expects: str | None) -> None:
    """Raise ExpressionError unless the expression gives this type, or one that becomes it by itself."""
    if expects is None:
        return
    expected = kinds.common([expression.type, expects])
    if expects == "number":
        fits = expression.type in kinds.NUMBERS
    elif expects == "day":
        fits = expression.type in kinds.DAYS
    else:
        fits = expected == expects
    if not fits:
        raise problem(
            expression.checked.place,
            _("%(expected)s is asked for here, and the expression gives %(given)s."),
            expected=kinds.NAMES[expects],
            given=kinds.NAMES[expression.type],
        )


def _outside(expression: Expression) -> Exception:
    figure = typed.aggregates(expression.checked)[0]
    return problem(
        figure.place,
        _("%(name)s is a figure over many rows; it can be used on a collection, or inside of _Over_(…)."),
        name=figure.function.name,
    )


def add(table: Table, named: Mapping[str, str], dataset: str, ctx: RuleContext) -> Table:
    """All rows of ``table`` with one more column per name: lazy, each row as often as it came."""
    shape = ctx.model.dataset(dataset) if dataset else None
    checked = {}
    for name, text in named.items():
        expression = read(text, dataset, ctx)
        if expression.aggregate:
            raise _outside(expression)
        checked[name] = expression.checked
    return compiling.add(table, checked, shape, ctx) if checked else table


def aggregate(table: Table, named: Mapping[str, str], by: list[str], dataset: str, ctx: RuleContext) -> Table:
    """One row for each combination of ``by`` with the figures of its rows: lazy."""
    shape = ctx.model.dataset(dataset) if dataset else None
    checked = {}
    for name, text in named.items():
        expression = read(text, dataset, ctx)
        _demand_grouped(expression, by)
        checked[name] = expression.checked
    return compiling.aggregate(table, checked, by, shape, ctx)


def _demand_grouped(expression: Expression, by: list[str]) -> None:
    """Raise ExpressionError when a column stands outside of a figure and is not one that groups."""
    figures = typed.aggregates(expression.checked)
    if not figures:
        raise problem(
            expression.checked.place,
            _(
                "This gives one value per row, where a figure over the rows is asked for; use Sum, Count, Max or another."
            ),
        )
    for column in _ungrouped(expression.checked):
        if column.attribute.path not in by:
            raise problem(
                column.place,
                _("[%(path)s] has many values here; use it inside of Sum, Count, Max or another figure."),
                path=column.attribute.path,
            )


def _ungrouped(node: Typed) -> list[typed.Column]:
    if isinstance(node, typed.Column):
        return [node]
    if isinstance(node, typed.Apply) and node.function.aggregate:
        return []
    return [found for inner in typed.inside(node) for found in _ungrouped(inner)]
