"""Conversions, bits, addresses, and what is different for each row."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import ibis
from django.utils.translation import gettext as sentence
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Value

from .. import typed
from ..arithmetic import WIDE, floating, whole
from ..building import Building, constant, long, nothing
from ..registry import Parameter, function
from ..syntax import Place
from ..typed import Typed
from .numbers import BLANK, EXACT

if TYPE_CHECKING:
    from ..checking import Checker

ANY = ("number", "string", "boolean", "day")
TRUE = rf"(?i)\A{BLANK}(true|t|yes|y|on|1){BLANK}\z"
FALSE = rf"(?i)\A{BLANK}(false|f|no|n|off|0){BLANK}\z"
HEX = "0123456789abcdef"


def number(value: int) -> Value:
    return constant(value, "integer")


def text(value: str) -> Value:
    return constant(value, "string")


# --- Texts of values ---------------------------------------------------------------------------------------------


def as_text(building: Building, value: Value) -> Value:
    """A value as it is written: 12.5, 2026-03-31, 2026-03-31 09:00:00 on the project's clock, true."""
    kind = value.type()
    if kind.is_string():
        return value
    if kind.is_decimal():
        return value.cast("string").re_replace(r"\.?0+\z", "")
    if kind.is_floating():
        return as_text(building, building.keep(_four_places(building, value)))
    if kind.is_timestamp():
        return building.local(value).strftime("%Y-%m-%d %H:%M:%S")
    return value.cast("string")


def _four_places(building: Building, value: Value) -> Value:
    """A float as a decimal, rounded; null beyond what a decimal holds."""
    value = building.keep(value)
    scaled = building.keep(value.abs() * constant(10_000.0, "float") + constant(0.5, "float"))
    units = floating(
        building.keep(ibis.ifelse(scaled < constant(EXACT, "float"), whole(scaled.floor()), nothing("integer")))
    )
    exact = (units / constant(10_000.0, "float")).try_cast("decimal(18, 4)")
    return ibis.ifelse(value < 0, -exact, exact)


def _demand_decimals(_checker: Checker, arguments: list[Typed], _place: Place) -> tuple[list[Typed], str]:
    from ..checking import problem
    from ..kinds import NUMBERS

    for argument in arguments[1:]:
        assert isinstance(argument, typed.Constant)
        if arguments[0].type not in NUMBERS:
            raise problem(argument.place, sentence("Only a number is written with decimals."))
        if not 0 <= argument.value <= 4:
            raise problem(argument.place, sentence("A text of a number has 0 to 4 decimals."))
    return arguments, "string"


@function(
    "ToString", "string",
    [("value", ANY), Parameter("decimals", "integer", written=True, optional=True)], "string",
    _("A value as a text; a number with so many decimals (0 to 4), or as many as it needs, up to four."),
    "ToString([amount], 2) + ' €'", "12.50 €", settle=_demand_decimals,
)  # fmt: skip
def to_string(building: Building, value: Value, decimals: int | None) -> Value:
    if decimals is None:
        return as_text(building, value)
    exact = _four_places(building, value) if value.type().is_floating() else value
    return exact.cast(WIDE).cast(f"decimal(38, {decimals})").cast("string")


for _name in ("ToBoolean", "ToBooleanType"):

    @function(
        _name, "other", [("value", ("number", "string", "boolean"))], "boolean",
        _("Whether a number is not 0, or what a text such as 'true', 'yes', 'no' or '0' says; null when it says neither."),
        f"{_name}(1)", True,
    )  # fmt: skip
    def to_boolean(building: Building, value: Value) -> Value:
        if value.type().is_boolean():
            return value
        if value.type().is_string():
            value = building.keep(value)
            yes, no = constant(True, "boolean"), constant(False, "boolean")
            return ibis.cases((value.re_search(TRUE), yes), (value.re_search(FALSE), no), else_=nothing("boolean"))
        return value != 0


