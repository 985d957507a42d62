"""The list of campaigns: who sees which, what is searched, and what a row says. The queries do not grow with the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from activities import catalogue
from activities.base import Channel
from activities.graph import Graph
from orchcamp.accounts import access
from orchcamp.accounts.models import User
from orchcamp.web.numbers import whole

from .models import Campaign, CampaignVersion, Folder, Run

Status = Campaign.Status
SORTS = {
    "name": "name",
    "-name": "-name",
    "status": "status",
    "-status": "-status",
    "modified": "modified_at",
    "-modified": "-modified_at",
}


@dataclass(frozen=True)
class Filters:
    """What the address asks for; nonsense asks for nothing."""

    words: str = ""
    folder: int | None = None
    owner: int | None = None
    status: str = ""
    sort: str = "-modified"

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Filters:
        status, sort = data.get("status", ""), data.get("sort", "")
        return cls(
            data.get("q", "").strip()[:120],
            whole(data.get("folder")),
            whole(data.get("owner")),
            status if status in Status.values else "",
            sort if sort in SORTS else "-modified",
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.words or self.folder or self.owner)

    def apply(self, campaigns: Any) -> Any:
        """Everything but the status."""
        if self.words:
            campaigns = campaigns.filter(Q(name__icontains=self.words) | Q(slug__icontains=self.words))
        if self.folder:
            campaigns = campaigns.filter(folder=self.folder)
        return campaigns.filter(owner=self.owner) if self.owner else campaigns

    def of_status(self, campaigns: Any) -> Any:
        """Those of the tab; what is archived shows only on its own."""
        return campaigns.filter(status=self.status) if self.status else campaigns.active()


@dataclass(frozen=True)
class Tab:
    value: str
    label: str
    count: int


@dataclass(frozen=True)
class Row:
    campaign: Campaign
    channels: tuple[tuple[str, str], ...]  # (icon, label)
    run: Run | None
    audience: int | None
    may_change: bool
    may_delete: bool


def tabs(campaigns: Any) -> list[Tab]:
    """All, and every status that something is in, with how many."""
    counts = dict(campaigns.order_by().values_list("status").annotate(Count("pk")))
    active = sum(count for status, count in counts.items() if status != Status.ARCHIVED)
    named = [Tab(value, str(label), counts.get(value, 0)) for value, label in Status.choices]
    return [Tab("", _("All"), active), *named]


def listed(campaigns: Any, filters: Filters) -> Any:
    """The campaigns of a page, each with the numbers of its last run and latest version."""
    latest = CampaignVersion.objects.filter(campaign=OuterRef("pk")).order_by("-number").values("pk")[:1]
    last = Run.objects.filter(campaign=OuterRef("pk")).order_by("-started_at", "-pk").values("pk")[:1]
    return (
        filters.of_status(campaigns)
        .select_related("owner", "folder")
        .annotate(version_id=Subquery(latest), run_id=Subquery(last))
        .order_by(SORTS[filters.sort], "-pk")
    )


def rows(page: Iterable[Campaign], user: User) -> list[Row]:
    """A page of campaigns with what their rows say, in five queries."""
    campaigns = list(page)
    versions = CampaignVersion.objects.in_bulk([campaign.version_id for campaign in campaigns])
    found = Run.objects.filter(pk__in=[campaign.run_id for campaign in campaigns]).prefetch_related("nodes")
    runs = {run.pk: run for run in found}
    changeable, deletable = (access.among(user, action, campaigns) for action in ("change", "delete"))
    return [
        Row(
            campaign,
            channels(versions[campaign.version_id].document) if campaign.version_id in versions else (),
            run := runs.get(campaign.run_id),
            audience(run) if run else None,
            campaign.pk in changeable,
            campaign.pk in deletable,
        )
        for campaign in campaigns
    ]


def channels(document: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Icon and name of every kind of channel on a canvas; read from the stored document, for it is only a hint."""
    types = {node.get("type", "") for node in document.get("nodes", {}).values()}
    kinds = [cls for cls in catalogue.all_types() if issubclass(cls, Channel) and cls.key in types]
    return tuple((cls.icon, str(cls.label)) for cls in kinds)


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


def folders(user: User) -> Any:
    return Folder.objects.for_user(user)


def owners(campaigns: Any) -> Any:
    """The people who own what can be seen."""
    return User.objects.filter(pk__in=campaigns.order_by().values("owner")).order_by("first_name", "username")
