"""Who else reaches a campaign: the people and groups with whom it is shared, each at one level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchcamp.accounts import access, audit
from orchcamp.accounts.models import User

from .errors import CampaignError
from .models import Campaign

ALL = ("view", "change", "delete", "test", "approve", "publish", "confirm", "report")  # where; profiles say what


@dataclass(frozen=True)
class Level:
    """How far a share reaches; ``mark`` is the action by which the level is known again."""

    slug: str
    label: str | Promise
    mark: str
    actions: tuple[str, ...]


LEVELS = (
    Level("view", gettext_lazy("see it and its report"), "view", ("view", "report")),
    Level("change", gettext_lazy("change and test it"), "change", ("view", "report", "change", "test")),
    Level("all", gettext_lazy("everything their profile allows"), "publish", ALL),
)
BY_SLUG = {level.slug: level for level in LEVELS}


@dataclass(frozen=True)
class Share:
    """One person or group with whom a campaign is shared."""

    subject: User | Group
    level: Level
    is_owner: bool

    @property
    def is_group(self) -> bool:
        return isinstance(self.subject, Group)

    @property
    def key(self) -> str:
        return f"{'group' if self.is_group else 'person'}-{self.subject.pk}"


def may_share(user: Any, campaign: Campaign) -> bool:
    """Its owner and administrators share a campaign, as long as they may change it."""
    owns = campaign.owner_id is not None and campaign.owner_id == user.pk
    return (owns or access.administers(user)) and access.may(user, "change", campaign)


def shares(campaign: Campaign) -> list[Share]:
    """The owner first, then people, then groups, each by name."""
    found = [
        Share(subject, level, is_owner=isinstance(subject, User) and subject.pk == campaign.owner_id)
        for subject, actions in access.shares(campaign).items()
        if (level := next((level for level in reversed(LEVELS) if level.mark in actions), None))
    ]
    return sorted(found, key=lambda share: (not share.is_owner, share.is_group, str(share.subject).casefold()))


def shared_with(campaign: Campaign, key: str) -> Share:
    """The share that a button on the page names."""
    found = next((share for share in shares(campaign) if share.key == key), None)
    if found is None:
        raise CampaignError(_("The campaign is not shared with them any more."))
    return found


def share(campaign: Campaign, subject: User | Group, level: Level, *, by: User) -> None:
    """Share the campaign at exactly this level."""
    _demand_other_than_owner(campaign, subject)
    with transaction.atomic():
        access.revoke(subject, [action for action in ALL if action not in level.actions], campaign)
        access.grant(subject, level.actions, campaign)
        audit.record(by, "shared", campaign, subject=str(subject), level=level.slug)


def unshare(campaign: Campaign, subject: User | Group, *, by: User) -> None:
    """Share the campaign with this person or group no more."""
    _demand_other_than_owner(campaign, subject)
    with transaction.atomic():
        access.revoke(subject, ALL, campaign)
        audit.record(by, "stopped sharing", campaign, subject=str(subject))


def _demand_other_than_owner(campaign: Campaign, subject: User | Group) -> None:
    if isinstance(subject, User) and subject.pk == campaign.owner_id:
        raise CampaignError(_("%(name)s owns this campaign and always reaches it.") % {"name": subject})