# --- Bits --------------------------------------------------------------------------------------------------------

BITS = [("id", "integer"), ("flag", "integer")]


@function("SetBit", "other", BITS, "integer", _("The number with the bits of the flag set."), "SetBit(8, 2)", 10)
def set_bit(_building: Building, number: Value, flag: Value) -> Value:
    return number | flag


@function("ClearBit", "other", BITS, "integer", _("The number without the bits of the flag."), "ClearBit(10, 2)", 8)
def clear_bit(_building: Building, number: Value, flag: Value) -> Value:
    return number & ~flag


@function("IsBitSet", "other", BITS, "boolean", _("Whether all bits of the flag are set."), "IsBitSet(10, 2)", True)
def is_bit_set(building: Building, number: Value, flag: Value) -> Value:
    flag = building.keep(flag)
    return (number & flag) == flag


@function(
    "GetEmailDomain", "other", [("email", "string")], "string",
    _("What stands behind the last @ of an address; '' when there is none."), "GetEmailDomain([email])", "example.org",
)  # fmt: skip
def get_email_domain(building: Building, email: Value) -> Value:
    email = building.keep(email)
    known = ibis.ifelse(email.isnull(), nothing("string"), text(""))
    return ibis.ifelse(email.contains("@"), email.re_replace(r"\A[\s\S]*@", ""), known)


# --- Different for each row --------------------------------------------------------------------------------------


def _demand_key(checker: Checker, arguments: list[Typed], place: Place) -> tuple[list[Typed], str]:
    """What tells rows apart, and the place in the expression, so that two calls differ."""
    from ..checking import problem

    if checker.shape is None or not checker.shape.key:
        raise problem(place, sentence("Rows of a file have no key to tell them apart; use this on rows of a dataset."))
    marked: list[Typed] = [typed.Constant(f"{place.line}:{place.column}", "string", place)]
    columns = [typed.Column(checker.column(name), checker.shape.columns[name].type) for name in checker.shape.key]
    return [*marked, *columns], ""


def _digest(building: Building, mark: Value, *key: Value) -> Value:
    """The same 32 hexadecimal digits for one row, one place and one run, others for another."""
    parts = [text(building.ctx.now.isoformat()), mark, *(as_text(building, one) for one in key)]
    return building.keep(reduce(lambda left, right: left + "|" + right, parts).hexdigest("md5"))


def _random(checker: Checker, arguments: list[Typed], place: Place) -> tuple[list[Typed], str]:
    return _demand_key(checker, arguments, place)[0], "float"


def _uuid(checker: Checker, arguments: list[Typed], place: Place) -> tuple[list[Typed], str]:
    return _demand_key(checker, arguments, place)[0], "string"


@function(
    "Random", "number", [], "float",
    _("A number from 0 to below 1 that differs from row to row and run to run, but not when a run is repeated."),
    "Random()", 0.36983839981257915, settle=_random,
)  # fmt: skip
def random(building: Building, mark: Value, *key: Value) -> Value:
    digest = _digest(building, mark, *key)
    digits = [long(text(HEX).find(digest.substr(n, 1))) * number(16 ** (7 - n)) for n in range(8)]
    return floating(reduce(lambda left, right: left + right, digits)) / constant(float(16**8), "float")


@function(
    "NewUUID", "other", [], "string",
    _("A unique id (version 8), another for each row and run, the same when a run is repeated."),
    "NewUUID()", "5eadbab8-05eb-8f80-a570-d70a59b1c1f8", settle=_uuid,
)  # fmt: skip
def new_uuid(building: Building, mark: Value, *key: Value) -> Value:
    digest = _digest(building, mark, *key)
    ends = [digest.substr(start, length) for start, length in ((0, 8), (8, 4), (13, 3), (17, 3), (20, 12))]
    return ends[0] + "-" + ends[1] + "-8" + ends[2] + "-a" + ends[3] + "-" + ends[4]
