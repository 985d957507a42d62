"""Which version of a campaign a page of its canvas shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from campaigns.models import Campaign, CampaignVersion
from campaigns.versions import states
from orchcamp.web.numbers import whole


def shown(request: HttpRequest, campaign: Campaign) -> CampaignVersion:
    """The version that is looked at: as ``?version=`` says, else the latest."""
    number = whole(request.GET.get("version"))
    asked = campaign.versions.filter(number=number).first() if number is not None else None
    return asked or campaign.latest_version()


def switch(campaign: Campaign, version: CampaignVersion) -> dict[str, Any]:
    """Which versions stand beside the one that is looked at: what is in force, and the latest."""
    standing = states.Standing.of(campaign)
    latest, in_force = campaign.latest_version(), campaign.published_version()
    beside = [latest] if in_force is None or standing.in_force is None else [latest, in_force]
    others = {one.number: str(states.LABELS[standing.state(one)]) for one in beside if one.pk != version.pk}
    return {
        "version_state": str(states.LABELS[standing.state(version)]),
        "other_versions": sorted(others.items(), reverse=True),
        "at": "" if version.pk == latest.pk else f"&version={version.number}",
    }
