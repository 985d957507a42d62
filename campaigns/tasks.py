"""What the queue calls: ids in, one call, ids out, in slices of at most a minute. The queue may repeat or lose any."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.utils import timezone
from django_q.models import Failure, OrmQ, Success
from django_q.tasks import async_task

from orchcamp.accounts.telling import digests, letters
from orchcamp.datasets import refreshing

from . import execution, launching, retention, sending, standstill
from .approvals import watching
from .models import Batch, Beat, NodeRun, Run
from .pulse import pulse
from .work import telling as overdue

SLICE = 40.0  # seconds that one task goes on computing
SENDING_SLICE = 5.0  # shorter, so that a test somebody waits for does not stand behind a large sending
FRESH = timedelta(seconds=60)
WORKER = "worker:"
SCHEDULER = "scheduler:"


# --- Nudges: each may be lost, for ``recover`` finds the work again ----------------------------------


def run_async(run: Run) -> None:
    """Ask the workers to take a run on, once the transaction is through."""
    _later("advance", run.pk)


def node_async(node: NodeRun) -> None:
    """Ask the workers for one node that is queued already."""
    _later("execute_node", node.pk)


def _later(name: str, pk: int | str) -> None:
    transaction.on_commit(lambda: async_task(f"campaigns.tasks.{name}", pk, ack_failure=True))


# --- Entry points --------------------------------------------------------------------------------------


def advance(run_id: int) -> None:
    """Run a chain of ready nodes; what can go on beside it is queued for the other workers."""
    run = Run.objects.select_related("campaign", "version").filter(pk=run_id).first()
    if run is None:
        return
    with _alive():
        until = time.monotonic() + SLICE
        while ready := _claim(run):
            for pk in ready:
                execution.execute(pk)  # somebody else may have been faster; then this does nothing
                if time.monotonic() > until:
                    _later("advance", run_id)
                    return


def _claim(run: Run) -> list[int]:
    for node in NodeRun.objects.filter(run=run, status=NodeRun.Status.SENDING):
        sending.close_finished(node)
    ready = execution.claim_ready(run)
    for pk in ready[1:]:
        _later("execute_node", pk)
    for pk in sending.claim_pending(run, at_most=_senders()):
        _later("send_batch", pk)
    return ready


def execute_node(node_run_id: int) -> None:
    """One node, then whatever is ready after it."""
    with _alive():
        execution.execute(node_run_id)
    if run_id := NodeRun.objects.filter(pk=node_run_id).values_list("run_id", flat=True).first():
        advance(run_id)


def send_batch(batch_id: int) -> None:
    """One batch, then further ones of the same run until the slice is over."""
    batch = Batch.objects.select_related("node_run__run__campaign").filter(pk=batch_id).first()
    if batch is None:
        return
    run = batch.node_run.run
    with _alive():
        until = time.monotonic() + SENDING_SLICE
        pending = [batch_id]
        while pending:
            for pk in pending:
                sending.send_one(pk)
            pending = sending.claim_pending(run, at_most=_senders()) if time.monotonic() < until else []
    advance(run.pk)


def recover(*, crowded: bool = False) -> None:
    """Free what crashed workers left behind, and queue what is due; the supervisor asks for it every few seconds.

    While the queue is crowded runs get no further nudge, for theirs wait in it; what the clock brings (launches,
    refreshes, mails) is queued all the same, and a launch that waits already is not queued once more.
    """
    for run in execution.recover():
        if not crowded:
            run_async(run)
    now = timezone.now()
    queued = _queued("launch") if crowded else frozenset()
    for pk in launching.due(now):
        if pk not in queued:
            _later("launch", pk)
    for pk in refreshing.claim_due(now):
        _later("refresh_audience", pk)
    standstill.tell(now)
    overdue.recover(now)
    watching.look(now)
    write_mails(now)
    if retention.claim_daily(now):
        _later("purge", 0)
    Beat.objects.update_or_create(name=f"{SCHEDULER}{socket.gethostname()}"[:40], defaults={"at": now})


def launch(campaign_id: int) -> None:
    """What is due of one campaign's schedule; a campaign that cannot be decided holds up no other."""
    if run := launching.decide(campaign_id):
        run_async(run)


def refresh_audience(audience_id: int) -> None:
    """One audience whose scheduled refresh this worker was given."""
    with _alive():
        refreshing.refresh_claimed(audience_id)


def write_mails(now: datetime) -> None:
    """Make what is to be told by mail, at once or in a digest, into letters, and give them to the workers."""
    digests.gather(now)
    letters.gather()
    for errand in letters.claim_due(now):
        _later("write_letters", errand)


def write_letters(errand: str) -> None:
    """Write to the people of an errand that this worker was given."""
    with _alive():
        letters.write(errand)


def purge(_nothing: int = 0) -> None:
    """Remove what is past its time, for one slice; the rest is another task."""
    with _alive():
        if retention.purge(until=time.monotonic() + SLICE).more:
            _later("purge", 0)


def beat() -> None:
    """Say that a worker of this cluster is alive."""
    touch()


# --- The queue itself -----------------------------------------------------------------------------------


def _queued(name: str) -> frozenset[int]:
    """What the tasks of one name that are in the queue are about."""
    rows = (row.task for row in OrmQ.objects.iterator())
    return frozenset(task["args"][0] for task in rows if task.get("func") == f"campaigns.tasks.{name}")


def waiting() -> tuple[int, datetime | None]:
    """How many tasks the queue holds, and since when the oldest of them waits."""
    return OrmQ.objects.count(), OrmQ.objects.filter(lock__lte=timezone.now()).aggregate(at=Min("lock"))["at"]


def failures(limit: int = 20) -> list[Failure]:
    """The tasks that ended in an error of the program, the latest first; our rows know what was left to be done."""
    return list(Failure.objects.order_by("-stopped")[:limit])


def failed_tasks() -> int:
    return int(Failure.objects.count())


def discard_failure(id: str) -> bool:
    """Remove one of them; whether it was there."""
    failure = Failure.objects.filter(pk=id).first()
    return failure is not None and bool(failure.delete()[0])


def forget_finished(before: datetime) -> int:
    """Remove the queue's own record of what it has done well; how many rows."""
    return int(Success.objects.filter(stopped__lt=before).delete()[0])


# --- Signs of life ---------------------------------------------------------------------------------------


def worker_name() -> str:
    """Which supervisor this process belongs to; it tells its children by the environment."""
    return os.environ.get("ORCHCAMP_WORKER_NAME") or f"{WORKER}{socket.gethostname()}"[:40]


def touch() -> None:
    Beat.objects.update_or_create(name=worker_name(), defaults={"at": timezone.now()})


@contextmanager
def _alive() -> Iterator[None]:
    """A worker that is busy for long is not taken for a dead one."""
    touch()
    with pulse(touch):
        yield


def _senders() -> int:
    """How many workers may send for one run at the same time: every worker process there is."""
    hosts = Beat.objects.filter(name__startswith=WORKER, at__gt=timezone.now() - FRESH).count()
    return max(1, hosts) * int(settings.Q_CLUSTER["workers"])
