"""Where each version of a campaign stands, who made it so, and what ran by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.utils.translation import gettext_lazy

from campaigns.models import Approval, Campaign, CampaignVersion, Run
from campaigns.status import PUBLISHED

DRAFT, IN_REVIEW, APPROVED, IN_FORCE, FORMER, UNUSED = "draft", "in_review", "approved", "in_force", "former", "unused"
LABELS = {
    DRAFT: gettext_lazy("Draft"),
    IN_REVIEW: gettext_lazy("In review"),
    APPROVED: gettext_lazy("Approved"),
    IN_FORCE: gettext_lazy("In force"),
    FORMER: gettext_lazy("Former"),
    UNUSED: gettext_lazy("Not used"),
}


@dataclass(frozen=True)
class Line:
    """One version in the list."""

    version: CampaignVersion
    state: str
    request: Approval | None  # the last one, with its message and answer
    editors: list[str]
    live_runs: int
    tests: int

    def get_state_display(self) -> str:
        return str(LABELS[self.state])


@dataclass(frozen=True)
class Standing:
    """What tells the states of a campaign's versions apart, read once."""

    in_force: int | None
    latest: int | None
    waiting: frozenset[int]

    @classmethod
    def of(cls, campaign: Campaign) -> Standing:
        published = campaign.published_version() if campaign.status in PUBLISHED else None
        waiting = Approval.objects.filter(version__campaign=campaign, status=Approval.Status.WAITING)
        latest = campaign.versions.order_by("-number").values_list("pk", flat=True).first()
        return cls(published.pk if published else None, latest, frozenset(waiting.values_list("version", flat=True)))

    def state(self, version: CampaignVersion) -> str:
        """Where a version stands, from the version and its campaign."""
        if version.frozen_at is None:
            return DRAFT
        if version.pk in self.waiting:
            return IN_REVIEW
        if version.published_at is not None:
            return IN_FORCE if version.pk == self.in_force else FORMER
        return APPROVED if version.approved_at is not None and version.pk == self.latest else UNUSED


def state_of(version: CampaignVersion) -> str:
    """The state of one version."""
    return Standing.of(version.campaign).state(version)


def versions(campaign: Campaign) -> Any:
    """Every version with what ``lines`` tells of it, the latest first."""
    live, test = Q(runs__mode=Run.Mode.LIVE), ~Q(runs__mode=Run.Mode.LIVE) & Q(runs__isnull=False)
    return (
        campaign.versions.select_related("author", "published_by", "began_from")
        .order_by("-number")
        .defer("document")
        .annotate(live_runs=Count("runs", filter=live, distinct=True), tests=Count("runs", filter=test, distinct=True))
        .prefetch_related(
            "editors", Prefetch("approvals", Approval.objects.select_related("requested_by", "decided_by"))
        )
    )


def lines(campaign: Campaign, page: Any = None) -> list[Line]:
    """Of some ``versions``, else of all; as many queries however many there are."""
    standing = Standing.of(campaign)
    return [
        Line(
            version,
            standing.state(version),
            max(version.approvals.all(), key=lambda approval: approval.pk, default=None),
            sorted(str(person) for person in version.editors.all() if person.pk != version.author_id),
            version.live_runs,
            version.tests,
        )
        for version in (versions(campaign) if page is None else page)
    ]
