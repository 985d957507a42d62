"""A campaign in every status, as its verbs leave it there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from activities.graph import Graph
from campaigns import status
from campaigns.models import Approval, Campaign, Run
from campaigns.versions.drafting import properties_of
from orchcamp.accounts.models import User
from tests.campaigns.builders import make_campaign, targeting_graph

S = Campaign.Status


def campaign_in(where: str, *, author: User, canvas: Graph | None = None, **changes: Any) -> Campaign:
    """A campaign between two launches, in this status, with what goes with it: its version, its request."""
    campaign = make_campaign(canvas or targeting_graph(), owner=author, status=where, **changes)
    now = timezone.now()
    if where == S.ARCHIVED:
        Campaign.objects.filter(pk=campaign.pk).update(former_status=S.DRAFT, archived_at=now)
    elif where != S.DRAFT:
        version = campaign.versions.get()
        campaign.versions.update(frozen_at=now, properties=properties_of(campaign))
        decided = Approval.Status.WAITING if where == S.IN_REVIEW else Approval.Status.APPROVED
        Approval.objects.create(version=version, requested_by=author, status=decided)
        if where != S.IN_REVIEW:
            campaign.versions.update(approved_at=now)
        if where in status.PUBLISHED | status.OVER:
            campaign.versions.update(published_at=now)
    if where == S.PAUSED:
        Campaign.objects.filter(pk=campaign.pk).update(former_status=S.LIVE)
    return Campaign.objects.get(pk=campaign.pk)


def live_run(campaign: Campaign, where: str, *, minutes_ago: int = 5) -> Run:
    """A live run of the latest version that is running, paused, failed, stopped or over."""
    version = campaign.latest_version()
    return Run.objects.create(
        campaign=campaign,
        version=version,
        mode=Run.Mode.LIVE,
        status=where,
        scheduled_for=timezone.now() - timedelta(minutes=minutes_ago),
        document=version.document,
    )
