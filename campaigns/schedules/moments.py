"""The moments at which a schedule launches: which days by dateutil's rrule, which instants by the clocks of a zone.

A day's wall times are placed into the zone one by one. A time that the clocks skip (spring) is as much later as they
are put forward; of one that comes twice (autumn) the first is meant. Periodic launches count elapsed minutes within
the window of their day, so a day of 23 or 25 hours has fewer or more of them. Two wall times that fall on one instant
are one launch.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil import rrule

from . import value as v
from .value import Schedule

DAY = timedelta(days=1)
JUST = timedelta(microseconds=1)
HORIZON = timedelta(days=50 * 365)  # ten times 29 February lie within
FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(3100, 1, 1, tzinfo=UTC)  # no moment is reckoned beyond
WORKING_DAYS = (0, 1, 2, 3, 4)


def launches(schedule: Schedule, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments later than ``after`` and not later than ``until``, in order, each once.

    They are in UTC, for Python compares two moments of one zone by what the clocks show, which is wrong in autumn.
    Schedules without moments of their own (as soon as possible, by signal, once without a date) have none.
    """
    after, until = max(after, FIRST), min(until, LAST)
    if schedule.frequency == v.ONCE:
        moments = iter([placed(schedule.moment, zone)] if schedule.moment else [])
    elif schedule.repeats:
        start, end = validity(schedule, zone)
        after = max(after, start - JUST) if start else after
        until = min(until, end) if end else until
        moments = _in_order(schedule, zone, after, until) if after < until else iter(())
    else:
        moments = iter(())
    for moment in moments:
        if moment > until:
            return
        if moment > after:
            yield moment


def upcoming(schedule: Schedule, zone: ZoneInfo, now: datetime, n: int = 10) -> list[datetime]:
    """The next launches after now, at most so many."""
    start = datetime.combine(schedule.start, time.min) if schedule.start else None
    latest = max(placed(moment, zone) for moment in (now, schedule.moment, schedule.valid_from, start) if moment)
    return list(islice(launches(schedule, zone, now, latest + HORIZON), n))


def over(schedule: Schedule, zone: ZoneInfo, now: datetime) -> bool:
    """Whether nothing can begin by this schedule after now any more; a signal may come until the validity ends."""
    if schedule.frequency == v.SIGNAL:
        end = validity(schedule, zone)[1]
        return end is not None and end < now
    return not upcoming(schedule, zone, now, 1)


def validity(schedule: Schedule, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """From when to when launches happen, both ends in; None is no limit."""
    start, end = schedule.valid_from, schedule.valid_until
    return (placed(start, zone) if start else None), (placed(end, zone) if end else None)


def placed(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the clocks of the zone show a wall time; one that has a zone keeps it."""
    return (wall if wall.tzinfo else wall.replace(tzinfo=zone, fold=0)).astimezone(UTC)


# --- Days ----------------------------------------------------------------------------------------------


def _in_order(schedule: Schedule, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments of all days that could have one between the two; those of a day may reach into the next."""
    first, last = after.astimezone(zone).date() - DAY, until.astimezone(zone).date() + DAY
    waiting: set[datetime] = set()
    for day in _days(schedule, first, last):
        begin = placed(datetime.combine(day, time.min), zone)
        yield from sorted(moment for moment in waiting if moment < begin)
        waiting = {moment for moment in waiting if moment >= begin} | set(_of_day(schedule, day, zone))
    yield from sorted(waiting)


def _days(schedule: Schedule, first: date, last: date) -> Iterator[date]:
    """The days of the calendar on which the schedule launches, both ends in."""
    for found in _rule(schedule, first, last):
        day = found.date()
        if schedule.days != v.PERIOD or _within(schedule, day):
            yield day


def _within(schedule: Schedule, day: date) -> bool:
    """Whether a day lies in the period of the year, which may go over New Year."""
    first, last, here = schedule.first_day, schedule.last_day, (day.month, day.day)
    return first <= here <= last if first <= last else here >= first or here <= last


def _rule(schedule: Schedule, first: date, last: date) -> rrule.rrule:
    begin, end = datetime.combine(first, time.min), datetime.combine(last, time.min)
    if schedule.frequency == v.WEEKLY:
        begin = datetime.combine(schedule.start, time.min) if schedule.start else begin
        weekly = {"interval": schedule.every, "byweekday": schedule.weekdays, "wkst": rrule.MO}
        return rrule.rrule(rrule.WEEKLY, dtstart=_near(begin, first, schedule.every), until=end, **weekly)
    if schedule.frequency == v.MONTHLY:
        return _monthly(schedule, begin, end)
    chosen = {v.WEEKDAYS: WORKING_DAYS, v.SELECTED: schedule.weekdays}.get(schedule.days)
    return rrule.rrule(rrule.DAILY, dtstart=begin, until=end, byweekday=chosen)


def _near(start: datetime, first: date, every: int) -> datetime:
    """The start of the weeks, or a Monday that is a whole number of intervals later and not after ``first``.

    It spares the walk through all weeks since a start that is long ago.
    """
    monday = start.date() - start.weekday() * DAY
    intervals = (first - monday) // timedelta(weeks=every)
    return datetime.combine(monday + intervals * timedelta(weeks=every), time.min) if intervals > 0 else start


def _monthly(schedule: Schedule, begin: datetime, end: datetime) -> rrule.rrule:
    months = schedule.months or None
    by: dict[str, object]
    if schedule.on in (v.EVERY_DAY, v.THESE_DAYS):
        by = {"byweekday": schedule.weekdays or None}
        return rrule.rrule(rrule.DAILY, dtstart=begin, until=end, bymonth=months, **by)
    if schedule.on == v.NTH:
        by = {"byweekday": rrule.weekday(schedule.weekdays[0], schedule.nth)}
    else:
        by = {"bymonthday": -1 if schedule.on == v.LAST_DAY else schedule.day}
    return rrule.rrule(rrule.MONTHLY, dtstart=begin, until=end, bymonth=months, **by)


# --- Within a day ----------------------------------------------------------------------------------------


def _of_day(schedule: Schedule, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    if schedule.frequency != v.SEVERAL:
        yield placed(datetime.combine(day, schedule.at), zone)
    elif schedule.mode == v.HOURS:
        yield from (placed(datetime.combine(day, at), zone) for at in schedule.times)
    else:
        yield from _periodic(schedule, day, zone)


def _periodic(schedule: Schedule, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """From the beginning of the day's window on, in elapsed time; its end is in, the next midnight is not."""
    moment = placed(datetime.combine(day, schedule.begin or time.min), zone)
    end = placed(datetime.combine(day, schedule.end), zone) if schedule.end else None
    midnight = placed(datetime.combine(day + DAY, time.min), zone)
    while moment < midnight and (end is None or moment <= end):
        yield moment
        moment += schedule.interval
