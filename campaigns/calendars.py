"""The calendar: launches that were, that stand and that are planned, by day, and which of them collide."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef
from django.db.models import Window as Over
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from orchcamp.accounts.models import User

from . import folders, inventory, launches, rescheduling, tagging
from .models import Campaign, Run
from .models.campaign import zone_of

DAY = timedelta(days=1)
FIRST, LAST = date(1990, 1, 1), date(2200, 1, 1)  # what the pages can turn to
SHOWN = 4  # of a day in a month; the week shows all
UNDATED = 6
CONFLICTING = 6  # campaigns of a conflict that are named
PAST = {"succeeded", "failed", "stopped"}


@dataclass(frozen=True)
class Window:
    """The days that are on view, in the zone of the workspace."""

    mode: str  # "month" or "week"
    day: date

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Window:
        try:
            day = parse_date(data.get("day", "")) or timezone.localdate()
        except ValueError:
            day = timezone.localdate()
        return cls("week" if data.get("mode") == "week" else "month", min(max(day, FIRST), LAST))

    @property
    def days(self) -> list[date]:
        """Whole weeks, beginning on Monday."""
        first = self.day if self.mode == "week" else self.day.replace(day=1)
        last = self.day if self.mode == "week" else self.day.replace(day=_length(self.day))
        monday, sunday = first - first.weekday() * DAY, last + (6 - last.weekday()) * DAY
        return [monday + number * DAY for number in range((sunday - monday).days + 1)]

    @property
    def earlier(self) -> date:
        return self.day - 7 * DAY if self.mode == "week" else (self.day.replace(day=1) - DAY).replace(day=1)

    @property
    def later(self) -> date:
        return self.day + 7 * DAY if self.mode == "week" else self.day.replace(day=_length(self.day)) + DAY

    @property
    def start(self) -> datetime:
        return midnight(self.days[0])

    @property
    def end(self) -> datetime:
        return midnight(self.days[-1] + DAY)


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class Subject(NamedTuple):
    """A campaign as the calendar shows it: a month may have thousands, and the whole rows of all would take its time."""

    pk: int
    slug: str
    name: str
    dimension: str
    timezone: str
    status: str
    schedule: dict[str, Any]

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.timezone)


class Outcome(NamedTuple):
    """A run as the calendar shows it."""

    pk: int
    status: str
    errors: int
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.status in Run.OPEN


@dataclass(frozen=True)
class Launch:
    """One launch in the calendar: a run, or a moment that a schedule names."""

    campaign: Subject | Campaign
    at: datetime
    run: Outcome | Run | None = None

    @property
    def state(self) -> str:
        """``planned``, ``scheduled``, or the status of the run."""
        if self.run is None:
            return "scheduled" if self.campaign.status in launches.ARMED else "planned"
        return "scheduled" if self.run.is_open and self.at > timezone.now() else str(self.run.status)

    @property
    def label(self) -> str:
        if self.run is None and self.state == "planned":
            planned = str(Campaign.Status(self.campaign.status).label)
            return _("%(status)s, date has passed") % {"status": planned} if self.is_late else planned
        if self.state == "scheduled" or self.run is None:
            return _("Scheduled")
        return Run.status_in_words(self.run.status, self.run.errors)

    @property
    def is_late(self) -> bool:
        """Whether the date went by without anybody publishing it."""
        return self.run is None and self.at <= timezone.now()

    def day(self, here: tzinfo) -> date:
        """The day on the calendar of a zone."""
        return self.at.astimezone(here).date()

    @property
    def elsewhere(self) -> str:
        """The time on the clocks of the campaign's zone, where they show something else than ours: “23:30 New York”."""
        theirs = self.at.astimezone(launches.zone(self.campaign))
        if theirs.utcoffset() == timezone.localtime(self.at).utcoffset():
            return ""
        return f"{theirs:%H:%M} {self.campaign.timezone.rpartition('/')[2].replace('_', ' ')}"

    @property
    def key(self) -> str:
        if self.run is not None:
            return f"run-{self.run.pk}"
        return f"{self.campaign.slug}-{self.at:%Y%m%d%H%M}" if self.repeats else self.campaign.slug

    @cached_property
    def repeats(self) -> bool:
        """Whether it is one of many that its schedule names."""
        return self.run is None and launches.repeats(self.campaign)


@dataclass(frozen=True)
class Collision:
    """Campaigns that would reach for the same rows on the same day."""

    day: date
    dimension: str
    campaigns: list[Subject | Campaign]

    @property
    def named(self) -> list[Subject | Campaign]:
        return self.campaigns[:CONFLICTING]

    @property
    def more(self) -> int:
        return max(0, len(self.campaigns) - CONFLICTING)


