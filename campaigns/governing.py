"""What people do to a published campaign: pause, resume, close, stop, take up again.

Each is one transaction over the campaign and its open run. The run is changed first, as a run that ends does it, so
that the two never wait for each other.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from . import arming, steering
from .errors import WrongStatus
from .models import Campaign, Run
from .status import move, possible

Status = Campaign.Status


def pause(campaign: Campaign, *, by: User | None) -> None:
    """Begin nothing new: the open run pauses, and moments of the schedule pass by. Raises WrongStatus."""
    with transaction.atomic():
        _pause_running(campaign, by)
        move(campaign, "pause", by=by)
        _pause_running(campaign, by)  # one that a launch began until the line before
        audit.record(by, "paused", campaign)


def _pause_running(campaign: Campaign, by: User | None) -> None:
    for run in Run.objects.running().live().filter(campaign=campaign):
        steering.pause(run, by=by)


def resume(campaign: Campaign, *, by: User | None) -> Run | None:
    """Let a paused campaign go on, and its paused run with it, which is returned. Raises WrongStatus."""
    with transaction.atomic():
        campaign.refresh_from_db(fields=["status"])
        run = _of(campaign, Run.Status.PAUSED) if possible(campaign, "resume") else None
        if run is not None:
            steering.resume(run, by=by)  # its campaign goes on with it
            campaign.refresh_from_db()
        else:
            move(campaign, "resume", by=by)
            arming.arm(campaign)
        audit.record(by, "resumed", campaign)
    return run


def close(campaign: Campaign, *, by: User | None) -> Run | None:
    """Let no further run begin; what is on goes to its end, a paused run too: it is returned. Raises WrongStatus."""
    with transaction.atomic():
        campaign.refresh_from_db(fields=["status"])
        run = resume(campaign, by=by) if campaign.status == Status.PAUSED else None
        move(campaign, "close", by=by)
        audit.record(by, "closed", campaign)
    return run


def stop(campaign: Campaign, *, by: User | None) -> None:
    """Take a campaign out of force at once: its run ends, and what has not been sent is not. Raises WrongStatus."""
    with transaction.atomic():
        campaign.refresh_from_db(fields=["status"])
        run = _of(campaign, Run.Status.RUNNING, Run.Status.PAUSED, Run.Status.FAILED)
        if run is not None and possible(campaign, "stop"):
            steering.stop(run, by=by)  # its campaign stops with it
            campaign.refresh_from_db()
        else:
            move(campaign, "stop", by=by)
        audit.record(by, "stopped", campaign)


def take_up(campaign: Campaign, *, by: User | None) -> Run | None:
    """Go on where a stop broke in: the stopped run, for those without an outcome, is returned; else only the schedule
    goes on. Raises WrongStatus."""
    with transaction.atomic():
        campaign.refresh_from_db(fields=["status"])
        run = stopped_run(campaign)
        if run is not None:
            steering.take_up(run, by=by)
            campaign.refresh_from_db()
        else:
            move(campaign, "take_up", by=by)
            arming.arm(campaign)
        audit.record(by, "took up", campaign)
    return run


def stopped_run(campaign: Campaign) -> Run | None:
    """The run that a stopped campaign would go on with: its last, if it can be taken up again."""
    if campaign.status != Status.STOPPED:
        return None
    last = campaign.runs.live().order_by("-started_at", "-pk").select_related("campaign", "version").first()
    return last if last is not None and not steering.not_taken_up(last) else None


def met(campaign: Campaign, verb: str) -> Run | None:
    """The run that a verb would change, for whoever is asked first."""
    if verb == "take_up":
        return stopped_run(campaign)
    failed = [Run.Status.FAILED] if verb == "stop" else []
    return _of(campaign, Run.Status.RUNNING, Run.Status.PAUSED, *failed)


def demand_between_launches(campaign: Campaign) -> None:
    """Raise WrongStatus while a live run of a campaign is on. Holds only behind an update of the campaign's row: a
    run begins by such an update too."""
    if Run.objects.open().live().filter(campaign=campaign).exists():
        raise WrongStatus(
            _("A run of “%(name)s” is on; stop it, or wait until it has ended.") % {"name": campaign.name}
        )


def _of(campaign: Campaign, *statuses: str) -> Run | None:
    runs = campaign.runs.live().filter(status__in=statuses).select_related("campaign", "version")
    return runs.order_by("-started_at", "-pk").first()
