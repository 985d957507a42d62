"""The cursor of a schedule: which slot of a published campaign comes next, and when nothing more is to come."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from . import launches, status
from .errors import CampaignError
from .models import Campaign, Launch, Run
from .schedules import moments, reading, value
from .schedules.value import Schedule


def first(campaign: Campaign, now: datetime | None = None) -> datetime | None:
    """When the schedule lets the first run begin; None is at once, or by a signal. Raises CampaignError."""
    now = now or timezone.now()
    schedule = read(campaign)
    if schedule.frequency in (value.ASAP, value.SIGNAL):
        return None
    if schedule.frequency == value.ONCE:
        moment = moments.placed(schedule.moment, launches.zone(campaign)) if schedule.moment else None
        return moment if moment and moment > now else None
    found = moments.upcoming(schedule, launches.zone(campaign), now, 1)
    if not found:
        raise CampaignError(
            _("The schedule of “%(name)s” has no launch to come: its validity is over.") % {"name": campaign.name}
        )
    return found[0]


def read(campaign: Campaign) -> Schedule:
    """The campaign's schedule. Raises CampaignError that says what is wrong with it."""
    try:
        return reading.read(campaign.schedule or {})
    except reading.BadSchedule as bad:
        raise CampaignError(
            _("The schedule of “%(name)s” cannot be used. %(why)s") % {"name": campaign.name, "why": bad}
        ) from None


def arm(campaign: Campaign, now: datetime | None = None) -> None:
    """Let the clock launch a published campaign from now on; what lies in the past does not count.

    The one moment of “once” counts as long as it was not used, even when it passed meanwhile. A campaign that begins
    by a signal is looked at again when its validity ends.
    """
    campaign.next_launch_at = _cursor(campaign, launches.of(campaign), now or timezone.now())
    Campaign.objects.filter(pk=campaign.pk).update(next_launch_at=campaign.next_launch_at)


def _cursor(campaign: Campaign, schedule: Schedule | None, now: datetime) -> datetime | None:
    if schedule is None:
        return None
    zone = launches.zone(campaign)
    if schedule.frequency == value.SIGNAL:
        end = moments.validity(schedule, zone)[1]
        return end + moments.JUST if end else None
    if schedule.frequency == value.ONCE and schedule.moment:
        moment = moments.placed(schedule.moment, zone)
        ran = Run.objects.live().filter(version=campaign.published_version())
        return None if ran.exists() or campaign.launches.filter(slot=moment).exists() else moment
    return next(iter(moments.upcoming(schedule, zone, now, 1)), None)


def disarm(campaign: Campaign, reason: str) -> None:
    """Let no clock launch the campaign any more; what waits in its queue does not begin, for this reason."""
    campaign.next_launch_at = None
    Campaign.objects.filter(pk=campaign.pk).update(next_launch_at=None)
    campaign.launches.filter(status=Launch.Status.QUEUED).update(status=Launch.Status.SKIPPED, reason=reason)


def goes_on(campaign: Campaign) -> bool:
    """Whether a further run of the campaign may come by itself: by its schedule, from its queue, or by a signal."""
    schedule = launches.of(campaign)
    if schedule is not None and schedule.frequency == value.SIGNAL:
        return not moments.over(schedule, launches.zone(campaign), timezone.now())
    return campaign.next_launch_at is not None or campaign.launches.filter(status=Launch.Status.QUEUED).exists()


def finish(run: Run) -> bool:
    """What a live run that ended well means for its campaign: one that launches again stays as it is, one that
    launched more than once by itself and is through closes, any other is completed; whether it did either."""
    campaign = run.campaign
    campaign.refresh_from_db(fields=["schedule", "status", "next_launch_at"])
    if goes_on(campaign):
        return False
    schedule = launches.of(campaign)
    several = schedule is not None and (schedule.repeats or schedule.frequency == value.SIGNAL)
    return status.moved(campaign, "close" if several else "complete")
