"""When campaigns launch, across zones and summer time, and what is moved to another day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from campaigns import contexts, launches, lifecycle, rescheduling
from campaigns.errors import CampaignError
from campaigns.models import Campaign
from orchcamp.accounts.models import AuditEntry
from tests.campaigns.builders import make_campaign

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)


def planned(at: str, zone: str = "Europe/Paris") -> Campaign:
    return Campaign(schedule={"frequency": "once", "at": at}, timezone=zone)


def moments(campaign: Campaign) -> list[str]:
    return [moment.astimezone(UTC).isoformat(timespec="minutes") for moment in launches.between(campaign, START, END)]


@pytest.mark.parametrize(
    ("at", "zone", "meant"),
    [
        ("2026-12-01T09:00", "Europe/Paris", ["2026-12-01T08:00+00:00"]),
        ("2026-07-01T09:00", "Europe/Paris", ["2026-07-01T07:00+00:00"]),
        ("2026-07-01T09:00", "America/New_York", ["2026-07-01T13:00+00:00"]),
        ("2027-03-28T02:30", "Europe/Paris", ["2027-03-28T01:30+00:00"]),  # skipped: 3.30 in summer time
        ("2026-10-25T02:30", "Europe/Paris", ["2026-10-25T00:30+00:00"]),  # twice: the first
        ("2026-12-01T09:00+05:00", "Europe/Paris", ["2026-12-01T04:00+00:00"]),
        ("2026-12-01T09:00", "Mars/Olympus", ["2026-12-01T09:00+00:00"]),
        ("soon", "Europe/Paris", []),
        ("9999-12-31T23:59", "Pacific/Apia", []),
    ],
)
def test_once_is_meant_on_the_clocks_of_the_campaign_s_zone(at, zone, meant):
    assert moments(planned(at, zone)) == meant


@pytest.mark.parametrize("schedule", [{}, {"frequency": "asap"}, {"frequency": "signal"}, {"frequency": "once"}, []])
def test_what_has_no_moment_launches_on_no_day(schedule):
    assert moments(Campaign(schedule=schedule, timezone="UTC")) == []


def test_the_skipped_hour_is_the_same_for_the_calendar_and_for_the_run():
    campaign = planned("2027-03-28T02:30")
    assert lifecycle.first_launch(campaign).astimezone(UTC) == launches.once(campaign).astimezone(UTC)


def test_the_database_tells_apart_what_may_launch_then(mark):
    for slug, at in (("a", "2026-11-30T23:30"), ("b", "2026-12-31T10:00"), ("c", "2026-03-01T10:00")):
        make_campaign(owner=mark, slug=slug, schedule={"frequency": "once", "at": at}, timezone="Pacific/Honolulu")
    make_campaign(owner=mark, slug="d")
    december = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    found = launches.planned(Campaign.objects.all(), *december)
    assert {c.slug for c in found if launches.between(c, *december)} == {"a", "b"}
    assert "c" not in {c.slug for c in found}
    assert [c.slug for c in launches.undated(Campaign.objects.all())] == ["d"]


# --- Another date ----------------------------------------------------------------------------


@pytest.fixture
def draft(mark) -> Campaign:
    schedule = {"frequency": "once", "at": "2027-03-27T02:30"}
    return make_campaign(owner=mark, schedule=schedule, timezone="Europe/Paris")


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
def test_a_day_later_is_the_same_time_on_the_wall(draft, mark):
    moment = rescheduling.move_by(draft, 1, by=mark)
    assert draft.schedule["at"] == "2027-03-28T02:30"
    assert moment.astimezone(UTC).hour == 1
    assert "the clocks skip 2:30 a.m. that day" in rescheduling.said(draft, moment)
    rescheduling.move_by(draft, 1, by=mark)
    assert Campaign.objects.get().schedule == {"frequency": "once", "at": "2027-03-29T02:30"}


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
def test_a_draft_moves_with_one_entry_and_its_test_no_longer_holds(draft, mark):
    before = draft.draft().revision
    rescheduling.move_to_day(draft, date(2027, 4, 2), by=mark)
    assert draft.draft().revision == before + 1
    entry = AuditEntry.objects.get(verb="rescheduled")
    assert entry.facts == {"before": "2027-03-27T02:30", "after": "2027-04-02T02:30"}


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
def test_what_has_no_date_is_planned_for_nine(mark):
    campaign = make_campaign(owner=mark, timezone="Asia/Tokyo")
    moment = rescheduling.move_to_day(campaign, date(2026, 12, 1), by=mark)
    assert moment == datetime(2026, 12, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo"))


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
def test_an_approved_date_is_moved_by_those_who_publish(draft, mark, anna):
    Campaign.objects.update(status="approved")
    draft.refresh_from_db()
    with pytest.raises(CampaignError, match="publish campaigns"):
        rescheduling.move_by(draft, 1, by=mark)
    rescheduling.move_by(draft, 7, by=anna)
    assert Campaign.objects.get().schedule["at"] == "2027-04-03T02:30"


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("in_review", "withdraw the request first"),
        ("live", "its launch stands"),
        ("completed", "is over"),
        ("stopped", "is over"),
        ("archived", "is over"),
    ],
)
def test_other_statuses_say_why_not(draft, ada, status, sentence):
    Campaign.objects.update(status=status)
    draft.refresh_from_db()
    with pytest.raises(CampaignError, match=sentence):
        rescheduling.move_by(draft, 1, by=ada)


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("draft", "again and again"),
        ("approved", "again and again"),
        ("scheduled", "with this date"),
        ("live", "schedule"),
    ],
)
def test_what_repeats_has_no_one_date_to_move(draft, ada, status, sentence):
    Campaign.objects.update(status=status, schedule={"frequency": "daily", "at": "09:00"})
    draft.refresh_from_db()
    with pytest.raises(CampaignError, match=sentence):
        rescheduling.move(draft, datetime(2027, 1, 1, 9), by=ada)
    assert Campaign.objects.get().schedule["frequency"] == "daily"


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
def test_a_moved_date_keeps_what_is_done_when_it_is_missed(draft, mark):
    Campaign.objects.update(schedule=draft.schedule | {"missed": "skip"})
    draft.refresh_from_db()
    rescheduling.move_by(draft, 7, by=mark)
    assert Campaign.objects.get().schedule == {"frequency": "once", "at": "2027-04-03T02:30", "missed": "skip"}


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
@pytest.mark.parametrize(
    ("schedule", "severity", "sentence"),
    [
        ({"frequency": "hourly"}, "error", "cannot be used"),
        ({"frequency": "once", "at": "2026-11-26T11:59"}, "warning", "would begin at once"),
        ({"frequency": "daily", "at": "09:00", "valid_until": "2026-11-26"}, "error", "validity is over"),
        ({"frequency": "several", "times": ["09:00", "09:14"]}, "warning", "less than 15 minutes"),
    ],
)
def test_the_alerts_of_a_draft_tell_what_is_odd_about_its_schedule(mark, schedule, severity, sentence):
    version = make_campaign(owner=mark, schedule=schedule).versions.get()
    found = contexts.problems(version)[0]
    assert (found.severity, found.node_id) == (severity, None)
    assert sentence in found.sentence
    version.frozen_at = datetime(2026, 1, 1, tzinfo=UTC)
    assert not [problem for problem in contexts.problems(version) if sentence in problem.sentence]


# --- Again and again --------------------------------------------------------------------------


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
@pytest.mark.parametrize("status", ["draft", "approved", "scheduled", "live"])
def test_what_repeats_launches_from_now_on_and_not_before(status):
    daily = Campaign(schedule={"frequency": "daily", "at": "09:00"}, timezone="UTC", status=status)
    found = launches.between(daily, datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC))
    assert [moment.isoformat() for moment in found] == ["2026-11-27T09:00:00+00:00", "2026-11-28T09:00:00+00:00"]


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
def test_a_dense_schedule_does_not_flood_a_window():
    dense = {"frequency": "several", "mode": "periodic", "every": 1, "unit": "minutes"}
    found = launches.between(Campaign(schedule=dense, timezone="UTC"), START, END)
    assert len(found) == launches.MOST


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
def test_the_next_launch_is_the_schedule_s_before_and_the_cursor_s_after_the_publication():
    schedule = {"frequency": "weekly", "weekdays": ["monday"], "at": "09:00"}
    monday, cursor = datetime(2026, 11, 30, 9, tzinfo=UTC), datetime(2026, 12, 7, 9, tzinfo=UTC)
    assert launches.upcoming(Campaign(schedule=schedule, timezone="UTC", status="approved")) == monday
    assert launches.upcoming(Campaign(schedule=schedule, status="live", next_launch_at=cursor)) == cursor
    assert launches.upcoming(Campaign(schedule=schedule, status="paused", next_launch_at=cursor)) is None


@time_machine.travel("2026-11-26T12:00+00:00", tick=False)
def test_nothing_is_moved_into_the_past_and_no_signal_has_a_date(draft, mark):
    with pytest.raises(CampaignError, match="has passed"):
        rescheduling.move(draft, datetime(2026, 11, 26, 12, 59), by=mark)
    Campaign.objects.update(schedule={"frequency": "signal"})
    draft.refresh_from_db()
    with pytest.raises(CampaignError, match="has no date"):
        rescheduling.move(draft, datetime(2027, 1, 1, 9), by=mark)
    assert not AuditEntry.objects.filter(verb="rescheduled").exists()
