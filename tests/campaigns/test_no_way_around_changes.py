"""What was signed is not what is there: nothing changed, taken back, restored or forged since then launches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from activities.graph import Graph
from campaigns import (
    beginning,
    governing,
    lifecycle,
    steering,
)
from campaigns.approvals import guard, policies, requests
from campaigns.errors import CampaignError
from campaigns.models import (
    Approval,
    Campaign,
    CampaignVersion,
    Decision,
    Installation,
    Requirement,
    Run,
)
from campaigns.versions import drafting, restoring
from orchcamp.accounts.models import User
from orchcamp.datasets import predefined
from orchcamp.datasets.models import PredefinedFilter
from tests.builders import make_shop
from tests.campaigns.around_stage import DAILY, attempt, half_signed, nothing_ran, signal, signed, work
from tests.campaigns.builders import PARIS, audience, email, graph, make_campaign, make_configuration, targeting_graph
from tests.campaigns.policy_stage import make_policy
from tests.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def otto(db) -> User:
    return person("otto", "approver")


@pytest.fixture
def policy(anna, otto):
    make_shop()
    make_configuration()
    return make_policy("Both", people=[anna, otto], needed=2)


@pytest.fixture
def campaign(policy, mark) -> Campaign:
    return make_campaign(targeting_graph(), owner=mark)


# --- What was signed is not what is there -----------------------------------------------------------------

CHANGES: dict[str, Callable[[CampaignVersion], dict[str, Any]]] = {
    "another canvas": lambda version: {"document": graph({"a": ("build_audience", audience(PARIS))}).to_json()},
    "a disabled node": lambda version: {"document": _disabled(version.graph)},
    "another zone": lambda version: {"properties": {**version.properties, "timezone": "Asia/Tokyo"}},
    "other variables": lambda version: {"properties": {**version.properties, "variables": {"n": 1}}},
    "another schedule": lambda version: {"properties": {**version.properties, "schedule": DAILY}},
    "other settings": lambda version: {"properties": {**version.properties, "settings": {"on_error": "ignore"}}},
}


def _disabled(found: Graph) -> dict[str, Any]:
    document = found.to_json()
    document["nodes"]["split"]["disabled"] = True
    return document


@pytest.mark.parametrize("change", CHANGES)
def test_a_frozen_version_that_is_changed_is_not_published(campaign, mark, anna, otto, change):
    ready = signed(campaign, mark, anna, otto)
    version = ready.latest_version()
    changes = CHANGES[change](version)
    CampaignVersion.objects.update(**changes)
    Campaign.objects.update(**changes.get("properties", {}))
    with pytest.raises(CampaignError, match=r"not what was approved|cannot run"):
        lifecycle.publish(Campaign.objects.get(), by=anna)
    work()
    nothing_ran()
    assert Campaign.objects.get().status == "approved"


@pytest.mark.parametrize("change", CHANGES)
def test_a_version_in_force_that_is_changed_begins_no_further_run(campaign, mark, anna, otto, change):
    Campaign.objects.update(schedule={"frequency": "signal"})
    lifecycle.publish(signed(campaign, mark, anna, otto), by=anna)
    version = CampaignVersion.objects.get()
    CampaignVersion.objects.update(**CHANGES[change](version))
    with pytest.raises(CampaignError):
        beginning.start(CampaignVersion.objects.get(), mode=Run.Mode.LIVE)
    attempt(lambda: signal(Campaign.objects.get(), by=anna))
    assert not Run.objects.live().exists()


def test_a_campaign_in_force_whose_row_is_changed_begins_no_further_run(campaign, mark, anna, otto):
    Campaign.objects.update(schedule=DAILY)
    lifecycle.publish(signed(campaign, mark, anna, otto), by=anna)
    Campaign.objects.update(schedule={"frequency": "several", "mode": "periodic", "every": 1, "unit": "minutes"})
    work()
    assert not Run.objects.live().exists()


def test_a_signature_that_is_taken_out_or_rewritten_does_not_count(campaign, mark, anna, otto):
    Campaign.objects.update(schedule={"frequency": "signal"})
    lifecycle.publish(signed(campaign, mark, anna, otto), by=anna)
    version = CampaignVersion.objects.get()
    guard.demand_approved(version)
    for spoil in (
        lambda: Requirement.objects.update(status="open", satisfied_at=None),
        lambda: Requirement.objects.all().delete(),
        lambda: Decision.objects.all().delete(),
        lambda: Decision.objects.update(signed={}),
        lambda: Approval.objects.update(hashes={}),
        lambda: Approval.objects.all().delete(),
        lambda: CampaignVersion.objects.update(published_at=None, approved_at=None),
    ):
        with transaction.atomic():
            spoil()
            with pytest.raises(CampaignError):
                beginning.start(CampaignVersion.objects.get(), mode=Run.Mode.LIVE)
            transaction.set_rollback(True)


# --- Versions, and what people do meanwhile ---------------------------------------------------------------


def test_a_draft_after_an_approval_needs_its_own(campaign, mark, anna, otto):
    ready = signed(campaign, mark, anna, otto)
    draft = lifecycle.edit_again(ready, by=mark)
    document = targeting_graph().to_json() | {"edges": []}
    CampaignVersion.objects.filter(pk=draft.pk).update(document=document)
    for act in (
        lambda: lifecycle.publish(Campaign.objects.get(), by=anna),
        lambda: lifecycle.publish(ready, by=anna),
        lambda: drafting.take_effect(ready.versions.get(number=1), by=anna),
        lambda: beginning.start(ready.versions.get(number=1), mode=Run.Mode.LIVE),
    ):
        attempt(act)
    nothing_ran()


def test_an_old_version_that_is_restored_is_a_draft_that_needs_its_own_approval(campaign, mark, anna, otto, ada):
    Campaign.objects.update(schedule={"frequency": "signal"})
    lifecycle.publish(signed(campaign, mark, anna, otto), by=anna)
    first = CampaignVersion.objects.get()
    draft = restoring.restore(first, by=mark)
    assert draft.approved_at is None
    attempt(lambda: lifecycle.publish(Campaign.objects.get(), by=anna))
    nothing_ran(but=first.pk)


def test_a_copy_has_no_approval(campaign, mark, anna, otto):
    copy = lifecycle.duplicate(signed(campaign, mark, anna, otto), by=mark)
    attempt(lambda: lifecycle.publish(copy, by=anna))
    attempt(lambda: beginning.start(copy.latest_version(), mode=Run.Mode.LIVE))
    nothing_ran()


@pytest.mark.parametrize("end", ["withdraw", "send_back", "expire"])
def test_a_request_that_ended_otherwise_lets_nothing_run(campaign, mark, anna, otto, end):
    approval = half_signed(campaign, mark, anna)
    if end == "withdraw":
        requests.withdraw(approval, by=mark)
    elif end == "send_back":
        requests.send_back(approval, by=otto, message="No")
    else:
        Approval.objects.update(expires_at=timezone.now())
        requests.expire(approval)
    stale = approval.version
    for act in (
        lambda: lifecycle.approve(approval, by=otto),
        lambda: lifecycle.publish(Campaign.objects.get(), by=anna),
        lambda: beginning.start(stale, mode=Run.Mode.LIVE),
    ):
        attempt(act)
    nothing_ran()


def test_one_who_publishes_with_what_they_read_before_it_was_taken_back_comes_too_late(campaign, mark, anna, otto):
    ready = signed(campaign, mark, anna, otto)
    ready.latest_version()
    lifecycle.edit_again(Campaign.objects.get(), by=mark)
    half = Campaign.objects.get()
    for seen in (ready, half):
        attempt(lambda seen=seen: lifecycle.publish(seen, by=anna))
    nothing_ran()


def test_a_stopped_run_goes_on_only_as_what_was_approved(campaign, mark, anna, otto):
    run = lifecycle.publish(signed(campaign, mark, anna, otto), by=anna)
    approved = CampaignVersion.objects.get()
    steering.stop(run, by=anna)
    lifecycle.edit_again(Campaign.objects.get(), by=mark)
    draft = Campaign.objects.get().draft()
    changed = graph({"a": ("build_audience", audience())}).to_json()
    CampaignVersion.objects.filter(pk=draft.pk).update(document=changed)
    half_signed(campaign, mark, anna)
    for act in (
        lambda: steering.take_up(run, by=anna),
        lambda: steering.resume(run, by=anna),
        lambda: governing.take_up(Campaign.objects.get(), by=anna),
        lambda: lifecycle.live_run(Campaign.objects.get(), by=anna),
    ):
        attempt(act)
    work()
    nothing_ran(but=approved.pk)
    assert not Run.objects.open().live().exists()


# --- Policies that come and go ----------------------------------------------------------------------------


def test_a_policy_that_is_taken_out_while_a_request_waits_lets_it_not_through(campaign, policy, mark, anna, ada):
    approval = half_signed(campaign, mark, anna)
    policies.deactivate(policy, by=ada)
    attempt(lambda: lifecycle.publish(Campaign.objects.get(), by=ada))
    attempt(lambda: lifecycle.approve(approval, by=ada))
    nothing_ran()
    policies.activate(policy, by=ada)
    attempt(lambda: lifecycle.publish(Campaign.objects.get(), by=ada))
    nothing_ran()


def test_what_was_approved_before_there_was_a_policy_stays_so_and_its_next_version_does_not(mark, anna, otto, ada):
    make_shop()
    make_configuration()
    old = make_campaign(targeting_graph(), owner=mark, schedule={"frequency": "signal"})
    lifecycle.approve(lifecycle.submit(old.draft(), by=mark), by=anna)
    make_policy("Both", people=[anna, otto], needed=2)
    lifecycle.publish(Campaign.objects.get(), by=anna)
    first = CampaignVersion.objects.get()
    assert beginning.start(first, mode=Run.Mode.LIVE)
    drafting.begin_next(Campaign.objects.get(), by=mark)
    half_signed(old, mark, anna)
    attempt(lambda: lifecycle.publish(Campaign.objects.get(), by=anna))
    nothing_ran(but=first.pk)


def test_a_version_without_signatures_runs_only_where_it_is_older_than_the_first_policy(campaign):
    now = timezone.now()
    since = Installation.objects.get().policies_since
    facts = {"frozen_at": now, "published_at": now}
    Campaign.objects.update(status="live")
    CampaignVersion.objects.update(**facts, approved_at=since - timedelta(days=1))
    assert beginning.start(CampaignVersion.objects.get(), mode=Run.Mode.LIVE)
    Run.objects.all().delete()
    CampaignVersion.objects.update(**facts, approved_at=now)
    with pytest.raises(CampaignError, match="Nobody has signed"):
        beginning.start(CampaignVersion.objects.get(), mode=Run.Mode.LIVE)


def test_a_message_that_is_written_anew_after_the_approval_does_not_go_out(policy, mark, anna, otto):
    canvas = {"people": ("build_audience", audience()), "mail": ("email", email(without_confirmation=True))}
    campaign = make_campaign(graph(canvas, "people>mail"), owner=mark)
    signed(campaign, mark, anna, otto)
    version = CampaignVersion.objects.get()
    document = version.document
    document["nodes"]["mail"]["settings"]["subject"] = "Free"
    CampaignVersion.objects.update(document=document)
    with pytest.raises(CampaignError, match=r"changed since: content"):
        lifecycle.publish(Campaign.objects.get(), by=anna)
    nothing_ran()


# --- A predefined filter that the canvas names -----------------------------------------------------------


@pytest.fixture
def filtered(policy, mark) -> Campaign:
    predefined.create(label="Parisians", dataset="people", rule=PARIS, shared=True, by=mark)
    predefined.create(label="Those", dataset="people", rule={"filter": "parisians"}, shared=True, by=mark)
    nodes = {
        "people": ("build_audience", audience(rule={"filter": "those"})),
        "mail": ("email", email()),
        "end": ("end", {}),
    }
    return make_campaign(graph(nodes, "people>mail", "mail>end"), owner=mark)


def rewrite(rule: dict, by: User) -> None:
    predefined.change(PredefinedFilter.objects.get(slug="parisians"), rule=rule, parameters={}, by=by)


def test_a_filter_that_says_something_else_undoes_the_signature_under_the_audience(filtered, mark, anna, otto, ada):
    campaign = signed(filtered, mark, anna, otto)
    rewrite({}, by=ada)
    with pytest.raises(guard.NotApproved, match="changed since: audience"):
        lifecycle.publish(campaign, by=anna)
    nothing_ran()
    rewrite(PARIS, by=ada)  # what was signed again
    lifecycle.publish(Campaign.objects.get(pk=campaign.pk), by=anna)
    assert Run.objects.live().count() == 1


def test_a_filter_that_changes_while_a_request_waits_is_not_signed(filtered, mark, anna, otto, ada):
    approval = half_signed(filtered, mark, anna)
    rewrite({}, by=ada)
    with pytest.raises(CampaignError, match="not what was asked any more"):
        lifecycle.approve(approval, by=otto)


def test_a_filter_that_changes_between_two_launches_holds_back_the_next(filtered, mark, anna, otto, ada):
    Campaign.objects.filter(pk=filtered.pk).update(schedule=DAILY)
    campaign = signed(filtered, mark, anna, otto)
    lifecycle.publish(campaign, by=anna)
    rewrite({}, by=ada)
    work()
    assert not Run.objects.live().exists()
    assert "audience" in campaign.launches.filter(status="failed").first().reason
