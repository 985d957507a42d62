"""Audiences by rule: the rule is asked again, by a person or by schedule."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from orchcamp.accounts import audit
from orchcamp.web.errors import Refused

from . import audiences, engine, rules
from .audiences import AudienceError, Rows
from .models import Audience, AudienceVersion

LEASE = timedelta(minutes=15)  # how long a scheduled refresh may take before another worker tries it


def kept(audience: Audience) -> Table:
    """The keys that the audience's rule keeps now, lazily. Raises Refused."""
    ctx = audiences.rule_context()
    shape = ctx.model.dataset(audience.dataset.slug)
    everyone = ctx.model.table(shape.slug)
    found = rules.keep(everyone, audience.rule, shape.slug, ctx) if audience.rule else everyone
    return found.select(*shape.key)


def refresh(audience: Audience, *, by: Any = None, run_key: str = "") -> AudienceVersion:
    """Ask the rule again and save who it finds. Raises Refused."""
    if audience.origin != Audience.Origin.RULE:
        raise AudienceError(_("“%(label)s” has no rule; it is saved by what made it.") % {"label": audience.label})
    source = _("Rule, by schedule") if run_key else _("Rule")
    mode = AudienceVersion.Mode.OVERWRITE
    return audiences.save(audience, Rows(kept(audience)), mode=mode, run_key=run_key, source=source, by=by)


# --- By schedule ---------------------------------------------------------------------------------


def claim_due(now: datetime) -> list[int]:
    """Take the audiences whose refresh is due: each goes to one worker, and to another when its lease is over."""
    free = Audience.objects.filter(Q(refresh_lease=None) | Q(refresh_lease__lt=now), refresh_every__isnull=False)
    due = free.filter(origin=Audience.Origin.RULE, next_refresh_at__lte=now).values_list("pk", flat=True)
    return [pk for pk in list(due) if free.filter(pk=pk, next_refresh_at__lte=now).update(refresh_lease=now + LEASE)]


def refresh_claimed(pk: int, *, now: datetime | None = None) -> AudienceVersion | None:
    """The refresh of one claimed audience; its next slot is set whatever comes of it."""
    now = now or timezone.now()
    audience = Audience.objects.select_related("dataset", "current").filter(pk=pk).first()
    if audience is None or audience.refresh_every is None or audience.next_refresh_at is None:
        return None
    slot, version, error = audience.next_refresh_at, None, ""
    try:
        version = refresh(audience, run_key=f"refresh-{slot.isoformat()}")
    except (Refused, engine.Failed) as refused:
        error = str(refused).splitlines()[0]
        audit.record(None, "could not refresh audience", audience, error=error)
    Audience.objects.filter(pk=pk, next_refresh_at=slot).update(
        next_refresh_at=following(slot, audience.refresh_every, now), refresh_lease=None, refresh_error=error
    )
    return version


def following(slot: datetime, every: timedelta, now: datetime) -> datetime:
    """The next slot after now; those that were missed meanwhile are not made up for."""
    missed = max(0, (now - slot) // every)
    return slot + (missed + 1) * every


def refresh_due(now: datetime) -> list[AudienceVersion]:
    """Every refresh that is due, here and now; safe to be called by several workers at once."""
    versions = [refresh_claimed(pk, now=now) for pk in claim_due(now)]
    return [version for version in versions if version]
