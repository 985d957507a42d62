"""The one conditional update by which a draft's canvas changes."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.accounts.models import User

from .errors import StaleCanvas
from .models import Campaign, CampaignVersion


def demand(version: CampaignVersion, revision: int) -> None:
    """Raise StaleCanvas if the row at hand is not what the person saw."""
    if version.revision != revision:
        raise StaleCanvas(_changed())


def save(version: CampaignVersion, document: dict[str, Any], *, revision: int, by: User | None) -> None:
    """Store a canvas if nobody else saved since ``revision`` and it is still a draft; in the caller's transaction."""
    drafts = CampaignVersion.objects.filter(pk=version.pk, revision=revision, frozen_at=None)
    now = timezone.now()
    if not drafts.update(document=document, revision=F("revision") + 1, modified_at=now):
        raise StaleCanvas(_stale(version))
    Campaign.objects.filter(pk=version.campaign_id).update(modified_at=now)
    if by is not None:
        version.editors.add(by)


def _changed() -> str:
    return _("Someone else changed this canvas in the meantime, so your change was not saved.")


def _stale(version: CampaignVersion) -> str:
    if CampaignVersion.objects.filter(pk=version.pk, frozen_at=None).exists():
        return _changed()
    return _("This version is frozen and cannot be changed any more; withdraw the approval or edit the campaign again.")
