"""Who supervises a campaign: is told when it fails, as its settings name them."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from campaigns.models import Campaign
from campaigns.running_settings import RunningSettings
from orchcamp.accounts import access
from orchcamp.accounts.models import User


def supervisors(campaign: Campaign, found: RunningSettings) -> QuerySet[User]:
    """Those people of some settings who are here and may see the campaign, each once; other names are left out."""
    return access.who_may("view", campaign).filter(_named(found)).order_by("username")


def unseeing(campaign: Campaign, found: RunningSettings) -> QuerySet[User]:
    """Those whom the settings name in vain: they are here, but may not see the campaign."""
    seeing = access.who_may("view", campaign).values("pk")
    return User.objects.filter(_named(found), is_active=True).exclude(pk__in=seeing).order_by("username")


def _named(found: RunningSettings) -> Q:
    members = User.groups.through.objects.filter(group__in=Group.objects.filter(name__in=found.groups))
    return Q(username__in=found.people) | Q(pk__in=members.values("user"))
