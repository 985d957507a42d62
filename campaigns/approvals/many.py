"""Several requests approved together: each for itself, with its own result; one that fails stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.errors import CampaignError
from campaigns.models import Approval
from orchcamp.accounts.models import User
from orchcamp.web.errors import Refused

from . import requests
from .inbox import visible

MOST = 100


@dataclass(frozen=True)
class Outcome:
    """What became of one of them."""

    approval: Approval
    done: bool
    sentence: str


def approve(ids: Sequence[int], *, by: User, message: str = "") -> list[Outcome]:
    """Approve each that its policies let be decided together with others, in the order in which they were ticked."""
    if not ids:
        raise CampaignError(_("Tick the requests that are to be approved first."))
    if len(ids) > MOST:
        raise CampaignError(_("At most %(most)s requests are approved together; tick fewer.") % {"most": MOST})
    found = {approval.pk: approval for approval in visible(by).filter(pk__in=ids)}
    return [_approve(found[pk], by, message) for pk in dict.fromkeys(ids) if pk in found]


def _approve(approval: Approval, by: User, message: str) -> Outcome:
    try:
        requests.approve(approval, by=by, message=message, in_bulk=True)
    except Refused as refusal:
        return Outcome(approval, False, str(refusal))
    approval.refresh_from_db(fields=["status", "decided_by", "decided_at"])
    if approval.status == Approval.Status.APPROVED:
        return Outcome(approval, True, _("Approved."))
    return Outcome(approval, True, _("Signed; others have to sign too."))
