"""The evidence pack of one approval: everything that was asked, shown and decided, in one file that needs nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from campaigns import review
from campaigns.models import Approval, Campaign, Decision
from campaigns.models.policy import FACET_LABELS
from orchcamp.accounts import audit
from orchcamp.accounts.models import AuditEntry, User
from orchcamp.messaging.harmless import harmless

from . import asked, samples, since

TEMPLATE = "campaigns/evidence/pack.html"
MOMENT = timedelta(seconds=1)  # a deed and its entry are written one after the other
ENTRIES = 500  # of the audit trail that are written down


@dataclass(frozen=True)
class Piece:
    """One message as its reader would have seen it: as text, and as HTML that refers to nothing."""

    sample: samples.Sample

    @property
    def html(self) -> str:
        made = self.sample.shown.made
        return harmless(made.mail.html) if made is not None and made.mail is not None else ""


@dataclass(frozen=True)
class Spoken:
    """One channel with its pieces."""

    read: samples.Read
    pieces: list[Piece]


def file_name(approval: Approval) -> str:
    return f"evidence-{approval.version.campaign.slug}-version-{approval.version.number}-request-{approval.pk}.html"


def pack(approval: Approval, *, by: User, personal: bool) -> str:
    """The whole file; that somebody took it is recorded."""
    text = render_to_string(TEMPLATE, gather(approval, by=by, personal=personal))
    facts = {"approval": approval.pk, "version": approval.version.number, "personal": personal}
    audit.record(by, "downloaded evidence", approval.version.campaign, **facts)
    return text


def gather(approval: Approval, *, by: User, personal: bool) -> dict[str, Any]:
    """What stands in the pack."""
    version = approval.version
    return {
        "approval": approval,
        "campaign": version.campaign,
        "version": version,
        "made_at": timezone.now(),
        "made_by": by,
        "personal": personal,
        "facets": [(FACET_LABELS.get(facet, facet), value) for facet, value in approval.hashes.items()],
        "document": hashlib.sha256(json.dumps(version.document, sort_keys=True).encode()).hexdigest(),
        "editors": [person for person in version.editors.all() if person.pk != version.author_id],
        "stages": asked.stages(approval),
        "delegations": approval.delegations.select_related("by", "to"),
        "decisions": decisions(approval),
        "review": review.review(approval, personal=personal),
        "spoken": [
            Spoken(read, [Piece(sample) for sample in read.samples])
            for read in samples.read(approval.test_run, masked=not personal)
        ],
        "since": since.since(version, approval.counts),
        "snapshots": sorted(approval.test_run.snapshots.items()) if approval.test_run else [],
        "entries": entries(approval),
        "more_than": ENTRIES,
    }


def decisions(approval: Approval) -> QuerySet[Decision]:
    """What each person said, in the order of time."""
    found = Decision.objects.filter(requirement__approval=approval).select_related("requirement")
    return found.order_by("at", "pk")


def entries(approval: Approval) -> list[AuditEntry]:
    """What the audit trail says of the campaign between the request and its end."""
    about = AuditEntry.objects.filter(
        kind=Campaign._meta.label_lower,
        object_id=str(approval.version.campaign_id),
        at__gte=approval.requested_at - MOMENT,
    )
    if approval.decided_at is not None:
        about = about.filter(at__lte=approval.decided_at + MOMENT)
    return list(about.order_by("at", "pk")[:ENTRIES])
