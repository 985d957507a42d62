"""Whatever happens to a run in whatever order: it never does a thing twice, and it can always be brought to an end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from django.conf import settings as configuration
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from activities.graph import Graph
from campaigns import advance, execution, lifecycle, shelving
from campaigns.errors import CampaignError
from campaigns.models import Approval, Campaign, CampaignVersion, NodeRun, Run
from orchcamp.accounts.models import User
from orchcamp.messaging.models import Delivery
from tests.builders import make_shop
from tests.campaigns.builders import PARIS, audience, email, graph, make_campaign, make_configuration

S = NodeRun.Status
FINAL = {Run.Status.SUCCEEDED, Run.Status.STOPPED}


def canvas() -> Graph:
    nodes = {
        "a": ("build_audience", audience()),
        "b": ("build_audience", audience(PARIS)),
        "u": ("combine", {"operation": "union"}),
        "w": ("wait", {"type": "duration", "value": 1, "unit": "hours"}),
        "m": ("email", email()),
        "z": ("end", {}),
    }
    return graph(nodes, "a>u", "b>u", "u>w", "w>m", "m>z")


class Stage(RuleBasedStateMachine):
    """Each example in a transaction that is rolled back, with a lake of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = configuration.LAKE_DIR, configuration.DATA_DIR
        configuration.DATA_DIR = Path(mkdtemp())
        configuration.LAKE_DIR = configuration.DATA_DIR / "lake"
        self.example = transaction.atomic()
        self.example.__enter__()
        self.furnish()

    def furnish(self) -> None:
        make_shop()
        make_configuration()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)
        rmtree(configuration.DATA_DIR)
        configuration.LAKE_DIR, configuration.DATA_DIR = self.kept


