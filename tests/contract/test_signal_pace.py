"""The contract of the addresses for programs: when a signal is not taken now, and how a run is followed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns import execution, signals
from campaigns.models import Campaign, Run
from orchcamp.accounts import tokens
from tests.campaigns.builders import make_campaign
from tests.campaigns.runs_stage import publish, shop  # noqa: F401
from tests.campaigns.test_flow import BY_SIGNAL, held, listening
from tests.contract.programs import HOUR, call, finish, later, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]


# --- 409, 429 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", sorted({*Campaign.Status.values} - {"live"}))
def test_409_a_campaign_that_is_not_live_says_what_it_is(second, secret, status):
    Campaign.objects.update(status=status)
    label = Campaign.Status(status).label.lower()
    assert label in refused(call(secret), 409, "not_live")["message"]


@pytest.mark.parametrize(("status", "taken"), [("paused", False), ("closed", True)])
def test_a_run_that_waits_is_released_in_a_closed_campaign_and_not_in_a_paused_one(mark, secret, status, taken):
    execution.run_to_end(publish(held(), slug="second", owner=mark))
    Campaign.objects.update(status=status)
    answer = call(secret)
    if taken:
        assert answer.status_code == 202
    else:
        assert "resume it" in refused(answer, 409, "not_live")["message"]


def test_409_while_a_run_is_on(second, secret):
    call(secret)
    later()
    assert "does not wait" in refused(call(secret), 409, "busy")["message"]


def test_409_a_campaign_that_neither_begins_by_a_signal_nor_waits(secret, mark):
    make_campaign(owner=mark, slug="second", status="live")
    refused(call(secret), 409, "not_taken")


def test_429_a_second_signal_within_the_hour_says_when(second, secret):
    call(secret)
    finish()
    answer = call(secret)
    refused(answer, 429, "too_soon")
    assert 3590 < int(answer["Retry-After"]) <= 3600
    later(HOUR - timedelta(seconds=30))
    assert 0 < int(call(secret)["Retry-After"]) <= 30
    later(timedelta(seconds=31))
    assert call(secret).status_code == 202


@pytest.mark.parametrize(("everywhere", "own", "kept"), [(0, None, 0), (60, None, 60), (0, 90, 90), (60, 0, 0)])
def test_the_interval_is_the_campaign_s_own_else_the_installation_s(
    mark, anna, secret, settings, everywhere, own, kept
):
    settings.SIGNAL_INTERVAL = everywhere
    listening(mark, anna, schedule=BY_SIGNAL | ({} if own is None else {"interval": own}))
    call(secret)
    finish()
    assert signals.interval(Campaign.objects.get()) == kept
    assert call(secret).status_code == (429 if kept else 202)


def test_a_person_sends_by_hand_whenever_they_like_and_programs_keep_their_distance_from_that(second, secret, anna):
    call(secret)
    finish()
    signals.send(second, {"town": "Paris"}, key="by hand", by=anna)
    finish()
    refused(call(secret), 429, "too_soon")


# --- Following a run --------------------------------------------------------------------------------


def test_a_program_follows_its_run_with_the_same_token(second, secret):
    address = call(secret).json()["url"].removeprefix("http://127.0.0.1:8000")
    running = call(secret, address=address, method="get").json()
    assert (running["status"], running["finished"], running["channels"], running["error"]) == ("running", None, {}, "")
    finish()
    done = call(secret, address=address, method="get").json()
    assert done["status"] == "succeeded" and done["started"] < done["finished"]
    assert set(done) == {"run", "campaign", "status", "url", "started", "finished", "error", "channels"}


def test_the_counts_of_a_run_are_those_of_its_report(anna, secret):
    run = execution.run_to_end(publish(slug="second", canvas=None))
    found = call(secret, address=f"/api/v1/campaigns/second/runs/{run.pk}", method="get").json()
    assert found["channels"] == {
        "email": {"targeted": 6, "excluded": 4, "accepted": 0, "refused": 0, "in_doubt": 0, "pending": 2}
    }


def test_a_run_is_followed_by_whoever_sees_the_campaign_and_no_test_is(second, secret, vera, mallory):
    number = call(secret).json()["run"]
    address = f"/api/v1/campaigns/second/runs/{number}"
    assert call(tokens.make(vera, "Screen")[1], address=address, method="get").status_code == 200
    refused(call(tokens.make(mallory, "Mine")[1], address=address, method="get"), 404, "no_campaign")
    test = Run.objects.filter(mode="dry").first()
    refused(call(secret, address=f"/api/v1/campaigns/second/runs/{test.pk}", method="get"), 404, "no_run")
    refused(call(None, address=address, method="get"), 401, "token")
