"""Ten campaigns through two years of a clock that jumps, with workers that die anywhere: every launch exactly once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection

from campaigns.models import Campaign, Launch, Run
from campaigns.schedules import reading, value
from tests.builders import make_shop
from tests.campaigns.launching_stage import at, end, published, tick
from tests.campaigns.schedules.test_moments import instant, is_a_day, of_day

START, LENGTH = at("2027-01-01 00:00"), 731  # days: over a leap day and eight switches of the clocks
NINE = {"at": "09:00"}
CAMPAIGNS: dict[str, tuple[str, dict[str, Any]]] = {
    "asap": ("UTC", {"frequency": "asap"}),
    "once": ("Europe/Paris", {"frequency": "once", "at": "2028-03-26T02:30"}),
    "daily": ("Europe/Paris", {"frequency": "daily", "at": "02:30", "valid_until": "2028-04-30"}),
    "weekdays": (
        "America/New_York",
        {"frequency": "daily", "days": "weekdays", "missed": "skip", "valid_until": "2027-12-31", **NINE},
    ),
    "holidays": (
        "Australia/Lord_Howe",
        {"frequency": "daily", "days": "period", "first_day": "12-20", "last_day": "01-06", **NINE},
    ),
    "several": (
        "America/New_York",
        {"frequency": "several", "times": ["01:30", "18:00"], "days": "selected", "weekdays": ["sunday"]},
    ),
    "periodic": (
        "Australia/Lord_Howe",
        {"frequency": "several", "mode": "periodic", "every": 480, "unit": "minutes", "missed": "skip"}
        | {
            "days": "selected",
            "weekdays": ["sunday"],
        },
    ),
    "weekly": ("Europe/Paris", {"frequency": "weekly", "weekdays": ["monday", "thursday"], "overlap": "queue", **NINE}),
    "monthly": (
        "America/New_York",
        {"frequency": "monthly", "on": "day", "day": 31, "valid_until": "2028-09-01", **NINE},
    ),
    "signal": ("UTC", {"frequency": "signal", "valid_until": "2028-06-30"}),
}


class Died(Exception):
    """The worker was killed."""


@contextmanager
def disturbed(after: int, by: Callable[[], object], *, outside: bool = False) -> Iterator[None]:
    """Let something happen before one statement to the database, the ``after``-th; ``outside`` of a transaction only."""
    left = after

    def before(execute: Any, sql: str, *arguments: Any) -> Any:
        nonlocal left
        if not (outside and connection.in_atomic_block):
            left -= 1
            if left == 0:
                by()
        return execute(sql, *arguments)

    with connection.execute_wrapper(before):
        yield


def die() -> None:
    raise Died


def look(chance: random.Random) -> None:
    """One moment: a worker dies somewhere in its work or beside it, another is faster in between, a third looks again."""
    fate = chance.random()
    try:
        if fate < 0.3:
            with disturbed(chance.randint(1, 60), die):
                tick()
        elif fate < 0.6:
            with disturbed(chance.randint(1, 4), tick, outside=True):
                tick()
    except Died:
        pass
    tick()


def expected(document: dict[str, Any], name: str) -> list[datetime]:
    """The slots of a schedule in the two years, by a plain walk over the calendar."""
    schedule, zone = reading.read(document), ZoneInfo(name)
    until = START + timedelta(days=LENGTH)
    if schedule.frequency == value.ONCE:
        return [instant(schedule.moment.date(), schedule.moment.time(), zone)]
    if not schedule.repeats:
        return []
    days = [date(2026, 12, 30) + timedelta(days=n) for n in range(LENGTH + 5)]
    found = {slot for day in days if is_a_day(schedule, day) for slot in of_day(schedule, day, zone)}
    end_of_all = schedule.valid_until
    last = instant(end_of_all.date(), end_of_all.time(), zone) if end_of_all else until
    return sorted(slot for slot in found if START < slot <= min(last, until))


def fates(slots: list[datetime], looks: list[datetime], missed: str) -> dict[datetime, datetime | None]:
    """When each slot has to launch, from the moments at which somebody looked: then, late, or never."""
    found: dict[datetime, datetime | None] = {}
    before = START
    for moment in looks:
        here = [slot for slot in slots if before < slot <= moment]
        before = moment
        late = [slot for slot in here if moment - slot > timedelta(minutes=10)]
        found |= {slot: slot for slot in here} | dict.fromkeys(late)
        if late == here and late and missed == value.RUN_ONCE:
            found[late[-1]] = moment
    return found


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_expected_launch_happens_exactly_once(data_dir):
    chance = random.Random(20261126)
    looks: list[datetime] = []
    with time_machine.travel(START, tick=False) as clock:
        make_shop()
        for slug, (zone, document) in CAMPAIGNS.items():
            published(document, slug=slug, zone=zone)
        while (now := _next(chance)) < START + timedelta(days=LENGTH):
            clock.move_to(now)
            look(chance)
            looks.append(now)
            for run in Run.objects.open().live():
                end(run)
    rows = Launch.objects.select_related("run", "campaign")
    for slug, (zone, document) in CAMPAIGNS.items():
        wanted = fates(expected(document, zone), looks, document.get("missed", value.RUN_ONCE))
        became = {row.slot: row.run and row.run.scheduled_for for row in rows.filter(campaign__slug=slug)}
        assert became == wanted, slug
        runs = Counter(Run.objects.live().filter(campaign__slug=slug).values_list("scheduled_for", flat=True))
        assert runs == (Counter(filter(None, wanted.values())) or Counter([START] if slug == "asap" else [])), slug
    assert not rows.exclude(status__in=["launched", "missed"]).exists()
    assert rows.filter(status="launched").count() > 1_200
    assert rows.filter(status="missed").exists()
    statuses = dict(Campaign.objects.values_list("slug", "status"))
    assert statuses == dict.fromkeys(CAMPAIGNS, "live") | {
        "asap": "completed",
        "once": "completed",
        "daily": "closed",
        "weekdays": "closed",
        "monthly": "closed",
        "signal": "closed",
    }


def _next(chance: random.Random) -> datetime:
    """When somebody looks next: soon after the next slot, and now and then only after a downtime of hours or days."""
    slots = Campaign.objects.filter(next_launch_at__isnull=False).values_list("next_launch_at", flat=True)
    downtime = timedelta(hours=chance.uniform(1, 60)) if chance.random() < 0.02 else timedelta()
    return min(slots) + downtime + timedelta(seconds=chance.uniform(0, 300))
