"""Versions of a published campaign: what is in force goes on while the next is edited, approved and published."""

from __future__ import annotations

from datetime import datetime

import pytest

from activities.graph import Graph
from campaigns import canvas, counts, execution, governing, history, lifecycle, rescheduling
from campaigns.errors import CampaignError, OwnWork, WrongStatus
from campaigns.models import Approval, Campaign, CampaignVersion, Run
from campaigns.versions import drafting, restoring, states
from tests.builders import make_shop
from tests.campaigns.builders import audience, make_configuration
from tests.campaigns.lifecycle_stage import campaign_in, live_run

pytestmark = pytest.mark.django_db
S = Campaign.Status


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()
    make_configuration()


@pytest.fixture
def live(mark) -> Campaign:
    """A campaign that is live between two launches, to be begun by a signal."""
    return campaign_in(S.LIVE, author=mark, schedule={"frequency": "signal"})


def narrowed(draft: CampaignVersion, by) -> None:
    canvas.configure_node(draft, "paris", revision=draft.revision, by=by, settings=audience())


def approved(campaign: Campaign, author, approver) -> CampaignVersion:
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=author), by=approver)
    return campaign.latest_version()


def rows(run: Run) -> int:
    return run.nodes.get(node_id="paris").outputs["out"]["rows"]


def start(campaign: Campaign) -> Run:
    return execution.run_to_end(execution.start(campaign.published_version(), mode=Run.Mode.LIVE))


def test_a_next_version_takes_effect_at_the_next_launch(live, mark, anna):
    draft = drafting.begin_next(live, by=mark)
    narrowed(draft, mark)
    assert rows(start(live)) == 3  # what is in force goes on
    approved(live, mark, anna)
    assert (Campaign.objects.get().status, live.published_version().number) == ("live", 1)
    assert rows(start(live)) == 3  # approved is not yet in force
    assert lifecycle.publish(live, by=anna, reason="Everybody now") is None
    version = live.published_version()
    assert (version.number, version.published_by, version.reason) == (2, anna, "Everybody now")
    assert (Campaign.objects.get().status, rows(start(live))) == ("live", 6)


def test_a_run_that_is_on_keeps_the_canvas_it_began_with(live, mark, anna):
    run = execution.start(live.published_version(), mode=Run.Mode.LIVE)
    narrowed(drafting.begin_next(live, by=mark), mark)
    approved(live, mark, anna)
    lifecycle.publish(live, by=anna)
    assert rows(execution.run_to_end(Run.objects.get(pk=run.pk))) == 3


@pytest.mark.parametrize("where", ["scheduled", "live", "paused"])
def test_the_status_stays_while_the_next_version_is_asked_for_and_answered(mark, anna, where):
    campaign = campaign_in(where, author=mark)
    drafting.begin_next(campaign, by=mark)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    assert states.state_of(campaign.latest_version()) == "in_review"
    draft = lifecycle.send_back(approval, by=anna, message="Fewer")
    assert (Campaign.objects.get().status, draft.number, states.state_of(draft)) == (where, 3, "draft")
    lifecycle.withdraw(lifecycle.submit(draft, by=mark), by=mark)
    assert (Campaign.objects.get().status, campaign.draft().number) == (where, 4)
    assert [line.state for line in states.lines(campaign)] == ["draft", "unused", "unused", "in_force"]


def test_who_wrote_the_next_version_does_not_approve_it(live, mark, anna, ada):
    drafting.begin_next(live, by=anna)
    approval = lifecycle.submit(live.draft(), by=mark)
    with pytest.raises(OwnWork):
        lifecycle.approve(approval, by=anna)
    lifecycle.approve(approval, by=ada)


def test_the_properties_in_force_do_not_change_before_the_next_version_is_published(live, mark, anna):
    drafting.begin_next(live, by=mark)
    changes = {"variables": {"n": 2}, "timezone": "Asia/Tokyo", "schedule": {"frequency": "asap"}, "name": "Summer"}
    lifecycle.change_properties(live, by=mark, **changes)
    now = Campaign.objects.get()
    assert (now.timezone, now.variables, now.schedule) == ("UTC", {}, {"frequency": "signal"})
    assert now.name == "Summer"  # no run depends on it
    assert live.draft().planned().timezone == "Asia/Tokyo"
    assert start(now).variables == {}
    approved(live, mark, anna)
    lifecycle.publish(Campaign.objects.get(), by=anna)
    now = Campaign.objects.get()
    assert (now.timezone, now.variables, now.schedule) == ("Asia/Tokyo", {"n": 2}, {"frequency": "asap"})
    assert CampaignVersion.objects.get(number=1).planned().timezone == "UTC"


