"""Days and moments in numbers, so that every engine reckons alike; beyond the years 1 to 9999 there is null."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import ibis
from ibis.expr.types import Value

from .building import Building, constant, nothing
from .clocks import CLOCK, INSTANT, clock_literal

EPOCH_DAY, EPOCH = date(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY, LAST_DAY = (date.min - EPOCH_DAY).days, (date.max - EPOCH_DAY).days
DAY = 86_400
STEPS_AT_MOST = 4_000_000 * DAY  # seconds; more than the calendar has


def number(value: int) -> Value:
    return constant(value, "integer")


def large(value: Value) -> Value:
    """A part of a date as a whole number of 64 bits."""
    return value.cast("int64")


def toward_zero(value: Value, step: int) -> Value:
    """How many whole steps there are in a number."""
    return large((value - value % number(step)) / number(step))


def is_day(value: Value) -> bool:
    return bool(value.type().is_date())


def clock(building: Building, value: Value, zone: ZoneInfo | None = None) -> Value:
    """What the project's clock shows at a date (its midnight) or a moment."""
    if is_day(value):
        return building.keep(value.cast(CLOCK))
    return building.local(value, zone)


def day_of(building: Building, value: Value) -> Value:
    """The day of a date or a moment, on the project's clock."""
    return value if is_day(value) else clock(building, value).date()


def days(value: Value) -> Value:
    """A date as the days since 1970."""
    return value.delta(constant(EPOCH_DAY, "date"), unit="day")


def seconds(value: Value) -> Value:
    """A moment, or what a clock shows, as the whole seconds since 1970."""
    start = constant(EPOCH, "datetime") if value.type().timezone else clock_literal(EPOCH)
    return value.truncate("s").delta(start, unit="second")


def from_days(building: Building, value: Value) -> Value:
    """The date that is so many days after 1970 began."""
    value = building.keep(value)
    found = (value * number(DAY)).as_timestamp("s").date()
    return ibis.ifelse(value.between(number(FIRST_DAY), number(LAST_DAY)), found, nothing("date"))


def from_seconds(building: Building, value: Value) -> Value:
    """What a clock shows so many seconds after 1970 began."""
    value = building.keep(value)
    found = value.as_timestamp("s").cast(CLOCK)
    fits = value.between(number(FIRST_DAY * DAY), number(LAST_DAY * DAY + DAY - 1))
    return ibis.ifelse(fits, found, ibis.null(CLOCK))


def later(building: Building, moment: Value, by: Value) -> Value:
    """A moment (or what a clock shows) so many seconds later; what is behind the second stays."""
    moment, by = building.keep(moment), building.keep(by)
    end = building.keep(seconds(moment) + by)
    fits = end.between(number(FIRST_DAY * DAY), number(LAST_DAY * DAY + DAY - 1))
    type = INSTANT if moment.type().timezone else CLOCK
    return ibis.ifelse(fits, (moment + by.as_interval("s")).cast(type), ibis.null(type))


def bounded(building: Building, n: Value, unit: int) -> Value:
    """A number of units in seconds, null when the calendar is shorter than that."""
    n = building.keep(n)
    most = number(STEPS_AT_MOST // abs(unit))
    return building.keep(ibis.ifelse((n <= most) & (n >= -most), n * number(unit), nothing("integer")))


def add_days(building: Building, value: Value, n: Value) -> Value:
    """The same time some days on, on the project's clock."""
    steps = bounded(building, n, DAY)
    if is_day(value):
        return from_days(building, days(value) + toward_zero(steps, DAY))
    return building.instant(later(building, clock(building, value), steps))


def add_months(building: Building, value: Value, n: Value) -> Value:
    """The same day and time some months on, or the last day of a shorter month."""
    start = building.keep(day_of(building, value))
    end = _months_on(building, start, n)
    if is_day(value):
        return end
    shift = (days(building.keep(end)) - days(start)) * number(DAY)
    return building.instant(later(building, clock(building, value), shift))


def _months_on(building: Building, start: Value, n: Value) -> Value:
    n = building.keep(n)
    most = number(120_000)
    steps = ibis.ifelse((n <= most) & (n >= -most), n, nothing("integer"))
    total = building.keep(large(start.year()) * number(12) + large(start.month()) - number(1) + steps)
    year = building.keep(toward_zero(total, 12))
    month = building.keep(total % number(12) + number(1))
    leap = (year % number(4) == 0) & ((year % number(100) != 0) | (year % number(400) == 0))
    last = ibis.cases(
        (month.isin([4, 6, 9, 11]), number(30)),
        ((month == 2) & leap, number(29)),
        (month == 2, number(28)),
        else_=number(31),
    )
    day = building.keep(ibis.least(large(start.day()), last))
    fits = total.between(number(12), number(119_999))
    return ibis.ifelse(fits, ibis.date(year, month, day), nothing("date"))


def months_between(building: Building, end: Value, start: Value) -> Value:
    """Whole months that have gone by between two dates or two moments."""
    ends, starts = _parts(building, end), _parts(building, start)
    months = building.keep(ends[0] - starts[0])
    return ibis.cases(
        ((months > 0) & (ends[1] < starts[1]), months - number(1)),
        ((months < 0) & (ends[1] > starts[1]), months + number(1)),
        else_=months,
    )


def _parts(building: Building, value: Value) -> tuple[Value, Value]:
    """The number of the month, and how far into it."""
    shown = clock(building, value)
    month = large(shown.year()) * number(12) + large(shown.month())
    rest = ((large(shown.day()) * 24 + large(shown.hour())) * 60 + large(shown.minute())) * 60 + large(shown.second())
    return building.keep(month), building.keep(rest)


def days_between(building: Building, end: Value, start: Value) -> Value:
    """Whole days that have gone by: of dates their number, of moments those of 24 hours on the clock."""
    if is_day(end):
        return days(end) - days(start)
    return toward_zero(building.keep(seconds(clock(building, end)) - seconds(clock(building, start))), DAY)


def truncated(building: Building, shown: Value, step: int) -> Value:
    """What a clock shows, cut to steps of seconds that begin at midnight or longer ago."""
    at = building.keep(seconds(shown))
    over = building.keep(at % number(step))
    return from_seconds(building, at - ibis.ifelse(over < 0, over + number(step), over))
