"""The audit trail is kept as long as an administrator has set, for ever if they have set nothing."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.accounts.models import AuditEntry

from .budget import Pass
from .installation import installation

AT_A_TIME = 5_000  # entries, in one pass


def forget_trail(work: Pass) -> None:
    """Remove the entries that are past their time, the oldest first; what is left for another pass is said."""
    days = installation().audit_days
    if not days:
        return
    before = timezone.now() - timedelta(days=days)
    if work.dry:
        work.audit = AuditEntry.objects.filter(at__lt=before).count()
    else:
        work.audit = AuditEntry.objects.forget(before, most=AT_A_TIME)
        work.more = work.more or work.audit == AT_A_TIME
    if work.audit:
        work.lines.append(_("%(n)s entries of the audit trail") % {"n": f"{work.audit:,}"})
