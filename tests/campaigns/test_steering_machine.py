"""Whatever people and workers do to a sending in whatever order: nobody gets two messages, and it comes to an end."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from unittest import mock

import pytest
from django.conf import settings as configuration
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from activities.graph import Graph
from campaigns import advance, batch_files, execution, sending, steering
from campaigns.errors import CampaignError
from campaigns.models import Batch, DoubtfulMessage, NodeRun, Run
from orchcamp.messaging import plan
from orchcamp.messaging.journal import Journal
from orchcamp.messaging.models import ChannelConfiguration, Delivery
from tests.builders import make_dataset
from tests.campaigns.builders import audience, email, graph, make_campaign, make_configuration
from tests.campaigns.sending_stage import balanced
from tests.campaigns.test_run_machine import Stage
from tests.messaging.smtp_server import free_port, running

S = NodeRun.Status
BOX = Path(mkdtemp()) / "received"
KINDS = ["", "", "", "+bounce", "", "+defer", "", "+later", "", "+always", "", "+mute", ""]
NUMBERS = count()


PORT = free_port()


@pytest.fixture(scope="module", autouse=True)
def server():
    with running(PORT, BOX):
        yield


def canvas() -> Graph:
    nodes = {
        "a": ("build_audience", audience()),
        "w": ("wait", {"type": "duration", "value": 1, "unit": "hours"}),
        "m": ("email", email()),
        "n": ("email", email(configuration="other", without_confirmation=True)),
        "z": ("end", {}),
    }
    return graph(nodes, "a>w", "w>m", "a>n", "m>z")


class SteeringMachine(Stage):
    """A live run with two sendings: its workers, their deaths, and several people at once."""

    def furnish(self) -> None:
        self.sizes = mock.patch.object(plan, "BATCH_SIZE", 3)
        self.sizes.start()
        self.backoff, configuration.SENDING_BACKOFF = configuration.SENDING_BACKOFF, [600]
        self.number = next(NUMBERS)
        rows = [
            {"id": n, "name": f"P {n}", "email": f"p{n}{kind}@e{self.number}.example"} for n, kind in enumerate(KINDS)
        ]
        columns = {"id": "integer", "name": "string", "email": "string"}
        make_dataset("people", ["id"], columns, rows, target={"email": "email"})
        for slug in ("newsletter", "other"):
            make_configuration(slug, port=PORT, consent_column="")

    @initialize()
    def publish(self) -> None:
        campaign = make_campaign(canvas(), status="live")
        now = timezone.now()
        campaign.versions.update(frozen_at=now, approved_at=now, published_at=now)
        self.run = execution.start(campaign.latest_version(), mode=Run.Mode.LIVE)
        self.lost: set[str] = set()  # begun by a worker that died: nobody may send them again
        self.before = BOX.stat().st_size if BOX.exists() else 0

    def attempt(self, act, *arguments) -> None:
        try:
            act(*arguments, by=None)
        except CampaignError:
            self.run.refresh_from_db()

    # --- workers

    @rule(most=st.integers(1, 4))
    def compute(self, most) -> None:
        execution.claim_ready(self.run)
        for node in self.run.nodes.filter(status=S.QUEUED)[:most]:
            execution.execute(node.pk)

    @rule(most=st.integers(1, 3), done=st.integers(0, 3))
    def send(self, most, done) -> None:
        for pk in sending.claim_pending(self.run, at_most=most)[:done]:
            sending.send_one(pk)
        for node in self.run.nodes.filter(status=S.SENDING):
            sending.close_finished(node)

    @precondition(lambda self: Batch.objects.exists())
    @rule(data=st.data())
    def deliver_a_task_again(self, data) -> None:
        sending.send_one(data.draw(st.sampled_from(list(Batch.objects.values_list("pk", flat=True)))))

    @precondition(lambda self: Batch.objects.filter(status="queued").exists())
    @rule(said=st.sampled_from(["nothing", "begun", "begun", "accepted"]))
    def die_in_the_middle(self, said) -> None:
        pk = Batch.objects.filter(status="queued").values_list("pk", flat=True)[0]
        Batch.objects.claim(pk, source="queued", target="sending", lease=timedelta(minutes=5))
        batch = Batch.objects.select_related("delivery").get(pk=pk)
        with Journal(batch_files.journal_folder(batch), batch.number, batch.attempts) as journal:
            known = journal.read()[0]
            rows = plan.batch(batch.delivery.plan, batch.number)
            left = [row["message_id"] for row in rows if row["message_id"] not in known]
            if left and said != "nothing":
                self.lost.add(left[0])
                journal.begun(left[0])
                if said == "accepted":
                    journal.write("a", left[0], 250, "ok")

    @rule()
    def recover(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        NodeRun.objects.exclude(lease_until=None).update(lease_until=past)
        Batch.objects.exclude(lease_until=None).update(lease_until=past)
        execution.recover()

    # --- people

    @rule(act=st.sampled_from([steering.pause, steering.resume, steering.resume]))
    def steer(self, act) -> None:
        self.attempt(act, self.run)

    @rule(really=st.integers(0, 2))
    def stop(self, really) -> None:
        if really == 0:
            self.attempt(steering.stop, self.run)

    @rule(twice=st.booleans())
    def take_up(self, twice) -> None:
        for _ in range(1 + twice):
            self.attempt(steering.take_up, self.run)
        self.run.campaign.refresh_from_db()

    @rule(
        id=st.sampled_from(["w", "m", "n"]), act=st.sampled_from([steering.retry, steering.go_on_now, steering.confirm])
    )
    def act_on_a_step(self, id, act) -> None:
        self.attempt(act, self.run.nodes.select_related("run__campaign").get(node_id=id))

    @rule(slug=st.sampled_from(["newsletter", "other"]), active=st.booleans())
    def switch_a_configuration(self, slug, active) -> None:
        ChannelConfiguration.objects.filter(slug=slug).update(active=active)

    @rule(resolution=st.sampled_from(["accepted", "not_sent"]))
    def say_what_became_of_a_doubt(self, resolution) -> None:
        if doubt := DoubtfulMessage.objects.filter(resolution="").first():
            sending.resolve(doubt, resolution=resolution, by=None)

    # --- what always holds

    def received(self) -> Counter[str]:
        text = BOX.read_text() if BOX.exists() else ""
        return Counter(line.split("\t")[1] for line in text.splitlines() if f"@e{self.number}." in line)

    @invariant()
    def nobody_gets_a_message_twice(self) -> None:
        if hasattr(self, "run"):
            got = self.received()
            assert all(times == 1 for times in got.values()), got
            assert not self.lost & set(got)

    @invariant()
    def the_books_balance(self) -> None:
        for delivery in Delivery.objects.all():
            books = balanced(delivery)
            assert min(books["accepted"], books["refused"], books["in_doubt"], books["pending"]) >= 0
            assert all(rows >= 0 for rows in books["excluded"].values()), books

    @invariant()
    def the_status_follows_from_the_nodes(self) -> None:
        if hasattr(self, "run"):
            run = Run.objects.get(pk=self.run.pk)
            statuses = list(run.nodes.values_list("status", flat=True))
            if run.status in {Run.Status.FAILED, Run.Status.SUCCEEDED}:
                assert advance.verdict(statuses) == run.status
            if run.status == Run.Status.STOPPED:
                assert set(statuses) <= {S.STOPPED, S.SUCCEEDED, S.SKIPPED, S.FAILED}
            live = {Run.Status.RUNNING, Run.Status.PAUSED, Run.Status.FAILED}
            wanted = {"live"} if run.status in live else {"completed", "stopped"}
            assert type(run.campaign).objects.get(pk=run.campaign_id).status in wanted

    def teardown(self) -> None:
        try:
            if hasattr(self, "run"):
                self.bring_to_an_end()
        finally:
            self.sizes.stop()
            configuration.SENDING_BACKOFF = self.backoff
            super().teardown()

    def bring_to_an_end(self) -> None:
        """Nothing that happened keeps a person from finishing the run, and then everybody has an outcome."""
        ChannelConfiguration.objects.update(active=True)
        for _ in range(12):
            self.run.refresh_from_db()
            if self.run.status == Run.Status.SUCCEEDED:
                break
            for act in (steering.take_up, steering.resume):
                self.attempt(act, self.run)
            for node in self.run.nodes.select_related("run__campaign"):
                for act in (steering.go_on_now, steering.confirm):
                    self.attempt(act, node)
            self.recover()
            for _ in range(6):
                self.compute(4)
                self.send(50, 50)
        self.run.refresh_from_db()
        assert self.run.status == Run.Status.SUCCEEDED, list(self.run.nodes.values("node_id", "status", "error"))
        self.nobody_gets_a_message_twice()
        got, doubts = self.received(), set(DoubtfulMessage.objects.values_list("message_id", flat=True))
        for delivery in Delivery.objects.all():
            books = balanced(delivery)
            assert (books["pending"], sum(books["excluded"].values())) == (0, 0)
            for row in [row for n in range(5) for row in plan.batch(delivery.plan, n)]:
                unwanted = "+bounce" in row["address"] or "+always" in row["address"]
                assert row["message_id"] in {*got, *self.lost} or unwanted or row["message_id"] in doubts
        assert not Batch.objects.filter(~Q(status="settled")).exists()


@pytest.mark.django_db
def test_any_order_of_people_and_workers_keeps_the_promises():
    limits = settings(
        max_examples=int(os.environ.get("STEERING_EXAMPLES", "5")),  # more, and other ones, when looking for trouble
        stateful_step_count=40,
        deadline=None,
        derandomize="STEERING_EXAMPLES" not in os.environ,
        phases=[Phase.generate],  # with a real server, making a failure small takes many minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(SteeringMachine, settings=limits)
