"""Windows: figures over the rows around a row, and its number among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
from django.utils.translation import gettext as sentence
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Value

from .. import typed
from ..building import Building, long
from ..compiling import build, building_argument
from ..registry import Parameter, function
from ..syntax import Place
from ..typed import Apply, Typed

if TYPE_CHECKING:
    from ..checking import Checker

PARTITION = Parameter("PartitionBy(…)", ("partition", "order"), optional=True)
ORDER = Parameter("OrderBy(…)", ("order", "partition"), optional=True)


@function(
    "PartitionBy", "window", [Parameter("value", "any", repeats=True)], "partition",
    _("Which rows belong together; used inside of RowNum and _Over_."),
    "_Over_(CountAll(), PartitionBy([city]))", 2, raw=True,
)  # fmt: skip
@function(
    "OrderBy", "window", [Parameter("value", ("any", "descending"), repeats=True)], "order",
    _("In which order rows stand, nulls last; used inside of RowNum and _Over_."),
    "RowNum(OrderBy([name]))", 1, raw=True,
)  # fmt: skip
@function(
    "Desc", "window", [("value", "any")], "descending", _("From the last to the first; used inside of OrderBy."),
    "RowNum(OrderBy(Desc([age])))", 3, raw=True,
)  # fmt: skip
def clause(_building: Building, *_parts: Typed) -> Value:
    raise AssertionError("a clause is built by the function around it")


def _demand_clauses(arguments: list[Typed]) -> None:
    """One PartitionBy, one OrderBy, and no window inside of a window."""
    from ..checking import problem

    seen = set()
    for one in arguments:
        if one.type in seen:
            raise problem(one.place, sentence("This stands here twice; give all its values to one."))
        seen.add(one.type)
        if typed.has_window(one):
            raise problem(one.place, sentence("A window cannot stand inside of another; make a column of it first."))
        if found := typed.aggregates(one):
            raise problem(found[0].place, sentence("A figure over many rows cannot order or part them."))


def _settle_number(_checker: Checker, arguments: list[Typed], place: Place) -> tuple[list[Typed], str]:
    from ..checking import problem

    _demand_clauses(arguments)
    if not any(one.type == "order" for one in arguments):
        raise problem(place, sentence("RowNum needs an order: RowNum(PartitionBy([city]), OrderBy([name]))."))
    return arguments, "integer"


def _settle_over(_checker: Checker, arguments: list[Typed], place: Place) -> tuple[list[Typed], str]:
    from ..checking import problem

    figure, *clauses = arguments
    if not isinstance(figure, Apply) or not figure.function.aggregate:
        raise problem(figure.place, sentence("_Over_ takes a figure such as Sum([amount]) or CountAll() first."))
    _demand_clauses(clauses)
    return arguments, figure.type


def _values(node: Typed, building: Building) -> Value:
    return building.keep(build(node, building))


def _group(clauses: tuple[Typed, ...], building: Building) -> list[Value]:
    return [_values(value, building) for one in clauses if one.type == "partition" for value in typed.inside(one)]


def _order(clauses: tuple[Typed, ...], building: Building) -> list[Any]:
    found = []
    for one in clauses:
        for value in typed.inside(one) if one.type == "order" else ():
            if value.type == "descending":
                found.append(ibis.desc(_values(typed.inside(value)[0], building), nulls_first=False))
            else:
                found.append(ibis.asc(_values(value, building), nulls_first=False))
    return found


@function(
    "RowNum", "window", [PARTITION, ORDER], "integer",
    _("The number of the row among those it belongs to, from 1; rows that are equal stand in the order of their keys."),
    "RowNum(PartitionBy([city]), OrderBy(Desc([amount])))", 1, raw=True, window=True, settle=_settle_number,
)  # fmt: skip
def row_num(building: Building, *clauses: Typed) -> Value:
    group, order = _group(clauses, building), _order(clauses, building)
    order += [ibis.asc(building.table[name]) for name in building.key]
    found = ibis.row_number().over(ibis.window(group_by=group or None, order_by=order))
    return long(building.keep(found, always=True)) + 1


@function(
    "_Over_", "window", [Parameter("function", "any"), PARTITION, ORDER], "",
    _("A figure over the rows that belong together; with OrderBy over those up to this one and its equals."),
    "_Over_(Sum([amount]), PartitionBy([city]))", "22.5000", raw=True, window=True, settle=_settle_over,
)  # fmt: skip
def over(building: Building, figure: Apply, *clauses: Typed) -> Value:
    given = [building_argument(argument, building) for argument in figure.arguments]
    group, order = _group(clauses, building), _order(clauses, building)
    made = (figure.function.windowed or figure.function.build)(building, *given)
    if order:
        frame = ibis.window(group_by=group or None, order_by=order, range=(None, 0))
    else:
        frame = ibis.window(group_by=group or None)
    return building.keep(made.over(frame), always=True)