@dataclass
class Day:
    date: date
    launches: list[Launch] = field(default_factory=list)
    collisions: list[Collision] = field(default_factory=list)

    @property
    def first(self) -> list[Launch]:
        return self.launches[:SHOWN]

    @property
    def more(self) -> int:
        return max(0, len(self.launches) - SHOWN)


def between(campaigns: Any, start: datetime, end: datetime) -> list[Launch]:
    """The launches of some campaigns from ``start`` to before ``end``, in order; two queries."""
    live = Run.objects.live().filter(scheduled_for__gte=start, scheduled_for__lt=end)
    seen = Exists(campaigns.order_by().filter(pk=OuterRef("campaign")))  # not joined: SQLite would begin with them
    runs = live.filter(seen).order_by()
    of_campaign = [f"campaign__{name}" for name in Subject._fields[:-1]]
    width = len(Outcome._fields)
    found = [
        Launch(Subject(*row[width:], schedule={}), at, Outcome(*row[:width]))
        for at, *row in runs.values_list("scheduled_for", *Outcome._fields, *of_campaign)
    ]
    taken = {(launch.campaign.pk, launch.at) for launch in found}
    for row in launches.planned(campaigns, start, end).order_by().values_list(*Subject._fields):
        campaign = Subject(*row)
        moments = launches.between(campaign, start, end)
        found += [Launch(campaign, at) for at in moments if (campaign.pk, at) not in taken]
    return sorted(found, key=lambda launch: (launch.at, launch.campaign.name))


def collisions(found: Iterable[tuple[date, Launch]]) -> list[Collision]:
    """Days from today on with more than one campaign about the same dimension; what is over collides no more."""
    today = timezone.localdate()
    met: dict[tuple[date, str], dict[int, Subject | Campaign]] = {}
    for day, launch in found:
        if day >= today and launch.state not in PAST - {"succeeded"}:
            met.setdefault((day, launch.campaign.dimension), {})[launch.campaign.pk] = launch.campaign
    return [
        Collision(day, dimension, list(campaigns.values()))
        for (day, dimension), campaigns in sorted(met.items())
        if len(campaigns) > 1
    ]


@dataclass(frozen=True)
class Page:
    """What the calendar shows."""

    days: list[Day]
    tree: list[folders.Branch]
    tags: dict[str, int]

    @property
    def collisions(self) -> list[Collision]:
        return [collision for day in self.days for collision in day.collisions]

    @property
    def launches(self) -> int:
        return sum(len(day.launches) for day in self.days)


def page(user: User, window: Window, filters: inventory.Filters) -> Page:
    """The days of a window; what collides is told of everything the person sees, whatever is filtered."""
    visible = Campaign.objects.for_user(user)
    tree, texts = folders.tree(user), tagging.texts(visible)
    everything = _by_day(visible.active(), window)
    wanted = filters.of_status(filters.apply(visible, user, tree=tree, texts=texts))
    if filters.status == Campaign.Status.ARCHIVED:
        shown = _by_day(wanted, window)
    elif filters.status or filters.narrowed:
        pks = {launch.campaign.pk for _day, launch in everything}
        kept = set(wanted.filter(pk__in=pks).values_list("pk", flat=True))
        shown = [(day, launch) for day, launch in everything if launch.campaign.pk in kept]
    else:
        shown = everything
    days = {day: Day(day) for day in window.days}
    for day, launch in shown:
        days[day].launches.append(launch)
    here = {(day, launch.campaign.pk) for day, launch in shown}
    for collision in collisions(everything):
        if any((collision.day, campaign.pk) in here for campaign in collision.campaigns):
            days[collision.day].collisions.append(collision)
    return Page(list(days.values()), tree, tagging.known(texts))


@dataclass(frozen=True)
class Undated:
    """What waits without a date."""

    campaigns: list[Campaign]  # the first of them, as far as the reader may give them one
    count: int  # of all


def undated(user: User, filters: inventory.Filters) -> Undated:
    """The campaigns beside the calendar, of those that its filters leave."""
    visible = Campaign.objects.for_user(user)
    tree, texts = (folders.tree(user), tagging.texts(visible)) if filters.narrowed else ([], [])
    waiting = launches.undated(filters.of_status(filters.apply(visible, user, tree=tree, texts=texts)))
    first = list(waiting.annotate(of=Over(Count("pk"))).order_by("-modified_at")[:UNDATED])
    held = rescheduling.refusals(first, user)
    return Undated([campaign for campaign in first if not held[campaign.pk]], first[0].of if first else 0)


def _by_day(campaigns: Any, window: Window) -> list[tuple[date, Launch]]:
    """The launches of a window, each with its day here."""
    here = timezone.get_current_timezone()
    return [(launch.day(here), launch) for launch in between(campaigns, window.start, window.end)]
