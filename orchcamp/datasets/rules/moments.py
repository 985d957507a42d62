"""Dates that move with the day a rule is used on, and whole periods."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SHIFT = re.compile(r"([+-]?\d{1,6}) (minute|hour|day|week|month|year)s?")
DAYS_AT_MOST = 100_000

MOVING: dict[str, str | Promise] = {
    "today": _("today"),
    "yesterday": _("yesterday"),
    "tomorrow": _("tomorrow"),
    "now": _("now"),
    "start_of_week": _("the start of the week"),
    "start_of_month": _("the start of the month"),
    "start_of_quarter": _("the start of the quarter"),
    "start_of_year": _("the start of the year"),
}

PERIODS: dict[str, str | Promise] = {
    "today": _("today"),
    "yesterday": _("yesterday"),
    "tomorrow": _("tomorrow"),
    "this_week": _("this week"),
    "last_week": _("last week"),
    "next_week": _("next week"),
    "this_month": _("this month"),
    "last_month": _("last month"),
    "next_month": _("next month"),
    "this_quarter": _("this quarter"),
    "last_quarter": _("last quarter"),
    "this_year": _("this year"),
    "last_year": _("last year"),
    "last_days": _("the last %(n)s days"),
    "next_days": _("the next %(n)s days"),
    "more_than_days_ago": _("more than %(n)s days ago"),
    "anniversary_today": _("its anniversary is today"),
}
COUNTED = frozenset({"last_days", "next_days", "more_than_days_ago"})


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant a day begins in a zone. Raises OverflowError at the ends of the calendar."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The same day some months on, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))


def _named(name: str, today: date) -> date:
    starts: dict[str, Callable[[], date]] = {
        "today": lambda: today,
        "yesterday": lambda: today - timedelta(days=1),
        "tomorrow": lambda: today + timedelta(days=1),
        "start_of_week": lambda: today - timedelta(days=today.weekday()),
        "start_of_month": lambda: today.replace(day=1),
        "start_of_quarter": lambda: today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1),
        "start_of_year": lambda: today.replace(month=1, day=1),
    }
    return starts[name]()


def moving(name: str, shift: str, now: datetime, zone: ZoneInfo) -> date | datetime:
    """A moving date: a day, or an instant when it is ``now`` or shifted by hours or minutes.

    Days and longer are steps on the calendar of the zone; hours and minutes are time that goes by.
    """
    local = now.astimezone(zone)
    found: date | datetime = local if name == "now" else _named(name, local.date())
    if not shift:
        return found.astimezone(UTC) if isinstance(found, datetime) else found
    match = SHIFT.fullmatch(shift)
    if match is None:
        raise ValueError(shift)
    n, unit = int(match[1]), match[2]
    if unit in ("minute", "hour"):
        start = found if isinstance(found, datetime) else midnight(found, zone)
        return start.astimezone(UTC) + timedelta(**{f"{unit}s": n})
    if unit in ("day", "week"):
        found = found + timedelta(**{f"{unit}s": n})
    elif isinstance(found, datetime):
        found = datetime.combine(add_months(found.date(), n * (12 if unit == "year" else 1)), found.timetz())
    else:
        found = add_months(found, n * (12 if unit == "year" else 1))
    return found.astimezone(UTC) if isinstance(found, datetime) else found


def days(name: str, today: date) -> tuple[date, date]:
    """The first day of a whole period and the first day after it."""
    if name in ("today", "yesterday", "tomorrow"):
        start = _named(name, today)
        return start, start + timedelta(days=1)
    which, unit = name.split("_")
    start = _named(f"start_of_{unit}", today)
    turn = {"last": -1, "this": 0, "next": 1}[which]
    if unit == "week":
        return start + timedelta(weeks=turn), start + timedelta(weeks=turn + 1)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    return add_months(start, months * turn), add_months(start, months * (turn + 1))
