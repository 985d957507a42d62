"""Nothing leaves in a dry run: not by its own work, not by tasks called by hand, not by rows that somebody forged."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from campaigns import batch_files, dispatch, execution, sending, tasks
from campaigns.models import Batch, NodeRun, Run, SealedPlan
from campaigns.sending import SendingError
from orchcamp.datasets import engine
from orchcamp.messaging import plan
from orchcamp.messaging.models import ChannelConfiguration, Delivery
from tests.campaigns.builders import audience, email, graph, simple_graph
from tests.campaigns.dry_stage import again, dry_run
from tests.campaigns.runs_stage import node, shop  # noqa: F401
from tests.campaigns.test_webhook import Program
from tests.messaging.smtp_server import received, running

PORT = 9164
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("smtp") / "received"
    with running(PORT, path):
        yield path


@pytest.fixture
def box(server):
    """A real server that the configuration points at, and that would take everything."""
    server.write_text("")
    ChannelConfiguration.objects.update(port=PORT)
    return server


@pytest.fixture
def program(settings):
    found = Program()
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    threading.Thread(target=found.server.serve_forever, daemon=True).start()
    yield found
    found.server.shutdown()


def test_a_whole_canvas_reaches_no_server_and_no_program(box, program):
    nodes = {
        "a": ("build_audience", audience()),
        "hook": ("webhook", {"url": program.url}),
        "mail": ("email", email(without_confirmation=True)),
        "again": ("email", email(without_confirmation=True, category="transactional")),
    }
    run = dry_run(graph(nodes, "a>hook", "hook>mail", "mail>again"))
    assert run.status == Run.Status.SUCCEEDED and sum(plan.prepared for plan in run.sealed_plans.all()) == 5
    tasks.recover()
    assert received(box) == {} and program.calls == []


def forged(run: Run) -> Batch:
    """Everything that a sending needs, made by hand: a plan with a batch, a delivery, a batch, a node that sends."""
    sealed = run.sealed_plans.get()
    path = f"runs/{run.pk}/mail/plan"
    table = engine.table(sealed.path)
    engine.write(table.filter(table.reason.isnull()).mutate(batch=0), path)
    configuration, content = sealed.configuration, sealed.content
    delivery = Delivery.objects.create(
        reference=f"{run.pk}-mail", campaign="spring", label="Mail", channel="email", configuration=configuration,
        content=content, dimension="people", key=["id"], plan=path, targeted=2, prepared=2,
    )  # fmt: skip
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING, finished_at=None)
    run.nodes.filter(node_id="mail").update(status=NodeRun.Status.SENDING)
    return Batch.objects.create(node_run=node(run, "mail"), delivery=delivery, number=0, size=2)


@pytest.mark.parametrize("mode", [Run.Mode.DRY, Run.Mode.TEST])
def test_forged_rows_are_not_sent(box, mode, caplog):
    run = dry_run(simple_graph())
    batch = forged(run)
    Run.objects.filter(pk=run.pk).update(mode=mode)
    run.refresh_from_db()
    assert sending.claim_pending(run, at_most=10) == []
    tasks.advance(run.pk)
    tasks.recover()
    Batch.objects.update(status=Batch.Status.QUEUED)
    tasks.send_batch(batch.pk)
    sending.send_one(batch.pk)
    dispatch.send_one(batch.pk)
    assert "is not live; nothing of it is sent" in caplog.text
    assert received(box) == {} and Batch.objects.get().accepted == 0


def test_the_door_to_the_transport_itself_is_shut(box):
    run = dry_run(simple_graph())
    batch = forged(run)
    Batch.objects.update(status=Batch.Status.SENDING, attempts=1, lease_until=timezone.now() + dispatch.LEASE)
    batch.refresh_from_db()
    batch.node_run.run.mode = Run.Mode.LIVE  # in memory it may say what it likes
    rows = plan.batch(batch.delivery.plan, 0)
    assert len(rows) == 2
    with batch_files.open_journal(batch) as opened:
        work = dispatch._Work(batch, opened, {}, rows, dispatch._deadline())
        with pytest.raises(dispatch.NotLive):
            dispatch._send(work)
    assert received(box) == {}


def test_the_same_rows_of_a_live_run_are_sent(box):
    """So that the tests above can fail."""
    run = dry_run(simple_graph())
    forged(run)
    Run.objects.filter(pk=run.pk).update(mode=Run.Mode.LIVE)
    run.refresh_from_db()
    (pk,) = sending.claim_pending(run, at_most=10)
    sending.send_one(pk)
    assert len(received(box)) == 2


def test_a_sending_of_a_dry_run_is_not_prepared_and_not_confirmed(box, ada):
    run = dry_run(simple_graph())
    with pytest.raises(SendingError, match="Only a live run sends"):
        sending.prepare(node(run, "mail"), None, None, None)
    forged(run)
    waiting = {"status": NodeRun.Status.WAITING, "waiting_for": NodeRun.WaitingFor.CONFIRMATION}
    run.nodes.filter(node_id="mail").update(**waiting)
    with pytest.raises(Exception, match="does not wait for a confirmation"):
        execution.confirm(node(run, "mail"), by=ada)


def test_the_database_knows_no_delivery_of_a_sealed_plan():
    sealed = dry_run(simple_graph()).sealed_plans.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(
            reference="x", campaign="spring", label="Mail", channel="email", configuration=sealed.configuration,
            dimension="people", key=["id"], plan=sealed.path,
        )  # fmt: skip
    assert "batch" not in engine.table(sealed.path).columns


@pytest.mark.parametrize("change", [{"prepared": 3}, {"rendered": 3}, {"failing": 3}, {"left_out": 0}])
def test_the_database_keeps_the_books_of_a_sealed_plan(change):
    run = dry_run(simple_graph())
    with pytest.raises(IntegrityError), transaction.atomic():
        run.sealed_plans.update(**change)


def test_a_node_done_twice_has_one_plan(box):
    run = dry_run(simple_graph())
    before = run.sealed_plans.get()
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING)
    run.nodes.filter(node_id="mail").update(status=NodeRun.Status.PENDING)
    execution.run_to_end(Run.objects.get(pk=run.pk))
    after = SealedPlan.objects.get()
    assert (after.pk, after.samples, after.prepared) == (before.pk, before.samples, before.prepared)
    assert again(run.campaign).sealed_plans.get().pk != before.pk
