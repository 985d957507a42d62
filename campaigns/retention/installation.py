"""What an administrator decides about retention, and whose turn it is to clean."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from campaigns.models import Campaign, Installation
from orchcamp.accounts import audit
from orchcamp.accounts.models import User

DAILY = timedelta(days=1)


def installation() -> Installation:
    """The one row; as long as nobody has decided anything, its defaults: reading makes no row."""
    return Installation.objects.filter(pk=1).first() or Installation(pk=1)


def kept_installation() -> Installation:
    """The row itself, made with its defaults when something is first written into it."""
    return Installation.objects.get_or_create(pk=1)[0]


def change(*, history_days: int, archive_days: int, audit_days: int | None = None, by: User | None) -> Installation:
    """Decide how long things are kept from now on."""
    with transaction.atomic():
        row = Installation.objects.select_for_update().get(pk=kept_installation().pk)
        after = {"history_days": history_days, "archive_days": archive_days}
        after["audit_days"] = row.audit_days if audit_days is None else audit_days
        before = {name: getattr(row, name) for name in after}
        if after != before:
            for name, days in after.items():
                setattr(row, name, days)
            row.save(update_fields=list(after))
            changes = audit.differences(before, after)
            audit.record(by, "changed retention", row, before=before, after=after, changes=changes)
    return row


def claim_daily(now: datetime) -> bool:
    """Whether it is this worker that cleans up now: once a day, one of them."""
    due = Installation.objects.filter(pk=1, purge_due_at__lte=now)
    if due.update(purge_due_at=now + DAILY):
        return True
    if not Installation.objects.filter(pk=1).exists():
        kept_installation()
    return False


def removed_at(campaign: Campaign, row: Installation) -> datetime | None:
    """When an archived campaign will be removed; None when it will not."""
    if campaign.status != Campaign.Status.ARCHIVED or campaign.archived_at is None or not row.archive_days:
        return None
    return campaign.archived_at + timedelta(days=row.archive_days)