def test_a_changed_property_of_a_next_version_asks_for_its_own_test(live, mark):
    draft = drafting.begin_next(live, by=mark)
    dry = execution.run_to_end(execution.start(draft, mode=Run.Mode.DRY))
    assert counts.holding_dry_run(live.draft()) == dry
    lifecycle.change_properties(live, by=mark, variables={"n": 1})
    assert counts.holding_dry_run(live.draft()) is None
    assert execution.start(live.draft(), mode=Run.Mode.TEST).variables == {"n": 1}


def test_there_is_one_next_version_at_a_time(live, mark, ada):
    drafting.begin_next(live, by=mark)
    with pytest.raises(WrongStatus, match="open already"):
        drafting.begin_next(live, by=ada)
    lifecycle.submit(live.draft(), by=mark)
    with pytest.raises(WrongStatus, match="waits for an approval"):
        drafting.begin_next(live, by=ada)


@pytest.mark.parametrize("where", ["draft", "in_review", "approved", "completed", "closed", "stopped", "archived"])
def test_a_next_version_stands_beside_one_in_force_only(mark, where):
    campaign = campaign_in(where, author=mark)
    with pytest.raises(WrongStatus):
        drafting.begin_next(campaign, by=mark)
    assert campaign.versions.count() == 1


def test_back_to_draft_takes_the_next_version_along(live, mark):
    """What was begun beside the one in force is not lost: it is the draft now, with its properties."""
    draft = drafting.begin_next(live, by=mark)
    lifecycle.change_properties(live, by=mark, timezone="Asia/Tokyo")
    assert lifecycle.edit_again(live, by=mark) == draft
    now = Campaign.objects.get()
    assert (now.status, now.timezone, now.versions.count(), now.draft().properties) == ("draft", "Asia/Tokyo", 2, {})


def test_nothing_goes_back_to_draft_while_an_approver_looks_at_its_next_version(live, mark):
    drafting.begin_next(live, by=mark)
    lifecycle.submit(live.draft(), by=mark)
    with pytest.raises(WrongStatus, match="withdraw the request first"):
        lifecycle.edit_again(live, by=mark)
    assert Campaign.objects.get().status == "live"


def test_a_decision_counts_also_when_the_campaign_was_completed_meanwhile(mark, anna):
    campaign = campaign_in(S.LIVE, author=mark)
    run = execution.start(campaign.published_version(), mode=Run.Mode.LIVE)
    drafting.begin_next(campaign, by=mark)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    execution.run_to_end(run)
    lifecycle.approve(approval, by=anna)
    assert Campaign.objects.get().status == "completed"
    with pytest.raises(WrongStatus, match="version 2 would never run: take it back to draft"):
        lifecycle.publish(Campaign.objects.get(), by=anna)
    assert lifecycle.edit_again(Campaign.objects.get(), by=mark).number == 3


def test_a_version_that_is_not_approved_is_not_put_in_force(live, mark, anna):
    drafting.begin_next(live, by=mark)
    with pytest.raises(WrongStatus, match="not approved"):
        lifecycle.publish(Campaign.objects.get(), by=anna)
    lifecycle.submit(live.draft(), by=mark)
    with pytest.raises(WrongStatus, match="not approved"):
        lifecycle.publish(Campaign.objects.get(), by=anna)
    assert live.published_version().number == 1


def test_what_is_published_twice_is_refused_the_second_time(live, mark, anna):
    drafting.begin_next(live, by=mark)
    version = approved(live, mark, anna)
    lifecycle.publish(live, by=anna)
    with pytest.raises(WrongStatus, match="published already"):
        lifecycle.publish(live, by=anna)
    with pytest.raises(WrongStatus):
        drafting.take_effect(version, by=anna)


def test_a_version_of_a_stopped_campaign_takes_no_effect(live, mark, anna):
    drafting.begin_next(live, by=mark)
    version = approved(live, mark, anna)
    governing.stop(live, by=anna)
    with pytest.raises(WrongStatus, match="out of force by now"):
        drafting.take_effect(version, by=anna)
    assert CampaignVersion.objects.get(number=2).published_at is None