class RunMachine(Stage):
    """Workers, crashes and people, in any order, on one live run."""

    @initialize()
    def publish(self) -> None:
        campaign = make_campaign(canvas(), status="live")
        now = timezone.now()
        campaign.versions.update(frozen_at=now, approved_at=now, published_at=now)
        self.run = execution.start(campaign.latest_version(), mode=Run.Mode.LIVE)
        self.queued: list[int] = []
        self.over: str | None = None
        self.counted: dict[str, dict] = {}
        self.ended: dict[str, str] = {}

    @rule()
    def claim(self) -> None:
        self.queued += execution.claim_ready(self.run)

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def execute(self, data) -> None:
        execution.execute(data.draw(st.sampled_from(self.queued)))

    @precondition(lambda self: self.queued)
    @rule(data=st.data(), meanwhile=st.sampled_from(["nothing", "tried again", "stopped"]))
    def begin_and_come_back_late(self, data, meanwhile) -> None:
        pk = data.draw(st.sampled_from(self.queued))
        claims = NodeRun.objects.filter(run__in=Run.objects.running())
        if not claims.claim(pk, source=S.QUEUED, target=S.RUNNING, lease=execution.LEASE):
            return
        node = NodeRun.objects.select_related("run__campaign").get(pk=pk)
        if meanwhile == "tried again":
            self.recover()
            self.claim()
            execution.execute(pk)
        elif meanwhile == "stopped" and data.draw(st.integers(0, 2)) == 0:
            execution.stop(self.run, by=None)
        self.what_came_to_an_end_is_not_changed_by_those_who_come_late()
        execution._finish(node, execution.perform(node))

    @rule()
    def recover(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        NodeRun.objects.exclude(lease_until=None).update(lease_until=past)
        NodeRun.objects.filter(status=S.WAITING, waiting_for="time").update(resume_at=past)
        execution.recover()

    @rule(act=st.sampled_from([execution.pause, execution.resume]))
    def pause_or_resume(self, act) -> None:
        try:
            act(self.run, by=None)
        except CampaignError:
            self.run.refresh_from_db()

    @rule()
    def confirm(self) -> None:
        for node in self.run.nodes.filter(waiting_for="confirmation"):
            execution.confirm(node, by=None)

    @rule(really=st.integers(0, 4))
    def stop(self, really) -> None:
        if really == 0 and Run.objects.get(pk=self.run.pk).status not in FINAL:
            execution.stop(self.run, by=None)

    @invariant()
    def what_is_over_stays_over(self) -> None:
        if not hasattr(self, "run"):
            return
        now = Run.objects.get(pk=self.run.pk).status
        if self.over:
            assert now == self.over
        self.over = now if now in FINAL else None

    @invariant()
    def what_was_counted_stays_counted(self) -> None:
        if not hasattr(self, "run"):
            return
        for node in self.run.nodes.all():
            if before := self.counted.get(node.node_id):
                assert node.outputs == before
            if node.status == S.SUCCEEDED:
                self.counted[node.node_id] = node.outputs

    @invariant()
    def what_came_to_an_end_is_not_changed_by_those_who_come_late(self) -> None:
        if not hasattr(self, "run"):
            return
        for node in self.run.nodes.all():
            if before := self.ended.get(node.node_id):
                assert node.status == before
            if node.status in {S.SUCCEEDED, S.SKIPPED, S.STOPPED}:
                self.ended[node.node_id] = node.status

    @invariant()
    def nothing_is_planned_twice(self) -> None:
        assert Delivery.objects.count() <= 1

    @invariant()
    def no_node_runs_before_what_leads_to_it(self) -> None:
        if not hasattr(self, "run"):
            return
        nodes = {node.node_id: node for node in self.run.nodes.all()}
        for edge in self.run.graph.edges:
            if nodes[edge.target].status in {S.QUEUED, S.RUNNING, S.WAITING, S.SENDING, S.SUCCEEDED}:
                assert nodes[edge.source].status in NodeRun.SETTLED

    @invariant()
    def the_status_follows_from_the_nodes(self) -> None:
        if not hasattr(self, "run"):
            return
        run = Run.objects.get(pk=self.run.pk)
        result = advance.verdict(run.nodes.values_list("status", flat=True))
        if run.status in {Run.Status.FAILED, Run.Status.SUCCEEDED}:
            assert result == run.status


class LifeMachine(Stage):
    """People with all rights, doing everything at any time."""

    @initialize()
    def begin(self) -> None:
        self.author = User.objects.create_user("author")
        self.other = User.objects.create_user("other")
        self.other.groups.add(Group.objects.get(profile__slug="approver"))
        nodes = {"a": ("build_audience", audience()), "z": ("end", {})}
        self.campaign = make_campaign(graph(nodes, "a>z"), owner=self.author)

    def fresh(self) -> Campaign:
        return Campaign.objects.get(pk=self.campaign.pk)

    def attempt(self, act) -> None:
        before = self.fresh().status
        try:
            act()
        except CampaignError:
            assert self.fresh().status == before

    @rule(who=st.sampled_from(["author", "other"]))
    def submit(self, who) -> None:
        self.attempt(lambda: lifecycle.submit(self.fresh().latest_version(), by=getattr(self, who)))

    @rule(who=st.sampled_from(["author", "other"]), what=st.sampled_from(["approve", "send_back", "withdraw"]))
    def decide(self, who, what) -> None:
        approval = Approval.objects.last()
        if approval is not None:
            by = getattr(self, who)
            message = {} if what == "withdraw" else {"message": "A word"}
            self.attempt(lambda: getattr(lifecycle, what)(approval, by=by, **message))

    @rule(verb=st.sampled_from(["publish", "edit_again", "live_run"]))
    def go_on(self, verb) -> None:
        self.attempt(lambda: getattr(lifecycle, verb)(self.fresh(), by=self.other))

    @rule()
    def work(self) -> None:
        for run in Run.objects.running():
            execution.run_to_end(run)

    @rule()
    def stop(self) -> None:
        for run in Run.objects.open().live():
            self.attempt(lambda run=run: execution.stop(run, by=self.other))

    @rule(really=st.integers(0, 9))
    def archive(self, really) -> None:
        if really == 0:
            self.attempt(lambda: shelving.archive(self.fresh(), by=self.other))

    @invariant()
    def nothing_unapproved_is_published_or_runs_live(self) -> None:
        assert not CampaignVersion.objects.filter(published_at__isnull=False, approved_at=None).exists()
        for run in Run.objects.live().select_related("version"):
            assert run.version.approved_at
            assert run.document == run.version.document

    @invariant()
    def what_is_approved_was_approved_by_another(self) -> None:
        for approval in Approval.objects.filter(status="approved").select_related("version"):
            assert approval.decided_by_id not in {approval.requested_by_id, approval.version.author_id}

    @invariant()
    def a_draft_is_there_exactly_when_the_campaign_is_one(self) -> None:
        if hasattr(self, "campaign"):
            campaign = self.fresh()
            if campaign.status != Campaign.Status.ARCHIVED:
                assert bool(campaign.draft()) == (campaign.status == Campaign.Status.DRAFT)


@pytest.mark.django_db
@pytest.mark.parametrize("machine", [RunMachine, LifeMachine])
def test_any_order_of_events_keeps_the_promises(machine):
    limits = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=limits)
