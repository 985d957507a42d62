"""What people do to a run: pause, resume, stop, confirm; try a step again, not wait, take up what was stopped.

Each is one conditional update: whoever comes second is told who was first, and changes nothing.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from . import arming, beginning, sending, status
from .advance import QUEUE_LEASE, name_of, note
from .errors import WrongStatus
from .models import Campaign, LogEntry, NodeRun, Run
from .pins import pin_again

S = NodeRun.Status
LATELY = timedelta(minutes=10)


def pause(run: Run, *, by: User | None) -> None:
    """Start nothing new; what runs runs on."""
    with transaction.atomic():
        if not Run.objects.running().filter(pk=run.pk).update(status=Run.Status.PAUSED):
            raise WrongStatus(_("Only a running run can be paused; this one is %(status)s.") % _status(run))
        run.status = Run.Status.PAUSED
        NodeRun.objects.filter(run=run, status=S.QUEUED).update(status=S.PENDING, lease_until=None)
        note(run, _("Paused by %(by)s.") % {"by": by or _("the system")}, by=by)
        audit.record(by, "paused run", run.campaign, run=run.pk)


def resume(run: Run, *, by: User | None) -> None:
    """Go on with a paused run; a failed one tries its failed nodes again."""
    refusal = _("Only a paused or failed run can go on; this one is %(status)s.")
    with transaction.atomic():
        _demand_not_aborted(run)
        _reopen(run, [Run.Status.PAUSED, Run.Status.FAILED], refusal, by=by)
        _try_failed_again(run)
        stopped_at = NodeRun.objects.filter(run=run, status=S.WAITING, waiting_for=NodeRun.WaitingFor.BREAKPOINT)
        stopped_at.update(status=S.PENDING, waiting_for="")
        note(run, _("Resumed by %(by)s.") % {"by": by or _("the system")}, by=by)
        audit.record(by, "resumed run", run.campaign, run=run.pk)


def _try_failed_again(run: Run) -> None:
    """Have the nodes in error done again; those that the run goes on without stay as they are."""
    failed = NodeRun.objects.filter(run=run, status=S.FAILED, ignored=False)
    failed.update(status=S.PENDING, error="", losses=0, worked=0, lease_until=None, finished_at=None)


def _demand_not_aborted(run: Run) -> None:
    """What an error policy ended is not resumed step by step. Raises WrongStatus."""
    if Run.objects.filter(pk=run.pk, status=Run.Status.FAILED, aborted=True).exists():
        raise WrongStatus(aborted_sentence(run))


def aborted_sentence(run: Run) -> str:
    """Why a run that was aborted does not go on by trying a step again."""
    if run.mode == Run.Mode.LIVE:
        return _("The error policy aborted this run; mend what failed, then take the run up again.")
    return _("The error policy aborted this run; mend what failed, then begin a new one.")


def _reopen(run: Run, sources: list[str], refusal: str, *, by: User | None, taken_up: bool = False) -> None:
    """Make a run that stands still run again; one that is taken up brings its campaign along itself. Raises WrongStatus."""
    try:
        with transaction.atomic():
            standing = Run.objects.filter(pk=run.pk, status__in=sources, purging_at=None)
            if not standing.update(status=Run.Status.RUNNING, error="", finished_at=None, aborted=False):
                if Run.objects.filter(pk=run.pk, status__in=sources).exists():
                    raise WrongStatus(_("The rows of this run were removed by the retention; begin a new one."))
                raise WrongStatus(refusal % _status(run))
    except IntegrityError:
        raise WrongStatus(_("Another live run of this campaign is on; this one cannot go on beside it.")) from None
    run.status, run.error, run.finished_at, run.aborted = Run.Status.RUNNING, "", None, False
    if run.mode == Run.Mode.LIVE and not taken_up:
        _demand_in_force(run, by)


def _demand_in_force(run: Run, by: User | None) -> None:
    """A live run goes on only while its campaign lets it: one that is paused or done goes on with its run, and one
    that was edited again, stopped or archived does not. Raises WrongStatus."""
    if status.moved(run.campaign, "resume", by=by):
        arming.arm(run.campaign)
        return
    if status.moved(run.campaign, "run_again", by=by):
        return
    run.campaign.refresh_from_db(fields=["status"])
    if run.campaign.status not in status.RUNNING:
        raise WrongStatus(
            _("“%(name)s” is %(status)s: its runs do not go on any more.")
            % {"name": run.campaign.name, "status": run.campaign.get_status_display().lower()}
        )


def stop(run: Run, *, by: User | None) -> None:
    """End a run: what has not been sent is not sent; a live campaign is stopped with it."""
    with transaction.atomic():
        if not beginning.end(run, Run.Status.STOPPED, also=Run.Status.FAILED):
            raise WrongStatus(_("This run is over (%(status)s); there is nothing to stop.") % _status(run))
        if run.mode == Run.Mode.LIVE:
            status.moved(run.campaign, "stop", by=by)
        said = _("Stopped by %(by)s.") % {"by": by or _("the system")}
        note(run, said, severity=LogEntry.Severity.WARNING, by=by)
        audit.record(by, "stopped run", run.campaign, run=run.pk)
    sending.stop(run)


def confirm(node_run: NodeRun, *, by: User | None) -> None:
    """Let a prepared sending go."""
    run = node_run.run
    with transaction.atomic():
        waiting = NodeRun.objects.filter(
            pk=node_run.pk,
            status=S.WAITING,
            waiting_for=NodeRun.WaitingFor.CONFIRMATION,
            run__in=Run.objects.open().live(),
        )
        now = timezone.now()
        if not waiting.update(status=S.SENDING, waiting_for="", confirmed_by=by, confirmed_at=now):
            raise WrongStatus(
                _("This sending does not wait for a confirmation any more; somebody was faster, or it was stopped.")
            )
        name = name_of(run, node_run.node_id)
        note(run, _("%(node)s: confirmed by %(by)s.") % {"node": name, "by": by}, node_id=node_run.node_id, by=by)
        audit.record(by, "confirmed sending", run.campaign, run=run.pk, node=node_run.node_id)
    node_run.refresh_from_db()


# --- Not to wait ------------------------------------------------------------------------------------


def begin_now(run: Run, *, by: User | None) -> None:
    """Let a run whose start lies in the future begin at once, with today's data."""
    with transaction.atomic():
        late = Run.objects.select_for_update().filter(pk=run.pk, status=Run.Status.RUNNING)
        if not late.filter(scheduled_for__gt=timezone.now()).exists():
            raise WrongStatus(_("This run does not wait for its start; it is %(status)s.") % _status(run))
        pin_again(run)
        note(run, _("Begun before its time by %(by)s.") % {"by": by or _("the system")}, by=by)
        audit.record(by, "began run now", run.campaign, run=run.pk)


