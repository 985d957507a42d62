"""Expressions in a rule: read where a column could stand, and computed beside the rows before the rule asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from ibis.expr.types import Table

from orchcamp.web.errors import Refused

from .. import expressions
from ..schema import ColumnShape, DatasetShape
from . import literals
from .context import Parameter, RuleContext, RuleError
from .nodes import Computed

TEXT_AT_MOST = 20_000


def read(
    text: object, shape: DatasetShape, ctx: RuleContext, extras: Mapping[str, ColumnShape], place: str
) -> Computed:
    """The expression, if it is one about a single row. Raises RuleError."""
    if not isinstance(text, str) or not text.strip():
        raise RuleError(place, _("expects an expression in quotes, such as “YearsOld([birth_date])”."))
    if len(text) > TEXT_AT_MOST:
        raise RuleError(place, _("the expression is longer than %(n)s characters.") % {"n": f"{TEXT_AT_MOST:,}"})
    given = _given(ctx, place)
    within = replace(ctx, columns=extras, variables={**ctx.variables, **given})
    try:
        found = expressions.read(text, shape.slug, within)
    except Refused as error:
        raise RuleError(place, str(error)) from None
    if found.aggregate:
        raise RuleError(
            place,
            _("a rule asks row by row, and this expression sums up many; use {“link”: …, “aggregate”: …} for that."),
        )
    return Computed(text, found.type, tuple((name, _frozen(value)) for name, value in given.items()))


def _given(ctx: RuleContext, place: str) -> dict[str, Any]:
    """The parameters of the filter around, as an expression reads them: ``$name``."""
    return {name: _plain(held, ctx, place) for name, held in (ctx.parameters or {}).items()}


def _plain(held: Parameter, ctx: RuleContext, place: str) -> Any:
    if isinstance(held.value, dict):
        return literals.moving(held.value, "date", ctx, place).value
    return literals.moment(held.value, ctx, place) if held.type == "date" else held.value


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def beside(
    table: Table, wanted: Iterable[Computed], shape: DatasetShape, ctx: RuleContext
) -> tuple[Table, dict[Computed, str]]:
    """The table with a column for each expression, and the columns' names."""
    names: dict[Computed, str] = {}
    groups: dict[tuple[tuple[str, Any], ...], dict[str, str]] = {}
    for computed in wanted:
        if computed not in names:
            names[computed] = f"computed_{len(names)}"
            groups.setdefault(computed.given, {})[names[computed]] = computed.text
    for given, named in groups.items():
        variables = {name: list(value) if isinstance(value, tuple) else value for name, value in given}
        within = replace(ctx, variables={**ctx.variables, **variables})
        table = expressions.add(table, named, shape.slug, within)
    return table, names
