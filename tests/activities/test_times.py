"""Weekdays and hours in zones whose clocks are put forward and back."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities import times

PARIS, NEW_YORK, LORD_HOWE = "Europe/Paris", "America/New_York", "Australia/Lord_Howe"


def when(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "hour", "after", "opens"),
    [
        # an hour that is there before and after: nine is nine, whatever the clocks did in between
        (PARIS, "monday", "09:00", "2026-03-27T12:00", "2026-03-30T07:00"),
        (PARIS, "monday", "09:00", "2026-10-23T12:00", "2026-10-26T08:00"),
        (NEW_YORK, "monday", "09:00", "2026-03-06T12:00", "2026-03-09T13:00"),
        (NEW_YORK, "monday", "09:00", "2026-10-30T12:00", "2026-11-02T14:00"),
        (LORD_HOWE, "monday", "09:00", "2026-10-02T12:00", "2026-10-04T22:00"),
        (LORD_HOWE, "monday", "09:00", "2026-04-03T12:00", "2026-04-05T22:30"),
        # an hour that is left out comes as much later as the clocks are put forward
        (PARIS, "sunday", "02:30", "2026-03-28T12:00", "2026-03-29T01:30"),
        (NEW_YORK, "sunday", "02:30", "2026-03-07T12:00", "2026-03-08T07:30"),
        (LORD_HOWE, "sunday", "02:15", "2026-10-03T12:00", "2026-10-03T15:45"),
        # an hour that comes twice is the first of both
        (PARIS, "sunday", "02:30", "2026-10-24T12:00", "2026-10-25T00:30"),
        (NEW_YORK, "sunday", "01:30", "2026-10-31T12:00", "2026-11-01T05:30"),
        (LORD_HOWE, "sunday", "01:45", "2026-04-04T00:00", "2026-04-04T14:45"),
        # between both it is the next week's
        (PARIS, "sunday", "02:30", "2026-10-25T00:45", "2026-11-01T01:30"),
        (NEW_YORK, "sunday", "01:30", "2026-11-01T05:30", "2026-11-08T06:30"),
        (LORD_HOWE, "sunday", "01:45", "2026-04-04T15:00", "2026-04-11T15:15"),
        # exactly now is a week ahead, over a switch too
        (PARIS, "sunday", "09:00", "2026-03-22T08:00", "2026-03-29T07:00"),
        # the day is that of the zone, not of Greenwich
        (NEW_YORK, "sunday", "23:30", "2026-11-01T23:00", "2026-11-02T04:30"),
    ],
)
def test_the_next_weekday_over_a_switch_of_the_clocks(zone, day, hour, after, opens):
    found = times.next_weekday(day, time.fromisoformat(hour), zone, when(after))
    assert found.astimezone(UTC) == when(opens)
    here = when(after).astimezone(ZoneInfo(zone))  # the same moment as the zone's own clocks show it
    assert times.next_weekday(day, time.fromisoformat(hour), zone, here).astimezone(UTC) == when(opens)


@given(
    st.sampled_from([PARIS, NEW_YORK, LORD_HOWE]),
    st.sampled_from(times.DAYS),
    st.times().map(lambda hour: hour.replace(second=0, microsecond=0)),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),
)
def test_it_is_later_within_a_week_and_on_that_day(zone, day, hour, after):
    found = times.next_weekday(day, hour, zone, after).astimezone(UTC)
    assert after < found <= after + timedelta(days=7, hours=1)
    local = found.astimezone(ZoneInfo(zone))
    assert local.weekday() == times.DAYS.index(day)
    late = timedelta(hours=local.hour - hour.hour, minutes=local.minute - hour.minute)
    assert late in {timedelta(0), timedelta(minutes=30), timedelta(hours=1)}