def go_on_now(node_run: NodeRun, *, by: User | None) -> None:
    """Do what a step puts off at once: the end of a wait, or the messages that a server wants later."""
    run, name = node_run.run, name_of(node_run.run, node_run.node_id)
    with transaction.atomic():
        mine = NodeRun.objects.select_for_update().filter(pk=node_run.pk, run__in=Run.objects.running())
        waiting = mine.filter(status=S.WAITING, waiting_for=NodeRun.WaitingFor.TIME)
        if waiting.update(status=S.PENDING, waiting_for="", resume_at=timezone.now()):
            said = _("%(node)s: not waited for any longer, says %(by)s.")
        elif mine.filter(status=S.SENDING).exists() and sending.hurry(node_run):
            said = _("%(node)s: what the server had put off is tried at once, says %(by)s.")
        else:
            raise WrongStatus(
                _("%(node)s does not wait for a moment any more, or the run is not running.%(lately)s")
                % {"node": name, "lately": lately(run)}
            )
        note(run, said % {"node": name, "by": by or _("the system")}, node_id=node_run.node_id, by=by)
        audit.record(by, "did not wait", run.campaign, run=run.pk, node=node_run.node_id)
    node_run.refresh_from_db()


# --- After an error, and after a stop -----------------------------------------------------------------


def retry(node_run: NodeRun, *, by: User | None) -> None:
    """Try one failed step again, and no other; the run goes on when no step is in error any more."""
    run, name = node_run.run, name_of(node_run.run, node_run.node_id)
    with transaction.atomic():
        failed = NodeRun.objects.filter(pk=node_run.pk, status=S.FAILED)
        again = {"error": "", "losses": 0, "worked": 0, "ignored": False, "finished_at": None}
        if not failed.update(status=S.QUEUED, lease_until=timezone.now() + QUEUE_LEASE, **again):
            raise WrongStatus(_("%(node)s is not in error any more.%(lately)s") % {"node": name, "lately": lately(run)})
        if not Run.objects.running().filter(pk=run.pk).exists():
            _demand_not_aborted(run)
            refusal = _("A step can be tried again in a failed run; this one is %(status)s.")
            _reopen(run, [Run.Status.FAILED], refusal, by=by)
        if node_run.ignored:  # what was left out for want of it may be reached now; what ran without it stays so
            graph = run.graph
            behind = [id for id in graph.nodes if node_run.node_id in graph.ancestors(id)]
            skipped = NodeRun.objects.filter(run=run, node_id__in=behind, status=S.SKIPPED)
            skipped.update(status=S.PENDING, finished_at=None)
        said = _("%(node)s: tried again by %(by)s.") % {"node": name, "by": by or _("the system")}
        note(run, said, node_id=node_run.node_id, by=by)
        audit.record(by, "tried step again", run.campaign, run=run.pk, node=node_run.node_id)
    node_run.refresh_from_db()


