"""When schedules launch: every frequency, over both switches of the clocks, against a plain walk over a calendar."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.schedules import moments, reading, value
from campaigns.schedules.value import Schedule

PARIS, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")
NINE = {"at": "09:00"}


def found(
    document: dict, zone: ZoneInfo | str = PARIS, start: str = "2026-01-01", end: str = "2027-01-01"
) -> list[str]:
    """The launches from a midnight to before another, on the clocks of the zone with their offset from UTC."""
    place = ZoneInfo(zone) if isinstance(zone, str) else zone
    first, last = (datetime.fromisoformat(day).replace(tzinfo=place) for day in (start, end))
    just = timedelta(microseconds=1)
    launches = moments.launches(reading.read(document), place, first - just, last - just)
    return [moment.astimezone(place).isoformat(timespec="minutes") for moment in launches]


def days(document: dict, **window: str) -> list[str]:
    return [moment[:10] for moment in found(document, **window)]


# --- The switches of the clocks -------------------------------------------------------------------------

DAILY_AT_HALF_PAST_TWO = {"frequency": "daily", "at": "02:30"}
EVERY_HOUR = {"frequency": "several", "mode": "periodic", "every": 1, "unit": "hours"}


@pytest.mark.parametrize(
    ("zone", "at", "day", "launches"),
    [
        # spring: the clocks skip the time, the launch is as much later as they are put forward
        (PARIS, "02:30", "2026-03-29", ["2026-03-29T03:30+02:00"]),
        (NEW_YORK, "02:30", "2026-03-08", ["2026-03-08T03:30-04:00"]),
        (LORD_HOWE, "02:15", "2026-10-04", ["2026-10-04T02:45+11:00"]),
        # autumn: it comes twice, the first is meant
        (PARIS, "02:30", "2026-10-25", ["2026-10-25T02:30+02:00"]),
        (NEW_YORK, "01:30", "2026-11-01", ["2026-11-01T01:30-04:00"]),
        (LORD_HOWE, "01:45", "2026-04-05", ["2026-04-05T01:45+11:00"]),
        # at another time of day nothing is odd but the distance from UTC
        (PARIS, "09:00", "2026-03-28", ["2026-03-28T09:00+01:00"]),
        (PARIS, "09:00", "2026-03-29", ["2026-03-29T09:00+02:00"]),
        (NEW_YORK, "09:00", "2026-11-01", ["2026-11-01T09:00-05:00"]),
        (LORD_HOWE, "09:00", "2026-04-05", ["2026-04-05T09:00+10:30"]),
    ],
)
def test_a_daily_launch_happens_once_on_the_day_of_a_switch(zone, at, day, launches):
    after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    assert found({"frequency": "daily", "at": at}, zone, day, after) == launches


@pytest.mark.parametrize(
    ("zone", "spring", "autumn", "hours"),
    [
        (PARIS, "2026-03-29", "2026-10-25", (23, 25)),
        (NEW_YORK, "2026-03-08", "2026-11-01", (23, 25)),
        (LORD_HOWE, "2026-10-04", "2026-04-05", (47, 49)),  # half an hour: counted in half hours
    ],
)
def test_periodic_launches_follow_the_hours_that_a_day_has(zone, spring, autumn, hours):
    every = {"every": 30, "unit": "minutes"} if zone is LORD_HOWE else {"every": 1, "unit": "hours"}
    for day, many in zip((spring, autumn), hours, strict=True):
        after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        launches = found(EVERY_HOUR | every, zone, day, after)
        assert len(launches) == many
        assert launches[0].startswith(f"{day}T00:00")


def test_periodic_launches_stay_within_their_hours_on_the_day_of_a_switch():
    window = EVERY_HOUR | {"from": "01:00", "to": "04:00"}
    assert [moment[11:] for moment in found(window, PARIS, "2026-03-29", "2026-03-30")] == [
        "01:00+01:00",
        "03:00+02:00",
        "04:00+02:00",
    ]
    assert len(found(window, PARIS, "2026-10-25", "2026-10-26")) == 5
    assert len(found(window, PARIS, "2026-06-01", "2026-06-02")) == 4


def test_two_times_that_fall_on_one_instant_are_one_launch():
    skipped = {"frequency": "several", "mode": "hours", "times": ["03:30", "02:30", "02:45", "03:00"]}
    assert [moment[11:16] for moment in found(skipped, PARIS, "2026-03-29", "2026-03-30")] == [
        "03:00",
        "03:30",
        "03:45",
    ]


def test_a_day_that_a_zone_left_out_launches_with_the_next_and_only_once():
    launches = found(
        {"frequency": "several", "mode": "hours", "times": ["09:00", "18:00"]},
        "Pacific/Apia",
        "2011-12-29",
        "2012-01-01",
    )
    assert [moment[:16] for moment in launches] == [
        "2011-12-29T09:00",
        "2011-12-29T18:00",
        "2011-12-31T09:00",
        "2011-12-31T18:00",
    ]


def test_a_midnight_that_is_skipped_is_one_o_clock_of_the_same_day():
    assert found({"frequency": "daily", "at": "00:00"}, "Africa/Cairo", "2026-04-23", "2026-04-26") == [
        "2026-04-23T00:00+02:00",
        "2026-04-24T01:00+03:00",
        "2026-04-25T00:00+03:00",
    ]


# --- Which days ---------------------------------------------------------------------------------------------


def test_once_is_its_moment_and_nothing_else():
    assert found({"frequency": "once", "at": "2026-12-01T09:00"}) == ["2026-12-01T09:00+01:00"]
    assert found({"frequency": "once", "at": "2026-12-01T09:00+05:00"}) == ["2026-12-01T05:00+01:00"]
    assert found({"frequency": "once"}) == []


@pytest.mark.parametrize("frequency", ["", "asap", "immediately", "manual", "signal"])
def test_what_has_no_moments_of_its_own_launches_on_no_day(frequency):
    assert found({"frequency": frequency}) == []


def test_daily_on_weekdays_on_chosen_days_and_in_a_period_over_new_year():
    week = {"start": "2026-06-01", "end": "2026-06-08"}  # a Monday
    assert len(days({"frequency": "daily", **NINE}, **week)) == 7
    assert days({"frequency": "daily", "days": "weekdays", **NINE}, **week)[-1] == "2026-06-05"
    chosen = {"frequency": "daily", "days": "selected", "weekdays": ["sunday", "tuesday"], **NINE}
    assert days(chosen, **week) == ["2026-06-02", "2026-06-07"]
    holidays = {"frequency": "daily", "days": "period", "first_day": "12-30", "last_day": "01-02", **NINE}
    assert days(holidays, start="2026-12-01", end="2027-03-01") == [
        "2026-12-30",
        "2026-12-31",
        "2027-01-01",
        "2027-01-02",
    ]


def test_a13_weekly_on_monday_and_thursday_over_the_end_of_summer_time():
    schedule = {
        "frequency": "weekly",
        "weekdays": ["monday", "thursday"],
        "at": "09:00",
        "valid_from": "2026-10-15T12:00",
        "valid_until": "2026-11-05",
    }
    assert found(schedule) == [
        "2026-10-19T09:00+02:00",
        "2026-10-22T09:00+02:00",
        "2026-10-26T09:00+01:00",
        "2026-10-29T09:00+01:00",
        "2026-11-02T09:00+01:00",
        "2026-11-05T09:00+01:00",
    ]


def test_every_other_week_is_counted_from_the_week_of_its_start():
    schedule = {"frequency": "weekly", "every": 2, "start": "2026-01-07", "weekdays": ["monday", "friday"], **NINE}
    assert days(schedule, start="2026-01-01", end="2026-02-01") == ["2026-01-09", "2026-01-19", "2026-01-23"]
    assert days(schedule, start="2030-01-01", end="2030-01-15") == ["2030-01-04", "2030-01-14"]


@pytest.mark.parametrize(
    ("monthly", "expected"),
    [
        ({"on": "day", "day": 29}, ["01-29", "03-29", "04-29"]),
        ({"on": "day", "day": 30}, ["01-30", "03-30", "04-30"]),
        ({"on": "day", "day": 31}, ["01-31", "03-31"]),
        ({"on": "last_day"}, ["01-31", "02-28", "03-31", "04-30"]),
        ({"on": "last_day", "months": [2, 4]}, ["02-28", "04-30"]),
        ({"on": "nth", "nth": "first", "weekday": "monday"}, ["01-05", "02-02", "03-02", "04-06"]),
        ({"on": "nth", "nth": "last", "weekday": "friday"}, ["01-30", "02-27", "03-27", "04-24"]),
        ({"on": "selected", "weekdays": ["monday"], "months": [2]}, ["02-02", "02-09", "02-16", "02-23"]),
    ],
)
def test_monthly_in_a_common_year_skips_the_days_that_a_month_does_not_have(monthly, expected):
    schedule = {"frequency": "monthly", **NINE, **monthly}
    assert [day[5:] for day in days(schedule, start="2026-01-01", end="2026-05-01")] == expected


def test_leap_years_have_their_day():
    assert days({"frequency": "monthly", "on": "day", "day": 29, "months": [2], **NINE}, end="2037-01-01") == [
        "2028-02-29",
        "2032-02-29",
        "2036-02-29",
    ]
    assert (
        days({"frequency": "monthly", "on": "last_day", "months": ["2"], **NINE}, end="2029-01-01")[-1] == "2028-02-29"
    )
    every_day = {"frequency": "monthly", "on": "every_day", "months": [2], **NINE}
    assert len(days(every_day, start="2028-01-01", end="2029-01-01")) == 29


# --- The next ones, and the end -------------------------------------------------------------------------


def test_the_next_ten_begin_after_now_and_never_in_the_past():
    now = datetime(2026, 3, 27, 9, tzinfo=PARIS)
    upcoming = moments.upcoming(reading.read({"frequency": "daily", "valid_from": "2020-01-01", **NINE}), PARIS, now)
    assert [moment.astimezone(PARIS).isoformat(timespec="minutes") for moment in upcoming[:3]] == [
        "2026-03-28T09:00+01:00",
        "2026-03-29T09:00+02:00",
        "2026-03-30T09:00+02:00",
    ]
    assert len(upcoming) == 10


def test_the_next_ten_29_february_are_found_as_well():
    leap = reading.read({"frequency": "monthly", "on": "day", "day": 29, "months": [2], **NINE})
    assert [moment.year for moment in moments.upcoming(leap, PARIS, datetime(2026, 1, 1, tzinfo=UTC))][-1] == 2064


def test_a_schedule_is_over_after_its_last_launch_not_only_after_its_validity():
    schedule = reading.read({"frequency": "daily", "valid_until": "2026-06-01T12:00", **NINE})
    assert not moments.over(schedule, PARIS, datetime(2026, 6, 1, 8, 59, tzinfo=PARIS))
    assert moments.over(schedule, PARIS, datetime(2026, 6, 1, 9, tzinfo=PARIS))
    assert not moments.over(reading.read({"frequency": "once", "at": "2199-01-01T09:00"}), PARIS, datetime.now(UTC))
    signal = reading.read({"frequency": "signal", "valid_until": "2026-06-01"})
    assert not moments.over(signal, PARIS, datetime(2026, 6, 1, 23, tzinfo=PARIS))
    assert moments.over(signal, PARIS, datetime(2026, 6, 2, tzinfo=PARIS))


# --- Against a plain walk -----------------------------------------------------------------------------------

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu", "UTC")
clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0)) | st.sampled_from(
    [time(0), time(1, 30), time(2), time(2, 15), time(2, 30), time(3), time(23, 59)]
)
weekdays = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
months = st.sets(st.integers(1, 12), max_size=11).map(lambda found: tuple(sorted(found)))
dates = st.dates(date(2026, 1, 1), date(2028, 12, 31))
year_days = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: (day.month, day.day))
limits = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)).map(
    lambda at: at.replace(microsecond=0)
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    frequency = draw(st.sampled_from(value.REPEATING))
    parts: dict = {"at": draw(clocks)}
    if frequency in (value.DAILY, value.SEVERAL):
        parts |= {"days": draw(st.sampled_from(value.DAYS)), "weekdays": draw(weekdays)}
        parts |= {"first_day": draw(year_days), "last_day": draw(year_days)}
    if frequency == value.SEVERAL:
        begin, end = sorted((draw(clocks), draw(clocks)))
        windowed = draw(st.booleans())
        parts |= {
            "mode": draw(st.sampled_from(value.MODES)),
            "times": tuple(draw(st.sets(clocks, min_size=1, max_size=4))),
        }
        parts |= {"every": draw(st.integers(15, 300)), "unit": value.MINUTES}
        parts |= {"begin": begin if windowed else None, "end": end if windowed else None}
    if frequency == value.WEEKLY:
        parts |= {"every": draw(st.integers(1, 6)), "start": draw(dates), "weekdays": draw(weekdays)}
    if frequency == value.MONTHLY:
        on = draw(st.sampled_from(value.ON))
        many = weekdays.map(lambda days: days[:1]) if on == value.NTH else weekdays
        parts |= {"on": on, "months": draw(months), "day": draw(st.integers(1, 31))}
        parts |= {"weekdays": draw(many) if on in (value.NTH, value.THESE_DAYS) else ()}
        parts |= {"nth": draw(st.sampled_from(list(value.PLACES.values())))}
    return Schedule(frequency=frequency, valid_from=draw(limits), valid_until=draw(limits), **parts)


def is_a_day(schedule: Schedule, day: date) -> bool:
    """Whether it launches on that day, asked of the calendar alone."""
    length = calendar.monthrange(day.year, day.month)[1]
    if schedule.frequency == value.WEEKLY:
        start = schedule.start or date(1990, 1, 1)
        monday = start - timedelta(days=start.weekday())
        in_turn = (day - monday).days // 7 % schedule.every == 0
        return in_turn and day >= start and day.weekday() in schedule.weekdays
    if schedule.frequency == value.MONTHLY:
        if schedule.months and day.month not in schedule.months:
            return False
        place = -1 if schedule.nth == -1 and day.day + 7 > length else (day.day + 6) // 7
        return {
            value.EVERY_DAY: True,
            value.LAST_DAY: day.day == length,
            value.DAY: day.day == schedule.day,
            value.NTH: day.weekday() in schedule.weekdays and place == schedule.nth,
            value.THESE_DAYS: day.weekday() in schedule.weekdays,
        }[schedule.on]
    here = (day.month, day.day)
    inside = schedule.first_day <= here <= schedule.last_day
    outside = schedule.last_day < here < schedule.first_day
    return {
        value.EVERY: True,
        value.WEEKDAYS: day.weekday() < 5,
        value.SELECTED: day.weekday() in schedule.weekdays,
        value.PERIOD: inside if schedule.first_day <= schedule.last_day else not outside,
    }[schedule.days]


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first instant whose clocks show the time; where none does, by the offset before the switch."""
    wall = datetime.combine(day, at, UTC)
    offsets = {(wall + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in range(-30, 31)}
    shown = [wall - offset for offset in offsets if (wall - offset).astimezone(zone).replace(tzinfo=UTC) == wall]
    return min(shown) if shown else max(wall - offset for offset in offsets)


def of_day(schedule: Schedule, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    if schedule.frequency != value.SEVERAL or schedule.mode == value.HOURS:
        for at in schedule.times if schedule.frequency == value.SEVERAL else (schedule.at,):
            yield instant(day, at, zone)
        return
    begin, tomorrow = instant(day, schedule.begin or time(0), zone), day + timedelta(days=1)
    for minutes in range(0, 26 * 60, schedule.every):
        at = begin + timedelta(minutes=minutes)
        if at < instant(tomorrow, time(0), zone) and (not schedule.end or at <= instant(day, schedule.end, zone)):
            yield at


@given(schedules(), st.sampled_from(ZONES), dates, st.integers(1, 500))
def test_launches_are_those_of_a_plain_walk_over_the_calendar(schedule, name, first, length):
    zone = ZoneInfo(name)
    after, until = instant(first, time(5), zone), instant(first + timedelta(days=length), time(5), zone)
    walked = {
        at
        for n in range(-2, length + 3)
        if is_a_day(schedule, day := first + timedelta(days=n))
        for at in of_day(schedule, day, zone)
        if after < at <= until
    }
    if limit := schedule.valid_from:
        walked = {at for at in walked if at >= instant(limit.date(), limit.time(), zone)}
    if limit := schedule.valid_until:
        walked = {at for at in walked if at <= instant(limit.date(), limit.time(), zone)}
    assert list(moments.launches(schedule, zone, after, until)) == sorted(walked)


@given(schedules(), st.sampled_from(ZONES), dates)
def test_the_next_launches_do_not_depend_on_where_one_begins_to_look(schedule, name, first):
    zone = ZoneInfo(name)
    now = instant(first, time(5), zone)
    ahead = moments.upcoming(schedule, zone, now, 5)
    for place, moment in enumerate(ahead):
        assert moments.upcoming(schedule, zone, moment, 4 - place) == ahead[place + 1 :][: 4 - place]
