"""Schedules as documents: what is read, what is refused and with which sentence, and that nothing is lost on the way."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.schedules import reading, value
from campaigns.schedules.reading import BadSchedule
from campaigns.schedules.value import Schedule

from .test_moments import schedules


def refused(document: object) -> dict[str, str]:
    with pytest.raises(BadSchedule) as caught:
        reading.read(document)
    return caught.value.fields


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"frequency": ""},
        {"frequency": None},
        {"frequency": "immediate"},
        {"frequency": "Manual"},
        {"frequency": "asap"},
    ],
)
def test_old_words_for_at_once_stay_readable(document):
    assert reading.read(document) == Schedule()


def test_once_reads_a_day_a_moment_and_a_moment_with_a_zone():
    assert reading.read({"frequency": "once", "at": "2026-12-01"}).moment == datetime(2026, 12, 1)
    assert reading.read({"frequency": "once", "at": "2026-12-01T09:00"}).moment == datetime(2026, 12, 1, 9)
    assert reading.read({"frequency": "once", "at": "2026-12-01T09:00+05:00"}).moment.utcoffset().seconds == 5 * 3600
    assert reading.read({"frequency": "once"}).moment is None


def test_a_signal_s_parameters_are_no_matter_of_its_moments():
    assert reading.read({"frequency": "signal", "parameters": [{"name": "city"}]}).frequency == value.SIGNAL


def test_a_day_alone_ends_a_validity_with_its_last_second():
    until = reading.read({"frequency": "daily", "at": "09:00", "valid_until": "2026-12-31"}).valid_until
    assert until == datetime(2026, 12, 31, 23, 59, 59)


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ([], {"frequency"}),
        ({"frequency": "hourly"}, {"frequency"}),
        ({"frequency": "once", "at": "soon"}, {"at"}),
        ({"frequency": "once", "at": 5}, {"at"}),
        ({"frequency": "once", "at": "0001-01-01T09:00"}, {"at"}),
        ({"frequency": "daily"}, {"at"}),
        ({"frequency": "daily", "at": "25:00", "days": "holidays"}, {"at", "days"}),
        ({"frequency": "daily", "at": "9", "days": "selected"}, {"at", "weekdays"}),
        ({"frequency": "daily", "at": "09:00", "days": "selected", "weekdays": ["someday"]}, {"weekdays"}),
        ({"frequency": "daily", "at": "09:00", "days": "period", "first_day": "13-01"}, {"first_day", "last_day"}),
        ({"frequency": "several", "times": []}, {"times"}),
        ({"frequency": "several", "times": "09:00"}, {"times"}),
        ({"frequency": "several", "times": ["09:00", None]}, {"times"}),
        ({"frequency": "several", "mode": "periodic"}, {"every"}),
        ({"frequency": "several", "mode": "periodic", "every": 25}, {"every"}),
        ({"frequency": "several", "mode": "periodic", "every": True}, {"every"}),
        ({"frequency": "several", "mode": "periodic", "every": 2, "from": "18:00", "to": "09:00"}, {"to"}),
        ({"frequency": "several", "mode": "periodic", "every": 2, "from": "18:00"}, {"to"}),
        ({"frequency": "weekly", "at": "09:00"}, {"weekdays"}),
        ({"frequency": "weekly", "at": "09:00", "weekdays": ["monday"], "every": 2}, {"start"}),
        ({"frequency": "weekly", "at": "09:00", "weekdays": ["monday"], "every": 0}, {"every"}),
        ({"frequency": "monthly", "at": "09:00"}, {"day"}),
        ({"frequency": "monthly", "at": "09:00", "day": 30, "months": [2]}, {"day"}),
        ({"frequency": "monthly", "at": "09:00", "day": 31, "months": [2, 4, 6]}, {"day"}),
        ({"frequency": "monthly", "at": "09:00", "day": 1, "months": [0]}, {"months"}),
        ({"frequency": "monthly", "at": "09:00", "on": "nth", "nth": "fifth", "weekday": "monday"}, {"nth"}),
        ({"frequency": "monthly", "at": "09:00", "on": "nth"}, {"weekday"}),
        (
            {"frequency": "daily", "at": "09:00", "valid_from": "2026-02-01", "valid_until": "2026-01-01"},
            {"valid_until"},
        ),
        ({"frequency": "daily", "at": "09:00", "missed": "all", "overlap": "both"}, {"missed", "overlap"}),
    ],
)
def test_each_field_that_is_wrong_has_its_sentence(document, fields):
    found = refused(document)
    assert set(found) == fields
    assert all(sentence.endswith(".") for sentence in found.values())


@given(schedules())
def test_a_schedule_written_and_read_launches_the_same(schedule):
    try:
        once = reading.read(reading.written(schedule))
    except BadSchedule as refusal:  # what the generator makes and no document can: a validity or a day that cannot be
        assert set(refusal.fields) <= {"valid_until", "day"}
        return
    assert reading.read(reading.written(once)) == once
    assert (once.at, once.weekdays, once.valid_until) == (
        schedule.at if once.frequency != value.SEVERAL else once.at,
        schedule.weekdays if once.days == value.SELECTED or once.frequency in (value.WEEKLY, value.MONTHLY) else (),
        schedule.valid_until,
    )


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.floats(allow_nan=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "at",
    "days",
    "weekdays",
    "first_day",
    "last_day",
    "mode",
    "times",
    "every",
    "unit",
    "from",
    "to",
    "start",
    "on",
]
MORE = ["day", "nth", "weekday", "months", "valid_from", "valid_until", "missed", "overlap"]


@given(st.sampled_from([*value.FREQUENCIES, "x"]), st.dictionaries(st.sampled_from(NAMES + MORE), junk))
def test_nothing_but_a_refusal_comes_of_any_document(frequency, fields):
    try:
        found = reading.read({**fields, "frequency": frequency})
    except BadSchedule as refusal:
        assert refusal.fields
    else:
        assert found.frequency == frequency
