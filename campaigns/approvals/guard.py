"""The one door before everything that runs live: a version that is not approved, complete and unchanged, does not pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from campaigns.errors import WrongStatus
from campaigns.models import Approval, Campaign, CampaignVersion, Installation, Requirement
from campaigns.models.policy import FACET_LABELS
from campaigns.status import PUBLISHED

from . import facets


class NotApproved(WrongStatus):
    """A version that may not run: it is not approved, not wholly, or not as it is now."""


def demand_approved(version: CampaignVersion) -> None:
    """Raise NotApproved unless this version is approved by all who had to, exactly as it is.

    Asked of the version as it would run, and of what the database says of it: call it inside the transaction that makes
    the run or puts the version in force. A version that was approved before this installation had its first active
    policy stays approved as it was; what is asked since carries its signatures.
    """
    kept = CampaignVersion.objects.filter(pk=version.pk).values("frozen_at", "approved_at").first()
    facts = {"name": version.campaign.name, "number": version.number}
    if kept is None or kept["frozen_at"] is None or kept["approved_at"] is None:
        raise NotApproved(_("Version %(number)s of “%(name)s” is not approved; ask for an approval first.") % facts)
    approval = Approval.objects.filter(version=version.pk, status=Approval.Status.APPROVED).order_by("-pk").first()
    if approval is None or not approval.hashes:
        _demand_older(version, kept, facts)
        return
    _demand_complete(approval, facts)
    changed = [facet for facet, hash in facets.hashes(version).items() if approval.hashes.get(facet) != hash]
    changed += [facet for facet in _in_force(version, approval) if facet not in changed]
    if changed:
        names = get_text_list([str(FACET_LABELS[facet]) for facet in changed], _("and"))
        raise NotApproved(
            _(
                "Version %(number)s of “%(name)s” is not what was approved any more; changed since: %(facets)s. Take it back "
                "to draft, and ask for an approval of what it is now."
            )
            % {**facts, "facets": names.lower()}
        )


def refusal(version: CampaignVersion) -> str:
    """Why a version may not run; empty where it may."""
    try:
        demand_approved(version)
    except NotApproved as refused:
        return str(refused)
    return ""


def _demand_complete(approval: Approval, facts: Mapping[str, Any]) -> None:
    """Every requirement is satisfied, and its signatures are of what the request says."""
    rows = list(approval.requirements.prefetch_related("decisions", "carried_from__decisions"))
    for row in rows:
        given = (row.carried_from if row.carried_from_id else row).decisions.all()  # type: ignore[union-attr]
        signed: dict[str, str] = {}
        for decision in given:
            if decision.verdict != "send_back":
                signed |= decision.signed
        unsigned = [facet for facet in row.facets if signed.get(facet) != approval.hashes.get(facet)]
        if row.status != Requirement.Status.SATISFIED or unsigned:
            raise NotApproved(
                _("Version %(number)s of “%(name)s” is not wholly approved: “%(title)s” has not signed it.")
                % {**facts, "title": row.title}
            )
    if not rows:
        raise NotApproved(_("Nobody has signed version %(number)s of “%(name)s”; ask for an approval.") % facts)


def _in_force(version: CampaignVersion, approval: Approval) -> list[str]:
    """The facets in which the campaign that is in force, by which the clock launches, differs from what was signed."""
    campaign = Campaign.objects.filter(pk=version.campaign_id, status__in=PUBLISHED).first()
    if campaign is None or version.published_at is None:
        return []
    found = facets.hashes_with(version, campaign)
    return [facet for facet, hash in found.items() if approval.hashes.get(facet) != hash]


def _demand_older(version: CampaignVersion, kept: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """A version whose approval carries no signatures runs only where it is older than the first policy."""
    since = Installation.objects.filter(pk=1).values_list("policies_since", flat=True).first()
    if since is not None and kept["approved_at"] >= since:
        raise NotApproved(_("Nobody has signed version %(number)s of “%(name)s”; ask for an approval.") % facts)