# --- An earlier one again ---------------------------------------------------------------------------------------


def test_an_earlier_version_is_restored_as_the_next_draft(live, mark, anna):
    draft = drafting.begin_next(live, by=mark)
    narrowed(draft, mark)
    lifecycle.change_properties(live, by=mark, variables={"n": 2})
    approved(live, mark, anna)
    lifecycle.publish(live, by=anna)
    first = CampaignVersion.objects.get(number=1)
    CampaignVersion.objects.filter(pk=first.pk).update(properties={"variables": {"n": 1}})
    restored = restoring.restore(CampaignVersion.objects.get(number=1), by=mark)
    assert (restored.number, restored.document, restored.began_from) == (3, first.document, first)
    assert (restored.planned().variables, Campaign.objects.get().variables) == ({"n": 1}, {"n": 2})


def test_restoring_into_an_open_draft_is_a_step_that_can_be_undone(live, mark):
    first = live.published_version()
    narrowed(drafting.begin_next(live, by=mark), mark)
    written = live.draft().document
    draft = restoring.restore(first, by=mark)
    assert (draft.number, draft.document) == (2, first.document)
    assert history.label(history.ends(draft)[0]) == "restore version 1"
    history.undo(draft, revision=draft.revision, by=mark)
    assert live.draft().document == written


@pytest.mark.parametrize(("where", "after"), [("stopped", "draft"), ("completed", "draft"), ("approved", "draft")])
def test_restoring_takes_a_campaign_that_is_over_back_to_draft(mark, where, after):
    campaign = campaign_in(where, author=mark)
    restored = restoring.restore(campaign.latest_version(), by=mark)
    assert (Campaign.objects.get().status, restored.number) == (after, 2)


@pytest.mark.parametrize("where", ["in_review", "archived"])
def test_nothing_is_restored_where_no_draft_can_begin(mark, where):
    campaign = campaign_in(where, author=mark)
    CampaignVersion.objects.update(frozen_at=campaign.created_at)
    with pytest.raises(CampaignError):
        restoring.restore(campaign.latest_version(), by=mark)
    assert campaign.versions.count() == 1


def test_the_draft_itself_is_not_restored(live, mark):
    draft = drafting.begin_next(live, by=mark)
    with pytest.raises(WrongStatus, match="nothing to restore"):
        restoring.restore(draft, by=mark)


def test_the_date_that_was_moved_after_the_approval_is_kept_when_it_is_edited_again(mark, anna):
    """The date of an approved campaign may be moved; back to draft keeps where it was moved to."""
    campaign = campaign_in(S.APPROVED, author=mark, schedule={"frequency": "once", "at": "2040-01-01T09:00"})
    rescheduling.move(campaign, datetime(2040, 2, 1, 9), by=anna)
    assert campaign.latest_version().planned().schedule["at"] == "2040-02-01T09:00"
    lifecycle.edit_again(campaign, by=mark)
    assert Campaign.objects.get().schedule["at"] == "2040-02-01T09:00"


def test_the_list_says_who_did_what_and_what_ran(live, mark, anna, ada):
    live_run(live, Run.Status.SUCCEEDED)
    narrowed(drafting.begin_next(live, by=mark), ada)
    lifecycle.approve(lifecycle.submit(live.draft(), by=mark, message="More people"), by=anna, message="Fine")
    lifecycle.publish(live, by=anna, reason="New season")
    second, first = states.lines(live)
    assert (second.state, second.request.message, second.request.answer) == ("in_force", "More people", "Fine")
    assert (second.version.author, second.editors, second.version.reason) == (mark, [str(ada)], "New season")
    assert (second.version.published_by, second.request.decided_by) == (anna, anna)
    assert (first.state, first.live_runs, second.tests) == ("former", 1, 1)


def test_the_list_asks_as_many_questions_for_many_versions(live, mark, django_assert_max_num_queries):
    for _number in range(6):
        draft = drafting.begin_next(live, by=mark)
        CampaignVersion.objects.filter(pk=draft.pk).update(frozen_at=live.created_at)
        Approval.objects.create(version=draft, requested_by=mark, status="cancelled")
    with django_assert_max_num_queries(7):
        assert len(states.lines(live)) == 7


def test_the_graph_of_a_version_is_what_was_frozen(live):
    assert live.published_version().graph == Graph.from_json(live.published_version().document)
