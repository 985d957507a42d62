"""Dates and moments: their parts, steps on the calendar, and what lies between two of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date
from typing import TYPE_CHECKING

import ibis
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Value

from .. import calendar
from ..building import Building, constant, nothing
from ..registry import function
from ..syntax import Place
from ..typed import Typed
from .choices import last

if TYPE_CHECKING:
    from ..checking import Checker

DATE, N = ("date", "day"), ("n", "integer")
MOMENT = ("date", "datetime")
PAIR = (("end", "day"), ("start", "day"))
MOMENTS = (("end", "datetime"), ("start", "datetime"))


def together(checker: Checker, arguments: list[Typed], _place: Place) -> tuple[list[Typed], str]:
    """Both dates, or both moments."""
    alike = checker.alike(arguments, "")
    return alike, alike[0].type


def counted(checker: Checker, arguments: list[Typed], place: Place) -> tuple[list[Typed], str]:
    return together(checker, arguments, place)[0], "integer"


def first(types: Sequence[str]) -> str:
    return types[0]


# --- Parts -------------------------------------------------------------------------------------------------------

PARTS: tuple[tuple[str, Callable[[Value], Value], str | Promise, int], ...] = (
    ("Year", lambda shown: shown.year(), _("The year."), 2025),
    ("Month", lambda shown: shown.month(), _("The month, 1 to 12."), 11),
    ("Day", lambda shown: shown.day(), _("The day of the month."), 3),
    ("DayOfYear", lambda shown: shown.day_of_year(), _("The day of the year, 1 to 366."), 307),
    ("WeekDay", lambda shown: shown.day_of_week.index(), _("The day of the week: 0 on Monday, 6 on Sunday."), 0),
    ("Hour", lambda shown: shown.hour(), _("The hour."), 9),
    ("Minute", lambda shown: shown.minute(), _("The minute."), 30),
    ("Second", lambda shown: shown.second(), _("The second."), 15),
    (
        "YearAndMonth",
        lambda shown: calendar.large(shown.year()) * 100 + calendar.large(shown.month()),
        _("Year and month as a number: yyyymm."),
        202511,
    ),
)


def _part(take: Callable[[Value], Value]) -> Callable[..., Value]:
    return lambda building, value: take(calendar.clock(building, value))


for _name, _take, _help, _value in PARTS:
    function(_name, "date", [DATE], "integer", _help, f"{_name}([joined])", _value)(_part(_take))


# --- Steps -------------------------------------------------------------------------------------------------------

STEPS: tuple[tuple[str, int, Callable[..., Value], str | Promise, str, str], ...] = (
    ("AddDays", 1, calendar.add_days, _("So many days on."), "AddDays('2026-02-28', 1)", "2026-03-01"),
    ("SubDays", -1, calendar.add_days, _("So many days before."), "SubDays('2026-03-01', 1)", "2026-02-28"),
    (
        "AddMonths", 1, calendar.add_months, _("So many months on, or the last day of a shorter month."),
        "AddMonths('2026-01-31', 1)", "2026-02-28",
    ),
    (
        "SubMonths", -1, calendar.add_months, _("So many months before, or the last day of a shorter month."),
        "SubMonths('2026-03-31', 1)", "2026-02-28",
    ),
    (
        "AddYears", 12, calendar.add_months, _("So many years on; 29 February becomes 28 February."),
        "AddYears('2024-02-29', 1)", "2025-02-28",
    ),
    (
        "SubYears", -12, calendar.add_months, _("So many years before; 29 February becomes 28 February."),
        "SubYears('2024-02-29', 1)", "2023-02-28",
    ),
)  # fmt: skip


def _step(step: Callable[..., Value], factor: int) -> Callable[..., Value]:
    return lambda building, value, n: step(building, value, _times(building, n, factor))


def _times(building: Building, n: Value, factor: int) -> Value:
    if factor == 1:
        return n
    n = building.keep(n)
    most = calendar.number(10**9)
    return ibis.ifelse((n <= most) & (n >= -most), n * calendar.number(factor), nothing("integer"))


for _name, _factor, _way, _help, _example, _date in STEPS:
    function(_name, "date", [DATE, N], first, _help, _example, _date)(_step(_way, _factor))

PASSED: tuple[tuple[str, int, str | Promise, str], ...] = (
    ("AddHours", 3600, _("So many hours later."), "2025-11-03 10:30:15+00:00"),
    ("SubHours", -3600, _("So many hours earlier."), "2025-11-03 08:30:15+00:00"),
    ("AddMinutes", 60, _("So many minutes later."), "2025-11-03 09:31:15+00:00"),
    ("SubMinutes", -60, _("So many minutes earlier."), "2025-11-03 09:29:15+00:00"),
    ("AddSeconds", 1, _("So many seconds later."), "2025-11-03 09:30:16+00:00"),
    ("SubSeconds", -1, _("So many seconds earlier."), "2025-11-03 09:30:14+00:00"),
)


def _gone(unit: int) -> Callable[..., Value]:
    return lambda building, value, n: calendar.later(building, value, calendar.bounded(building, n, unit))


for _name, _factor, _help, _date in PASSED:
    function(_name, "date", [MOMENT, N], "datetime", _help, f"{_name}([joined], 1)", _date)(_gone(_factor))


# --- Between two dates -------------------------------------------------------------------------------------------


@function(
    "DaysDiff", "date", PAIR, "integer",
    _("Whole days gone by: of dates their number, of moments those of 24 hours on the project's clock."),
    "DaysDiff('2026-03-01', '2026-02-27')", 2, settle=counted,
)  # fmt: skip
def days_diff(building: Building, end: Value, start: Value) -> Value:
    return calendar.days_between(building, end, start)


@function(
    "MonthsDiff", "date", PAIR, "integer", _("Whole months gone by; less than 0 when the first date is the earlier one."),
    "MonthsDiff('2026-03-01', '2025-12-15')", 2, settle=counted,
)  # fmt: skip
def months_diff(building: Building, end: Value, start: Value) -> Value:
    return calendar.months_between(building, end, start)


@function(
    "YearsDiff", "date", PAIR, "integer", _("Whole years gone by; of 29 February they are complete on 1 March."),
    "YearsDiff('2025-02-28', '2024-02-29')", 0, settle=counted,
)  # fmt: skip
def years_diff(building: Building, end: Value, start: Value) -> Value:
    return calendar.toward_zero(building.keep(calendar.months_between(building, end, start)), 12)


def _elapsed(unit: int) -> Callable[..., Value]:
    def build(building: Building, end: Value, start: Value) -> Value:
        gone = calendar.seconds(end) - calendar.seconds(start)
        return gone if unit == 1 else calendar.toward_zero(building.keep(gone), unit)

    return build


BETWEEN: tuple[tuple[str, int, str | Promise, int], ...] = (
    ("HoursDiff", 3600, _("Whole hours gone by."), 9),
    ("MinutesDiff", 60, _("Whole minutes gone by."), 570),
    ("SecondsDiff", 1, _("Seconds gone by, what is behind the second left away."), 34215),
)
for _name, _factor, _help, _value in BETWEEN:
    function(_name, "date", MOMENTS, "integer", _help, f"{_name}([joined], '2025-11-03')", _value)(_elapsed(_factor))


@function(
    "DateCmp", "date", [("date1", "day"), ("date2", "day")], "integer",
    _("-1 when the first date is the earlier one, 1 when it is the later one, else 0."),
    "DateCmp('2026-03-01', [joined])", 1, settle=counted,
)  # fmt: skip
def date_cmp(_building: Building, left: Value, right: Value) -> Value:
    less, same, more = (calendar.number(n) for n in (-1, 0, 1))
    return ibis.cases((left < right, less), (left > right, more), (left == right, same), else_=nothing("integer"))


@function(
    "Oldest", "date", [("date1", "day"), ("date2", "day")], last, _("The earlier of two dates."),
    "Oldest([birth_date], '2000-01-01')", "1990-02-28", settle=together,
)  # fmt: skip
def oldest(_building: Building, left: Value, right: Value) -> Value:
    return ibis.cases((left <= right, left), (left > right, right), else_=ibis.null(left.type()))


# --- Now ---------------------------------------------------------------------------------------------------------


def today(building: Building) -> date:
    """The day it is in the campaign's zone."""
    return building.ctx.now.astimezone(building.ctx.zone).date()


