"""Schedules in sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from campaigns.schedules import reading, words

PARIS = ZoneInfo("Europe/Paris")
WEEKLY = {"frequency": "weekly", "weekdays": ["thursday", "monday"], "at": "09:00"}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({}, "As soon as possible"),
        ({"frequency": "signal"}, "When a signal comes"),
        ({"frequency": "once"}, "Once, as soon as possible"),
        ({"frequency": "once", "at": "2026-12-01T09:00"}, "Once on 1 Dec 2026 at 09:00, Paris time"),
        ({"frequency": "daily", "at": "9:00"}, "Every day at 09:00, Paris time"),
        ({"frequency": "daily", "days": "weekdays", "at": "09:00"}, "Monday to Friday at 09:00, Paris time"),
        (
            {"frequency": "daily", "days": "period", "first_day": "12-20", "last_day": "01-06", "at": "09:00"},
            "Every day from 20 December to 6 January of each year at 09:00, Paris time",
        ),
        ({"frequency": "several", "times": ["18:00", "09:00"]}, "Every day at 09:00 and 18:00, Paris time"),
        (
            {"frequency": "several", "times": [f"{hour}:00" for hour in range(8, 14)]},
            "Every day at 6 times between 08:00 and 13:00, Paris time",
        ),
        (
            {
                "frequency": "several",
                "mode": "periodic",
                "every": 30,
                "unit": "minutes",
                "from": "09:00",
                "to": "18:00",
            },
            "Every day every 30 minutes from 09:00 to 18:00, Paris time",
        ),
        (WEEKLY | {"valid_until": "2026-12-31"}, "Every Monday and Thursday at 09:00, Paris time, until 31 Dec 2026"),
        (
            WEEKLY | {"every": 2, "start": "2026-11-30", "valid_from": "2026-12-01T12:00"},
            "Every 2 weeks on Monday and Thursday from the week of 30 Nov 2026 on at 09:00, Paris time, "
            "from 1 Dec 2026, 12:00",
        ),
        ({"frequency": "monthly", "day": 31, "at": "09:00"}, "On day 31 of every month at 09:00, Paris time"),
        (
            {
                "frequency": "monthly",
                "on": "nth",
                "nth": "last",
                "weekday": "friday",
                "months": [3, 6, 9],
                "at": "09:00",
            },
            "On the last Friday of March, June and September at 09:00, Paris time",
        ),
        (
            {"frequency": "monthly", "on": "last_day", "at": "00:00"},
            "On the last day of every month at 00:00, Paris time",
        ),
    ],
)
def test_a_schedule_is_a_sentence(document, sentence):
    with translation.override("en-gb"):
        assert words.sentence(reading.read(document), PARIS) == sentence


def test_the_distance_from_utc_is_said_for_each_moment():
    assert words.offset(datetime(2026, 7, 1, tzinfo=PARIS)) == "UTC+02:00"
    assert words.offset(datetime(2026, 12, 1, tzinfo=PARIS)) == "UTC+01:00"
    assert words.offset(datetime(2026, 12, 1, tzinfo=UTC)) == "UTC"
    assert words.city(ZoneInfo("America/New_York")) == "New York"
