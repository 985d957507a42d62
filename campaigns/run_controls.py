"""What a person may do with a run and with its steps now, and for what they may not: the reason, in words."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchcamp.accounts.models import User

from .controls import Control, missing_right
from .models import NodeRun, Run
from .steering import aborted_sentence, not_taken_up

S = NodeRun.Status
R = Run.Status


def right(run: Run) -> str:
    """The right that steering this run takes: a test is not a publication."""
    return "publish" if run.mode == Run.Mode.LIVE else "test"


def of_run(run: Run, user: User) -> list[Control]:
    """The buttons of a run, by its status."""
    address = reverse("campaigns:control", args=[run.campaign.slug, run.pk])
    missing = missing_right(user, right(run), run.campaign)
    found: list[Control] = []

    def offer(key: str, label: str, icon: str, *, reason: str = "", **more: bool) -> None:
        where = address if more.get("post", True) else f"{address}?action={key}"
        found.append(Control(key, label, icon, where, reason=missing or reason, **{"post": True, **more}))

    if run.status == R.RUNNING:
        offer("pause", _("Pause"), "pause")
    elif run.status == R.PAUSED:
        offer("resume", _("Resume"), "play_arrow", primary=True)
    elif run.status == R.FAILED and not run.aborted:
        number = run.nodes.filter(status=S.FAILED, ignored=False).count()
        label = ngettext("Try the failed step again", "Try %(n)s failed steps again", number) % {"n": number}
        offer("resume", label, "replay", primary=True)
    elif run.status in {R.STOPPED, R.FAILED} and run.mode == Run.Mode.LIVE:
        offer("take_up", _("Take up again…"), "resume", reason=not_taken_up(run), post=False)
    if run.mode == Run.Mode.TEST:
        gone = "" if run.campaign.draft() else _("There is no draft to test: edit the campaign again first.")
        offer("restart", _("Restart"), "restart_alt", reason=gone)
    if run.status in {R.RUNNING, R.PAUSED} or (run.status == R.FAILED and not run.aborted):
        offer("stop", _("Stop…"), "stop", post=False, danger=True)
    return found


def of_step(run: Run, row: NodeRun, user: User, put_off: datetime | None = None) -> list[Control]:
    """The buttons of one step: to try it again, or not to wait. ``put_off``: until when its server is left alone."""
    waits = row.status == S.WAITING and row.waiting_for == NodeRun.WaitingFor.TIME
    if row.status != S.FAILED and not waits and put_off is None:
        return []
    address = reverse("campaigns:step_control", args=[run.campaign.slug, run.pk, row.node_id])
    reason = missing_right(user, right(run), run.campaign)
    if row.status == S.FAILED:
        if not reason and run.status not in {R.FAILED, R.RUNNING}:
            reason = _("The run is %(status)s.") % {"status": run.get_status_display().lower()}
        elif not reason and run.aborted:
            reason = aborted_sentence(run)
        return [Control("retry", _("Try again"), "replay", address, post=True, reason=reason)]
    if not reason and run.status != R.RUNNING:
        reason = _("The run is paused; resume it first.")
    label = _("Do not wait") if waits else _("Try now")
    return [Control("go_on_now", label, "fast_forward", address, post=True, reason=reason)]
