"""What the head of every page about a campaign tells its reader, in one query."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest
from django.utils import timezone

from orchcamp.accounts.models import User

from . import following
from .models import Campaign, Task


@dataclass(frozen=True)
class Heading:
    extent: str  # how much the reader hears of the campaign
    overdue: int  # of its tasks


def of(campaign: Campaign, user: User) -> Heading:
    today = timezone.localdate(timezone=campaign.zone)
    late = Task.objects.filter(campaign=OuterRef("pk"), status__in=Task.ACTIVE, due_on__lt=today)
    number = late.order_by().values("campaign").annotate(number=Count("pk")).values("number")
    asked = Campaign.objects.filter(pk=campaign.pk).values_list(following.extent_for(user), Subquery(number))
    extent, overdue = asked.get()
    return Heading(str(extent), overdue or 0)


def shown(request: HttpRequest, campaign: Campaign) -> Heading:
    """The same, asked once for a page."""
    kept: dict[int, Heading] = request.__dict__.setdefault("headings", {})
    if campaign.pk not in kept:
        kept[campaign.pk] = of(campaign, request.user)  # type: ignore[arg-type]
    return kept[campaign.pk]
