"""Every period and moving date beside a second reading by the calendar, at the edges of days, weeks, months and years."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchcamp.datasets import engine, rules
from orchcamp.datasets.rules.moments import MOVING, PERIODS
from tests.datasets.rule_stage import ROWS, where
from tests.datasets.shop import context

N = 3  # for periods that count days
TICK = timedelta(microseconds=1)
CLOCKS = [
    ("2026-01-01T00:00", "UTC"),
    ("2025-12-31T23:59:59", "America/New_York"),
    ("2024-02-29T12:00", "Asia/Kolkata"),
    ("2025-02-28T23:30", "Europe/Paris"),
    ("2025-03-01T09:00", "UTC"),
    ("2026-03-29T12:00", "Europe/Paris"),  # clocks were put forward in the night
    ("2026-10-25T02:30", "Europe/Paris"),  # an hour that comes twice
    ("2026-03-31T23:59", "America/New_York"),
    ("2026-04-01T00:00", "Asia/Kolkata"),
    ("2024-12-30T08:00", "Europe/Paris"),  # the week of the next year
]


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def month(day: date) -> int:
    return day.year * 12 + day.month


def quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def anniversary(day: date, today: date) -> bool:
    """The same day of the year, in this year or before; of 29 February 1 March where there is none."""
    if (day.month, day.day) == (2, 29) and not isleap(today.year):
        return (today.month, today.day) == (3, 1) and day <= today
    return (day.month, day.day) == (today.month, today.day) and day <= today


Reading = Callable[[date, date], bool]  # a day, and today
WHOLE: dict[str, Reading] = {
    "today": lambda day, today: day == today,
    "yesterday": lambda day, today: day == today - timedelta(days=1),
    "tomorrow": lambda day, today: day == today + timedelta(days=1),
    "this_week": lambda day, today: monday(day) == monday(today),
    "last_week": lambda day, today: monday(day) == monday(today) - timedelta(days=7),
    "next_week": lambda day, today: monday(day) == monday(today) + timedelta(days=7),
    "this_month": lambda day, today: month(day) == month(today),
    "last_month": lambda day, today: month(day) == month(today) - 1,
    "next_month": lambda day, today: month(day) == month(today) + 1,
    "this_quarter": lambda day, today: quarter(day) == quarter(today),
    "last_quarter": lambda day, today: quarter(day) == quarter(today) - 1,
    "this_year": lambda day, today: day.year == today.year,
    "last_year": lambda day, today: day.year == today.year - 1,
    "anniversary_today": anniversary,
}


def holds(name: str, moment: datetime, now: datetime, zone: ZoneInfo) -> bool:
    day, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    if name == "last_days":
        return day >= today - timedelta(days=N) and moment <= now
    if name == "next_days":
        return moment > now and day <= today + timedelta(days=N)
    if name == "more_than_days_ago":
        return day < today - timedelta(days=N)
    return WHOLE[name](day, today)


def starts(today: date) -> dict[str, date]:
    """What moving dates are."""
    return {
        "today": today,
        "yesterday": today - timedelta(days=1),
        "tomorrow": today + timedelta(days=1),
        "start_of_week": monday(today),
        "start_of_month": date(today.year, today.month, 1),
        "start_of_quarter": date(today.year, (today.month - 1) // 3 * 3 + 1, 1),
        "start_of_year": date(today.year, 1, 1),
    }


def edges(now: datetime, zone: ZoneInfo) -> list[datetime]:
    """Moments around every midnight at which something could begin or end, and around now."""
    today = now.astimezone(zone).date()
    days = {today + timedelta(days=n) for n in range(-22, 23)}
    days |= {date(year, month, 1) for year in range(today.year - 2, today.year + 3) for month in range(1, 13)}
    days |= {date(2020, 2, 29), date(2020, 3, 1), date(2020, 2, 28), date(2019, 3, 1), date(2019, today.month, 28)}
    found = {datetime.combine(day, time(), zone).astimezone(UTC) for day in days} | {now}
    return sorted({moment + shift for moment in found for shift in (-TICK, timedelta(), TICK)})


@pytest.mark.parametrize(("clock", "zone"), CLOCKS)
def test_every_period_and_moving_date_at_its_edges(clock, zone):
    there = ZoneInfo(zone)
    now = datetime.fromisoformat(clock).replace(tzinfo=there).astimezone(UTC)
    moments = edges(now, there)
    people = [{"id": n, "joined": moment} for n, moment in enumerate(moments)] + [{"id": len(moments)}]
    ctx = context({**ROWS, "people": people}, now=now, timezone=zone)
    days = starts(now.astimezone(there).date())
    begin = {name: datetime.combine(day, time(), there).astimezone(UTC) for name, day in days.items()} | {"now": now}
    assert set(begin) == set(MOVING)
    table = ctx.model.table("people")
    for name in PERIODS:
        counted = {"n": N} if name in ("last_days", "next_days", "more_than_days_ago") else {}
        asked = where("joined", "in_period", {"period": name} | counted)
        table = rules.mark(table, asked, "people", ctx, f"in_{name}")
        table = rules.mark(table, {**asked, "operator": "not_in_period"}, "people", ctx, f"not_{name}")
    for name in MOVING:
        asked = where("joined", "greater_or_equal", {"date": name})
        table = rules.mark(table, asked, "people", ctx, f"since_{name}")
    for row in engine.rows(table):
        moment = row["joined"]
        for name in PERIODS:
            expected = moment is not None and holds(name, moment, now, there)
            assert (row[f"in_{name}"], row[f"not_{name}"]) == (expected, not expected), (name, moment, now)
        for name, start in begin.items():
            assert row[f"since_{name}"] == (moment is not None and moment >= start), (name, moment, now)
