"""What a zone's clock shows, and when, as Python's own zones have it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import pytest

from orchcamp.datasets import engine
from orchcamp.datasets.expressions import clocks

ZONES = ["Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"]


def moments(zone: ZoneInfo) -> list[datetime]:
    """Around every turn of the clock, and beyond the years that are known."""
    turns = [moment for moment, _ahead in clocks._turns(zone.key)]
    near = [moment + timedelta(seconds=s) for moment in turns for s in (-7201, -3600, -1, 0, 1, 1800, 3600, 7200)]
    far = [datetime(y, m, 1, 12, tzinfo=UTC) for y in (1902, 1970, 2000, 2026, 2037, 2099) for m in (1, 7)]
    return [moment for moment in [*near, *far] if moment.year < 2100]


def asked(question) -> list[datetime]:
    return [row["v"] for row in sorted(engine.rows(question), key=lambda row: row["n"])]


@pytest.mark.parametrize("key", ZONES)
def test_a_clock_shows_what_python_says(key):
    zone, keep = ZoneInfo(key), lambda value: value
    listed = moments(zone)
    table = ibis.memtable({"n": range(len(listed)), "m": listed}, schema={"n": "int64", "m": clocks.INSTANT})
    shown = asked(table.select("n", v=clocks.shown(table.m, zone, keep)))
    assert shown == [moment.astimezone(zone).replace(tzinfo=None) for moment in listed]


@pytest.mark.parametrize("key", ZONES)
def test_a_moment_is_the_first_at_which_a_clock_shows_it(key):
    zone, keep = ZoneInfo(key), lambda value: value
    listed = [moment.replace(tzinfo=None) for moment in moments(zone)]
    table = ibis.memtable({"n": range(len(listed)), "m": listed}, schema={"n": "int64", "m": clocks.CLOCK})
    found = asked(table.select("n", v=clocks.instant(table.m, zone, keep)))
    assert found == [clock.replace(tzinfo=zone).astimezone(UTC) for clock in listed]
