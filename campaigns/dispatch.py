"""One batch on its way: claim, journal, transport, outcome. Everything here may be killed at any moment."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.datasets import engine
from orchcamp.messaging import composer, consent, journal, plan
from orchcamp.messaging.content import Content, RenderError
from orchcamp.messaging.journal import Busy, Entry, Journal
from orchcamp.messaging.models import Delivery
from orchcamp.messaging.pace import Pace
from orchcamp.messaging.transports import Reply, Transport, Unreachable, smtp
from orchcamp.messaging.transports.server import name_of
from orchcamp.web.errors import Refused

from .batch_files import OUTCOME, open_journal, outcome_path, outcome_paths
from .models import Batch, DoubtfulMessage, LogEntry, NodeRun, Run

logger = logging.getLogger(__name__)
S = Batch.Status
LEASE = timedelta(minutes=5)  # longer than the slowest answer of a server (smtp.FINAL_SECONDS) and a slice
SLICE = 45.0  # seconds of work in one task
SILENCE = timedelta(seconds=5)  # after it, a batch that nobody holds is given to another worker
LOOK = 2.0  # seconds between looks at the rows: is the run still on, is the batch still ours
HELD = timedelta(seconds=30)
STATUS = {
    journal.ACCEPTED: "accepted",
    journal.REFUSED: "refused",
    journal.EXCLUDED: "excluded",
    journal.BEGUN: "in_doubt",
    journal.LOST: "in_doubt",
}


class NotLive(Refused):
    """Messages of a test or a dry run on their way to a transport."""


class _Lost(Exception):
    """The batch is no longer this worker's."""


@dataclass
class _Work:
    """A claimed batch with all that is needed to send it."""

    batch: Batch
    journal: Journal
    entries: dict[str, Entry]
    rows: list[dict]
    deadline: float

    @property
    def delivery(self) -> Delivery:
        return self.batch.delivery

    def note(self, state: str, message_id: str, code: int = 0, text: str = "") -> None:
        """A line in the journal and, the same, in memory."""
        self.journal.write(state, message_id, code, text)
        known = self.entries.get(message_id)
        tries = (known.tries if known else 0) + (state == journal.DEFERRED)
        begun_at = known.begun_at if known else 0.0
        self.entries[message_id] = Entry(state, time.time(), code, text, tries, begun_at)

    def begin(self, message_id: str) -> None:
        self.journal.begun(message_id)
        known = self.entries.get(message_id)
        now = time.time()
        self.entries[message_id] = Entry(journal.BEGUN, now, tries=known.tries if known else 0, begun_at=now)


def send_one(batch_id: int) -> None:
    """Send what is left of one queued batch, for one slice of time; doing it twice sends nothing twice."""
    if _is_forged(batch_id) or not Batch.objects.claim(batch_id, source=S.QUEUED, target=S.SENDING, lease=LEASE):
        return
    batch = Batch.objects.select_related("delivery__configuration", "node_run__run").get(pk=batch_id)
    _ours(batch).update(taken_at=timezone.now(), done_before=F("accepted") + F("refused") + F("in_doubt"))
    try:
        with open_journal(batch) as opened:
            entries, unreachable = opened.read()
            work = _Work(batch, opened, entries, plan.batch(batch.delivery.plan, batch.number), _deadline())
            try:
                _send(work)
            except Unreachable as error:
                _server_is_away(work, unreachable, str(error))
            else:
                _finish(work)
    except (Busy, _Lost):
        _ours(batch).update(status=S.PENDING, lease_until=None, not_before=timezone.now() + HELD)


def _is_forged(batch_id: int) -> bool:
    """A batch that no code of ours makes: of a run that is not live. It is left as it is, and told."""
    run = Run.objects.filter(nodes__batches=batch_id).exclude(mode=Run.Mode.LIVE).first()
    if run is not None:
        logger.error("Batch %s belongs to run %s, which is not live; nothing of it is sent.", batch_id, run.pk)
    return run is not None


def _transport(work: _Work) -> smtp.Smtp:
    """The only way to a transport: open for live runs alone, whatever the rows say. Raises NotLive."""
    mode = Run.objects.values_list("mode", flat=True).get(nodes=work.batch.node_run_id)
    if mode != Run.Mode.LIVE:
        raise NotLive(_("Only a live run sends anything; this one is a %(mode)s.") % {"mode": mode})
    return smtp.kept(work.delivery.configuration)


def _deadline() -> float:
    return time.monotonic() + SLICE


def _ours(batch: Batch) -> QuerySet[Batch]:
    """The row, as long as no other attempt has taken it: the fence."""
    return Batch.objects.filter(pk=batch.pk, status=S.SENDING, attempts=batch.attempts)


