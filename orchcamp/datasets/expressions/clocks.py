"""What the clock of a zone shows, and when it shows it, without asking an engine what it knows of zones.

A zone is its list of offsets from UTC: numbers that every engine applies alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import ibis
from ibis.expr.types import Value

INSTANT, CLOCK = "timestamp('UTC')", "timestamp"  # a moment; what a clock shows, which has no zone
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
OFFSET_DIGITS, SECOND_DIGITS, ZERO = 6, 8, 100_000  # an offset is written with ZERO added, so that it has no sign
Keep = Callable[[Value], Value]  # puts a value aside as a column


@lru_cache(maxsize=32)
def _turns(key: str) -> tuple[tuple[datetime, int], ...]:
    """The moments at which a zone's offset changes, to the second; the first holds from ever on."""
    zone = ZoneInfo(key)

    def ahead(moment: datetime) -> int:
        return round((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds())

    found = [(FIRST, ahead(FIRST))]
    for n in range((LAST - FIRST).days):
        early, late = FIRST + timedelta(days=n), FIRST + timedelta(days=n + 1)
        if (seconds := ahead(late)) != found[-1][1]:
            while late - early > timedelta(seconds=1):
                middle = early + (late - early) // 2
                middle -= timedelta(microseconds=middle.microsecond)
                early, late = (early, middle) if ahead(middle) == seconds else (middle, late)
            found.append((late, seconds))
    return tuple(found)


@dataclass(frozen=True)
class _Table:
    """A zone's offsets, one record a year in a single text: an engine plans one literal, not hundreds of cases."""

    text: str
    turns: int  # in each record, beside the offset that the year begins with
    offsets: tuple[int, ...]  # that occur at all

    @property
    def width(self) -> int:
        return OFFSET_DIGITS + self.turns * (OFFSET_DIGITS + SECOND_DIGITS)


@lru_cache(maxsize=64)
def _table(key: str, by_clock: bool) -> _Table:
    """The offsets by what UTC shows, or by what the zone's clock shows."""
    turns = _turns(key)
    starts = [(datetime.min, turns[0][1])]
    for (_moment, before), (moment, after) in pairwise(turns):
        shift = timedelta(seconds=max(before, after)) if by_clock else timedelta()
        starts.append((moment.replace(tzinfo=None) + shift, after))
    years: list[tuple[int, list[tuple[int, int]]]] = [(starts[0][1], [])]
    for year in range(FIRST.year, LAST.year + 1):
        first = datetime(year, 1, 1)
        within = [
            (round((at - first).total_seconds()), ahead) for at, ahead in starts if at > first and at.year == year
        ]
        years.append((next(ahead for at, ahead in reversed(starts) if at <= first), within))
    most = max(len(within) for _ahead, within in years)
    text = "".join(_record(ahead, within, most) for ahead, within in years)
    return _Table(text, most, tuple(sorted({ahead for _start, ahead in starts})))


def _record(ahead: int, within: list[tuple[int, int]], most: int) -> str:
    filled = within + [(10**SECOND_DIGITS - 1, 0)] * (most - len(within))
    pieces = [f"{at:0{SECOND_DIGITS}}{new + ZERO:0{OFFSET_DIGITS}}" for at, new in filled]
    return f"{ahead + ZERO:0{OFFSET_DIGITS}}" + "".join(pieces)


def shown(moment: Value, zone: ZoneInfo, keep: Keep) -> Value:
    """What the zone's clock shows at a moment."""
    plain = keep(moment.cast(CLOCK))
    return plain if zone.key == "UTC" else _shifted(plain, _table(zone.key, False), 1, keep)


def instant(clock: Value, zone: ZoneInfo, keep: Keep) -> Value:
    """When the zone's clock shows this; of two such moments the first, and an hour that is left out goes on counting."""
    plain = clock if zone.key == "UTC" else _shifted(clock, _table(zone.key, True), -1, keep)
    return plain.cast(INSTANT)


def _shifted(clock: Value, table: _Table, way: int, keep: Keep) -> Value:
    clock = keep(clock)
    year = clock.year().cast("int64") - (FIRST.year - 1)
    place = ibis.cases((year < 0, 0), (year > LAST.year - FIRST.year + 1, LAST.year - FIRST.year + 1), else_=year)
    record = keep(ibis.literal(table.text).substr(place * table.width, table.width))
    day = clock.day_of_year().cast("int64") - 1
    gone = keep(((day * 24 + clock.hour()) * 60 + clock.minute()) * 60 + clock.second())
    ahead = record.substr(0, OFFSET_DIGITS)
    for n in range(table.turns):
        at = OFFSET_DIGITS + n * (OFFSET_DIGITS + SECOND_DIGITS)
        turned = gone >= record.substr(at, SECOND_DIGITS).cast("int64")
        ahead = ibis.ifelse(turned, record.substr(at + SECOND_DIGITS, OFFSET_DIGITS), ahead)
    ahead = keep(ahead)
    *others, last = table.offsets
    found = [(ahead == f"{one + ZERO:0{OFFSET_DIGITS}}", _moved(clock, way * one)) for one in others]
    moved = ibis.cases(*found, else_=_moved(clock, way * last)) if found else _moved(clock, way * last)
    return ibis.ifelse(clock.notnull(), moved, ibis.null(CLOCK))


def _moved(clock: Value, seconds: int) -> Value:
    return (clock + ibis.interval(seconds=seconds)).cast(CLOCK) if seconds else clock


def clock_literal(shown: datetime) -> Value:
    return ibis.literal(shown.replace(tzinfo=None), type=CLOCK)