def take_up(run: Run, *, by: User | None) -> int:
    """Go on with a stopped run where it stood: only what has no outcome; how many messages are to go again.

    What was accepted, refused, left out or is in doubt stays so. A live campaign is live again with it.
    """
    run.refresh_from_db(fields=["status", "aborted"])
    if sentence := not_taken_up(run):
        raise WrongStatus(sentence)
    with transaction.atomic():
        sources = [Run.Status.FAILED if run.aborted and run.status == Run.Status.FAILED else Run.Status.STOPPED]
        refusal = _("Only a stopped run can be taken up again; this one is %(status)s.")
        _reopen(run, sources, refusal, by=by, taken_up=True)
        if run.mode == Run.Mode.LIVE:
            status.move(run.campaign, "take_up", by=by)
            arming.arm(run.campaign)
            arming.arm(run.campaign)
        nodes = NodeRun.objects.filter(run=run, status=S.STOPPED)
        stopped = list(nodes.values_list("pk", flat=True))
        nodes.update(status=S.PENDING, error="", lease_until=None, finished_at=None)
        _try_failed_again(run)
        messages = sending.take_up(stopped)
        said = ngettext(
            "Taken up again by %(by)s; %(n)s message that was stopped goes on.",
            "Taken up again by %(by)s; %(n)s messages that were stopped go on.",
            messages,
        ) % {"by": by or _("the system"), "n": f"{messages:,}"}
        note(run, said, severity=LogEntry.Severity.WARNING, by=by)
        audit.record(by, "took up run", run.campaign, run=run.pk, messages=messages)
    return messages


def not_taken_up(run: Run) -> str:
    """Why a run cannot be taken up again; empty when it can."""
    if run.status != Run.Status.STOPPED and not (run.status == Run.Status.FAILED and run.aborted):
        return _("Only a stopped run can be taken up again; this one is %(status)s.") % _status(run)
    if run.mode == Run.Mode.TEST:
        return _("A test is not taken up again: restart it, which counts everything anew.")
    campaign = Campaign.objects.get(pk=run.campaign_id)
    if campaign.status != Campaign.Status.STOPPED:
        return _(
            "“%(name)s” has gone on since this run was stopped: it is %(status)s. What this run did not send stays unsent."
        ) % {"name": campaign.name, "status": campaign.get_status_display().lower()}
    if campaign.runs.live().order_by("-started_at", "-pk").values_list("pk", flat=True).first() != run.pk:
        return _("A later run of this campaign was stopped after this one; only the last can be taken up again.")
    published = campaign.published_version()
    began_anew = published is not None and published.pk != run.version_id
    if began_anew and run.finished_at is not None and run.finished_at < published.published_at:
        return _("Version %(number)s was published since this run ended; what it did not send stays unsent.") % {
            "number": published.number
        }
    return ""


def restart(run: Run, *, by: User | None) -> Run:
    """End a test if it is on and begin a new one of the draft as it is now."""
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=run.campaign_id)
        newest = campaign.runs.tests().exclude(trigger="review").order_by("-pk").first()
        if run.mode != Run.Mode.TEST:
            raise WrongStatus(_("Only a test can be restarted; a live run is stopped, or taken up again."))
        if newest is not None and newest.pk > run.pk:
            raise WrongStatus(
                _("Run %(number)s is a newer test, started by %(by)s; look at that one.")
                % {"number": newest.pk, "by": newest.started_by or _("the system")}
            )
        draft = campaign.draft()
        if draft is None:
            raise WrongStatus(_("There is no draft to test: edit the campaign again first, or wait for the approval."))
        return beginning.start(draft, mode=Run.Mode.TEST, by=by)


# --- Who was faster -----------------------------------------------------------------------------------


def lately(run: Run) -> str:
    """What a person last did to the run, if it is not long ago: for whoever comes second."""
    entry = run.log.filter(at__gte=timezone.now() - LATELY).exclude(by=None).order_by("-pk").first()
    if entry is None:
        return ""
    now = timezone.now()
    when = (
        _("just now")
        if now - entry.at < timedelta(minutes=1)
        else _("%(time)s ago") % {"time": timesince(entry.at, now)}
    )
    return " " + _("%(when)s: %(what)s") % {"when": when.capitalize(), "what": entry.message}


def _status(run: Run) -> dict[str, str]:
    run.refresh_from_db(fields=["status"])
    return {"status": run.get_status_display().lower() + (f" ({told})" if (told := lately(run).strip()) else "")}