def _send(work: _Work) -> None:
    """Every message that has no answer yet, until the slice is over."""
    left = [row for row in work.rows if not _settled(work, row) and _due(work, row)]
    if not left:
        return
    _look(work)
    if not work.deadline:  # paused or stopped since the batch was queued
        return
    delivery = work.delivery
    content = Content.from_settings(delivery.content)
    made = composer.Composer(content, delivery.configuration, delivery.pk)
    blocked = consent.blocked(delivery.channel, [row["address"] for row in left], marketing=content.marketing)
    pace, transport = Pace(delivery.configuration), _transport(work)
    transport.open()
    look = time.monotonic() + LOOK
    for row in left:
        if reason := blocked.get(consent.normal(row["address"])):
            work.note(journal.EXCLUDED, row["message_id"], text=reason)
            continue
        if not _may_go_on(work, pace.wait()):
            return
        _send_message(work, made, transport, row)
        if time.monotonic() > look:
            _look(work)
            look = time.monotonic() + LOOK


def _settled(work: _Work, row: dict) -> bool:
    entry = work.entries.get(row["message_id"])
    return entry is not None and entry.settled


def _due(work: _Work, row: dict) -> bool:
    """Whether a deferred message has waited long enough, or a person did not want to wait."""
    entry = work.entries.get(row["message_id"])
    if entry is None or entry.state != journal.DEFERRED or _again_at(entry) <= time.time():
        return True
    hurried = work.batch.hurried_at
    return hurried is not None and entry.at <= hurried.timestamp()


def _again_at(entry: Entry) -> float:
    steps = settings.SENDING_BACKOFF
    return entry.at + steps[min(entry.tries, len(steps)) - 1]


def _may_go_on(work: _Work, delay: float) -> bool:
    """Wait for the pace; False when the slice would be over by then."""
    if time.monotonic() + delay >= work.deadline:
        return False
    while delay > 0:
        time.sleep(min(delay, LOOK))
        delay -= LOOK
        if delay > 0:
            _look(work)
    return True


def _send_message(work: _Work, made: composer.Composer, transport: Transport, row: dict) -> None:
    """Compose, journal, hand over, journal."""
    message_id = row["message_id"]
    try:
        letter = made.letter(row)
    except RenderError as error:
        work.note(journal.EXCLUDED, message_id, text=f"render_error: {error}")
        return
    try:
        reply = transport.send(made.sender, letter.recipient, letter.data, lambda: work.begin(message_id))
    except ValueError as error:  # an address that no command can carry
        work.note(journal.REFUSED, message_id, 553, str(error))
        return
    work.note(_state(work, message_id, reply), message_id, reply.code, reply.text)


def _state(work: _Work, message_id: str, reply: Reply) -> str:
    if reply.accepted and reply.begun:
        return journal.ACCEPTED
    if reply.lost:
        return journal.LOST
    entry = work.entries.get(message_id)
    tries = 1 + (entry.tries if entry else 0)
    return journal.REFUSED if reply.refused or tries > len(settings.SENDING_BACKOFF) else journal.DEFERRED


def _look(work: _Work) -> None:
    """Prolong the lease, tell how far we are, and see whether to go on."""
    batch = work.batch
    if not _put_down(work, lease_until=timezone.now() + LEASE):
        raise _Lost
    if not NodeRun.objects.filter(
        pk=batch.node_run_id, status=NodeRun.Status.SENDING, run__status=Run.Status.RUNNING
    ).exists():
        work.deadline = 0.0


def _put_down(work: _Work, *, left_out: int = 0, **fields: object) -> bool:
    """Write the batch's row with its counters; False when it is no longer ours. ``left_out``: without an answer."""
    with transaction.atomic():  # a person may say just now what became of a message in doubt
        if _ours(work.batch).select_for_update().first() is None:
            return False
        counters = _counters(work)
        counters["excluded"] += left_out
        return bool(_ours(work.batch).update(**fields, **counters))


def _counters(work: _Work) -> dict[str, int]:
    """What became of the batch's messages: as the journal says, and of those in doubt as people have said since."""
    statuses = [STATUS.get(entry.state) for entry in work.entries.values()]
    found = {name: statuses.count(name) for name in ("accepted", "refused", "excluded", "in_doubt")}
    if found["in_doubt"]:
        said = DoubtfulMessage.objects.filter(batch=work.batch).exclude(resolution="")
        for resolution in said.values_list("resolution", flat=True):
            found["in_doubt"] -= 1
            found["accepted" if resolution == DoubtfulMessage.Resolution.ACCEPTED else "refused"] += 1
    return found


# --- The end of a slice ----------------------------------------------------------------------------------


def _finish(work: _Work) -> None:
    """Settle the batch, or leave the rest for later."""
    if all(_settled(work, row) for row in work.rows):
        settle(work)
        return
    if NodeRun.objects.filter(pk=work.batch.node_run_id, status=NodeRun.Status.STOPPED).exists():
        close(work)
        return
    deferred = [e for e in work.entries.values() if e.state == journal.DEFERRED]
    untouched = any(row["message_id"] not in work.entries for row in work.rows)
    not_before = None if untouched or not deferred else _retry_at(deferred)
    _put_down(work, status=S.PENDING, lease_until=None, not_before=not_before)


