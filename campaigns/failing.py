"""What a run does about a node that fails: the error policy of its campaign, and the time a node may take."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchcamp.accounts import audit

from . import beginning, notices, sending, status
from .advance import REVIEW, name_of, note, settle
from .models import LogEntry, NodeRun, Notice, Run
from .running_settings import ABORT, IGNORE, SUSPEND, RunningSettings, lenient

S = NodeRun.Status


def lock(run: Run) -> None:
    """Let one worker after the other judge the errors of a run; first thing in the transaction that fails a node."""
    Run.objects.select_for_update().filter(pk=run.pk).values_list("pk", flat=True).first()


def failed(node: NodeRun, error: str) -> None:
    """Carry out the error policy for a node that has just failed, within the transaction that failed it."""
    run, settings = node.run, lenient(node.run.policy)
    name = name_of(run, node.node_id)
    # the test before an approval must show what everybody will rely on: an error in it is never gone over
    policy = SUSPEND if run.trigger == REVIEW else settings.on_error_of(node.node_id)
    key = f"failed:{run.pk}:{node.node_id}:{node.attempts}"
    if policy == IGNORE and _too_many(run, settings):
        sentence = ngettext(
            "%(n)s error in a row was ignored already, which is as many as the campaign allows. %(node)s: %(error)s",
            "%(n)s errors in a row were ignored already, which is as many as the campaign allows. %(node)s: %(error)s",
            settings.consecutive_errors,
        ) % {"n": settings.consecutive_errors, "node": name, "error": error}
        _abort(run, node, sentence, key)
    elif policy == IGNORE:
        _ignore(run, node, _("%(node)s: %(error)s") % {"node": name, "error": error}, key)
    elif policy == ABORT:
        _abort(run, node, _("%(node)s: %(error)s") % {"node": name, "error": error}, key)
    else:
        notices.raised(run, Notice.Kind.FAILED, key, _("%(node)s: %(error)s") % {"node": name, "error": error})
        settle(run)


def _ignore(run: Run, node: NodeRun, sentence: str, key: str) -> None:
    """Go on without a node: what follows it is not reached."""
    if not NodeRun.objects.filter(pk=node.pk, status=S.FAILED).update(ignored=True):
        return
    said = _("%(node)s: the error is ignored; what follows this node is left out, the rest goes on.")
    name = name_of(run, node.node_id)
    note(run, said % {"node": name}, node_id=node.node_id, severity=LogEntry.Severity.WARNING)
    title = _("%(node)s failed; the run went on without it") % {"node": name}
    notices.raised(run, Notice.Kind.FAILED, key, sentence, title=title, node_id=node.node_id)
    settle(run)


def _abort(run: Run, node: NodeRun, sentence: str, key: str) -> None:
    """End the run at once as failed, and stop a live campaign with it; what was not handed over is not sent."""
    if not beginning.end(run, Run.Status.FAILED):
        return
    Run.objects.filter(pk=run.pk).update(error=sentence, aborted=True)
    run.error, run.aborted = sentence, True
    if run.mode == Run.Mode.LIVE:
        status.moved(run.campaign, "stop")
    note(run, _("The run is aborted, as the error policy says."), severity=LogEntry.Severity.ERROR)
    audit.record(None, "aborted run", run.campaign, run=run.pk, node=node.node_id)
    title = _("The run was aborted at %(node)s") % {"node": name_of(run, node.node_id)}
    notices.raised(run, Notice.Kind.ABORTED, key, sentence, title=title, node_id=node.node_id)
    transaction.on_commit(lambda: sending.stop(run))


def _too_many(run: Run, settings: RunningSettings) -> bool:
    """Whether as many errors as allowed were ignored since the last live run without any; a test counts its own."""
    if not settings.consecutive_errors:
        return False
    known = NodeRun.objects.filter(status=S.FAILED, ignored=True)
    if run.mode != Run.Mode.LIVE:
        return known.filter(run=run).count() >= settings.consecutive_errors
    clean = Run.objects.live().filter(campaign=run.campaign_id, status=Run.Status.SUCCEEDED, errors=0, pk__lt=run.pk)
    last = clean.order_by("-pk").values_list("pk", flat=True).first() or 0
    row = known.filter(run__campaign=run.campaign_id, run__mode=Run.Mode.LIVE, run__pk__gt=last, run__pk__lte=run.pk)
    return row.count() >= settings.consecutive_errors


# --- The time a node may take ---------------------------------------------------------------------------


def seconds(node: NodeRun, now: datetime) -> float:
    """How long workers have had a node in hand, all attempts since it was last begun together."""
    return node.worked + ((now - node.taken_at).total_seconds() if node.taken_at else 0.0)


def is_overdue(node: NodeRun, limit: timedelta | None) -> bool:
    """Whether a node that is being worked on takes longer than it may."""
    return limit is not None and seconds(node, timezone.now()) > limit.total_seconds()


def give_up(node: NodeRun, limit: timedelta) -> bool:
    """Fail a node that takes longer than it may; whether this call did. Whoever still works on it is told nothing more."""
    minutes = int(limit.total_seconds() // 60)
    error = ngettext(
        "Given up: it took longer than %(n)s minute, the most that the campaign allows. Narrow the rows before this node, "
        "or allow more in the campaign's settings, then try it again.",
        "Given up: it took longer than %(n)s minutes, the most that the campaign allows. Narrow the rows before this node, "
        "or allow more in the campaign's settings, then try it again.",
        minutes,
    ) % {"n": minutes}
    with transaction.atomic():
        lock(node.run)
        mine = NodeRun.objects.filter(pk=node.pk, status=S.RUNNING, attempts=node.attempts)
        if not mine.update(status=S.FAILED, lease_until=None, error=error, finished_at=timezone.now()):
            return False
        sentence = f"{name_of(node.run, node.node_id)}: {error}"
        note(node.run, sentence, node_id=node.node_id, severity=LogEntry.Severity.ERROR)
        failed(node, error)
    return True


def look_at_limits() -> None:
    """Give up what takes longer than it may, and tell of sendings that do: messages on their way are not cut off."""
    moving = NodeRun.objects.filter(status__in=[S.RUNNING, S.SENDING]).exclude(run__policy={})
    for node in moving.select_related("run__campaign"):
        limit = lenient(node.run.policy).limit_of(node.node_id)
        if limit is None:
            continue
        if node.status == S.RUNNING and is_overdue(node, limit):
            give_up(node, limit)
        elif node.status == S.SENDING and _sends_since(node) < timezone.now() - limit:
            _slow(node, limit)


def _sends_since(node: NodeRun) -> datetime:
    return node.confirmed_at or node.taken_at or node.started_at or timezone.now()


def _slow(node: NodeRun, limit: timedelta) -> None:
    """Say once of a sending that it takes longer than it should."""
    name, minutes = name_of(node.run, node.node_id), int(limit.total_seconds() // 60)
    sentence = _(
        "%(node)s has been sending for longer than %(n)s minutes. It goes on: a sending is not cut off; look at its pace."
    ) % {"node": name, "n": minutes}
    with transaction.atomic():
        key = f"slow:{node.run_id}:{node.node_id}:{node.attempts}"
        title = _("%(node)s takes longer than it should") % {"node": name}
        if notices.raised(node.run, Notice.Kind.SLOW, key, sentence, title=title, node_id=node.node_id):
            note(node.run, sentence, node_id=node.node_id, severity=LogEntry.Severity.WARNING)
