"""From draft to completed: who may decide, what is frozen, and that nothing unapproved is ever published."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns import canvas, counts, execution, lifecycle, shelving, status, worklist
from campaigns.errors import AlreadyDecided, CampaignError, NotRunnable, OwnWork, StaleCanvas, WrongStatus
from campaigns.models import Approval, Campaign, CampaignVersion, Run
from orchcamp.accounts.models import AuditEntry
from orchcamp.datasets import engine
from orchcamp.datasets.models import Dataset, Snapshot
from tests.builders import make_shop
from tests.campaigns.builders import (
    PARIS,
    audience,
    graph,
    make_campaign,
    make_configuration,
    simple_graph,
    targeting_graph,
)
from tests.campaigns.launching_stage import tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(mark) -> Campaign:
    make_shop()
    make_configuration()
    return make_campaign(simple_graph(), owner=mark)


def verbs(campaign: Campaign) -> list[str]:
    return list(AuditEntry.objects.filter(object_id=campaign.pk).order_by("pk").values_list("verb", flat=True))


# --- Asking -------------------------------------------------------------------------------------------


def test_a_campaign_goes_from_draft_to_completed(campaign, mark, anna):
    approval = lifecycle.submit(campaign.draft(), by=mark, message="Please look")
    assert campaign.draft() is None
    assert (approval.counts["people"], approval.message) == ({"out": 6}, "Please look")
    lifecycle.approve(approval, by=anna, message="Fine")
    run = lifecycle.publish(Campaign.objects.get(), by=anna)
    assert (run.mode, run.trigger, Campaign.objects.get().status) == ("live", "published", "live")
    execution.run_to_end(run)
    execution.stop(run, by=anna)
    assert Campaign.objects.get().status == "stopped"
    assert verbs(campaign) == [
        "started dry run", "submitted", "approved", "started live run", "published", "stopped run",
    ]  # fmt: skip


def test_the_dry_run_of_the_same_canvas_is_used_again(campaign, mark):
    run = execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.DRY, by=mark))
    assert lifecycle.submit(campaign.draft(), by=mark).test_run == run


def test_the_dry_run_of_another_canvas_is_not(campaign, mark):
    old = execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.DRY, by=mark))
    canvas.configure_node(campaign.draft(), "people", revision=0, by=mark, settings=audience(PARIS))
    approval = lifecycle.submit(campaign.draft(), by=mark)
    assert approval.test_run != old
    assert approval.counts["people"] == {"out": 3}


def test_a_canvas_with_errors_cannot_be_sent_for_approval(mark):
    make_shop()
    broken = make_campaign(simple_graph(configuration="nowhere"), owner=mark)
    with pytest.raises(NotRunnable, match="“Mail”"):
        lifecycle.submit(broken.draft(), by=mark)
    assert (broken.draft().frozen_at, Approval.objects.count()) == (None, 0)


def test_a_canvas_that_changed_meanwhile_is_not_frozen(campaign, mark, ada):
    mine = campaign.draft()
    canvas.configure_node(campaign.draft(), "people", revision=0, by=ada, name="Other")
    with pytest.raises(StaleCanvas):
        lifecycle.submit(mine, by=mark)
    assert campaign.draft() is not None


# --- Deciding -----------------------------------------------------------------------------------------


def test_nobody_approves_what_they_asked_for(campaign, ada):
    campaign.versions.update(author=None)
    approval = lifecycle.submit(campaign.draft(), by=ada)
    with pytest.raises(OwnWork):
        lifecycle.approve(approval, by=ada)


def test_nobody_approves_what_they_wrote(campaign, mark, ada):
    approval = lifecycle.submit(campaign.draft(), by=ada)
    with pytest.raises(OwnWork):
        lifecycle.approve(approval, by=mark)


def test_nobody_approves_what_they_changed(campaign, mark, anna, ada):
    canvas.configure_node(campaign.draft(), "people", revision=0, by=anna, name="Mine too")
    approval = lifecycle.submit(campaign.draft(), by=mark)
    with pytest.raises(OwnWork):
        lifecycle.approve(approval, by=anna)
    draft = lifecycle.send_back(approval, by=ada, message="Again")
    again = lifecycle.submit(draft, by=mark)
    with pytest.raises(OwnWork):
        lifecycle.approve(again, by=anna)
    lifecycle.approve(again, by=ada)


def test_the_first_decision_counts(campaign, mark, anna, ada):
    approval = lifecycle.submit(campaign.draft(), by=mark)
    same = Approval.objects.get(pk=approval.pk)
    lifecycle.approve(approval, by=anna)
    with pytest.raises(AlreadyDecided, match="approved"):
        lifecycle.send_back(same, by=ada, message="No")
    assert Campaign.objects.get().status == "approved"
    assert CampaignVersion.objects.count() == 1


def test_sending_back_needs_a_word_and_opens_a_new_draft(campaign, mark, anna):
    approval = lifecycle.submit(campaign.draft(), by=mark)
    with pytest.raises(CampaignError, match="message is needed"):
        lifecycle.send_back(approval, by=anna, message="  ")
    lifecycle.send_back(approval, by=anna, message="Fewer people")
    approval.refresh_from_db()
    draft = campaign.draft()
    assert (approval.status, approval.answer) == ("sent_back", "Fewer people")
    assert (draft.number, draft.author, draft.document) == (2, mark, approval.version.document)


def test_a_request_can_be_withdrawn(campaign, mark, anna):
    approval = lifecycle.submit(campaign.draft(), by=mark)
    lifecycle.withdraw(approval, by=mark)
    assert Campaign.objects.get().status == "draft"
    with pytest.raises(AlreadyDecided):
        lifecycle.approve(approval, by=anna)


# --- Publishing ---------------------------------------------------------------------------------------


def test_a_draft_cannot_be_published(campaign, ada):
    with pytest.raises(WrongStatus, match="Only an approved campaign"):
        lifecycle.publish(campaign, by=ada)


def test_the_database_itself_refuses_an_unapproved_publication(campaign):
    Campaign.objects.update(status="approved")
    with pytest.raises(WrongStatus, match="not approved"):
        lifecycle.publish(Campaign.objects.get(), by=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        CampaignVersion.objects.update(published_at=timezone.now())
    assert not Run.objects.live().exists()


def approved(campaign: Campaign, author, approver) -> Campaign:
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=author), by=approver)
    return Campaign.objects.get(pk=campaign.pk)


def test_a_publication_whose_canvas_has_an_error_by_now_changes_nothing(campaign, mark, anna):
    ready = approved(campaign, mark, anna)
    engine.drop("datasets/people/1.parquet")
    from orchcamp.datasets.models import Column, Dataset

    Column.objects.filter(dataset__slug="people", name="name").delete()
    Dataset.objects.get(slug="people").save()
    with pytest.raises(NotRunnable):
        lifecycle.publish(ready, by=anna)
    assert Campaign.objects.get().status == "approved"
    assert not CampaignVersion.objects.exclude(published_at=None).exists()


def test_a_campaign_for_later_begins_later(campaign, mark, anna):
    at = timezone.now() + timedelta(days=1)
    Campaign.objects.update(schedule={"frequency": "once", "at": at.strftime("%Y-%m-%dT%H:%M")})
    assert lifecycle.publish(approved(campaign, mark, anna), by=anna) is None
    ready = Campaign.objects.get()
    assert (ready.status, ready.next_launch_at) == ("scheduled", at.replace(second=0, microsecond=0))
    assert tick(at - timedelta(minutes=2)) == []
    (run,) = tick(at + timedelta(seconds=5))
    assert (run.scheduled_for, run.trigger, Campaign.objects.get().status) == (ready.next_launch_at, "schedule", "live")
    assert tick(at + timedelta(days=1)) == []


def test_a_campaign_for_later_is_launched_before_its_time_by_hand_and_only_once(campaign, mark, anna):
    at = timezone.now() + timedelta(days=1)
    Campaign.objects.update(schedule={"frequency": "once", "at": at.strftime("%Y-%m-%dT%H:%M")})
    lifecycle.publish(approved(campaign, mark, anna), by=anna)
    run = lifecycle.live_run(Campaign.objects.get(), by=anna)
    assert (run.scheduled_for <= timezone.now(), run.trigger) == (True, "by hand")
    assert tick(at + timedelta(days=1)) == []
    assert Campaign.objects.get().next_launch_at is None


@pytest.mark.parametrize("schedule", [{"frequency": "once", "at": "soon"}, {"frequency": "hourly"}])
def test_a_schedule_that_makes_no_sense_is_refused_in_words(campaign, mark, anna, schedule):
    ready = approved(campaign, mark, anna)
    Campaign.objects.update(schedule=schedule)
    ready.refresh_from_db()
    with pytest.raises(CampaignError, match="schedule"):
        lifecycle.publish(ready, by=anna)
    assert Campaign.objects.get().status == "approved"


def test_a_completed_campaign_can_run_again(mark, anna):
    make_shop()
    ready = approved(make_campaign(targeting_graph(), owner=mark), mark, anna)
    execution.run_to_end(lifecycle.publish(ready, by=anna))
    again = lifecycle.live_run(Campaign.objects.get(), by=anna)
    assert (Run.objects.live().count(), Campaign.objects.get().status) == (2, "live")
    execution.run_to_end(again)
    assert Campaign.objects.get().status == "completed"


def test_editing_again_needs_a_new_approval(mark, anna, ada):
    make_shop()
    ready = approved(make_campaign(targeting_graph(), owner=mark), mark, anna)
    draft = lifecycle.edit_again(ready, by=ada)
    assert (draft.number, draft.author, draft.approved_at) == (2, ada, None)
    with pytest.raises(WrongStatus):
        lifecycle.publish(Campaign.objects.get(), by=anna)
    with pytest.raises(WrongStatus):
        lifecycle.edit_again(Campaign.objects.get(), by=ada)


def test_a_live_campaign_cannot_be_edited_deleted_or_archived(campaign, mark, anna):
    lifecycle.publish(approved(campaign, mark, anna), by=anna)
    live = Campaign.objects.get()
    for act in (lifecycle.edit_again, lifecycle.delete, shelving.archive):
        with pytest.raises(WrongStatus):
            act(live, by=anna)


# --- The campaign itself --------------------------------------------------------------------------------


def test_a_copy_has_a_name_and_a_slug_of_its_own(campaign, ada):
    copy = lifecycle.duplicate(campaign, by=ada)
    assert (copy.name, copy.slug, copy.owner, copy.status) == ("Spring (copy)", "spring-copy", ada, "draft")
    assert copy.draft().document == campaign.draft().document
    assert lifecycle.duplicate(campaign, by=ada).slug == "spring-copy-2"


def test_a_draft_is_deleted_with_the_files_of_its_tests(campaign, mark, django_capture_on_commit_callbacks):
    run = execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.TEST, by=mark))
    assert engine.exists(f"runs/{run.pk}")
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.delete(campaign, by=mark)
    assert not engine.exists(f"runs/{run.pk}")
    assert not Campaign.objects.exists()


def test_properties_change_in_a_draft_only(campaign, mark, ada):
    lifecycle.change_properties(campaign, by=ada, timezone="Europe/Paris")
    assert campaign.timezone == "Europe/Paris"
    approval = lifecycle.submit(campaign.draft(), by=mark)
    with pytest.raises(OwnWork):
        lifecycle.approve(approval, by=ada)
    with pytest.raises(WrongStatus):
        lifecycle.change_properties(campaign, by=mark, timezone="UTC")


@pytest.mark.parametrize("verb", sorted(status.TRANSITIONS))
def test_every_transition_refuses_what_is_not_its_source(campaign, verb):
    sources = status.TRANSITIONS[verb].sources
    for value in Campaign.Status.values:
        Campaign.objects.update(status=value)
        assert status.moved(campaign, verb) is (value in sources)


# --- What waits for whom ----------------------------------------------------------------------------------


def test_each_sees_what_they_can_decide(campaign, mark, anna, ada, vera):
    lifecycle.submit(campaign.draft(), by=mark)
    found = {name: worklist.approvals(user).count() for name, user in
             [("mark", mark), ("anna", anna), ("ada", ada), ("vera", vera)]}  # fmt: skip
    assert found == {"mark": 0, "anna": 1, "ada": 1, "vera": 0}


def test_the_worklist_counts_sendings_and_failed_runs(campaign, mark, anna, django_assert_max_num_queries):
    run = execution.run_to_end(lifecycle.publish(approved(campaign, mark, anna), by=anna))
    assert worklist.counts(anna)["sendings"] == 1
    assert worklist.counts(mark)["sendings"] == 0
    Run.objects.filter(pk=run.pk).update(status="failed")
    with django_assert_max_num_queries(30):
        found = worklist.counts(anna)
    assert (found["failed_runs"], found["sendings"], found["total"]) == (1, 0, 1)


# --- Counts on the canvas ---------------------------------------------------------------------------------


def test_counts_behind_a_change_are_stale_and_the_others_are_not(mark):
    make_shop()
    nodes = {
        "a": ("build_audience", audience()),
        "b": ("build_audience", audience(PARIS)),
        "w": ("wait", {"type": "duration", "value": 1, "unit": "days"}),
    }
    campaign = make_campaign(graph(nodes, "a>w"), owner=mark)
    assert counts.transition_counts(campaign.draft()) == {}
    execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.TEST))
    assert counts.transition_counts(campaign.draft())["a", "out"] == counts.Count(6, False)
    canvas.configure_node(campaign.draft(), "a", revision=0, by=mark, settings=audience(PARIS))
    canvas.configure_node(campaign.draft(), "b", revision=1, by=mark, name="Only another name")
    assert counts.transition_counts(campaign.draft()) == {
        ("a", "out"): counts.Count(6, True),
        ("w", "out"): counts.Count(6, True),
        ("b", "out"): counts.Count(3, False),
    }


@pytest.mark.parametrize(("changes", "counts"), [({"timezone": "Asia/Tokyo"}, True), ({"description": "x"}, False)])
def test_a_property_that_a_run_depends_on_is_a_change_of_the_draft(campaign, mark, ada, changes, counts):
    """Somebody who asks for approval just then is told, instead of submitting what nobody tested."""
    draft = campaign.draft()
    lifecycle.change_properties(campaign, by=ada, **changes)
    if not counts:
        assert lifecycle.submit(draft, by=mark)
        return
    with pytest.raises(StaleCanvas):
        lifecycle.submit(draft, by=mark)


def test_new_data_makes_old_counts_stale_and_asks_for_a_new_dry_run(campaign, mark):
    version = campaign.draft()
    before = execution.run_to_end(execution.start(version, mode="dry", by=mark))
    assert counts.holding_dry_run(version) == before
    people = Dataset.objects.get(slug="people")
    path = "datasets/people/2.parquet"
    everyone = engine.table("datasets/people/1.parquet")
    engine.write(everyone.filter(everyone.id < 3), path)
    people.snapshot = Snapshot.objects.create(dataset=people, number=2, path=path, rows=2)
    people.save()
    assert counts.holding_dry_run(version) is None
    assert all(count.stale for count in counts.transition_counts(version).values())
    approval = lifecycle.submit(version, by=mark)
    assert approval.test_run != before
    assert approval.counts != lifecycle.counts_of(before)
