"""Running a canvas node by node: start, execute, recover; what people do to a run is in ``steering``."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchcamp.accounts.models import User
from orchcamp.datasets import engine
from orchcamp.web.errors import Refused

from . import calling, failing, mending, questions, sending
from .advance import claim_ready, held_back, name_of, note, settle, verdict
from .beginning import start
from .contexts import context, draft_context
from .errors import CampaignError
from .models import Batch, LogEntry, NodeRun, Question, Run
from .outcome import Outcome
from .perform import perform
from .pulse import pulse
from .running_settings import lenient
from .steering import confirm, pause, resume, stop
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
PATIENCE = timedelta(minutes=1)  # how far off a time limit may be for a foreground run to wait for it


# --- One node ---------------------------------------------------------------------------------------


def execute(node_run_id: int) -> None:
    """Do what one queued node does, if nobody else has taken it."""
    claims = NodeRun.objects.filter(run__in=Run.objects.running())
    if not claims.claim(node_run_id, source=S.QUEUED, target=S.RUNNING, lease=LEASE):
        return
    now = timezone.now()
    NodeRun.objects.filter(pk=node_run_id).update(taken_at=now, started_at=Coalesce("started_at", Value(now)))
    node = NodeRun.objects.select_related("run__campaign").get(pk=node_run_id)
    limit = lenient(node.run.policy).limit_of(node.node_id)
    failure: Exception | None = None
    query = engine.interrupt_handle()
    with pulse(lambda: _goes_on(node, limit) or query.interrupt()):
        try:
            outcome = perform(node)
        except Refused as refusal:
            outcome = Outcome(S.FAILED, error=str(refusal))
        except Exception as error:
            failure, outcome = error, Outcome(S.FAILED, error=mending.sentence(error))
    if _finish(node, outcome) and failure is not None:
        logger.error("Node %s of run %s failed", node.node_id, node.run_id, exc_info=failure)


def _goes_on(node: NodeRun, limit: timedelta | None) -> bool:
    """Keep a node that is being worked on; False when it takes longer than it may, or was taken away."""
    if limit is not None and failing.is_overdue(node, limit):
        failing.give_up(node, limit)
        return False
    return _renew(node)


def _renew(node: NodeRun) -> bool:
    """Keep the lease of a node that is being worked on; False when it was taken away."""
    own = NodeRun.objects.filter(pk=node.pk, status=S.RUNNING, attempts=node.attempts)
    return bool(own.update(lease_until=timezone.now() + LEASE))


def _finish(node: NodeRun, outcome: Outcome) -> bool:
    """Write down what came of a node, unless a later worker has it by now."""
    worked = failing.seconds(node, timezone.now())
    fields: dict[str, Any] = {"lease_until": None, "losses": 0, "worked": worked, **outcome.fields()}
    if outcome.status in NodeRun.SETTLED | {S.FAILED}:
        fields["finished_at"] = timezone.now()
    failed = outcome.status == S.FAILED
    with transaction.atomic():
        if failed:
            failing.lock(node.run)
        fence = NodeRun.objects.filter(pk=node.pk, status=S.RUNNING, attempts=node.attempts)
        if not fence.update(**fields):
            return False
        severity = LogEntry.Severity.INFO
        if outcome.error or outcome.lost or outcome.warns:  # an error that the canvas processes, or rows that vanished
            severity = LogEntry.Severity.ERROR if failed else LogEntry.Severity.WARNING
        if sentence := outcome.error or outcome.sentence:
            note(node.run, f"{name_of(node.run, node.node_id)}: {sentence}", node_id=node.node_id, severity=severity)
        if outcome.waiting_for == NodeRun.WaitingFor.CONFIRMATION:
            calling.to_confirm(node, outcome.sentence if outcome.warns else "")
        if outcome.said:
            note(node.run, f"{name_of(node.run, node.node_id)}: {outcome.said}", node_id=node.node_id)
        if failed:
            failing.failed(node, outcome.error)
        elif NodeRun.objects.filter(run=node.run, status=S.FAILED, ignored=False).exists():
            settle(node.run)  # the run has failed when the last of what was begun has come to its end
    return True


# --- After a crash, and when time has passed ----------------------------------------------------------


def recover() -> list[Run]:
    """Free what crashed workers left behind and wake what has waited enough; return the runs that can go on."""
    now = timezone.now()
    for node in NodeRun.objects.expired().filter(status=S.RUNNING).select_related("run__campaign"):
        _take_back(node)
    failing.look_at_limits()
    NodeRun.objects.expired().filter(status=S.QUEUED).update(status=S.PENDING, lease_until=None)
    due = NodeRun.objects.filter(
        status=S.WAITING, waiting_for=NodeRun.WaitingFor.TIME, resume_at__lte=now, run__in=Run.objects.running()
    )
    due.update(status=S.PENDING, waiting_for="")
    questions.recover(now)
    sending.recover()
    return [run for run in Run.objects.running().select_related("campaign", "version") if can_go_on(run)]


def _take_back(node: NodeRun) -> None:
    """A node whose worker fell silent: again from the start, or given up."""
    mine = NodeRun.objects.filter(pk=node.pk, status=S.RUNNING, attempts=node.attempts, lease_until=node.lease_until)
    name = name_of(node.run, node.node_id)
    with transaction.atomic():
        failing.lock(node.run)
        losses = node.losses + 1
        if losses < MAX_ATTEMPTS:
            if mine.update(status=S.PENDING, lease_until=None, losses=losses):
                sentence = _("%(node)s: its worker fell silent; it is tried again.") % {"node": name}
                note(node.run, sentence, node_id=node.node_id, severity=LogEntry.Severity.WARNING)
            return
        error = _(
            "Given up: the worker was lost %(n)s times while working on it, as a rule for want of memory. Narrow the rows "
            "before this node or give the worker more memory, then try it again."
        )
        sentence = error % {"n": losses}
        if mine.update(status=S.FAILED, lease_until=None, error=sentence, finished_at=timezone.now()):
            note(node.run, f"{name}: {sentence}", node_id=node.node_id, severity=LogEntry.Severity.ERROR)
            failing.failed(node, sentence)


def can_go_on(run: Run) -> bool:
    """Whether a nudge would do anything: something is ready, being sent, or all is settled."""
    if run.scheduled_for > timezone.now():
        return False
    graph, store = run.graph, RunStore(run)
    nodes = store.nodes
    if any(node.status == S.SENDING for node in nodes.values()):
        return True
    if verdict(node.weighs for node in nodes.values()) != Run.Status.RUNNING:
        return True
    held = held_back(run, graph, nodes)
    return any(
        node.status == S.PENDING
        and id not in held
        and all(nodes[edge.source].is_settled for edge in graph.incoming(id))
        for id, node in nodes.items()
    )


WAITS = {
    NodeRun.WaitingFor.CONFIRMATION: gettext_lazy(
        "The sending {name} waits for a confirmation: give --confirm-by USER, or confirm it in the application."
    ),
    NodeRun.WaitingFor.ANSWER: gettext_lazy(
        "{name} waits for an answer: give --answer {id}=CODE --by USER, or answer it in the application."
    ),
    NodeRun.WaitingFor.SIGNAL: gettext_lazy(
        "{name} waits for a signal: send one with “send_signal”, or in the application."
    ),
}


# --- In the foreground ----------------------------------------------------------------------------------


def run_to_end(
    run: Run,
    *,
    confirm_by: User | None = None,
    answers: Mapping[str, str] | None = None,
    by: User | None = None,
    say: Callable[[str], object] = lambda warning: None,
) -> Run:
    """Do everything here and now, without a queue, until the run is over or waits for a person or a signal.

    ``answers`` (node -> code) are given in the name of ``by`` when the run comes to those questions.
    """
    given = dict(answers or {})
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
        worked |= by is not None and _answered(run, given, by)
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


def _answered(run: Run, answers: dict[str, str], by: User) -> bool:
    """Give the answers whose questions are open by now, each once; whether there was one."""
    asked = Question.objects.filter(
        node_run__run=run, node_run__node_id__in=answers, node_run__waiting_for=NodeRun.WaitingFor.ANSWER
    )
    found = list(asked.filter(answered_at=None).select_related("node_run__run__campaign", "group"))
    for question in found:
        questions.answer(question, code=answers.pop(question.node_run.node_id), by=by)
    return bool(found)


def next_moment(run: Run) -> datetime | None:
    """When something may happen again by itself; None when only a person or a signal can help.

    The time limit of a question or a signal counts when it is near.
    """
    held = NodeRun.objects.filter(run=run, status=S.WAITING)
    near = Q(waiting_for=NodeRun.WaitingFor.TIME) | Q(resume_at__lte=timezone.now() + PATIENCE)
    waiting = held.filter(near).aggregate(at=Min("resume_at"))["at"]
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
    sentences = [
        sentence.format(name=name_of(run, node.node_id), id=node.node_id)
        for node in NodeRun.objects.filter(run=run, status=S.WAITING)
        if (sentence := WAITS.get(node.waiting_for))
    ]
    if not sentences:
        run.refresh_from_db(fields=["status"])
        raise CampaignError(_("The run is %(status)s.") % {"status": run.get_status_display().lower()})
    return " ".join(map(str, sentences))
