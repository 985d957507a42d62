"""Running a canvas node by node: start, execute, recover, and what people do to a run meanwhile."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchcamp.accounts import audit
from orchcamp.accounts.models import User
from orchcamp.datasets import engine
from orchcamp.web.errors import Refused

from . import sending, status
from .advance import claim_ready, held_back, name_of, note, settle
from .contexts import context, demand_runnable, draft_context
from .errors import CampaignError, WrongStatus
from .models import Batch, CampaignVersion, LogEntry, NodeRun, Run
from .perform import Outcome, perform
from .pulse import pulse
from .store import RunStore

__all__ = [
    "claim_ready",
    "confirm",
    "context",
    "draft_context",
    "execute",
    "pause",
    "recover",
    "resume",
    "run_to_end",
    "start",
    "stop",
]

logger = logging.getLogger(__name__)
S = NodeRun.Status
LEASE = timedelta(seconds=30)  # renewed every few seconds while a worker is alive
MAX_ATTEMPTS = 3


# --- Starting --------------------------------------------------------------------------------------


def start(
    version: CampaignVersion,
    *,
    mode: str,
    by: User | None = None,
    scheduled_for: datetime | None = None,
    trigger: str = "",
) -> Run:
    """Begin a run over pinned snapshots and a copy of the canvas; the same slot twice is the same run."""
    if mode == Run.Mode.LIVE and version.published_at is None:
        raise WrongStatus(_("Only a published version can run live; have it approved and publish it first."))
    ctx = draft_context(version.campaign)
    demand_runnable(version, mode=mode, ctx=ctx)
    if mode == Run.Mode.TEST and trigger != "review":
        _stop_older_tests(version)
    facts = {
        "campaign": version.campaign,
        "document": version.document,
        "snapshots": ctx.model.snapshots,
        "variables": version.campaign.variables,
        "started_by": by,
        "trigger": trigger or mode,
    }
    try:
        with transaction.atomic():
            slot = scheduled_for or timezone.now()
            run, made = Run.objects.get_or_create(version=version, scheduled_for=slot, mode=mode, defaults=facts)
            if made:
                NodeRun.objects.bulk_create([NodeRun(run=run, node_id=id) for id in version.graph.order()])
                note(run, _("A test run began.") if mode == Run.Mode.TEST else _("A live run began."))
                audit.record(by, f"started {mode} run", version.campaign, run=run.pk, version=version.number)
    except IntegrityError:
        raise WrongStatus(
            _("“%(name)s” is running live already; wait for that run to end, or stop it.")
            % {"name": version.campaign.name}
        ) from None
    return run


def _stop_older_tests(version: CampaignVersion) -> None:
    """A new test makes the one that is still on pointless."""
    for run in Run.objects.open().tests().filter(campaign=version.campaign_id).exclude(trigger="review"):
        if _end(run, Run.Status.STOPPED):
            note(run, _("Stopped: a newer test began."))


# --- One node ---------------------------------------------------------------------------------------


def execute(node_run_id: int) -> None:
    """Do what one queued node does, if nobody else has taken it."""
    claims = NodeRun.objects.filter(run__in=Run.objects.running())
    if not claims.claim(node_run_id, source=S.QUEUED, target=S.RUNNING, lease=LEASE):
        return
    NodeRun.objects.filter(pk=node_run_id, started_at=None).update(started_at=timezone.now())
    node = NodeRun.objects.select_related("run__campaign").get(pk=node_run_id)
    failure: Exception | None = None
    query = engine.interrupt_handle()
    with pulse(lambda: _renew(node) or query.interrupt()):
        try:
            outcome = perform(node)
        except Refused as refusal:
            outcome = Outcome(S.FAILED, error=str(refusal))
        except Exception as error:
            failure = error
            sentence = _("Something unexpected went wrong (%(kind)s); the server's log has the details.")
            outcome = Outcome(S.FAILED, error=sentence % {"kind": type(error).__name__})
    if _finish(node, outcome) and failure is not None:
        logger.error("Node %s of run %s failed", node.node_id, node.run_id, exc_info=failure)


def _renew(node: NodeRun) -> bool:
    """Keep the lease of a node that is being worked on; False when it was taken away."""
    own = NodeRun.objects.filter(pk=node.pk, status=S.RUNNING, attempts=node.attempts)
    return bool(own.update(lease_until=timezone.now() + LEASE))


def _finish(node: NodeRun, outcome: Outcome) -> bool:
    """Write down what came of a node, unless a later worker has it by now."""
    fields: dict[str, Any] = {"lease_until": None, **outcome.fields()}
    if outcome.status in NodeRun.SETTLED | {S.FAILED}:
        fields["finished_at"] = timezone.now()
    with transaction.atomic():
        fence = NodeRun.objects.filter(pk=node.pk, status=S.RUNNING, attempts=node.attempts)
        if not fence.update(**fields):
            return False
        failed = outcome.status == S.FAILED
        severity = LogEntry.Severity.ERROR if failed else LogEntry.Severity.INFO
        if sentence := outcome.error or outcome.sentence:
            note(node.run, f"{name_of(node.run, node.node_id)}: {sentence}", node_id=node.node_id, severity=severity)
        if failed:
            settle(node.run)
    return True


# --- People -----------------------------------------------------------------------------------------


def pause(run: Run, *, by: User | None) -> None:
    """Start nothing new; what runs runs on."""
    with transaction.atomic():
        if not Run.objects.running().filter(pk=run.pk).update(status=Run.Status.PAUSED):
            raise WrongStatus(_("Only a running run can be paused; this one is %(status)s.") % _status(run))
        run.status = Run.Status.PAUSED
        NodeRun.objects.filter(run=run, status=S.QUEUED).update(status=S.PENDING, lease_until=None)
        note(run, _("Paused by %(by)s.") % {"by": by or _("the system")})
        audit.record(by, "paused run", run.campaign, run=run.pk)


def resume(run: Run, *, by: User | None) -> None:
    """Go on with a paused run; a failed one tries its failed nodes again."""
    try:
        with transaction.atomic():
            stopped = Run.objects.filter(pk=run.pk, status__in=[Run.Status.PAUSED, Run.Status.FAILED])
            if not stopped.update(status=Run.Status.RUNNING, error="", finished_at=None):
                raise WrongStatus(_("Only a paused or failed run can go on; this one is %(status)s.") % _status(run))
            run.status, run.error, run.finished_at = Run.Status.RUNNING, "", None
            failed = NodeRun.objects.filter(run=run, status=S.FAILED)
            failed.update(status=S.PENDING, error="", lease_until=None, finished_at=None)
            note(run, _("Resumed by %(by)s.") % {"by": by or _("the system")})
            audit.record(by, "resumed run", run.campaign, run=run.pk)
    except IntegrityError:
        raise WrongStatus(_("Another live run of this campaign is on; this one cannot go on beside it.")) from None


def stop(run: Run, *, by: User | None) -> None:
    """End a run for good: what has not been sent is not sent; a live campaign is stopped with it."""
    with transaction.atomic():
        if not _end(run, Run.Status.STOPPED, also=Run.Status.FAILED):
            raise WrongStatus(_("This run is over (%(status)s); there is nothing to stop.") % _status(run))
        if run.mode == Run.Mode.LIVE:
            status.moved(run.campaign, "stop")
        note(run, _("Stopped by %(by)s.") % {"by": by or _("the system")}, severity=LogEntry.Severity.WARNING)
        audit.record(by, "stopped run", run.campaign, run=run.pk)
    sending.stop(run)


def _end(run: Run, target: str, *, also: str | None = None) -> bool:
    sources = [Run.Status.RUNNING, Run.Status.PAUSED, *filter(None, [also])]
    with transaction.atomic():
        now = timezone.now()
        if not Run.objects.filter(pk=run.pk, status__in=sources).update(status=target, finished_at=now):
            return False
        run.status, run.finished_at = target, now
        unsettled = NodeRun.objects.filter(run=run).exclude(status__in=[*NodeRun.SETTLED, S.FAILED])
        unsettled.update(status=S.STOPPED, waiting_for="", lease_until=None, finished_at=now)
    return True


def confirm(node_run: NodeRun, *, by: User | None) -> None:
    """Let a prepared sending go."""
    run = node_run.run
    with transaction.atomic():
        waiting = NodeRun.objects.filter(
            pk=node_run.pk,
            status=S.WAITING,
            waiting_for=NodeRun.WaitingFor.CONFIRMATION,
            run__in=Run.objects.open(),
        )
        now = timezone.now()
        if not waiting.update(status=S.SENDING, waiting_for="", confirmed_by=by, confirmed_at=now):
            raise WrongStatus(
                _("This sending does not wait for a confirmation any more; somebody was faster, or it was stopped.")
            )
        name = name_of(run, node_run.node_id)
        note(run, _("%(node)s: confirmed by %(by)s.") % {"node": name, "by": by}, node_id=node_run.node_id)
        audit.record(by, "confirmed sending", run.campaign, run=run.pk, node=node_run.node_id)
    node_run.refresh_from_db()


def _status(run: Run) -> dict[str, str]:
    run.refresh_from_db(fields=["status"])
    return {"status": run.get_status_display().lower()}


# --- After a crash, and when time has passed ----------------------------------------------------------


def recover() -> list[Run]:
    """Free what crashed workers left behind and wake what has waited enough; return the runs that can go on."""
    now = timezone.now()
    for node in NodeRun.objects.expired().filter(status=S.RUNNING).select_related("run__campaign"):
        _take_back(node)
    NodeRun.objects.expired().filter(status=S.QUEUED).update(status=S.PENDING, lease_until=None)
    due = NodeRun.objects.filter(
        status=S.WAITING, waiting_for=NodeRun.WaitingFor.TIME, resume_at__lte=now, run__in=Run.objects.running()
    )
    due.update(status=S.PENDING, waiting_for="")
    sending.recover()
    return [run for run in Run.objects.running().select_related("campaign", "version") if _can_go_on(run)]


def _take_back(node: NodeRun) -> None:
    """A node whose worker fell silent: again from the start, or given up."""
    mine = NodeRun.objects.filter(pk=node.pk, status=S.RUNNING, attempts=node.attempts, lease_until=node.lease_until)
    name = name_of(node.run, node.node_id)
    with transaction.atomic():
        if node.attempts < MAX_ATTEMPTS:
            if mine.update(status=S.PENDING, lease_until=None):
                sentence = _("%(node)s: its worker fell silent; it is tried again.") % {"node": name}
                note(node.run, sentence, node_id=node.node_id, severity=LogEntry.Severity.WARNING)
            return
        error = _("Given up: the worker was lost %(n)s times while working on it. Look at memory, then resume.")
        sentence = error % {"n": node.attempts}
        if mine.update(status=S.FAILED, lease_until=None, error=sentence, finished_at=timezone.now()):
            note(node.run, f"{name}: {sentence}", node_id=node.node_id, severity=LogEntry.Severity.ERROR)
            settle(node.run)


def _can_go_on(run: Run) -> bool:
    """Whether a nudge would do anything: something is ready, being sent, or all is settled."""
    if run.scheduled_for > timezone.now():
        return False
    graph, store = run.graph, RunStore(run)
    nodes = store.nodes
    if any(node.status == S.SENDING for node in nodes.values()):
        return True
    if all(node.status in NodeRun.SETTLED for node in nodes.values()):
        return True
    held = held_back(run, graph, nodes)
    return any(
        node.status == S.PENDING
        and id not in held
        and all(nodes[edge.source].status in NodeRun.SETTLED for edge in graph.incoming(id))
        for id, node in nodes.items()
    )


# --- In the foreground ----------------------------------------------------------------------------------


def run_to_end(run: Run, *, confirm_by: User | None = None, say: Callable[[str], object] = lambda warning: None) -> Run:
    """Do everything here and now, without a queue, until the run is over or waits for a person."""
    told = LogEntry.objects.filter(run=run).aggregate(last=Max("pk"))["last"] or 0
    while True:
        worked = False
        for pk in claim_ready(run):
            execute(pk)
            worked = True
        for pk in sending.claim_pending(run, at_most=10):
            sending.send_one(pk)
            worked = True
        for node in NodeRun.objects.filter(run=run, status=S.SENDING):
            worked |= bool(sending.close_finished(node))
        if confirm_by is not None:
            for node in NodeRun.objects.filter(run=run, waiting_for=NodeRun.WaitingFor.CONFIRMATION):
                confirm(node, by=confirm_by)
                worked = True
        run.refresh_from_db()
        if run.status != Run.Status.RUNNING:
            return run
        if worked:
            continue
        moment = next_moment(run)
        if moment is None:
            return run
        for entry in LogEntry.objects.filter(run=run, pk__gt=told, severity=LogEntry.Severity.WARNING).order_by("pk"):
            say(entry.message)
            told = entry.pk
        time.sleep(min(max((moment - timezone.now()).total_seconds(), 0.05), 1.0))
        recover()


def next_moment(run: Run) -> datetime | None:
    """When something may happen again by itself; None when only a person can help."""
    waiting = NodeRun.objects.filter(run=run, status=S.WAITING).aggregate(at=Min("resume_at"))["at"]
    leased = NodeRun.objects.filter(run=run, status__in=[S.QUEUED, S.RUNNING]).aggregate(at=Min("lease_until"))["at"]
    unsent = Batch.objects.filter(node_run__run=run, node_run__status=S.SENDING).exclude(
        status__in=[Batch.Status.SETTLED, Batch.Status.STOPPED]
    )
    moments = [waiting, leased]
    if unsent.exists():
        soonest = unsent.aggregate(back_off=Min("not_before"), lease=Min("lease_until"))
        moments += [soonest["back_off"], soonest["lease"]]
        moments = [moment for moment in moments if moment] or [timezone.now()]
    known = [moment for moment in moments if moment]
    return min(known) if known else None


def waiting_sentence(run: Run) -> str:
    """What an open run waits for, for the person at the command line."""
    names = [
        name_of(run, node.node_id)
        for node in NodeRun.objects.filter(run=run, waiting_for=NodeRun.WaitingFor.CONFIRMATION)
    ]
    if not names:
        raise CampaignError(_("The run is %(status)s.") % _status(run))
    return ngettext(
        "The sending %(names)s waits for a confirmation: give --confirm-by USER, or confirm it in the application.",
        "The sendings %(names)s wait for a confirmation: give --confirm-by USER, or confirm them in the application.",
        len(names),
    ) % {"names": ", ".join(names)}
