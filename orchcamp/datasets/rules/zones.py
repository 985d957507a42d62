"""Time zones in the data plane, without asking an engine what it knows of them.

A zone is its list of offsets: a table of numbers that every engine applies alike.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import ibis
from ibis.expr.types import DateValue, TimestampValue, Value

from .moments import midnight

FIRST, LAST = date(1900, 1, 1), date(2100, 1, 1)
INSTANT = "timestamp('UTC')"


@lru_cache(maxsize=32)
def _offsets(key: str) -> tuple[tuple[date, int], ...]:
    """(first day, seconds that a midnight is ahead of UTC), for each stretch of days with one offset."""
    zone, found = ZoneInfo(key), list[tuple[date, int]]()
    for n in range((LAST - FIRST).days):
        day = FIRST + timedelta(days=n)
        start = midnight(day, zone)
        seconds = int((datetime(day.year, day.month, day.day, tzinfo=UTC) - start).total_seconds())
        if not found or found[-1][1] != seconds:
            found.append((day, seconds))
    return tuple(found)


def _shifted(moment: TimestampValue, by: Value, stretches: tuple[tuple[date, int], ...]) -> TimestampValue:
    """The moment less the offset of the stretch that ``by`` falls in, as a balanced tree of cases."""
    if len(stretches) == 1:
        seconds = stretches[0][1]
        return moment - ibis.interval(seconds=seconds) if seconds else moment
    middle = len(stretches) // 2
    early = by < ibis.literal(stretches[middle][0])
    return ibis.ifelse(early, _shifted(moment, by, stretches[:middle]), _shifted(moment, by, stretches[middle:]))


def midnights(days: DateValue, zone: ZoneInfo) -> TimestampValue:
    """The instant at which each day begins in the zone."""
    return _shifted(days.cast("timestamp"), days, _offsets(zone.key)).cast(INSTANT)


def anniversaries(moments: TimestampValue, today: date, zone: ZoneInfo) -> Value:
    """Whether the day that a moment falls on in the zone has its anniversary today."""
    years = [year for year in range(FIRST.year, today.year + 1) if _exists(year, today)]
    spans = [(date(year, today.month, today.day), timedelta(days=1)) for year in years]
    if (today.month, today.day) == (3, 1) and not is_leap(today.year):
        spans += [(date(year, 2, 29), timedelta(days=1)) for year in range(FIRST.year, today.year) if is_leap(year)]
    starts = sorted((midnight(day, zone), midnight(day + length, zone)) for day, length in spans)
    return _within(moments, starts)


def _within(moments: TimestampValue, spans: list[tuple[datetime, datetime]]) -> Value:
    """Whether the moment lies in one of many spans that do not overlap, by halves."""
    if len(spans) == 1:
        start, end = (ibis.literal(edge, type=INSTANT) for edge in spans[0])
        return (moments >= start) & (moments < end)
    middle = len(spans) // 2
    early = moments < ibis.literal(spans[middle][0], type=INSTANT)
    return ibis.ifelse(early, _within(moments, spans[:middle]), _within(moments, spans[middle:]))


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _exists(year: int, day: date) -> bool:
    return (day.month, day.day) != (2, 29) or is_leap(year)
