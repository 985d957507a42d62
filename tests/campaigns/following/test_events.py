"""Every change of a campaign's state is told to those who follow it, and to nobody who may not see it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import execution, following, governing, lifecycle, shelving
from campaigns.following.events import DECISIONS, EVENTS
from campaigns.models import Campaign, CampaignVersion, Following, Run
from campaigns.status import FORMER, TRANSITIONS, moved
from orchcamp.accounts import access, roles
from orchcamp.accounts.models import Notification, ProductProfile, User
from orchcamp.datasets import engine
from tests.builders import make_shop
from tests.campaigns.audience_stage import published
from tests.campaigns.builders import audience, graph, make_campaign, make_configuration, simple_graph
from tests.campaigns.lifecycle_stage import campaign_in, live_run
from tests.conftest import person

pytestmark = pytest.mark.django_db
E = Following.Extent
WAYS = [(verb, source) for verb, transition in TRANSITIONS.items() for source in sorted(transition.sources)]


def told(user: User) -> list[str]:
    return list(user.notifications.filter(kind="campaign_state").order_by("pk").values_list("sentence", flat=True))


@pytest.mark.parametrize(("verb", "source"), WAYS)
def test_every_transition_of_the_table_is_told_once(verb, source, mark, vera):
    campaign = campaign_in(source, author=mark)
    following.follow(campaign, vera, E.ALL, by=vera)
    assert moved(campaign, verb)
    assert len(told(vera)) == 1
    assert len(told(mark)) == (0 if verb in DECISIONS else 1)  # who asked is told of their request, and not twice
    assert "“Spring”" in told(vera)[0]
    assert not moved(campaign, verb) or TRANSITIONS[verb].target in {FORMER, source, campaign.status}


def test_what_is_refused_is_told_to_nobody(mark):
    campaign = campaign_in(Campaign.Status.DRAFT, author=mark)
    assert not moved(campaign, "approve")
    assert told(mark) == []


def test_who_does_it_is_named_and_not_told(mark, anna):
    campaign = campaign_in(Campaign.Status.LIVE, author=mark)
    following.follow(campaign, anna, E.ALL, by=anna)
    governing.pause(campaign, by=anna)
    assert told(anna) == []
    assert told(mark) == ["Anna: “Spring” is paused: nothing new begins."]
    note = mark.notifications.get()
    assert (note.title, note.address) == ("Spring: paused", "/campaigns/spring/")


def test_owner_authors_and_editors_follow_by_themselves_and_may_stop(mark, anna, ada, vera):
    campaign = make_campaign(owner=mark)
    campaign.versions.get().editors.add(anna)
    CampaignVersion.objects.update(author=ada)
    shelving.archive(campaign, by=None)
    assert [len(told(user)) for user in (mark, anna, ada, vera)] == [1, 1, 1, 0]
    following.follow(campaign, anna, E.NONE, by=anna)
    shelving.restore(campaign, by=None)
    assert [len(told(user)) for user in (mark, anna, ada, vera)] == [2, 1, 2, 0]


def test_who_wants_only_failures_and_approvals_hears_of_nothing_else(mark, vera):
    campaign = campaign_in(Campaign.Status.IN_REVIEW, author=mark)
    following.follow(campaign, vera, E.IMPORTANT, by=vera)
    moved(campaign, "approve")
    moved(campaign, "publish")
    assert told(vera) == ["“Spring” is approved."]
    run = live_run(campaign, Run.Status.RUNNING)
    run.error = "“Mail”: broken"
    following.happened(campaign, "run_failed", run=run)
    assert told(vera)[1:] == [f"Run {run.pk} of “Spring” failed. “Mail”: broken"]


def test_who_may_no_longer_see_the_campaign_is_not_told(mark, vera):
    profile = ProductProfile(label="Agency", everywhere=False)
    roles.define(profile, ["campaigns.view_campaign"])
    nora = person("nora", None)
    nora.groups.add(profile.group)
    campaign = make_campaign(owner=mark)
    access.grant(nora, ["view"], campaign)
    for user in (nora, vera):
        following.follow(campaign, user, E.ALL, by=user)
    shelving.archive(campaign, by=mark)
    assert [len(told(user)) for user in (nora, vera)] == [1, 1]
    access.revoke(nora, ["view"], campaign)
    vera.groups.clear()
    shelving.restore(campaign, by=mark)
    assert [len(told(user)) for user in (nora, vera)] == [1, 1]


def test_a_next_version_beside_the_one_in_force_is_told_as_one(mark, anna, vera):
    make_shop()
    campaign = published(graph({"all": ("build_audience", audience()), "end": ("end", {})}, "all>end"), owner=mark)
    Notification.objects.all().delete()
    following.follow(campaign, vera, E.ALL, by=vera)
    draft = lifecycle.drafting.begin_next(campaign, by=mark)
    approval = lifecycle.submit(draft, by=None)
    lifecycle.send_back(approval, by=anna, message="Fewer people")
    assert told(mark) == ["The next version of “Spring” is sent for approval."]
    assert told(vera)[1:] == ["Anna: The next version of “Spring” is sent back."]


def test_a_run_that_fails_is_told_to_followers_and_in_its_own_way_to_supervisors(mark, anna, vera):
    make_shop()
    make_configuration()
    count = [{"kind": "aggregate", "link": "purchases", "aggregate": "count", "alias": "bought"}]
    nodes = {"all": ("build_audience", audience()), "more": ("enrichment", {"data": count}), "end": ("end", {})}
    campaign = published(
        graph(nodes, "all>more", "more>end"), owner=mark, settings={"supervisors": {"people": ["anna"]}}
    )
    for user in (anna, vera):
        following.follow(campaign, user, E.ALL, by=user)
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    engine.drop("datasets/purchases/1.parquet")
    execution.run_to_end(run)
    assert [kind for kind in anna.notifications.values_list("kind", flat=True) if kind == "campaign_failed"]
    assert not [sentence for sentence in told(anna) if "failed" in sentence]
    assert [sentence for sentence in told(vera) if sentence.startswith(f"Run {run.pk} of “Spring” failed. “More”")]


def test_a_run_by_a_program_is_told_only_when_it_fails(mark):
    campaign = campaign_in(Campaign.Status.LIVE, author=mark)
    run = live_run(campaign, Run.Status.RUNNING)
    run.trigger = "signal"
    for verb in ("run_began", "run_ended", "run_failed"):
        following.happened(campaign, verb, run=run)
    assert len(told(mark)) == 1


def test_a_launch_and_the_run_that_it_begins_are_one_notification(mark):
    campaign = campaign_in(Campaign.Status.SCHEDULED, author=mark)
    run = live_run(campaign, Run.Status.RUNNING)
    following.happened(campaign, "run_began", run=run)
    moved(campaign, "launch")
    assert len(told(mark)) == 1


def test_a_thousand_followers_are_told_in_a_handful_of_queries(mark):
    campaign = campaign_in(Campaign.Status.LIVE, author=mark)
    viewers = ProductProfile.objects.get(slug="viewer").group
    crowd = User.objects.bulk_create([User(username=f"p{n}", email=f"p{n}@example.org") for n in range(1000)])
    User.groups.through.objects.bulk_create([User.groups.through(user=user, group=viewers) for user in crowd])
    Following.objects.bulk_create([Following(campaign=campaign, person=user, extent=E.ALL) for user in crowd])
    with CaptureQueriesContext(connection) as queries:
        moved(campaign, "pause")
    assert Notification.objects.count() == 1001
    assert len(queries) <= 26  # of which SQLite needs a dozen to write a thousand rows


def test_every_event_has_a_sentence_with_the_name_in_it():
    assert set(TRANSITIONS) <= set(EVENTS)
    assert all("%(name)s" in str(event.sentence) for event in EVENTS.values())


# --- What waits for people ----------------------------------------------------------------------------------


def test_a_prepared_sending_is_told_to_those_who_may_confirm_it(mark, anna, vera):
    make_shop()
    make_configuration()
    campaign = published(simple_graph(), owner=mark)
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    execution.run_to_end(run)
    waits = Notification.objects.filter(kind="sending_waits")
    assert [row.person for row in waits] == [anna]
    assert waits.get().sentence == "“Mail” of “Spring” is prepared and waits until somebody confirms it."


@pytest.mark.parametrize("whom", [{"group": "Approver"}, {"person": "anna"}])
def test_a_question_is_told_to_those_it_is_put_to(whom, mark, anna, vera):
    make_shop()
    settings = {"title": "Good?", "assign_to": next(iter(whom))} | whom
    nodes = {"all": ("build_audience", audience()), "ask": ("approval", settings), "end": ("end", {})}
    campaign = published(graph(nodes, "all>ask", "ask.yes>end"), owner=mark)
    execution.run_to_end(execution.start(campaign.published_version(), mode=Run.Mode.LIVE))
    assert [row.person for row in Notification.objects.filter(kind="question")] == [anna]