def _retry_at(deferred: list[Entry]) -> datetime:
    """When the first of the deferred messages is due again."""
    return datetime.fromtimestamp(min(map(_again_at, deferred)), UTC)


def _server_is_away(work: _Work, before: int, sentence: str) -> None:
    """Nothing of this delivery is tried until the server had time to come back; nothing is lost."""
    work.journal.write(journal.SERVER, "-", 0, sentence)
    steps = settings.SENDING_BACKOFF
    seconds = steps[min(before, len(steps) - 1)]
    not_before = timezone.now() + timedelta(seconds=seconds)
    run, node_id = work.batch.node_run.run, work.batch.node_run.node_id
    _put_down(work, status=S.PENDING, lease_until=None, not_before=not_before)
    Batch.objects.filter(delivery=work.delivery, status=S.PENDING).update(not_before=not_before)
    message = _("%(reason)s Nothing is lost: the sending goes on by itself in %(seconds)s seconds.") % {
        "reason": sentence, "seconds": seconds,
    }  # fmt: skip
    lately = run.log.filter(node_id=node_id, message=message, at__gt=timezone.now() - timedelta(seconds=seconds))
    if not lately.exists():
        LogEntry.objects.create(run=run, node_id=node_id, severity=LogEntry.Severity.WARNING, message=message)


def settle(work: _Work) -> None:
    """Every message has its answer: the journal becomes the outcome file, and the batch is done."""
    _keep_answers(work)
    _put_down(work, status=S.SETTLED, lease_until=None, settled_at=timezone.now())


def close(work: _Work) -> None:
    """End a batch whose sending was stopped: what has no answer is left out, and says so in the row alone.

    Neither journal nor outcomes speak of it, so that the sending can be taken up again (ADR 18). If that has happened
    by now, the batch is left for whoever comes next.
    """
    _keep_answers(work)
    rest = sum(not _settled(work, row) for row in work.rows)
    with transaction.atomic():
        node = NodeRun.objects.select_for_update().get(pk=work.batch.node_run_id)
        if node.status == NodeRun.Status.STOPPED:
            done = {"status": S.STOPPED if rest else S.SETTLED, "settled_at": timezone.now()}
            _put_down(work, lease_until=None, left_out=rest, **done)
        else:
            _put_down(work, lease_until=None, status=S.PENDING)


def _keep_answers(work: _Work) -> None:
    """Write down the answers that no earlier file holds: a file is written once, and each message stands in one."""
    path, known = outcome_path(work.batch), set[str]()
    for earlier in outcome_paths(work.batch):  # of a sending that was stopped, or a worker that ended before it said so
        known.update(pq.read_table(engine.root() / earlier, columns=["message_id"])[0].to_pylist())
        path = outcome_path(work.batch, work.batch.attempts)
    answered = [row["message_id"] for row in work.rows if _settled(work, row) and row["message_id"] not in known]
    if answered:
        rows = [_outcome(message_id, work.entries[message_id]) for message_id in answered]
        engine.write(ibis.memtable(pa.Table.from_pylist(rows, OUTCOME)), path, local=True)
    _keep_doubtful(work)


def _outcome(message_id: str, entry: Entry) -> dict:
    excluded = entry.state == journal.EXCLUDED
    return {
        "message_id": message_id,
        "status": STATUS[entry.state],
        "reason": entry.text.partition(":")[0] if excluded else None,
        "code": entry.code or None,
        "reply": entry.text,
        "at": int(entry.at * 1_000_000),
    }


def _keep_doubtful(work: _Work) -> None:
    addresses = {row["message_id"]: row["address"] for row in work.rows}
    doubtful = []
    for message_id, entry in work.entries.items():
        if entry.in_doubt:
            doubtful.append(
                DoubtfulMessage(
                    batch=work.batch,
                    message_id=message_id,
                    address=addresses.get(message_id, ""),
                    begun_at=datetime.fromtimestamp(entry.begun_at or entry.at, UTC),
                    evidence=_evidence(work, entry),
                )
            )
    DoubtfulMessage.objects.bulk_create(doubtful, ignore_conflicts=True)


def _evidence(work: _Work, entry: Entry) -> str:
    server = name_of(work.delivery.configuration)
    if entry.state == journal.LOST:
        return _("The message was handed to %(server)s, which gave no answer: %(text)s") % {
            "server": server, "text": entry.text,
        }  # fmt: skip
    return _("The worker ended while it handed the message to %(server)s; no answer was written down.") % {
        "server": server
    }


def stop_batch(batch_id: int) -> None:
    """Close a batch that was begun and is not being sent: what has no answer is left out."""
    if not Batch.objects.claim(batch_id, source=S.PENDING, target=S.SENDING, lease=LEASE):
        return
    batch = Batch.objects.select_related("delivery__configuration", "node_run__run").get(pk=batch_id)
    try:
        with open_journal(batch) as opened:
            entries, _unreachable = opened.read()
            close(_Work(batch, opened, entries, plan.batch(batch.delivery.plan, batch.number), 0.0))
    except Busy:
        _ours(batch).update(status=S.PENDING, lease_until=None)
