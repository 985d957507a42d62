"""Errors, limits, workers and people in any order: a run never does a thing twice, and its policy always holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from campaigns import advance, execution, failing
from campaigns.models import Campaign, NodeRun, Notice, Run
from campaigns.outcome import Outcome
from orchcamp.messaging.models import Delivery
from tests.campaigns.builders import make_campaign
from tests.campaigns.test_run_machine import RunMachine, S, canvas


class ErrorMachine(RunMachine):
    """One live run whose nodes may fail, under any policy."""

    @initialize(policy=st.sampled_from(["suspend", "ignore", "abort"]), allowed=st.integers(0, 2))
    def publish(self, policy: str, allowed: int) -> None:
        self.policy, self.allowed = policy, allowed
        own = {"on_error": policy, "consecutive_errors": allowed, "max_minutes": 10}
        self.open(make_campaign(canvas(), status="live", settings=own))

    def begun(self, data) -> NodeRun | None:
        pk = data.draw(st.sampled_from(self.queued))
        claims = NodeRun.objects.filter(run__in=Run.objects.running())
        if not claims.claim(pk, source=S.QUEUED, target=S.RUNNING, lease=execution.LEASE):
            return None
        NodeRun.objects.filter(pk=pk).update(taken_at=timezone.now())
        return NodeRun.objects.select_related("run__campaign").get(pk=pk)

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def fail(self, data) -> None:
        if node := self.begun(data):
            assert execution._finish(node, Outcome(S.FAILED, error="Broken."))

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def take_too_long_and_come_back_late(self, data) -> None:
        if node := self.begun(data):
            NodeRun.objects.filter(pk=node.pk).update(taken_at=timezone.now() - timedelta(minutes=11))
            failing.look_at_limits()
            assert (
                execution._finish(node, Outcome(S.SUCCEEDED, outputs={"out": {"rows": 99}}, follows=["out"])) is False
            )

    @invariant()
    def no_node_runs_before_what_leads_to_it(self) -> None:
        if not hasattr(self, "run"):
            return
        nodes = {node.node_id: node for node in self.run.nodes.all()}
        for edge in self.run.graph.edges:
            if nodes[edge.target].status in {S.QUEUED, S.RUNNING, S.WAITING, S.SENDING, S.SUCCEEDED}:
                assert nodes[edge.source].is_settled

    @invariant()
    def the_status_follows_from_the_nodes(self) -> None:
        if not hasattr(self, "run"):
            return
        run = Run.objects.get(pk=self.run.pk)
        if run.status in {Run.Status.FAILED, Run.Status.SUCCEEDED}:
            assert advance.verdict(node.weighs for node in run.nodes.all()) == run.status
            assert run.errors == (run.nodes.filter(ignored=True).count() if run.status == "succeeded" else run.errors)

    @invariant()
    def only_what_failed_is_ignored_and_only_where_the_policy_says_so(self) -> None:
        if not hasattr(self, "run"):
            return
        ignored = self.run.nodes.filter(ignored=True)
        assert not ignored.exclude(status=S.FAILED).exists()
        assert self.policy == "ignore" or not ignored.exists()
        assert not self.allowed or ignored.count() <= self.allowed

    @invariant()
    def what_was_aborted_is_over_with_its_campaign(self) -> None:
        if not hasattr(self, "run"):
            return
        run = Run.objects.select_related("campaign").get(pk=self.run.pk)
        if run.aborted:
            assert run.status in {Run.Status.FAILED, Run.Status.STOPPED}
            assert run.campaign.status == Campaign.Status.STOPPED
            assert set(run.nodes.values_list("status", flat=True)) <= {*NodeRun.SETTLED, S.FAILED, S.STOPPED}
        if self.policy == "abort" and run.nodes.filter(status=S.FAILED).exists():
            assert run.status != Run.Status.RUNNING

    @invariant()
    def each_failure_is_told_of_once(self) -> None:
        keys = list(Notice.objects.values_list("key", flat=True))
        assert len(keys) == len(set(keys))

    @invariant()
    def what_never_went_out_is_not_called_sent(self) -> None:
        for delivery in Delivery.objects.all():
            assert sum(batch.accepted for batch in delivery.batches.all()) == 0


@pytest.mark.django_db
def test_errors_in_any_order_are_treated_by_the_policy():
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    limits = settings(max_examples=25, stateful_step_count=18, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(ErrorMachine, settings=limits)
