"""Why nothing was sent: each reason is found from the real state, with what shows it and the way to mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from activities.graph import Graph
from campaigns import execution, progress, steering, why
from campaigns.models import Batch, Beat, Campaign, Run
from orchcamp.messaging.models import ChannelConfiguration, Consent
from tests.builders import make_shop
from tests.campaigns.builders import audience, email, graph, make_campaign, make_configuration, simple_graph
from tests.campaigns.desk_stage import ask, make_stage
from tests.campaigns.runs_stage import NOBODY, S, node, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db):
    make_shop()
    make_configuration()
    Beat.objects.create(name="worker:here", at=timezone.now())


def checks(campaign: Campaign, run: Run | None = None) -> dict[str, why.Check]:
    if run is not None:
        run = Run.objects.select_related("campaign", "version").get(pk=run.pk)
    return {check.title: check for check in why.look(campaign, run)}


def guilty(run: Run) -> dict[str, why.Check]:
    return {title: check for title, check in checks(run.campaign, run).items() if check.guilty}


def test_a_draft_was_never_published(shop):
    found = checks(make_campaign())
    assert [title for title, check in found.items() if check.guilty] == ["Approved and published"]
    assert "It is draft" in found["Approved and published"].sentence
    assert found["Start"].state == found["Confirmation"].state == "later"


def test_a_campaign_in_review_waits_for_an_approval(mark):
    campaign = make_stage(mark)
    approval = ask(campaign, mark)
    campaign.refresh_from_db()
    check = checks(campaign)["Approved and published"]
    assert check.guilty and check.evidence == (("Asked for by", "Mark"),)
    assert check.mends[0].address == reverse("campaigns:approval", args=[approval.pk])


def test_what_is_approved_still_wants_to_be_published(shop):
    check = checks(make_campaign(status="approved"))["Approved and published"]
    assert check.mends[0].address.endswith("/publish")


def test_a_start_in_the_future(shop):
    run = publish(simple_graph())
    Run.objects.update(scheduled_for=timezone.now() + timedelta(days=1))
    found = guilty(run)
    assert list(found) == ["Start"]
    assert found["Start"].evidence[0][0] == "Begins"
    assert found["Start"].mends[0].label == "Begin now"


def test_a_paused_run_says_who_paused_it(shop, anna):
    run = publish(simple_graph())
    steering.pause(run, by=anna)
    found = guilty(run)
    assert list(found) == ["Run is on"]
    assert "Paused by Anna" in found["Run is on"].evidence[0][1]


def test_a_stopped_run_says_whether_it_can_be_taken_up(shop, anna):
    run = publish(simple_graph())
    steering.stop(run, by=anna)
    assert "can be taken up again" in guilty(run)["Run is on"].sentence
    Campaign.objects.update(status="archived")
    assert "has gone on since" in guilty(run)["Run is on"].sentence


def test_a_silent_worker_is_guilty_while_the_run_is_on(shop):
    Beat.objects.all().delete()
    run = publish(simple_graph())
    assert list(guilty(run)) == ["Worker"]
    Run.objects.update(status=Run.Status.SUCCEEDED)
    assert "Worker" not in guilty(run)


def test_a_disabled_node_before_the_message(shop):
    nodes = {"a": ("build_audience", audience()), "u": ("combine", {"operation": "union"}), "m": ("email", email())}
    canvas = graph(nodes, "a>u", "u>m")
    disabled = {**canvas.nodes, "u": replace(canvas.nodes["u"], disabled=True)}
    found = guilty(execution.run_to_end(publish(Graph(disabled, canvas.edges))))
    assert "“U” is disabled" in found["Way to the message"].sentence
    assert found["Way to the message"].mends[0].address.endswith("?node=u")


def test_a_wait_before_the_message_says_until_when(shop):
    nodes = {
        "a": ("build_audience", audience()),
        "w": ("wait", {"type": "duration", "value": 2, "unit": "days"}),
        "m": ("email", email()),
        "z": ("wait", {"type": "duration", "value": 2, "unit": "days"}),
    }
    run = publish(graph(nodes, "a>w", "w>m", "m>z"))
    for _ in range(2):
        for pk in execution.claim_ready(run):
            execution.execute(pk)
    found = guilty(run)
    assert list(found) == ["Way to the message"]
    assert found["Way to the message"].evidence[0][0] == "Until"
    assert checks(run.campaign, run)["Population"].state == "later"


def test_an_audience_that_is_being_saved_holds_the_message_back(shop):
    nodes = {
        "a": ("build_audience", audience()),
        "s": ("save_audience", {"audience": "kept"}),
        "m": ("email", email()),
    }
    run = publish(graph(nodes, "a>s", "a>m"))
    for pk in execution.claim_ready(run):
        execution.execute(pk)
    execution.claim_ready(run)
    assert node(run, "s").status == S.QUEUED
    assert list(guilty(run)) == ["Saved audience"]


def test_an_empty_population_names_the_first_node_that_let_nobody_through(shop):
    nodes = {
        "a": ("build_audience", audience()),
        "b": ("build_audience", audience(NOBODY, keep_empty=True)),
        "u": ("combine", {"operation": "intersection"}),
        "m": ("email", email()),
    }
    run = execution.run_to_end(publish(graph(nodes, "a>u", "b>u", "u>m")))
    check = guilty(run)["Population"]
    assert "“B” is the first that let nobody through" in check.sentence
    assert ("A", "6") in check.evidence and ("B", "0") in check.evidence
    assert check.mends[0].address.endswith("?node=b")


def test_a_configuration_that_is_off_or_gone_or_without_server(shop, settings):
    run = publish(simple_graph())
    ChannelConfiguration.objects.update(active=False)
    assert "switched off" in guilty(run)["Channel configuration"].sentence
    ChannelConfiguration.objects.update(active=True, host="")
    settings.EMAIL_URL = ""
    check = guilty(run)["Channel configuration"]
    assert "names no server" in check.sentence
    assert check.mends[0].address == reverse("messaging:channel", args=["newsletter"])
    ChannelConfiguration.objects.all().delete()
    assert "it is gone" in guilty(run)["Channel configuration"].sentence


def test_everybody_excluded_shows_the_sum(shop):
    for name in ("ann", "bob"):
        Consent.objects.create(channel="email", address=f"{name}@example.org", granted=False, source="test")
    run = execution.run_to_end(publish(simple_graph()))
    check = guilty(run)["Consent and suppression"]
    assert check.evidence[0] == ("Targeted", "6")
    assert ("No consent", "−3") in check.evidence
    assert check.evidence[-1] == ("Left", "0")


def test_a_message_that_waits_for_confirmation(shop):
    run = execution.run_to_end(publish(simple_graph()))
    found = guilty(run)
    assert list(found) == ["Confirmation"]
    assert ("Mail", "2") in found["Confirmation"].evidence
    assert found["Confirmation"].mends[0].address.endswith("#run-attention")


def test_a_failed_step_says_what_happened(shop):
    run = publish(simple_graph())
    ChannelConfiguration.objects.update(active=False)
    execution.run_to_end(run)
    assert "switched off" in guilty(run)["Errors"].evidence[0][1]


def test_a_slow_sending_says_its_rate_and_its_end(shop, anna):
    run = execution.run_to_end(publish(simple_graph()))
    execution.confirm(node(run, "mail"), by=anna)
    assert not guilty(run)
    ChannelConfiguration.objects.update(throttle=1)
    check = guilty(run)["Pace"]
    assert "At most 1 message a second: 2 are still to go" in check.sentence
    assert check.evidence[0][0] == "Expected end"
    Batch.objects.update(not_before=timezone.now() + timedelta(minutes=5))
    assert "put “Mail” off" in guilty(run)["Pace"].sentence


def test_it_is_said_by_itself_until_a_message_is_accepted(shop):
    run = execution.run_to_end(publish(simple_graph()))

    def said() -> bool:
        return why.applies(run, progress.sendings(run, list(run.nodes.all())))

    assert said()
    Batch.objects.update(accepted=1)
    assert not said()
    run.mode = Run.Mode.TEST
    Batch.objects.update(accepted=0)
    assert not said()
