"""Crashes are pieces called twice, late or never; none loses or repeats anything."""

from __future__ import annotations

import pytest

from campaigns import execution
from campaigns.models import Batch, NodeRun, Run
from campaigns.store import RunStore
from orchcamp.datasets import engine
from orchcamp.messaging.models import Delivery
from tests.campaigns.builders import (
    make_campaign,
    simple_graph,
    targeting_graph,
)
from tests.campaigns.runs_stage import NOBODY, S, expire, node, publish, rows, shop, try_out  # noqa: F401

pytestmark = pytest.mark.django_db


def test_a_redelivered_task_does_nothing():
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    pk = execution.claim_ready(run)[0]
    execution.execute(pk)
    before = NodeRun.objects.values().get(pk=pk)
    execution.execute(pk)
    assert NodeRun.objects.values().get(pk=pk) == before


def test_a_lost_worker_is_noticed_and_its_node_done_again():
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    pk = execution.claim_ready(run)[0]
    NodeRun.objects.claim(pk, source=S.QUEUED, target=S.RUNNING, lease=execution.LEASE)
    assert execution.recover() == []
    expire(run)
    assert execution.recover() == [run]
    assert execution.run_to_end(run).status == Run.Status.SUCCEEDED
    assert node(run, "paris").attempts == 2


def test_a_presumed_dead_worker_that_comes_late_changes_nothing():
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    pk = execution.claim_ready(run)[0]
    NodeRun.objects.claim(pk, source=S.QUEUED, target=S.RUNNING, lease=execution.LEASE)
    late = NodeRun.objects.select_related("run").get(pk=pk)
    expire(run)
    execution.recover()
    execution.run_to_end(run)
    assert not execution._finish(late, execution.Outcome(S.FAILED, error="late"))
    assert node(run, "paris").status == S.SUCCEEDED
    assert not execution._renew(late)


def test_a_worker_that_died_after_writing_finds_its_rows():
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    pk = execution.claim_ready(run)[0]
    NodeRun.objects.claim(pk, source=S.QUEUED, target=S.RUNNING, lease=execution.LEASE)
    execution.perform(NodeRun.objects.select_related("run__campaign").get(pk=pk))
    written = engine.root() / RunStore(run).path("paris", "out")
    stamp = written.stat().st_mtime_ns
    expire(run)
    execution.recover()
    execution.run_to_end(run)
    assert (written.stat().st_mtime_ns, rows(run)["paris"]) == (stamp, {"out": 3})


def test_a_node_that_kills_its_worker_each_time_is_given_up():
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    for _ in range(execution.MAX_ATTEMPTS):
        pk = execution.claim_ready(run)[0]
        NodeRun.objects.claim(pk, source=S.QUEUED, target=S.RUNNING, lease=execution.LEASE)
        expire(run)
        execution.recover()
    run.refresh_from_db()
    assert (run.status, node(run, "paris").status) == (Run.Status.FAILED, S.FAILED)
    assert "3 times" in run.error


def test_a_node_that_works_in_many_slices_is_not_given_up_for_one_lost_worker():
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    NodeRun.objects.filter(run=run, node_id="paris").update(attempts=50)
    pk = execution.claim_ready(run)[0]
    NodeRun.objects.claim(pk, source=S.QUEUED, target=S.RUNNING, lease=execution.LEASE)
    expire(run)
    execution.recover()
    assert node(run, "paris").status == S.PENDING
    assert execution.run_to_end(run).status == Run.Status.SUCCEEDED


def test_a_queued_node_that_the_queue_lost_is_queued_again():
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    execution.claim_ready(run)
    expire(run)
    assert execution.recover() == [run]
    assert (node(run, "paris").status, node(run, "paris").attempts) == (S.PENDING, 0)


def test_a_sending_prepared_twice_is_one_delivery():
    run = execution.run_to_end(publish(simple_graph()))
    row = NodeRun.objects.select_related("run__campaign").get(run=run, node_id="mail")
    execution.perform(row)
    assert (Delivery.objects.count(), Batch.objects.count()) == (1, 1)


def test_recovering_twice_changes_nothing_more():
    run = execution.run_to_end(publish(simple_graph()))
    before = list(run.nodes.values())
    execution.recover()
    execution.recover()
    assert list(run.nodes.values()) == before
