"""Figures over many rows. Nulls are left out; of no value at all a count is 0 and the rest are null."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Value

from ..arithmetic import floating
from ..building import Building, long
from ..registry import function

ANY = [("value", "any")]
NUMBER = [("value", "number")]
WHOLE = "decimal(38, 0)"


def _same(types: Sequence[str]) -> str:
    return types[0]


def sum_of(value: Value) -> Value:
    """The exact total of whole numbers and decimals; null where it does not fit."""
    if value.type().is_integer():
        return value.cast(WHOLE).sum().try_cast("int64")
    if value.type().is_decimal():
        return value.sum().try_cast("decimal(18, 4)")
    return value.sum()


@function("Avg", "aggregate", NUMBER, "float", _("The mean."), "Avg([amount])", 15.5, aggregate=True)
def avg(_building: Building, value: Value) -> Value:
    if value.type().is_floating():
        return value.mean()
    count = value.count()
    return floating(value.cast("decimal(38, 4)").sum()) / floating(count).nullif(0.0)


@function("Count", "aggregate", ANY, "integer", _("How many values there are."), "Count([note])", 1, aggregate=True)
def count(_building: Building, value: Value) -> Value:
    return value.count()


@function("CountAll", "aggregate", [], "integer", _("How many rows there are."), "CountAll()", 3, aggregate=True)
def count_all(building: Building) -> Value:
    return building.table.count()


@function(
    "Countdistinct", "aggregate", ANY, "integer", _("How many different values there are."), "Countdistinct([city])", 2,
    aggregate=True, windowed=lambda _building, value: long(value.collect().unique().length()),
)  # fmt: skip
def count_distinct(_building: Building, value: Value) -> Value:
    return value.nunique()


@function(
    "Max", "aggregate", ANY, _same, _("The greatest number, the last date, or the last text in order of code points."),
    "Max([amount])", "24.0000", aggregate=True,
)  # fmt: skip
def greatest(_building: Building, value: Value) -> Value:
    return value.max()


@function(
    "Min", "aggregate", ANY, _same, _("The smallest number, the first date, or the first text."),
    "Min([city])", "Lyon", aggregate=True,
)  # fmt: skip
def smallest(_building: Building, value: Value) -> Value:
    return value.min()


@function(
    "StdDev", "aggregate", NUMBER, "float",
    _("The standard deviation of a sample; null of fewer than two values. Its last digits depend on the engine."),
    "Round(StdDev([age]), 4)", 8.7369, aggregate=True,
)  # fmt: skip
def stddev(_building: Building, value: Value) -> Value:
    return floating(value).std(how="sample")


@function(
    "StringAgg", "aggregate", [("value", "string"), ("separator", "string", True)], "string",
    _("The texts one after another, in order of code points, with the separator between them."),
    "StringAgg([city], ', ')", "Lyon, Paris, Paris", aggregate=True,
)  # fmt: skip
def string_agg(_building: Building, value: Value, separator: str) -> Value:
    return value.collect().sort().join(separator)


@function("Sum", "aggregate", NUMBER, _same, _("The total."), "Sum([amount])", "46.5000", aggregate=True)
def total(_building: Building, value: Value) -> Value:
    return sum_of(value)
