"""A launch that targets other numbers than were approved is held until a person has looked at it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from campaigns import execution, lifecycle
from campaigns.approvals import deviation
from campaigns.models import Campaign, LogEntry, NodeRun, Run
from orchcamp.accounts.notification import Notification
from orchcamp.datasets import engine
from orchcamp.datasets.models import Dataset, Snapshot
from tests.builders import make_shop
from tests.campaigns.builders import audience, email, graph, make_campaign, make_configuration
from tests.campaigns.launching_stage import end, tick
from tests.campaigns.policy_stage import make_policy

COUNTS = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("before", "now", "percent", "too_far"),
    [
        (100, 110, 10, False),
        (100, 111, 10, True),
        (100, 89, 10, True),
        (100, 100, 0, False),
        (100, 101, 0, True),
        (0, 0, 10, False),
        (0, 1, 1000, True),
        (6, 0, 99, True),
        (6, 0, 100, False),
        (6, 6000, None, False),
    ],
)
def test_so_many_percent_of_what_was_approved(before, now, percent, too_far):
    assert deviation.exceeds(before, now, percent) is too_far


@given(COUNTS, COUNTS, st.integers(0, 1000), st.integers(0, 1000))
def test_a_stricter_percentage_holds_whatever_a_wider_one_does(before, now, one, other):
    strict, wide = sorted((one, other))
    assert deviation.exceeds(before, now, strict) or not deviation.exceeds(before, now, wide)


def sending(mark, **changes) -> Campaign:
    """Everyone gets a mail, without anybody confirming it."""
    make_shop()
    make_configuration()
    nodes = {"people": ("build_audience", audience()), "mail": ("email", email(without_confirmation=True))}
    return make_campaign(graph(nodes, "people>mail"), owner=mark, **changes)


def only(number: int, snapshot: int) -> None:
    """A load after which so many people are left."""
    people, path = Dataset.objects.get(slug="people"), f"datasets/people/{snapshot}.parquet"
    everyone = engine.table("datasets/people/1.parquet")
    engine.write(everyone.filter(everyone.id <= number), path)
    people.snapshot = Snapshot.objects.create(dataset=people, number=snapshot, path=path, rows=number)
    people.save()


def begun(run: Run) -> NodeRun:
    """Its sending, as a worker prepared it."""
    for pk in execution.claim_ready(run):
        execution.execute(pk)
    for pk in execution.claim_ready(run):
        execution.execute(pk)
    return run.nodes.get(node_id="mail")


def published(campaign: Campaign, mark, anna) -> Run | None:
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    return lifecycle.publish(Campaign.objects.get(), by=anna)


@pytest.mark.django_db
def test_a_launch_that_targets_what_was_approved_goes_out(mark, anna):
    make_policy(people=[anna], deviation=10)
    assert begun(published(sending(mark), mark, anna)).status == "sending"


@pytest.mark.django_db
def test_a_launch_that_targets_fewer_is_held_told_of_and_goes_on_once_confirmed(mark, anna, ada, vera):
    make_policy("Wide", people=[anna], deviation=50)
    make_policy("Strict", people=[anna], deviation=20)
    campaign = sending(mark)
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    only(4, snapshot=2)
    node = begun(lifecycle.publish(Campaign.objects.get(), by=anna))
    assert (node.status, node.waiting_for) == ("waiting", "confirmation")
    said = LogEntry.objects.filter(node_id="mail").latest("pk")
    assert "4 are targeted, but 6 were approved; that differs by 33.3%, and the approval allows 20%" in said.message
    assert said.severity == "warning"
    told = Notification.objects.filter(kind="sending_waits")
    assert sorted(told.values_list("person__username", flat=True)) == ["ada", "anna"]
    assert "4 are targeted, but 6 were approved" in told[0].sentence
    execution.confirm(node, by=anna)
    assert begun(Run.objects.live().get()).status == "sending"
    assert told.count() == 2


@pytest.mark.django_db
def test_without_a_policy_a_launch_may_target_any_number(mark, anna):
    campaign = sending(mark)
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    only(1, snapshot=2)
    assert begun(lifecycle.publish(Campaign.objects.get(), by=anna)).status == "sending"


@pytest.mark.django_db
def test_every_launch_of_a_schedule_is_held_against_what_was_approved(mark, anna):
    make_policy(people=[anna], deviation=0)
    campaign = sending(mark, schedule={"frequency": "daily", "at": "09:00"})
    assert published(campaign, mark, anna) is None
    states = []
    for day, left in ((1, 6), (2, 5), (3, 6)):
        if day > 1:
            only(left, snapshot=day)
        (run,) = tick(timezone.now() + timedelta(days=day))
        Run.objects.filter(pk=run.pk).update(scheduled_for=timezone.now())
        run.refresh_from_db()
        states.append(begun(run).status)
        end(run)
    assert states == ["sending", "waiting", "sending"]
