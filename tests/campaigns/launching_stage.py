"""Published campaigns under a clock that the tests turn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from activities.graph import Graph
from campaigns import advance, launching, lifecycle
from campaigns.models import Campaign, NodeRun, Run
from tests.campaigns.builders import audience, graph, make_campaign

DAILY = {"frequency": "daily", "at": "09:00"}


def at(text: str) -> datetime:
    """A moment in UTC, from “2026-03-01 09:00”."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def published(
    schedule: dict[str, Any], *, slug: str = "spring", zone: str = "UTC", canvas: Graph | None = None
) -> Campaign:
    """A campaign of one step that counts, approved and published at the moment that the clock shows."""
    canvas = canvas or graph({"people": ("build_audience", audience())})
    campaign = make_campaign(canvas, slug=slug, schedule=schedule, timezone=zone, status=Campaign.Status.APPROVED)
    campaign.versions.update(frozen_at=timezone.now(), approved_at=timezone.now())
    lifecycle.publish(campaign, by=None)
    return campaign


def tick(now: datetime | None = None) -> list[Run]:
    """Look once, as a worker does: the runs that began."""
    return [run for pk in launching.due(now) if (run := launching.decide(pk, now))]


def end(run: Run) -> None:
    """Let a run come to its good end, as its worker would."""
    NodeRun.objects.filter(run=run).update(status=NodeRun.Status.SUCCEEDED)
    advance.settle(Run.objects.select_related("campaign").get(pk=run.pk))


def told(campaign: Campaign) -> dict[str, str]:
    """What became of each slot, in order: “03-01 09:00” -> its status."""
    return {f"{row.slot:%m-%d %H:%M}": row.status for row in campaign.launches.order_by("slot")}
