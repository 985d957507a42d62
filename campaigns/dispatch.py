"""One batch on its way: claim, journal, transport, outcome. Everything here may be killed at any moment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ibis
import pyarrow as pa
from django.conf import settings
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

from .models import Batch, DoubtfulMessage, LogEntry, NodeRun, Run

S = Batch.Status
LEASE = timedelta(minutes=5)  # longer than the slowest answer of a server (smtp.FINAL_SECONDS) and a slice
SLICE = 45.0  # seconds of work in one task
SILENCE = timedelta(seconds=5)  # after it, a batch that nobody holds is given to another worker
LOOK = 2.0  # seconds between looks at the rows: is the run still on, is the batch still ours
HELD = timedelta(seconds=30)
OUTCOME = pa.schema(
    [
        ("message_id", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("code", pa.int64()),
        ("reply", pa.string()),
        ("at", pa.timestamp("us", tz="UTC")),
    ]
)
STATUS = {
    journal.ACCEPTED: "accepted",
    journal.REFUSED: "refused",
    journal.EXCLUDED: "excluded",
    journal.BEGUN: "in_doubt",
    journal.LOST: "in_doubt",
}


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


def journal_folder(batch: Batch) -> Path:
    return engine.root() / _folder(batch.delivery) / "journal"


def outcome_path(batch: Batch) -> str:
    return f"{_folder(batch.delivery)}/outcomes/{batch.number}.parquet"


def _folder(delivery: Delivery) -> str:
    return delivery.plan.rpartition("/")[0]


def _open_journal(batch: Batch) -> Journal:
    return Journal(journal_folder(batch), batch.number, batch.attempts, synchronise=settings.JOURNAL_FSYNC)


def send_one(batch_id: int) -> None:
    """Send what is left of one queued batch, for one slice of time; doing it twice sends nothing twice."""
    if not Batch.objects.claim(batch_id, source=S.QUEUED, target=S.SENDING, lease=LEASE):
        return
    batch = Batch.objects.select_related("delivery__configuration", "node_run__run").get(pk=batch_id)
    try:
        with _open_journal(batch) as opened:
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


def _deadline() -> float:
    return time.monotonic() + SLICE


def _ours(batch: Batch):
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
    pace, transport = Pace(delivery.configuration), smtp.kept(delivery.configuration)
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
    """Whether a deferred message has waited long enough."""
    entry = work.entries.get(row["message_id"])
    return entry is None or entry.state != journal.DEFERRED or _again_at(entry) <= time.time()


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
    kept = _ours(batch).update(lease_until=timezone.now() + LEASE, **_counters(work))
    if not kept:
        raise _Lost
    if not NodeRun.objects.filter(
        pk=batch.node_run_id, status=NodeRun.Status.SENDING, run__status=Run.Status.RUNNING
    ).exists():
        work.deadline = 0.0


def _counters(work: _Work) -> dict[str, int]:
    statuses = [STATUS.get(entry.state) for entry in work.entries.values()]
    return {name: statuses.count(name) for name in ("accepted", "refused", "excluded", "in_doubt")}


# --- The end of a slice ----------------------------------------------------------------------------------


def _finish(work: _Work) -> None:
    """Settle the batch, or leave the rest for later."""
    if all(_settled(work, row) for row in work.rows):
        settle(work)
        return
    stopped = NodeRun.objects.filter(pk=work.batch.node_run_id, status=NodeRun.Status.STOPPED).exists()
    if stopped:
        settle(work, rest="stopped")
        return
    deferred = [e for e in work.entries.values() if e.state == journal.DEFERRED]
    untouched = any(row["message_id"] not in work.entries for row in work.rows)
    not_before = None if untouched or not deferred else _retry_at(deferred)
    _ours(work.batch).update(status=S.PENDING, lease_until=None, not_before=not_before, **_counters(work))


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
    _ours(work.batch).update(status=S.PENDING, lease_until=None, not_before=not_before, **_counters(work))
    Batch.objects.filter(delivery=work.delivery, status=S.PENDING).update(not_before=not_before)
    message = _("%(reason)s Nothing is lost: the sending goes on by itself in %(seconds)s seconds.") % {
        "reason": sentence, "seconds": seconds,
    }  # fmt: skip
    lately = run.log.filter(node_id=node_id, message=message, at__gt=timezone.now() - timedelta(seconds=seconds))
    if not lately.exists():
        LogEntry.objects.create(run=run, node_id=node_id, severity=LogEntry.Severity.WARNING, message=message)


def settle(work: _Work, rest: str = "") -> None:
    """The journal becomes the outcome file; ``rest`` is the reason of those that were never begun."""
    batch = work.batch
    if rest:
        for row in work.rows:
            if not _settled(work, row):
                work.note(journal.EXCLUDED, row["message_id"], text=rest)
    rows = [_outcome(row["message_id"], work.entries[row["message_id"]]) for row in work.rows]
    engine.write(ibis.memtable(pa.Table.from_pylist(rows, OUTCOME)), outcome_path(batch))
    _keep_doubtful(work)
    done = {"status": S.STOPPED if rest else S.SETTLED, "lease_until": None, "settled_at": timezone.now()}
    _ours(batch).update(**done, **_counters(work))


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
        with _open_journal(batch) as opened:
            entries, _unreachable = opened.read()
            settle(_Work(batch, opened, entries, plan.batch(batch.delivery.plan, batch.number), 0.0), rest="stopped")
    except Busy:
        _ours(batch).update(status=S.PENDING, lease_until=None)
