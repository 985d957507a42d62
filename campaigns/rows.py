"""What the rows of the list of campaigns say: channels, runs, audience, what may be done. A few queries for a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from activities import catalogue
from activities.base import Channel
from activities.graph import Graph

from . import launches, retention
from .models import Campaign, NodeRun, Run

OF_RUN = ("campaign", "document", "mode", "status", "error", "errors", "scheduled_for", "started_at")  # what rows show
OF_NODE = ("run", "node_id", "status", "ignored", "outputs")


@dataclass(frozen=True)
class Row:
    campaign: Campaign
    channels: tuple[tuple[str, str], ...]  # (icon, label)
    run: Run | None
    audience: int | None
    next_run: datetime | None
    failed_at: str  # name of the node at which the last run failed
    gone_at: datetime | None = None  # when it will be removed from the archive

    @property
    def may_change(self) -> bool:
        return bool(self.campaign.may_change)  # type: ignore[attr-defined]

    @property
    def failed(self) -> bool:
        return self.run is not None and self.run.status == Run.Status.FAILED


def rows(page: Iterable[Campaign]) -> list[Row]:
    """A page of campaigns (``inventory.detailed``) with what their rows say."""
    campaigns = list(page)
    found = Run.objects.filter(pk__in=[campaign.run_id for campaign in campaigns]).only(*OF_RUN)
    found = found.prefetch_related(Prefetch("nodes", NodeRun.objects.only(*OF_NODE)))
    runs = {run.pk: run for run in found}
    archived = any(campaign.status == Campaign.Status.ARCHIVED for campaign in campaigns)
    decided = retention.installation() if archived else None
    return [
        Row(
            campaign,
            channels(campaign.canvas or {}),
            run := runs.get(campaign.run_id),
            audience(run) if run else None,
            launches.upcoming(campaign, [run.scheduled_for] if run and run.is_open else ()),
            _failed_at(run) if run else "",
            retention.removed_at(campaign, decided) if decided else None,
        )
        for campaign in campaigns
    ]


def _failed_at(run: Run) -> str:
    failed = [node for node in run.nodes.all() if node.weighs == NodeRun.Status.FAILED]
    names = run.document.get("nodes", {})
    return str(names.get(failed[0].node_id, {}).get("name") or failed[0].node_id) if failed else ""


def channels(document: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Icon and name of every kind of channel on a canvas; read from the stored document, for it is only a hint."""
    types = {node.get("type", "") for node in document.get("nodes", {}).values()}
    return tuple((cls.icon, str(cls.label)) for cls in channel_types() if cls.key in types)


def channel_types() -> list[type[Channel]]:
    return [cls for cls in catalogue.all_types() if issubclass(cls, Channel)]


def audience(run: Run) -> int | None:
    """How many the last run would write to: those at its channels; without a channel, those at its widest point."""
    nodes = Graph.from_json(run.document).nodes
    rows = {row.node_id: [kept["rows"] for kept in row.outputs.values()] for row in run.nodes.all()}
    sending = [sum(rows[id]) for id, node in nodes.items() if rows.get(id) and _sends(node.type)]
    if sending:
        return sum(sending)
    return max((count for counts in rows.values() for count in counts), default=None)


def _sends(type: str) -> bool:
    try:
        return issubclass(catalogue.get(type), Channel)
    except catalogue.UnknownActivity:
        return False