def _now_like(building: Building, value: Value) -> Value:
    """Today beside a date, now beside a moment."""
    if calendar.is_day(value):
        return constant(today(building), "date")
    return constant(building.ctx.now.astimezone(UTC), "datetime")


@function(
    "GetDate",
    "date",
    [],
    "datetime",
    _("Now: the moment at which the run began."),
    "GetDate()",
    "2026-03-01 10:00:00+00:00",
)
def get_date(building: Building) -> Value:
    return constant(building.ctx.now.astimezone(UTC), "datetime")


@function(
    "DaysAgo",
    "date",
    [N],
    "date",
    _("The day n days before today, in the campaign's zone."),
    "DaysAgo(1)",
    "2026-02-28",
)
def days_ago(building: Building, n: Value) -> Value:
    return calendar.add_days(building, constant(today(building), "date"), _times(building, n, -1))


@function("MonthsAgo", "date", [N], "date", _("The day n months before today."), "MonthsAgo(1)", "2026-02-01")
def months_ago(building: Building, n: Value) -> Value:
    return calendar.add_months(building, constant(today(building), "date"), _times(building, n, -1))


@function("YearsAgo", "date", [N], "date", _("The day n years before today."), "YearsAgo(18)", "2008-03-01")
def years_ago(building: Building, n: Value) -> Value:
    return calendar.add_months(building, constant(today(building), "date"), _times(building, n, -12))


@function(
    "DaysAgoInt",
    "date",
    [N],
    "integer",
    _("The day n days before today, as a number: yyyymmdd."),
    "DaysAgoInt(1)",
    20260228,
)
def days_ago_int(building: Building, n: Value) -> Value:
    day = building.keep(days_ago(building, n))
    return (calendar.large(day.year()) * 100 + calendar.large(day.month())) * 100 + calendar.large(day.day())


@function("DaysOld", "date", [DATE], "integer", _("Whole days from the date until now."), "DaysOld('2026-02-27')", 2)
def days_old(building: Building, value: Value) -> Value:
    return calendar.days_between(building, _now_like(building, value), value)


@function(
    "MonthsOld", "date", [DATE], "integer", _("Whole months from the date until now."), "MonthsOld([birth_date])", 432
)
def months_old(building: Building, value: Value) -> Value:
    return calendar.months_between(building, _now_like(building, value), value)


@function(
    "YearsOld", "date", [DATE], "integer", _("Age: whole years from the date until now."), "YearsOld([birth_date])", 36
)
def years_old(building: Building, value: Value) -> Value:
    return calendar.toward_zero(building.keep(months_old(building, value)), 12)
