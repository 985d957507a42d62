"""Chains of campaigns: where the signals of an end lead, and whether they come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities.check import WARNING, Problem

from .models import Campaign, CampaignVersion

FARTHEST = 20  # campaigns that a chain is followed over


def called(document: Mapping[str, Any]) -> dict[str, str]:
    """End → the campaign that it sends a signal to, of a canvas as it is stored."""
    found = {}
    for id, node in document.get("nodes", {}).items():
        signal = node.get("settings", {}).get("signal") if node.get("type") == "end" else None
        if isinstance(signal, Mapping) and signal.get("campaign") and not node.get("disabled"):
            found[id] = str(signal["campaign"])
    return found


def loops(version: CampaignVersion) -> list[Problem]:
    """A warning for each end of a canvas whose signal comes back to its campaign; asks nothing where no end sends one."""
    own = version.campaign.slug
    calls = called(version.document)
    around = {slug: _around(own, slug) for slug in set(calls.values())}
    return [Problem(id, WARNING, _said(slug, around[slug])) for id, slug in calls.items() if around[slug] is not None]


def _around(own: str, first: str) -> int | None:
    """How many other campaigns the shortest way back goes over; None when there is no way back."""
    seen: set[str] = set()
    level, far = {first}, 0
    while level and len(seen) < FARTHEST:
        if own in level:
            return far
        seen |= level
        level = {slug for campaign in Campaign.objects.filter(slug__in=level) for slug in _next(campaign)} - seen
        far += 1
    return None


def _next(campaign: Campaign) -> Iterator[str]:
    """What a campaign would call: by the version that runs, else by the one that may come to."""
    version = campaign.published_version() or campaign.latest_version()
    yield from called(version.document).values()


def _said(slug: str, others: int | None) -> str:
    rule = _("Each run would begin the next one, and only the interval between two signals stops that.")
    if not others:
        return _("This end sends a signal to its own campaign. %(rule)s") % {"rule": rule}
    sentence = ngettext(
        "The signal to “%(slug)s” comes back to this campaign, over %(n)s other. %(rule)s",
        "The signal to “%(slug)s” comes back to this campaign, over %(n)s others. %(rule)s",
        others,
    )
    return sentence % {"slug": slug, "n": others, "rule": rule}
