"""Sendings: planned once, cut into batches, claimed, recovered, stopped, closed; and their books."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Min, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.base import Channel
from activities.populations import Context, Population
from orchcamp.accounts import audit
from orchcamp.datasets import engine
from orchcamp.messaging import journal, plan, transports
from orchcamp.messaging.models import ChannelConfiguration, Delivery
from orchcamp.web.errors import Refused

from . import batch_files, dispatch, planning
from .dispatch import send_one
from .models import Batch, DoubtfulMessage, LogEntry, NodeRun, Run

__all__ = [
    "balance",
    "claim_pending",
    "close_finished",
    "hurry",
    "next_due",
    "prepare",
    "recover",
    "resolve",
    "send_one",
    "stop",
    "take_up",
]

logger = logging.getLogger(__name__)
S = Batch.Status
OPEN = (S.PENDING, S.QUEUED, S.SENDING)
QUEUE_LEASE = timedelta(minutes=1)
REOPENED = {"settled_at": None, "not_before": None, "lease_until": None}


class SendingError(Refused):
    """A sending that cannot be prepared or changed so."""


def prepare(node_run: NodeRun, population: Population, activity: Channel, ctx: Context) -> Delivery:
    """Write the plan, once, and cut it into batches; a retry finds what is there. Only live runs send."""
    run = node_run.run
    if run.mode != Run.Mode.LIVE:
        raise SendingError(_("Only a live run sends anything; this one is a %(mode)s.") % {"mode": run.mode})
    configuration = planning.configuration(activity)
    reference = f"{run.pk}-{node_run.node_id}"
    path = f"runs/{run.pk}/{node_run.node_id}/plan"
    expression = planning.planned(activity, population, ctx, configuration, reference=reference).table
    engine.write(expression, path, order_by=["batch", "message_id"])
    return _delivery(node_run, population, configuration, reference, path, planning.frozen(activity, ctx))


@transaction.atomic
def _delivery(
    node_run: NodeRun,
    population: Population,
    configuration: ChannelConfiguration,
    reference: str,
    path: str,
    settings: dict[str, Any],
) -> Delivery:
    """The rows of a written plan; made once, whoever comes first."""
    targeted, prepared, excluded = plan.summary(path)
    run = node_run.run
    delivery, _new = Delivery.objects.get_or_create(
        reference=reference,
        defaults={
            "campaign": run.campaign.slug,
            "label": run.graph.node(node_run.node_id).name[:120],
            "channel": configuration.channel,
            "configuration": configuration,
            "content": settings,
            "dimension": population.dimension,
            "key": list(population.key),
            "plan": path,
            "targeted": targeted,
            "prepared": prepared,
            "excluded": excluded,
        },
    )
    sent = configuration.channel in transports.CHANNELS
    state = {} if sent else {"status": S.STOPPED, "settled_at": timezone.now()}
    batches = (
        Batch(node_run=node_run, delivery=delivery, number=number, size=size, excluded=0 if sent else size, **state)
        for number, size in plan.sizes(path).items()
    )
    Batch.objects.bulk_create(batches, ignore_conflicts=True, batch_size=2_000)
    return delivery


# --- Claiming and recovering -----------------------------------------------------------------------------


def _sendable(run: Run) -> Any:
    """Batches of a run that may go out now."""
    due = Q(not_before=None) | Q(not_before__lte=timezone.now())
    return Batch.objects.filter(
        due,
        node_run__run=run,
        node_run__status=NodeRun.Status.SENDING,
        node_run__run__status=Run.Status.RUNNING,
        node_run__run__mode=Run.Mode.LIVE,
        status=S.PENDING,
    )


def claim_pending(run: Run, at_most: int) -> list[int]:
    """Queue batches, so that at most so many are queued or under way; return those queued now."""
    busy = Batch.objects.filter(node_run__run=run, status__in=[S.QUEUED, S.SENDING]).count()
    claimed = []
    for pk in list(_sendable(run).order_by("pk").values_list("pk", flat=True)[: max(0, at_most - busy)]):
        lease = timezone.now() + QUEUE_LEASE
        if Batch.objects.filter(pk=pk, status=S.PENDING).update(status=S.QUEUED, lease_until=lease, not_before=None):
            claimed.append(pk)
    return claimed


def recover() -> None:
    """Free what dead workers left: the journal knows what was sent, so all of it may be taken up again."""
    Batch.objects.expired().filter(status=S.QUEUED).update(status=S.PENDING, lease_until=None)
    _free_abandoned()
    _finish_stops()
    for node_run in NodeRun.objects.filter(status=NodeRun.Status.SENDING):
        close_finished(node_run)


def _free_abandoned() -> None:
    """Take back what no living process holds: long before its lease is over, for the lock knows."""
    silent = timezone.now() + dispatch.LEASE - dispatch.SILENCE
    for batch in Batch.objects.filter(status=S.SENDING, lease_until__lt=silent).select_related("delivery"):
        if not journal.is_held(batch_files.journal_folder(batch), batch.number):
            mine = Batch.objects.filter(pk=batch.pk, status=S.SENDING, attempts=batch.attempts)
            mine.update(status=S.PENDING, lease_until=None)


def next_due(run: Run) -> datetime | None:
    """When the first batch that waits for a back-off is due."""
    waiting = Batch.objects.filter(node_run__run=run, status=S.PENDING, not_before__gt=timezone.now())
    return waiting.aggregate(at=Min("not_before"))["at"]


def stop(run: Run) -> None:
    """End the sendings of a run: what was not handed over stays unsent and is counted so."""
    sending = NodeRun.objects.filter(run=run, status=NodeRun.Status.SENDING)
    sending.update(status=NodeRun.Status.STOPPED, finished_at=timezone.now())
    Batch.objects.filter(node_run__run=run, status=S.QUEUED).update(status=S.PENDING, lease_until=None)
    _finish_stops()


def _finish_stops() -> None:
    """Close the open batches of stopped nodes; those that a worker has in hand it closes itself."""
    stopped = NodeRun.objects.filter(status=NodeRun.Status.STOPPED, batches__status=S.PENDING).distinct()
    for pk in list(stopped.values_list("pk", flat=True)):
        with transaction.atomic():  # it may be taken up again just now
            if not NodeRun.objects.select_for_update().filter(pk=pk, status=NodeRun.Status.STOPPED).exists():
                continue
            left = Batch.objects.filter(node_run=pk, status=S.PENDING)
            left.filter(attempts=0).update(status=S.STOPPED, excluded=F("size"), settled_at=timezone.now())
        for batch in list(left.values_list("pk", flat=True)):
            dispatch.stop_batch(batch)


def take_up(nodes: Collection[int]) -> int:
    """Open the stopped batches of these node runs for what has no answer; how many messages that is.

    Within the transaction that opens the nodes. The journal knows what was answered (ADR 10, ADR 18).
    """
    stopped, messages = Batch.objects.filter(node_run__in=nodes, status=S.STOPPED), 0
    for batch in stopped.filter(attempts__gt=0).select_related("delivery"):
        entries, _unreachable = journal.read(batch_files.journal_folder(batch), batch.number)
        left_out = sum(entry.state == journal.EXCLUDED for entry in entries.values())
        messages += batch.excluded - left_out
        Batch.objects.filter(pk=batch.pk).update(status=S.PENDING, excluded=left_out, **REOPENED)
    messages += stopped.filter(attempts=0).aggregate(n=Sum("size", default=0))["n"]
    stopped.filter(attempts=0).update(status=S.PENDING, excluded=0, **REOPENED)
    return messages


def hurry(node_run: NodeRun) -> int:
    """Have what a server put off tried at once; how many batches waited."""
    now = timezone.now()
    waiting = Batch.objects.filter(node_run=node_run, status=S.PENDING, not_before__gt=now)
    return waiting.update(not_before=None, hurried_at=now)


def close_finished(node_run: NodeRun) -> bool:
    """Let a node whose batches are all settled succeed. Whether that happened now."""
    if Batch.objects.filter(node_run=node_run, status__in=OPEN).exists():
        return False
    sending = NodeRun.objects.filter(pk=node_run.pk, status=NodeRun.Status.SENDING)
    if not sending.update(status=NodeRun.Status.SUCCEEDED, finished_at=timezone.now()):
        return False
    for delivery in Delivery.objects.filter(batches__node_run=node_run).distinct():
        _close_books(node_run, delivery)
    return True


def _close_books(node_run: NodeRun, delivery: Delivery) -> None:
    books = balance(delivery)
    log = {"run": node_run.run, "node_id": node_run.node_id}
    message = _("Sent: %(accepted)s accepted, %(refused)s refused, %(in_doubt)s in doubt.") % {
        name: f"{books[name]:,}" for name in ("accepted", "refused", "in_doubt")
    }
    LogEntry.objects.create(**log, message=message)
    if difference := books["targeted"] - _known(books):
        message = _("The books of this sending do not balance: %(n)s messages are not accounted for.")
        logger.error("Delivery %s does not balance: %s", delivery.pk, books)
        LogEntry.objects.create(**log, severity=LogEntry.Severity.ERROR, message=message % {"n": f"{difference:,}"})


def _known(books: dict[str, Any]) -> int:
    return sum(books["excluded"].values()) + sum(books[name] for name in ("accepted", "refused", "in_doubt", "pending"))


# --- Books -----------------------------------------------------------------------------------------------


def balance(delivery: Delivery) -> dict[str, Any]:
    """What became of everyone: targeted = excluded + accepted + refused + in doubt + pending."""
    counters = ("accepted", "refused", "excluded", "in_doubt")
    sums = delivery.batches.aggregate(**{name: Sum(name, default=0) for name in counters})
    done = F("accepted") + F("refused") + F("excluded") + F("in_doubt")
    pending = delivery.batches.filter(status__in=OPEN).aggregate(n=Sum(F("size") - done, default=0))["n"]
    excluded = dict(delivery.excluded)
    late = sums.pop("excluded")
    for reason, rows in _late_reasons(delivery).items():
        excluded[reason] = excluded.get(reason, 0) + rows
        late -= rows
    if late:  # batches that were stopped before they began have no outcome file
        reason = "stopped" if delivery.channel in transports.CHANNELS else "no_transport"
        excluded[reason] = excluded.get(reason, 0) + late
    return {"targeted": delivery.targeted, "excluded": excluded, **sums, "pending": pending}


def _late_reasons(delivery: Delivery) -> dict[str, int]:
    """Why messages were left out after the plan, from the outcome files."""
    folder = f"{delivery.plan.rpartition('/')[0]}/outcomes"
    place = engine.root() / folder
    if not delivery.batches.filter(excluded__gt=0, attempts__gt=0).exists() or not any(place.glob("*.parquet")):
        return {}
    outcomes = engine.table(folder)
    left_out = outcomes.filter(outcomes.status == "excluded")
    return {row["reason"]: row["n"] for row in engine.rows(left_out.group_by("reason").agg(n=left_out.count()))}


def resolve(doubtful: DoubtfulMessage, *, resolution: str, by: Any) -> None:
    """A person says what became of a message in doubt; once."""
    if resolution not in (DoubtfulMessage.Resolution.ACCEPTED, DoubtfulMessage.Resolution.NOT_SENT):
        raise SendingError(_("Say whether the message was sent or not."))
    answer = {"resolution": resolution, "resolved_by": by, "resolved_at": timezone.now()}
    column = "accepted" if resolution == DoubtfulMessage.Resolution.ACCEPTED else "refused"
    with transaction.atomic():
        if not DoubtfulMessage.objects.filter(pk=doubtful.pk, resolution="").update(**answer):
            raise SendingError(_("Somebody has already said what became of this message."))
        Batch.objects.filter(pk=doubtful.batch_id).update(in_doubt=F("in_doubt") - 1, **{column: F(column) + 1})
        node = NodeRun.objects.select_related("run").get(batches=doubtful.batch_id)
        said = {"by": by, "what": doubtful.Resolution(resolution).label}
        message = _("%(by)s says of message %(id)s in doubt: %(what)s.") % {**said, "id": doubtful.message_id}
        LogEntry.objects.create(run=node.run, node_id=node.node_id, message=message, by=by)
        audit.record(by, "resolved doubtful message", doubtful, resolution=resolution)
