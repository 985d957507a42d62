"""Who else has a canvas open now. A sign of life is no edit: it moves no revision and is in no audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.accounts.access import may
from orchcamp.accounts.models import User

from .models import Campaign, CampaignVersion, Presence

GONE = timedelta(seconds=30)  # without a sign


@dataclass(frozen=True)
class Other:
    """Another person on the canvas, in words."""

    name: str
    node_id: str
    words: str


def sign(campaign: Campaign, user: User, node_id: str = "") -> None:
    """Note that a person has the canvas open, and which node: one statement, whoever asks at the same time."""
    here = Presence(campaign=campaign, user=user, node_id=node_id[:60], seen_at=timezone.now())
    Presence.objects.bulk_create(
        [here], update_conflicts=True, unique_fields=["campaign", "user"], update_fields=["node_id", "seen_at"]
    )


def others(version: CampaignVersion, user: User) -> list[Other]:
    """Everybody else who gave a sign lately; the rows of those who left go."""
    since = timezone.now() - GONE
    rows = list(Presence.objects.filter(campaign=version.campaign_id).exclude(user=user).select_related("user"))
    left = [row.pk for row in rows if row.seen_at < since]
    if left:
        Presence.objects.filter(pk__in=left, seen_at__lt=since).delete()
    here = [row for row in rows if row.seen_at >= since]
    return [_other(row, version) for row in sorted(here, key=lambda row: str(row.user))]


def _other(row: Presence, version: CampaignVersion) -> Other:
    node = version.graph.nodes.get(row.node_id)
    names = {"name": str(row.user), "node": node.name if node else ""}
    if node is None:
        words = _("%(name)s has this canvas open")
    elif version.is_draft and may(row.user, "change", version.campaign):
        words = _("%(name)s is editing %(node)s")
    else:
        words = _("%(name)s is looking at %(node)s")
    return Other(names["name"], node.id if node else "", words % names)
