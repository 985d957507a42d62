"""Dates and moments read from texts, cut to steps, and shown by another clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import ibis
from django.utils.functional import Promise
from django.utils.translation import gettext as sentence
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Value

from .. import calendar, typed
from ..building import Building, nothing
from ..clocks import CLOCK, INSTANT
from ..registry import Parameter, function
from ..syntax import Place
from ..typed import Typed

if TYPE_CHECKING:
    from ..checking import Checker

DATE = ("date", "day")
READ = ("value", ("day", "string"))
STEP = Parameter("seconds", "integer", written=True)
ZONE = Parameter("zone", "string", written=True)
DAY_FORM = r"\A\d{4}-\d{2}-\d{2}\z"
TIME_FORM = r"[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
OFFSET = r"[+-]([01]\d|2[0-3]):[0-5]\d"
MOMENT_FORM = rf"\A\d{{4}}-\d{{2}}-\d{{2}}({TIME_FORM}(Z|{OFFSET})?)?\z"
LONGEST_STEP = 366 * calendar.DAY


# --- Reading -----------------------------------------------------------------------------------------------------


def said(building: Building, text: Value) -> Value:
    """The moment that a text says, one without zone on the project's clock; null when it says none."""
    text = building.keep(text)
    fits = text.re_search(MOMENT_FORM) & (text.substr(0, 4) != "0000")
    body = text.re_replace(rf"(Z|{OFFSET})\z", "").replace("T", " ")
    shown = building.keep(ibis.ifelse(fits, body, nothing("string")).try_cast(CLOCK))
    ahead = building.keep(ibis.ifelse(text.re_search(rf":\d{{2}}.*{OFFSET}\z"), _offset(text), nothing("integer")))
    utc = ibis.ifelse(text.endswith("Z"), calendar.number(0), ahead)
    utc = building.keep(utc)
    moved = calendar.later(building, shown.cast(INSTANT), -utc)
    return ibis.ifelse(utc.isnull(), building.instant(shown), moved)


def _offset(text: Value) -> Value:
    """How many seconds the zone at a text's end is ahead of UTC."""
    end = text.right(6)
    minutes = end.substr(1, 2).try_cast("int64") * 60 + end.substr(4, 2).try_cast("int64")
    return ibis.ifelse(end.startswith("-"), -minutes, minutes) * 60


def _moment(building: Building, value: Value) -> Value:
    if value.type().is_string():
        return said(building, value)
    return building.instant(value.cast(CLOCK)) if calendar.is_day(value) else value


@function(
    "ToDate", "date", [READ], "date", _("The day of a moment, or the date that a text says; null when it says none."),
    "ToDate([joined])", "2025-11-03",
)  # fmt: skip
def to_date(building: Building, value: Value) -> Value:
    return calendar.day_of(building, building.keep(_moment(building, value)) if value.type().is_string() else value)


@function(
    "DateOnly",
    "date",
    [DATE],
    "date",
    _("The day of a moment, on the project's clock."),
    "DateOnly([joined])",
    "2025-11-03",
)
def date_only(building: Building, value: Value) -> Value:
    return calendar.day_of(building, value)


for _name in ("ToDateTime", "ToTimestamp"):
    function(
        _name, "date", [READ], "datetime",
        _("The moment that a text says, or the midnight of a date; null when the text says none."),
        f"{_name}('2026-03-31T09:00:00+02:00')", "2026-03-31 07:00:00+00:00",
    )(_moment)  # fmt: skip

function(
    "ConvertNTZ", "date", [READ], "datetime",
    _("A moment that was written without a zone, on the project's clock; one of the data has its zone and stays."),
    "ConvertNTZ('2026-03-31 09:00')", "2026-03-31 09:00:00+00:00",
)(_moment)  # fmt: skip


# --- Zones and steps ---------------------------------------------------------------------------------------------


def _demand(checker: Checker, arguments: list[Typed], _place: Place) -> tuple[list[Typed], str]:
    """A step that is one, and a zone that there is."""
    from ..checking import problem

    for argument in arguments[1:]:
        assert isinstance(argument, typed.Constant)
        if isinstance(argument.value, int) and not 0 < argument.value <= LONGEST_STEP:
            raise problem(argument.place, sentence("A step has 1 to %(most)s seconds."), most=f"{LONGEST_STEP:,}")
        if isinstance(argument.value, str) and not _is_zone(argument.value):
            raise problem(
                argument.place,
                sentence("There is no time zone “%(zone)s”; write one such as 'Europe/Paris'."),
                zone=argument.value[:60],
            )
    return arguments, "datetime"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return bool(name)


@function(
    "ToTimeZone", "date", [("date", "datetime"), ZONE], "datetime",
    _("What the clock of another zone shows at a moment, as if it were the project's."),
    "Hour(ToTimeZone([joined], 'Asia/Tokyo'))", 18, settle=_demand,
)  # fmt: skip
def to_time_zone(building: Building, moment: Value, zone: str) -> Value:
    return building.instant(building.local(moment, ZoneInfo(zone)))


@function(
    "TruncDate", "date", [("date", "datetime"), STEP], "datetime",
    _("Cut to steps of seconds on the project's clock: 60 is the minute, 3600 the hour, 86400 the day."),
    "TruncDate([joined], 3600)", "2025-11-03 09:00:00+00:00", settle=_demand,
)  # fmt: skip
def trunc_date(building: Building, moment: Value, step: int) -> Value:
    return building.instant(calendar.truncated(building, building.local(moment), step))


@function(
    "TruncDateTZ", "date", [("date", "datetime"), STEP, ZONE], "datetime",
    _("Cut to steps of seconds on the clock of a zone."),
    "TruncDateTZ([joined], 86400, 'Europe/Paris')", "2025-11-02 23:00:00+00:00", settle=_demand,
)  # fmt: skip
def trunc_date_tz(building: Building, moment: Value, step: int, zone: str) -> Value:
    place = ZoneInfo(zone)
    return building.instant(calendar.truncated(building, building.local(moment, place), step), place)


@function(
    "TruncTime", "date", [("date", "datetime"), STEP], "datetime",
    _("The time of the day cut to steps of seconds, on 1 January 2000."),
    "TruncTime([joined], 3600)", "2000-01-01 09:00:00+00:00", settle=_demand,
)  # fmt: skip
def trunc_time(building: Building, moment: Value, step: int) -> Value:
    at = building.keep(calendar.seconds(building.local(moment)) % calendar.number(calendar.DAY))
    at = building.keep(ibis.ifelse(at < 0, at + calendar.number(calendar.DAY), at))
    start = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
    return building.instant(calendar.from_seconds(building, at - at % calendar.number(step) + calendar.number(start)))


FIRSTS: tuple[tuple[str, str, str | Promise, str], ...] = (
    ("TruncWeek", "W", _("The Monday of the week."), "2025-11-03"),
    ("TruncQuarter", "Q", _("The first day of the quarter."), "2025-10-01"),
    ("TruncYear", "Y", _("1 January of the year."), "2025-01-01"),
)


def _first(unit: str) -> Callable[..., Value]:
    return lambda building, value: calendar.day_of(building, value).truncate(unit)


for _name, _unit, _help, _date in FIRSTS:
    function(_name, "date", [DATE], "date", _help, f"{_name}([joined])", _date)(_first(_unit))
