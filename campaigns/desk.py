"""What a person's first page shows beside what waits: runs, launches of the coming days, campaigns at hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from orchcamp.accounts import access
from orchcamp.accounts.models import User

from . import launches
from .calendars import Launch
from .models import Campaign, NodeRun, Run

AHEAD, BEHIND = timedelta(days=7), timedelta(days=7)


@dataclass(frozen=True)
class Runs:
    running: list[Run]  # each with ``steps`` and ``settled``: how many nodes there are, and how many are done
    failed_lately: list[Run]


@dataclass(frozen=True)
class Campaigns:
    recent: list[Campaign]
    favourites: list[Campaign]


def runs(user: User, most: int) -> Runs:
    """What runs now, and what failed within a week; three queries."""
    now = timezone.now()
    seen = Run.objects.filter(access.reached(user, "view", Campaign, "campaign"))
    seen = seen.exclude(campaign__status=Campaign.Status.ARCHIVED)
    open_now = seen.open().filter(scheduled_for__lte=now)
    failed = seen.filter(status=Run.Status.FAILED, finished_at__gte=now - BEHIND)
    settled = Count("nodes", filter=Q(nodes__status__in=NodeRun.SETTLED) | Q(nodes__ignored=True))
    both = [list(part.values_list("pk", flat=True)[:most]) for part in (open_now, failed)]
    found = Run.objects.filter(pk__in=chain(*both)).annotate(steps=Count("nodes"), settled=settled)
    rows = list(found.select_related("campaign", "started_by").defer("document").order_by("-started_at", "-pk"))
    return Runs([run for run in rows if run.is_open], [run for run in rows if not run.is_open])


def campaigns(user: User, most: int) -> Campaigns:
    """What was changed last, and the person's favourites; one query."""
    seen = Campaign.objects.for_user(user).active()
    starred = seen.filter(favourite_of=user)
    found = _first(Campaign.objects.all(), seen, starred, most=most)
    marked = found.annotate(stars=Count("favourite_of", filter=Q(favourite_of=user))).select_related("owner")
    rows = list(marked.order_by("-modified_at"))
    return Campaigns(rows[:most], [campaign for campaign in rows if campaign.stars][:most])


def _first(rows: Any, *slices: QuerySet, most: int) -> Any:
    """The first rows of each of some querysets, together."""
    wanted = Q(pk__in=[])
    for part in slices:
        wanted |= Q(pk__in=part.values("pk")[:most])
    return rows.filter(wanted)


def coming(user: User, most: int) -> list[Launch]:
    """The launches of the next seven days: those that stand, and those that are only planned."""
    now = timezone.now()
    seen = Campaign.objects.for_user(user).active()
    ahead = Run.objects.live().open().filter(scheduled_for__gt=now, scheduled_for__lt=now + AHEAD)
    reached = access.reached(user, "view", Campaign, "campaign")
    standing = ahead.filter(reached).select_related("campaign").defer("document")
    found = [Launch(run.campaign, run.scheduled_for, run) for run in standing.order_by("scheduled_for")[:most]]
    armed = seen.filter(status__in=launches.ARMED, next_launch_at__lt=now + AHEAD).order_by("next_launch_at")[:most]
    ahead = launches.planned(seen.filter(status__in=launches.AHEAD), now, now + AHEAD).order_by("moment")[: 5 * most]
    for campaign in chain(armed, ahead):
        found += [Launch(campaign, at) for at in launches.between(campaign, now, now + AHEAD)]
    return sorted(found, key=lambda launch: launch.at)[:most]
