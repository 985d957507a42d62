"""Numbers. What does not fit its type is null."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import ibis
from django.utils.translation import gettext as sentence
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Value

from .. import typed
from ..arithmetic import WIDE, cut, finite, floating, nearest, rest, whole
from ..building import Building, constant, nothing
from ..registry import Parameter, function
from ..syntax import Place
from ..typed import Typed
from .choices import last

if TYPE_CHECKING:
    from ..checking import Checker

NUMBER = [("n", "number")]
PLACES = Parameter("decimals", "integer", written=True, optional=True, default=0)
MOST_PLACES = 15
EXACT = float(2**53)  # from here on a float has no places


def first(types: Sequence[str]) -> str:
    return types[0]


def number(value: int) -> Value:
    return constant(value, "integer")


def wide(value: Decimal) -> Value:
    return ibis.literal(value, type=WIDE)


@function("Abs", "number", NUMBER, first, _("The number without its sign."), "Abs(0 - [age])", 36)
def absolute(building: Building, n: Value) -> Value:
    if n.type().is_integer():
        n = building.keep(n)
        return ibis.ifelse(n > number(-(2**63) + 1), n, nothing("integer")).abs()
    return n.abs()


@function("Floor", "number", NUMBER, "integer", _("The next whole number down."), "Floor(0 - [amount])", -13)
def floor(building: Building, n: Value) -> Value:
    n = building.keep(n)
    near = building.keep(cut(building, n))
    return near if n.type().is_integer() else ibis.ifelse(near > n, near - number(1), near)


@function("Ceil", "number", NUMBER, "integer", _("The next whole number up."), "Ceil([amount])", 13)
def ceil(building: Building, n: Value) -> Value:
    n = building.keep(n)
    near = building.keep(cut(building, n))
    return near if n.type().is_integer() else ibis.ifelse(near < n, near + number(1), near)


@function(
    "Greatest", "number", [("a", "same"), ("b", "same")], last, _("The larger of two; null when one is null."),
    "Greatest([age], 40)", 40,
)  # fmt: skip
def greatest(_building: Building, a: Value, b: Value) -> Value:
    return ibis.cases((a >= b, a), (a < b, b), else_=ibis.null(a.type()))


@function(
    "Least", "number", [("a", "same"), ("b", "same")], last, _("The smaller of two; null when one is null."),
    "Least([age], 40)", 36,
)  # fmt: skip
def smallest(_building: Building, a: Value, b: Value) -> Value:
    return ibis.cases((a <= b, a), (a > b, b), else_=ibis.null(a.type()))


def _alike(checker: Checker, arguments: list[Typed], _place: Place) -> tuple[list[Typed], str]:
    found = checker.alike(arguments, "Mod")
    return found, found[0].type


function(
    "Mod", "number", [("a", "number"), ("b", "number")], first,
    _("What is left of a after division by b, with the sign of a; null for b = 0. The same as a % b."),
    "Mod([age], 10)", 6, settle=_alike,
)(rest)  # fmt: skip


@function(
    "Percent", "number", [("a", "float"), ("b", "float")], "float", _("a as a percentage of b; null for b = 0."),
    "Percent(1, 8)", 12.5,
)  # fmt: skip
def percent(_building: Building, a: Value, b: Value) -> Value:
    return finite(a * constant(100.0, "float") / b.nullif(constant(0.0, "float")))


@function("Sign", "number", NUMBER, "integer", _("-1, 0 or 1."), "Sign([amount])", 1)
def sign(_building: Building, n: Value) -> Value:
    return ibis.cases((n > 0, number(1)), (n < 0, number(-1)), (n == 0, number(0)), else_=nothing("integer"))


# --- Rounding ----------------------------------------------------------------------------------------------------


def _demand_places(_checker: Checker, arguments: list[Typed], _place: Place) -> tuple[list[Typed], str]:
    from ..checking import problem

    for argument in arguments[1:]:
        assert isinstance(argument, typed.Constant)
        if abs(argument.value) > MOST_PLACES:
            raise problem(argument.place, sentence("Decimals are from -%(n)s to %(n)s."), n=MOST_PLACES)
    return arguments, arguments[0].type


def _exactly(building: Building, n: Value, decimals: int, half: bool) -> Value:
    """A whole number or a decimal, rounded or cut to a multiple of a power of ten."""
    step = Decimal(1).scaleb(-decimals)
    n = building.keep(n.cast(WIDE))
    size = n.abs() + wide(step / 2) if half else n.abs()
    size = building.keep(size.cast(WIDE))
    size = building.keep((size - size % wide(step)).cast(WIDE))
    return ibis.ifelse(n < wide(Decimal(0)), -size, size)


def _nearly(building: Building, n: Value, decimals: int, half: bool) -> Value:
    """A float, rounded or cut."""
    scale = constant(10.0 ** abs(decimals), "float")
    n = building.keep(n)
    scaled = building.keep(n * scale if decimals > 0 else n / scale)
    near = building.keep(floating(nearest(building, scaled) if half else cut(building, scaled)))
    back = near / scale if decimals > 0 else near * scale
    return ibis.ifelse(scaled.abs() < constant(EXACT, "float"), back, n)


def _shortened(building: Building, n: Value, decimals: int, half: bool) -> Value:
    if n.type().is_floating():
        return _nearly(building, n, decimals, half)
    if decimals >= (0 if n.type().is_integer() else 4):
        return n
    found = _exactly(building, n, decimals, half)
    return found.try_cast("int64") if n.type().is_integer() else found.try_cast("decimal(18, 4)")


@function(
    "Round", "number", [*NUMBER, PLACES], first,
    _("Rounded to so many decimals (0 when left out, less than 0 for tens, hundreds, …); the half goes away from zero."),
    "Round([amount], 0)", "13.0000", settle=_demand_places,
)  # fmt: skip
def rounded(building: Building, n: Value, decimals: int) -> Value:
    return _shortened(building, n, decimals, True)


@function(
    "Trunc", "number", [*NUMBER, PLACES], first, _("Cut to so many decimals (0 when left out)."),
    "Trunc([weight], 1)", 61.7, settle=_demand_places,
)  # fmt: skip
def truncated(building: Building, n: Value, decimals: int) -> Value:
    return _shortened(building, n, decimals, False)


# --- Conversions -------------------------------------------------------------------------------------------------

BLANK = r"[ \t\n\r]*"
WHOLE = rf"\A{BLANK}[+-]?\d+{BLANK}\z"
FLOATING = rf"\A{BLANK}[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?{BLANK}\z"
CONVERTED = [("value", ("number", "string", "boolean"))]


def _read(value: Value, form: str, type: str) -> Value:
    bare = value.re_replace(r"[ \t\n\r+]+", "") if type == "int64" else value.re_replace(r"[ \t\n\r]+|\A\+", "")
    return ibis.ifelse(value.re_search(form), bare, nothing("string")).try_cast(type)


def to_whole(building: Building, value: Value) -> Value:
    """A whole number: of a number what stands before the point, of a text the whole number that it says."""
    if value.type().is_string():
        return _read(building.keep(value), WHOLE, "int64")
    return whole(value) if value.type().is_boolean() else cut(building, value)


for _name, _help in (
    ("ToInteger", _("A whole number: a number without its decimals, or what a text says; null when it says none.")),
    ("ToInt64", _("A whole number of 64 bits: the same as ToInteger.")),
):
    function(_name, "number", CONVERTED, "integer", _help, f"{_name}('12')", 12)(to_whole)


@function(
    "ToDouble", "number", CONVERTED, "float",
    _("A floating number: of a number, or what a text says; null when it says none."), "ToDouble('1.5e3')", 1500.0,
)  # fmt: skip
def to_double(building: Building, value: Value) -> Value:
    if value.type().is_string():
        return finite(building.keep(_read(building.keep(value), FLOATING, "float64")))
    if value.type().is_boolean():
        return floating(whole(value))
    return floating(value)
