"""Another date for a campaign that is still to launch: who may give it one, and when it is too late for that."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from orchcamp.accounts import access, audit
from orchcamp.accounts.models import User

from . import launches, lifecycle
from .approvals import signing
from .errors import CampaignError, WrongStatus
from .models import Campaign, CampaignVersion

Status = Campaign.Status
RIGHTS = {Status.DRAFT: "change", Status.APPROVED: "publish"}  # the date is part of what was approved (docs/adr/0019)


def refusals(campaigns: Iterable[Campaign], user: User) -> dict[int, str]:
    """For each campaign why the person cannot give it another date now; empty where they can. No query for each."""
    asked = list(campaigns)
    allowed = {
        status: access.among(user, right, [campaign for campaign in asked if campaign.status == status])
        for status, right in RIGHTS.items()
    }
    return {campaign.pk: _refusal(campaign, allowed) for campaign in asked}


def _refusal(campaign: Campaign, allowed: dict[Status, Collection[int]]) -> str:
    facts = {"name": campaign.name}
    if campaign.by_signal:
        return _("“%(name)s” begins when a signal comes; it has no date.") % facts
    if launches.repeats(campaign) and campaign.status in RIGHTS:
        return _("“%(name)s” launches again and again; change its schedule instead of one date.") % facts
    if (permitted := allowed.get(Status(campaign.status))) is not None:
        return "" if campaign.pk in permitted else access.refusal(Campaign, RIGHTS[Status(campaign.status)])
    if campaign.status == Status.IN_REVIEW:
        return _("“%(name)s” is being reviewed with this date: withdraw the request first.") % facts
    if campaign.status == Status.SCHEDULED:
        return _("“%(name)s” is published with this date; edit it again to give it another.") % facts
    if campaign.status == Status.LIVE and launches.repeats(campaign):
        return _("“%(name)s” is published with its schedule; edit it again to change that.") % facts
    if campaign.status == Status.LIVE:
        return _("“%(name)s” is published and its launch stands; stop its run to plan it anew.") % facts
    return _("“%(name)s” is over; edit it again to give it another date.") % facts


def move(campaign: Campaign, to: datetime, *, by: User) -> datetime:
    """Launch the campaign once, at this time on the clocks of its zone (without a zone itself); the moment it means."""
    if why := refusals([campaign], by)[campaign.pk]:
        raise CampaignError(why)
    before = campaign.schedule
    schedule = {"frequency": "once", "at": to.replace(tzinfo=None).isoformat(timespec="minutes")}
    if launches.once(campaign) and "missed" in before:
        schedule["missed"] = before["missed"]
    moment = launches.once(Campaign(schedule=schedule, timezone=campaign.timezone))
    if moment is None:
        raise CampaignError(_("That date cannot be planned; choose another."))
    if moment <= timezone.now():
        raise CampaignError(
            _("%(date)s has passed; “%(name)s” stays where it was.")
            % {"date": formats.date_format(to, "DATETIME_FORMAT"), "name": campaign.name}
        )
    with transaction.atomic():
        if campaign.status == Status.DRAFT:
            lifecycle.change_properties(campaign, by=by, schedule=schedule)
        else:
            _change_approved(campaign, schedule, by)
        audit.record(by, "rescheduled", campaign, before=before.get("at", ""), after=schedule["at"])
    campaign.schedule = schedule
    return moment


def _change_approved(campaign: Campaign, schedule: dict[str, str], by: User) -> None:
    """Move what is approved; whoever does signs it anew, where no policy has others sign the schedule."""
    approved = Campaign.objects.filter(pk=campaign.pk, status=Status.APPROVED)
    if not approved.update(schedule=schedule, modified_at=timezone.now()):
        raise WrongStatus(_("“%(name)s” has changed in the meantime; look at it again.") % {"name": campaign.name})
    version = campaign.latest_version()  # its own copy of the schedule follows
    if version.properties:
        properties = {**version.properties, "schedule": schedule}
        CampaignVersion.objects.filter(pk=version.pk).update(properties=properties)
        version.properties = properties
    signing.sign_schedule(version, by=by)


def move_to_day(campaign: Campaign, day: date, *, by: User) -> datetime:
    """Launch it on another day of the calendar at the same time on its clocks; without a date so far, at nine."""
    if (planned := launches.once(campaign)) is None:
        return move(campaign, datetime(day.year, day.month, day.day, 9), by=by)
    return move_by(campaign, (day - timezone.localdate(planned)).days, by=by)


def move_by(campaign: Campaign, days: int, *, by: User) -> datetime:
    """Launch it so many days later, at the same time on its clocks, whatever summer time does."""
    if (planned := launches.once(campaign)) is None:
        raise CampaignError(_("“%(name)s” has no date that could be moved.") % {"name": campaign.name})
    try:
        written = datetime.fromisoformat(campaign.schedule["at"])  # not ``planned``: an hour skipped here comes back
        wall = launches.wall_time(campaign, planned) if written.tzinfo else written
        return move(campaign, wall + timedelta(days=days), by=by)
    except OverflowError:
        raise CampaignError(_("That is too far away.")) from None


def said(campaign: Campaign, moment: datetime) -> str:
    """When it launches now, in words; and where its clocks skip the hour that was asked for, that they do."""
    wanted = datetime.fromisoformat(campaign.schedule["at"])
    facts = {
        "name": campaign.name,
        "date": formats.date_format(moment, "DATETIME_FORMAT"),
        "zone": campaign.timezone,
        "time": formats.time_format(wanted),
    }
    if launches.wall_time(campaign, moment) != wanted:
        return _("“%(name)s” launches on %(date)s (%(zone)s): the clocks skip %(time)s that day.") % facts
    return _("“%(name)s” launches on %(date)s (%(zone)s).") % facts
