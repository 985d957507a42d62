"""Launches by the clock: missed, overlapping, queued, failed and paused ones, and the end of a schedule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection

from campaigns import launching, lifecycle, signals, status, steering, tasks
from campaigns.errors import CampaignError, WrongStatus
from campaigns.models import Campaign, Launch, Run
from orchcamp.datasets.models import Dataset, Snapshot
from tests.builders import make_shop
from tests.campaigns.builders import make_configuration, simple_graph
from tests.campaigns.launching_stage import DAILY, at, end, published, tick, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(data_dir) -> Iterator[time_machine.Coordinates]:
    """Two in the afternoon of the last day of February; it stands still."""
    make_shop()
    with time_machine.travel(at("2026-02-28 14:00"), tick=False) as coordinates:
        yield coordinates


def turn(clock: time_machine.Coordinates, to: str) -> list[Run]:
    """Turn the clock, and let a worker look."""
    clock.move_to(at(to))
    return tick()


def live(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).status


# --- From slot to slot ----------------------------------------------------------------------------------


def test_a_daily_campaign_launches_each_day_and_stays_live_between(clock):
    campaign = published(DAILY)
    assert (live(campaign), Run.objects.count()) == ("scheduled", 0)
    assert turn(clock, "2026-03-01 08:59") == []
    for day in ("2026-03-01", "2026-03-02"):
        (run,) = turn(clock, f"{day} 09:00")
        assert (run.scheduled_for, run.trigger, run.mode) == (at(f"{day} 09:00"), "schedule", "live")
        assert turn(clock, f"{day} 09:05") == []
        end(run)
        assert live(campaign) == "live"
    assert told(campaign) == {"03-01 09:00": "launched", "03-02 09:00": "launched"}
    assert Campaign.objects.get().next_launch_at == at("2026-03-03 09:00")


def test_once_completes_its_campaign(clock):
    campaign = published({"frequency": "once", "at": "2026-03-01T09:00"})
    (run,) = turn(clock, "2026-03-01 09:01")
    assert (live(campaign), Campaign.objects.get().next_launch_at) == ("live", None)
    end(run)
    assert live(campaign) == "completed"


@pytest.mark.parametrize("schedule", [{"frequency": "asap"}, {"frequency": "once", "at": "2026-02-01T09:00"}])
def test_at_once_and_a_moment_in_the_past_begin_with_the_publication(clock, schedule):
    campaign = published(schedule)
    assert (live(campaign), Run.objects.live().count()) == ("live", 1)
    assert turn(clock, "2026-03-05 09:00") == []
    end(Run.objects.get())
    assert live(campaign) == "completed"


def test_a_run_sees_the_data_of_its_launch_not_of_the_publication(clock):
    published({"frequency": "once", "at": "2026-03-01T09:00"})
    people = Dataset.objects.get(slug="people")
    path = people.snapshot.path
    people.snapshot = Snapshot.objects.create(dataset=people, number=2, path=path, rows=6)
    people.save()
    (run,) = turn(clock, "2026-03-01 09:00")
    assert run.snapshots["people"] == 2


def test_the_worker_launches_what_is_due(clock, django_capture_on_commit_callbacks):
    published(DAILY)
    clock.move_to(at("2026-03-01 09:00"))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.recover()
    assert Run.objects.live().get().status == Run.Status.SUCCEEDED


# --- Missed -------------------------------------------------------------------------------------------------


def test_of_the_launches_missed_in_a_downtime_the_newest_is_made_up_for(clock):
    campaign = published(DAILY | {"missed": "run_once"})
    (run,) = turn(clock, "2026-03-04 12:00")
    assert run.launches.get().slot == at("2026-03-04 09:00")
    assert run.scheduled_for == at("2026-03-04 12:00")  # what it reckons from: nothing is taken for new twice
    assert told(campaign) == dict.fromkeys(["03-01 09:00", "03-02 09:00", "03-03 09:00"], "missed") | {
        "03-04 09:00": "launched"
    }
    assert "No worker was there" in campaign.launches.filter(status="missed")[0].reason
    assert Campaign.objects.get().next_launch_at == at("2026-03-05 09:00")


def test_missed_launches_can_be_left_out(clock):
    campaign = published(DAILY | {"missed": "skip"})
    assert turn(clock, "2026-03-02 12:00") == []
    assert told(campaign) == {"03-01 09:00": "missed", "03-02 09:00": "missed"}
    (run,) = turn(clock, "2026-03-03 09:09")
    assert run.scheduled_for == at("2026-03-03 09:00")


def test_ten_minutes_are_no_downtime(clock):
    campaign = published(DAILY | {"missed": "skip"})
    assert len(turn(clock, "2026-03-01 09:10")) == 1
    end(Run.objects.get())
    clock.move_to(at("2026-03-02 09:10") + timedelta(seconds=1))
    assert tick() == []
    assert told(campaign)["03-02 09:00"] == "missed"


def test_one_that_is_on_time_makes_up_for_those_before(clock):
    campaign = published(DAILY)
    (run,) = turn(clock, "2026-03-03 09:05")
    assert run.scheduled_for == at("2026-03-03 09:00")
    assert list(told(campaign).values()) == ["missed", "missed", "launched"]


def test_a_long_downtime_leaves_a_hundred_rows_and_says_how_many_more(clock):
    campaign = published({"frequency": "several", "mode": "periodic", "every": 15, "unit": "minutes"})
    turn(clock, "2026-03-10 12:00")
    missed = campaign.launches.filter(status=Launch.Status.MISSED).order_by("slot")
    assert missed.count() == launching.MOST
    slots = 4 * (24 * 9 + 22) - 1  # between 14:00 and 12:00 ten days later, both ends out
    assert f"{slots - launching.MOST} earlier ones were missed too." in missed[0].reason
    assert told(campaign)["03-10 12:00"] == "launched"


def test_once_missed_and_left_out_closes_its_campaign(clock):
    campaign = published({"frequency": "once", "at": "2026-03-01T09:00", "missed": "skip"})
    assert turn(clock, "2026-03-01 12:00") == []
    assert (told(campaign), live(campaign)) == ({"03-01 09:00": "missed"}, "closed")


# --- Overlap ------------------------------------------------------------------------------------------------


def test_a_launch_while_a_run_is_on_is_left_out_with_the_reason(clock):
    campaign = published(DAILY | {"overlap": "skip"})
    (run,) = turn(clock, "2026-03-01 09:00")
    assert turn(clock, "2026-03-02 09:00") == []
    assert campaign.launches.get(status="skipped").reason == f"Run {run.pk} was still on."
    end(run)
    assert len(turn(clock, "2026-03-03 09:00")) == 1


def test_a_queue_of_one_begins_when_the_run_has_ended(clock):
    campaign = published(DAILY | {"overlap": "queue"})
    (run,) = turn(clock, "2026-03-01 09:00")
    assert turn(clock, "2026-03-02 09:00") == turn(clock, "2026-03-03 09:00") == []
    assert list(told(campaign).values()) == ["launched", "skipped", "queued"]
    assert "took its place in the queue" in campaign.launches.get(status="skipped").reason
    end(run)
    assert live(campaign) == "live"
    (second,) = turn(clock, "2026-03-03 09:30")
    assert second.launches.get().slot == at("2026-03-03 09:00")
    assert tick() == []
    assert campaign.launches.get(run=second).status == "launched"


def test_what_is_queued_begins_after_a_run_that_failed_or_was_stopped_no_more_than_once(clock):
    campaign = published(DAILY | {"overlap": "queue"})
    (run,) = turn(clock, "2026-03-01 09:00")
    turn(clock, "2026-03-02 09:00")
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FAILED)
    assert len(turn(clock, "2026-03-02 10:00")) == 1
    assert list(told(campaign).values()) == ["launched", "launched"]


def test_what_is_queued_when_the_campaign_is_stopped_never_begins(clock):
    campaign = published(DAILY | {"overlap": "queue"})
    (run,) = turn(clock, "2026-03-01 09:00")
    turn(clock, "2026-03-02 09:00")
    steering.stop(run, by=None)
    assert turn(clock, "2026-03-03 09:00") == []
    assert list(told(campaign).values()) == ["launched", "skipped"]
    assert Campaign.objects.get().next_launch_at is None


def test_a_stopped_run_that_is_taken_up_again_lets_the_schedule_count_from_then(clock):
    campaign = published(DAILY)
    (run,) = turn(clock, "2026-03-01 09:00")
    steering.stop(run, by=None)
    assert turn(clock, "2026-03-04 12:00") == []
    steering.take_up(run, by=None)
    assert Campaign.objects.get().next_launch_at == at("2026-03-05 09:00")
    end(run)
    assert len(turn(clock, "2026-03-05 09:00")) == 1
    assert list(told(campaign).values()) == ["launched", "launched"]


def test_a_launch_after_one_by_hand_never_reckons_from_before_it(clock):
    campaign = published(DAILY)
    clock.move_to(at("2026-03-01 09:03"))
    end(launching.launch_now(campaign, by=None))
    (run,) = turn(clock, "2026-03-01 09:05")
    assert (run.launches.get().slot, run.scheduled_for) == (at("2026-03-01 09:00"), at("2026-03-01 09:05"))


def test_a_campaign_that_was_stopped_before_its_first_launch_goes_on_with_its_schedule(clock):
    campaign = published(DAILY)
    status.move(campaign, "stop")
    assert turn(clock, "2026-03-03 12:00") == []
    status.move(campaign, "take_up")
    assert tick() == []
    assert Campaign.objects.get().next_launch_at == at("2026-03-04 09:00")
    assert len(turn(clock, "2026-03-04 09:00")) == 1


# --- The end ------------------------------------------------------------------------------------------------


def test_when_its_validity_ends_the_campaign_closes_once_nothing_is_on(clock):
    campaign = published(DAILY | {"valid_until": "2026-03-02"})
    end(turn(clock, "2026-03-01 09:00")[0])
    (last,) = turn(clock, "2026-03-02 09:00")
    assert live(campaign) == "live"
    end(last)
    assert live(campaign) == "closed"


def test_it_closes_when_the_last_launch_was_missed(clock):
    campaign = published(DAILY | {"valid_until": "2026-03-02", "missed": "skip"})
    assert turn(clock, "2026-03-09 12:00") == []
    assert live(campaign) == "closed"


def test_a_campaign_that_begins_by_a_signal_closes_with_its_validity(clock):
    campaign = published({"frequency": "signal", "valid_until": "2026-03-02"})
    assert live(campaign) == "live"
    assert turn(clock, "2026-03-02 23:59") == []
    assert live(campaign) == "live"
    turn(clock, "2026-03-03 00:00")
    assert live(campaign) == "closed"


def test_a_signal_begins_nothing_before_the_validity_and_nothing_after_it(clock):
    campaign = published({"frequency": "signal", "valid_from": "2026-03-02T09:00", "valid_until": "2026-03-04"})
    with pytest.raises(CampaignError, match=r"is valid from 2 Mar 2026, 09:00 on \(UTC\)"):
        signals.send(campaign, {}, key="early")
    clock.move_to(at("2026-03-02 09:00"))
    end(signals.send(campaign, {}, key="in time").run)
    clock.move_to(at("2026-03-05 00:00"))
    with pytest.raises(CampaignError, match="is over"):
        signals.send(campaign, {}, key="late")


def test_a_schedule_that_is_over_is_not_published(clock):
    with pytest.raises(CampaignError, match="validity is over"):
        published(DAILY | {"valid_until": "2026-02-01"})


# --- Paused -------------------------------------------------------------------------------------------------


def test_launches_pass_by_while_the_campaign_is_paused(clock):
    campaign = published(DAILY)
    status.move(campaign, "pause")
    assert turn(clock, "2026-03-02 12:00") == []
    status.move(campaign, "resume")
    assert live(campaign) == "scheduled"
    assert told(campaign) == {"03-01 09:00": "skipped", "03-02 09:00": "skipped"}
    assert campaign.launches.first().reason == "The campaign was paused at that moment."
    assert len(turn(clock, "2026-03-03 09:00")) == 1


def test_the_one_launch_of_a_paused_campaign_waits_for_its_resumption(clock):
    campaign = published({"frequency": "once", "at": "2026-03-01T09:00"})
    status.move(campaign, "pause")
    assert turn(clock, "2026-03-02 12:00") == []
    status.move(campaign, "resume")
    launching.arm(campaign)
    assert len(tick()) == 1


# --- Failed -------------------------------------------------------------------------------------------------


def test_a_launch_that_cannot_begin_says_why_and_is_not_tried_again(clock):
    configuration = make_configuration()
    campaign = published(DAILY, canvas=simple_graph())
    configuration.delete()
    assert turn(clock, "2026-03-01 09:00") == turn(clock, "2026-03-01 09:01") == []
    failed = campaign.launches.get()
    assert (failed.status, failed.run) == ("failed", None)
    assert "The canvas cannot run" in failed.reason
    make_configuration()
    assert len(turn(clock, "2026-03-02 09:00")) == 1


def test_once_that_could_not_begin_can_still_be_launched_by_hand(clock):
    configuration = make_configuration()
    campaign = published({"frequency": "once", "at": "2026-03-01T09:00"}, canvas=simple_graph())
    configuration.delete()
    turn(clock, "2026-03-01 09:00")
    assert live(campaign) == "scheduled"
    make_configuration()
    run = launching.launch_now(Campaign.objects.get(), by=None)
    end(run)
    assert (run.trigger, live(campaign)) == ("by hand", "completed")


# --- By hand ------------------------------------------------------------------------------------------------


def test_a_launch_by_hand_stands_beside_those_of_the_schedule(clock):
    campaign = published(DAILY)
    run = launching.launch_now(campaign, by=None)
    with pytest.raises(WrongStatus, match="wait until it has ended"):
        launching.launch_now(campaign, by=None)
    end(run)
    assert len(turn(clock, "2026-03-01 09:00")) == 1
    assert told(campaign) == {"02-28 14:00": "launched", "03-01 09:00": "launched"}


def test_a_draft_is_not_launched_by_hand(clock):
    campaign = published(DAILY)
    lifecycle.edit_again(campaign, by=None)
    with pytest.raises(WrongStatus, match="is draft"):
        launching.launch_now(campaign, by=None)
    assert turn(clock, "2026-03-01 09:00") == []
    assert Campaign.objects.get().next_launch_at is None


# --- Who was faster -----------------------------------------------------------------------------------------


def test_two_workers_that_look_at_the_same_moment_launch_once(clock):
    campaign = published(DAILY)
    clock.move_to(at("2026-03-01 09:00"))
    stale = Campaign.objects.get()
    assert len(tick()) == 1
    assert launching._moved(stale, None) is False
    assert told(campaign) == {"03-01 09:00": "launched"}


def test_the_database_holds_a_slot_to_one_launch(clock):
    campaign = published(DAILY)
    turn(clock, "2026-03-01 09:00")
    with pytest.raises(IntegrityError):
        Launch.objects.create(campaign=campaign, slot=at("2026-03-01 09:00"), status="launched")
    assert connection.needs_rollback
