"""An earlier version as a new draft."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns import canvas, lifecycle
from campaigns.errors import WrongStatus
from campaigns.models import Campaign, CampaignVersion
from campaigns.status import PUBLISHED
from orchcamp.accounts.models import User

from . import drafting


def restore(version: CampaignVersion, *, by: User | None) -> CampaignVersion:
    """Have the canvas and the properties of a version as the draft, and return that.

    A draft that is open takes them, as a step that can be undone; else one begins: beside what is in force, or back
    to draft. Raises WrongStatus for the draft itself, and where a draft cannot begin now.
    """
    if version.is_draft:
        raise WrongStatus(_("This version is the draft; there is nothing to restore."))
    campaign = Campaign.objects.get(pk=version.campaign_id)
    draft = campaign.draft()
    if campaign.status in PUBLISHED | {Campaign.Status.DRAFT} and draft is not None:
        return _into(draft, version, by)
    if campaign.status in PUBLISHED:
        return drafting.begin_next(campaign, by=by, source=version)
    return lifecycle.edit_again(campaign, by=by, source=version)


def _into(draft: CampaignVersion, version: CampaignVersion, by: User | None) -> CampaignVersion:
    graph = version.graph
    with transaction.atomic():
        if version.properties:
            lifecycle.change_properties(draft.campaign, by=by, **version.properties)
            draft.refresh_from_db()
        names = [str(version.number)]
        canvas.edit(
            draft,
            lambda _old: graph,
            revision=draft.revision,
            by=by,
            verb="restored version",
            deed="restore",
            names=names,
        )
    draft.refresh_from_db()
    return draft
