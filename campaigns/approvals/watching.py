"""What time does to requests: it closes them, reminds of them, and shows where too few are left to decide."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from campaigns.errors import CampaignError
from campaigns.models import Approval, Beat, Requirement

from . import requests

logger = logging.getLogger(__name__)
LOOK = "approvals"  # the beat of whoever last looked whether enough are left
EVERY = timedelta(minutes=10)


def look(now: datetime) -> None:
    """Everything that is due; as often as you like, by as many workers as there are."""
    waiting = Approval.objects.filter(status=Approval.Status.WAITING).select_related("version__campaign")
    for approval in waiting.filter(expires_at__lte=now):
        try:
            requests.expire(approval)
        except CampaignError as refusal:  # its campaign went on at that moment; the next look finds it as it is
            logger.warning("Request %s could not be closed: %s", approval.pk, refusal)
    for approval in waiting.filter(remind_at__lte=now, reminded_at=None):
        requests.remind(approval)
    if _mine(now):
        watched = Requirement.objects.filter(status=Requirement.Status.OPEN, anyone=False, escalated_at=None)
        for approval in waiting.filter(pk__in=watched.values("approval")):
            requests.escalate(approval)


def _mine(now: datetime) -> bool:
    """Whether it is this worker that looks for those who have left: now and then, one of them."""
    _beat, new = Beat.objects.get_or_create(name=LOOK, defaults={"at": now})
    return new or bool(Beat.objects.filter(name=LOOK, at__lte=now - EVERY).update(at=now))
