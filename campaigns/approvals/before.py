"""Before a request: the dry run of exactly this version that it carries, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns import counts
from campaigns.errors import CampaignError
from campaigns.models import CampaignVersion, Run


class NoDryRun(CampaignError):
    """A request without exact counts."""


@dataclass(frozen=True)
class Rehearsal:
    """How things stand with the dry run."""

    held: Run | None  # the one that a request would carry
    open: Run | None = None  # one of this version that goes on
    failed: Run | None = None  # the last, where it came to nothing
    former: bool = False  # there is one, but of another canvas or of older data

    @property
    def steps(self) -> int:
        return self.open.nodes.count() if self.open else 0

    @property
    def steps_done(self) -> int:
        return self.open.nodes.exclude(finished_at=None).count() if self.open else 0


def rehearsal(version: CampaignVersion) -> Rehearsal:
    """The dry run that holds for a version, else what there is in its stead."""
    if held := counts.holding_dry_run(version):
        return Rehearsal(held)
    last = Run.objects.dry().filter(campaign=version.campaign_id).order_by("-started_at", "-pk").first()
    if last is None:
        return Rehearsal(None)
    if last.is_open:
        return Rehearsal(None, open=last)
    return Rehearsal(None, failed=last if last.status == Run.Status.FAILED else None, former=True)


def demand_dry_run(version: CampaignVersion) -> Run:
    """The dry run that a request carries. Raises NoDryRun."""
    run = counts.holding_dry_run(version)
    if run is None:
        raise NoDryRun(
            _("Version %(number)s has no finished dry run of exactly this canvas and today's data: make one, then ask.")
            % {"number": version.number}
        )
    return run
