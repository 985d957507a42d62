"""When campaigns launch. Everything that plans ahead (calendar, feed, home, list) asks here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.db.models import Case, Q, TextField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from activities.check import ERROR, WARNING, Problem

from .models import Campaign
from .schedules import moments, reading, value, words
from .schedules.reading import AT_ONCE, BadSchedule
from .schedules.value import Schedule

Status = Campaign.Status
DAY = timedelta(days=1)
JUST = timedelta(microseconds=1)
DENSE = timedelta(minutes=15)
MOST = 200  # launches of one campaign that a window tells apart
AHEAD = (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED)  # those whose schedule is still to come
ARMED = (Status.SCHEDULED, Status.LIVE)  # those that launch by themselves


class Planned(Protocol):
    """What is read of a campaign to know when it launches: the campaign itself, or as much of it as a calendar has."""

    @property
    def schedule(self) -> dict[str, Any]: ...
    @property
    def status(self) -> str: ...
    @property
    def zone(self) -> ZoneInfo: ...


def zone(campaign: Planned) -> ZoneInfo:
    """The zone in which the campaign's moments are meant; a name that is unknown here is UTC."""
    return campaign.zone


def of(campaign: Planned) -> Schedule | None:
    """The campaign's schedule; None when it cannot be read."""
    try:
        return reading.read(campaign.schedule or {})
    except BadSchedule:
        return None


def repeats(campaign: Planned) -> bool:
    """Whether it launches again and again."""
    schedule = of(campaign)
    return schedule is not None and schedule.repeats


def by_clock(campaign: Campaign) -> bool:
    """Whether the clock launches it: it waits for its moment, or repeats."""
    return campaign.status == Status.SCHEDULED or (campaign.status == Status.LIVE and repeats(campaign))


def in_words(campaign: Campaign) -> str:
    """When it launches, in a sentence; what cannot be read says so."""
    schedule = of(campaign)
    return words.sentence(schedule, zone(campaign)) if schedule else _("The schedule cannot be read")


def problems(campaign: Campaign) -> list[Problem]:
    """What is wrong or odd about a schedule that is still to be published."""
    try:
        schedule = reading.read(campaign.schedule or {})
    except BadSchedule as bad:
        return [Problem(None, ERROR, _("The schedule cannot be used. %(why)s") % {"why": bad})]
    now = timezone.now()
    if schedule.frequency == value.ONCE and schedule.moment and moments.over(schedule, zone(campaign), now):
        said = _("The date of the schedule has passed; published now, the campaign would begin at once.")
        return [Problem(None, WARNING, said)]
    coming = moments.upcoming(schedule, zone(campaign), now) if schedule.repeats else []
    if schedule.repeats and not coming:
        return [Problem(None, ERROR, _("The schedule has no launch to come: its validity is over."))]
    if any(later - moment < DENSE for moment, later in pairwise(coming)):
        said = _(
            "The launches come less than 15 minutes after one another; a run that is still on keeps back the next."
        )
        return [Problem(None, WARNING, said)]
    return []


def out_of_validity(campaign: Campaign) -> str:
    """Why the validity of the schedule lets nothing begin now; empty when it does."""
    schedule, now = of(campaign), timezone.now()
    start, end = moments.validity(schedule, zone(campaign)) if schedule else (None, None)
    if start and now < start:
        local = {"name": campaign.name, "moment": formats.date_format(start.astimezone(zone(campaign)), "j M Y, H:i")}
        return _("“%(name)s” is valid from %(moment)s on (%(zone)s).") % {**local, "zone": zone(campaign)}
    if end and now > end:
        return _("The validity of “%(name)s” is over.") % {"name": campaign.name}
    return ""


def once(campaign: Campaign) -> datetime | None:
    """The one moment of a schedule “once”, in the campaign's zone; None for other schedules and for what is no moment.

    A time that the clocks skip on that day (spring) is the one an hour later; of one that comes twice (autumn) the
    first is meant.
    """
    schedule = of(campaign)
    moment = schedule.moment if schedule else None
    return moments.placed(moment, zone(campaign)).astimezone(zone(campaign)) if moment else None


def between(campaign: Planned, start: datetime, end: datetime) -> list[datetime]:
    """The moments from ``start`` to before ``end`` at which the schedule launches the campaign; at most ``MOST``.

    This is about the schedule alone: which of them have become runs, ``calendars`` knows. Of a schedule that repeats,
    and of every one that is published, only what is still to come counts: what is over is a run or was left out.
    """
    schedule = of(campaign)
    if schedule is None or (campaign.status == Status.LIVE and not schedule.repeats):
        return []
    if schedule.repeats or campaign.status in ARMED:
        start = max(start, timezone.now())
    found = moments.launches(schedule, zone(campaign), start - JUST, end - JUST)
    return list(islice(found, MOST))


def planned(campaigns: Any, start: datetime, end: datetime) -> Any:
    """Those of some campaigns that ``between`` may find a launch of, told apart by the database.

    The text of the moment of “once” is compared with a day to spare on each side: its zone is not known here. Each has
    a ``moment`` to sort by: that text, and for those that repeat the beginning of the window.
    """
    first, last = ((start - DAY).date().isoformat(), (end + 2 * DAY).date().isoformat())
    at = Cast(KT("schedule__at"), TextField())
    moment = Case(
        When(schedule__frequency="once", then=at),
        default=Value(first),
        output_field=TextField(),
    )
    found = campaigns.filter(status__in=(*AHEAD, *ARMED)).alias(at=at)
    once = Q(schedule__frequency="once", at__gte=first, at__lt=last)
    return found.filter(once | Q(schedule__frequency__in=value.REPEATING)).annotate(moment=moment)


def undated(campaigns: Any) -> Any:
    """Those that wait for their publication and have no date: they would begin as soon as they are published."""
    no_date = Q(schedule__frequency__isnull=True) | Q(schedule__frequency__in=AT_ONCE)
    return campaigns.filter(no_date, status__in=(Status.DRAFT, Status.APPROVED))


def upcoming(campaign: Campaign, runs: Iterable[datetime] = ()) -> datetime | None:
    """The next launch: of what waits for its publication by the schedule, of what is published by what stands."""
    now = timezone.now()
    ahead = [moment for moment in runs if moment > now]
    schedule = of(campaign) if campaign.status in AHEAD else None
    if schedule is not None:
        ahead += moments.upcoming(schedule, zone(campaign), now, 1)
    if campaign.status in ARMED and campaign.next_launch_at and not campaign.by_signal:
        ahead.append(campaign.next_launch_at)
    return min(ahead, default=None)


def wall_time(campaign: Planned, moment: datetime) -> datetime:
    """A moment as the clock on the wall shows it where the campaign is at home, without a zone."""
    return moment.astimezone(zone(campaign)).replace(tzinfo=None)
