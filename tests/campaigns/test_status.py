"""The state machine of a campaign: every verb from every status, by every profile, as a function and as an address."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import execution, governing, lifecycle, shelving, status_page, steering
from campaigns.approvals import requests
from campaigns.errors import AlreadyDecided, CampaignError
from campaigns.models import Approval, Campaign, Run
from campaigns.status import FORMER, SYSTEM, TRANSITIONS, moved
from campaigns.versions import drafting
from orchcamp.accounts import access
from tests.builders import make_shop
from tests.campaigns.builders import make_configuration
from tests.campaigns.lifecycle_stage import campaign_in, live_run

pytestmark = pytest.mark.django_db
S = Campaign.Status
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "lifecycle.md"
PEOPLE = ("mallory", "vera", "mark", "anna", "ada")


def request_of(campaign: Campaign) -> Approval:
    """The request that waits, else one that was cancelled."""
    version, cancelled = campaign.latest_version(), Approval.Status.CANCELLED
    found = version.approvals.last()
    return found or Approval.objects.create(version=version, status=cancelled, requested_by=version.author)


FUNCTIONS: dict[str, Callable[[Campaign, Any], Any]] = {
    "submit": lambda campaign, by: lifecycle.submit(campaign.latest_version(), by=by),
    "withdraw": lambda campaign, by: lifecycle.withdraw(request_of(campaign), by=by),
    "send_back": lambda campaign, by: lifecycle.send_back(request_of(campaign), by=by, message="Fewer people"),
    "approve": lambda campaign, by: lifecycle.approve(request_of(campaign), by=by),
    "publish": lambda campaign, by: lifecycle.publish(campaign, by=by),
    "pause": lambda campaign, by: governing.pause(campaign, by=by),
    "resume": lambda campaign, by: governing.resume(campaign, by=by),
    "close": lambda campaign, by: governing.close(campaign, by=by),
    "stop": lambda campaign, by: governing.stop(campaign, by=by),
    "take_up": lambda campaign, by: governing.take_up(campaign, by=by),
    "edit_again": lambda campaign, by: lifecycle.edit_again(campaign, by=by),
    "archive": lambda campaign, by: shelving.archive(campaign, by=by),
    "restore": lambda campaign, by: shelving.restore(campaign, by=by),
}
BY_THE_SYSTEM = {
    "schedule",
    "launch",
    "run_again",
    "complete",
}  # no button of their own: publishing, the clock, commands


def address(verb: str, campaign: Campaign) -> tuple[str, dict[str, str]]:
    """Where a person does it, and what is posted there."""
    slug = campaign.slug
    if verb in {"approve", "send_back"}:
        approval = campaign.latest_version().approvals.last()
        number = approval.pk if approval else 0
        return reverse("campaigns:decide", args=[number]), {"decision": verb, "message": "Fewer people"}
    if verb in {"pause", "resume", "close", "stop", "take_up"}:
        return reverse("campaigns:govern", args=[slug, verb]), {}
    return reverse(f"campaigns:{verb}", args=[slug]), {"message": "Please"}


def target(verb: str, where: str) -> set[str]:
    """What the table says becomes of a campaign, for one staged in this status."""
    if where not in TRANSITIONS[verb].sources:
        return {where}
    if verb == "publish":
        return {S.LIVE, S.SCHEDULED}
    goes = TRANSITIONS[verb].target
    return {S.LIVE if where == S.PAUSED else S.DRAFT} if goes == FORMER else {goes}


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()
    make_configuration()


@pytest.fixture
def people(ada, anna, mark, vera, mallory) -> dict[str, Any]:
    return {"ada": ada, "anna": anna, "mark": mark, "vera": vera, "mallory": mallory}


def test_every_verb_of_the_table_is_tried():
    assert set(FUNCTIONS) | BY_THE_SYSTEM == set(TRANSITIONS)


def test_whatever_a_person_does_needs_a_right_that_exists():
    for verb, transition in TRANSITIONS.items():
        assert (transition.right == SYSTEM) is (verb in {"launch", "complete"})
        assert not transition.right or access.refusal(Campaign, transition.right)


@pytest.mark.parametrize("where", S.values)
@pytest.mark.parametrize("verb", TRANSITIONS)
def test_the_table_alone(verb, where, mark):
    campaign = campaign_in(where, author=mark)
    assert moved(campaign, verb) is (where in TRANSITIONS[verb].sources)
    campaign.refresh_from_db()
    if where in TRANSITIONS[verb].sources:
        expected = TRANSITIONS[verb].target
        assert campaign.status == expected or expected == FORMER
        assert bool(campaign.former_status) is TRANSITIONS[verb].remembers
        assert campaign.former_status in {"", where}
    else:
        assert campaign.status == where


@pytest.mark.parametrize("where", S.values)
@pytest.mark.parametrize("verb", FUNCTIONS)
def test_every_verb_from_every_status(verb, where, people):
    """What the table allows is done, and what it does not is refused in a sentence and changes nothing."""
    campaign = campaign_in(where, author=people["mark"])
    by = people["mark"] if verb in {"submit", "withdraw"} else people["anna"]
    versions, runs = campaign.versions.count(), Run.objects.count()
    if where in TRANSITIONS[verb].sources:
        FUNCTIONS[verb](campaign, by)
    else:
        with pytest.raises((CampaignError, AlreadyDecided)):
            FUNCTIONS[verb](campaign, by)
        assert (campaign.versions.count(), Run.objects.live().count()) == (versions, runs)
    assert Campaign.objects.get(pk=campaign.pk).status in target(verb, where)


@pytest.mark.parametrize("verb", FUNCTIONS)
def test_every_verb_by_every_profile_at_its_address(verb, people):
    """Each status × each person: 404 for whom it does not exist, 403 for want of the right, else what the table says."""
    complaints = []
    for where in S.values:
        for name in PEOPLE:
            with transaction.atomic():
                complaints += [f"{where} by {name}: {wrong}" for wrong in _tried(verb, where, name, people)]
                transaction.set_rollback(True)
    assert not complaints


def _tried(verb: str, where: str, name: str, people: dict[str, Any]) -> list[str]:
    campaign = campaign_in(where, author=people["mark"])
    client = Client()
    client.force_login(people[name])
    place, data = address(verb, campaign)
    if verb == "submit" and campaign.draft():
        requests.rehearsed(campaign.draft(), people["mark"])  # the page wants one first
    answer = client.post(place, data)
    after = Campaign.objects.get(pk=campaign.pk).status
    allowed = access.may(people[name], TRANSITIONS[verb].right, campaign)
    own = verb == "withdraw" and name != "mark"  # who did not ask may not take it back
    possible = allowed and not own and where in TRANSITIONS[verb].sources
    wrong = []
    if answer.status_code >= 500:
        wrong.append(f"answers {answer.status_code}")
    if name == "mallory" and answer.status_code != 404:
        wrong.append(f"is seen by whom it was not shared with ({answer.status_code})")
    if name != "mallory" and not allowed and answer.status_code not in {403, 404}:
        wrong.append(f"does not want the right ({answer.status_code})")
    if possible and after not in target(verb, where):
        wrong.append(f"is {after}")
    if not possible and after != where:
        wrong.append(f"has become {after}")
    return wrong


# --- What a verb does beside the status ------------------------------------------------------------------


def test_a_pause_pauses_the_run_and_resuming_goes_on_with_it(mark, anna):
    campaign = campaign_in(S.LIVE, author=mark)
    run = live_run(campaign, Run.Status.RUNNING)
    governing.pause(campaign, by=anna)
    run.refresh_from_db()
    assert (run.status, campaign.status) == ("paused", "paused")
    assert governing.resume(campaign, by=anna) == run
    run.refresh_from_db()
    assert (run.status, campaign.status, campaign.former_status) == ("running", "live", "")


def test_resuming_the_run_resumes_the_campaign(mark, anna):
    campaign = campaign_in(S.PAUSED, author=mark)
    steering.resume(live_run(campaign, Run.Status.PAUSED), by=anna)
    assert Campaign.objects.get().status == "live"


def test_a_paused_campaign_begins_no_run(mark, anna):
    campaign = campaign_in(S.PAUSED, author=mark)
    with pytest.raises(CampaignError, match="paused, not live"):
        execution.start(campaign.published_version(), mode=Run.Mode.LIVE)


def test_a_closed_campaign_lets_its_run_go_to_the_end(mark, anna):
    campaign = campaign_in(S.LIVE, author=mark)
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    governing.pause(campaign, by=anna)
    assert governing.close(campaign, by=anna) == run
    run = execution.run_to_end(Run.objects.get())
    assert (run.status, Campaign.objects.get().status) == ("succeeded", "closed")
    with pytest.raises(CampaignError, match="closed, not live"):
        execution.start(campaign.published_version(), mode=Run.Mode.LIVE)


@pytest.mark.parametrize("act", [governing.close, governing.stop, lifecycle.edit_again])
def test_what_is_out_of_force_has_no_launch_to_come(mark, act):
    campaign = campaign_in(S.SCHEDULED, author=mark, next_launch_at="2030-01-01T09:00:00Z")
    act(campaign, by=mark)
    assert Campaign.objects.get().next_launch_at is None


@pytest.mark.parametrize("where", ["running", "paused", "failed"])
def test_a_stop_ends_the_run_and_taking_up_goes_on_with_it(mark, anna, where):
    campaign = campaign_in(S.LIVE, author=mark)
    run = live_run(campaign, where)
    governing.stop(campaign, by=anna)
    run.refresh_from_db()
    assert (run.status, campaign.status) == ("stopped", "stopped")
    assert governing.take_up(campaign, by=anna) == run
    run.refresh_from_db()
    assert (run.status, campaign.status) == ("running", "live")


def test_a_run_of_a_former_version_is_not_taken_up(mark, anna):
    campaign = campaign_in(S.LIVE, author=mark)
    live_run(campaign, Run.Status.STOPPED)
    Run.objects.update(finished_at=timezone.now())
    drafting.begin_next(campaign, by=mark)
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    lifecycle.publish(campaign, by=anna)
    governing.stop(campaign, by=anna)
    assert governing.take_up(campaign, by=anna) is None
    assert (campaign.status, Run.objects.live().get().status) == ("live", "stopped")


@pytest.mark.parametrize("where", ["live", "scheduled", "paused", "closed"])
def test_nothing_goes_back_to_draft_or_to_the_archive_while_a_run_is_on(mark, anna, where):
    """A23: only between two launches."""
    campaign = campaign_in(where, author=mark)
    run = live_run(campaign, Run.Status.RUNNING)
    for act in (lifecycle.edit_again, shelving.archive):
        with pytest.raises(CampaignError, match=r"A run of “Spring” is on|cannot be archived"):
            act(Campaign.objects.get(), by=mark)
    assert Campaign.objects.get().status == where
    Run.objects.filter(pk=run.pk).update(status=Run.Status.SUCCEEDED)
    lifecycle.edit_again(Campaign.objects.get(), by=mark)
    assert (Campaign.objects.get().status, campaign.versions.count()) == ("draft", 2)


def test_a_failed_run_does_not_go_on_once_its_campaign_is_a_draft_again(mark, anna):
    campaign = campaign_in(S.LIVE, author=mark)
    run = live_run(campaign, Run.Status.FAILED)
    lifecycle.edit_again(campaign, by=mark)
    with pytest.raises(CampaignError, match="“Spring” is draft: its runs do not go on"):
        steering.resume(run, by=anna)
    assert Run.objects.get().status == "failed"


def test_an_archived_campaign_comes_back_as_what_it_was(mark, anna):
    """A15: archive, then restore."""
    campaign = campaign_in(S.STOPPED, author=mark)
    shelving.archive(campaign, by=mark)
    assert (campaign.status, campaign.former_status, campaign.archived_at is None) == ("archived", "stopped", False)
    assert shelving.restore(campaign, by=mark) == "stopped"
    assert (campaign.former_status, campaign.archived_at) == ("", None)


def test_the_page_says_what_the_table_says():
    """Every transition stands on it with its effect, and is drawn."""
    page = status_page.reference()
    assert PAGE.read_text() == page.rstrip("\n") + "\n", "run manage.py write_reference"
    for verb, transition in TRANSITIONS.items():
        assert f"| {status_page.word(verb)} |" in page
        for source in transition.sources:
            assert re.search(rf"^    {source} --> \w+: .*{status_page.word(verb)}", page, re.MULTILINE)


# --- Two at once -------------------------------------------------------------------------------------------


def test_who_had_read_the_campaign_before_it_changed_is_told_where_it_is_now(mark, anna):
    """Each verb goes by the row, not by what a page showed: of two at once the second is refused."""
    campaign = campaign_in(S.LIVE, author=mark)
    first, second = Campaign.objects.get(), Campaign.objects.get()
    version = second.published_version()
    lifecycle.edit_again(first, by=mark)
    for act in (governing.pause, governing.close, governing.stop, lifecycle.edit_again):
        with pytest.raises(CampaignError):
            act(Campaign(**{field.attname: getattr(second, field.attname) for field in second._meta.fields}), by=anna)
    with pytest.raises(CampaignError, match="“Spring” is draft, not live"):
        execution.start(version, mode=Run.Mode.LIVE)
    assert (Campaign.objects.get().status, campaign.versions.count(), Run.objects.count()) == ("draft", 2, 0)


def test_a_run_that_began_just_before_keeps_its_campaign_from_the_draft(mark):
    campaign = campaign_in(S.LIVE, author=mark)
    stale = Campaign.objects.get()
    execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    with pytest.raises(CampaignError, match="A run of “Spring” is on"):
        lifecycle.edit_again(stale, by=mark)
    assert (Campaign.objects.get().status, campaign.versions.count()) == ("live", 1)


def test_a_slot_that_was_begun_is_the_same_run_also_when_the_campaign_has_gone_on(mark):
    campaign = campaign_in(S.LIVE, author=mark)
    slot = timezone.now()
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE, scheduled_for=slot)
    Campaign.objects.update(status=S.COMPLETED)
    assert execution.start(campaign.published_version(), mode=Run.Mode.LIVE, scheduled_for=slot) == run


# --- With the clock ------------------------------------------------------------------------------------------

DAILY = {"frequency": "daily", "at": "09:00"}


@pytest.mark.parametrize("by_its_run", [True, False])
def test_the_schedule_counts_from_now_once_it_goes_on(mark, anna, by_its_run):
    """Also when it is the run that somebody resumes on its page."""
    campaign = campaign_in(S.LIVE, author=mark, schedule=DAILY, next_launch_at=timezone.now())
    run = live_run(campaign, Run.Status.RUNNING)
    governing.pause(campaign, by=anna)
    Campaign.objects.update(next_launch_at=None)
    if by_its_run:
        steering.resume(Run.objects.get(pk=run.pk), by=anna)
    else:
        governing.resume(campaign, by=anna)
    assert Campaign.objects.get().next_launch_at > timezone.now()


def test_what_is_taken_up_is_launched_again(mark, anna):
    campaign = campaign_in(S.LIVE, author=mark, schedule=DAILY, next_launch_at=timezone.now())
    governing.stop(campaign, by=anna)
    assert Campaign.objects.get().next_launch_at is None
    governing.take_up(campaign, by=anna)
    assert Campaign.objects.get().next_launch_at > timezone.now()


@pytest.mark.parametrize(("schedule", "runs"), [({"frequency": "asap"}, 1), ({"frequency": "signal"}, 0)])
def test_a_scheduled_campaign_whose_next_version_waits_for_no_moment_goes_live(mark, anna, schedule, runs):
    campaign = campaign_in(S.SCHEDULED, author=mark, schedule=DAILY, next_launch_at="2040-01-01T09:00Z")
    drafting.begin_next(campaign, by=mark)
    lifecycle.change_properties(campaign, by=mark, schedule=schedule)
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    lifecycle.publish(Campaign.objects.get(), by=anna)
    now = Campaign.objects.get()
    assert (now.status, now.schedule, now.next_launch_at) == ("live", schedule, None)
    assert Run.objects.live().count() == runs
