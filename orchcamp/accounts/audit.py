"""The one way to write the audit trail."""

from __future__ import annotations

from typing import Any

from django.db import models

from .models import AuditEntry


def record(actor: Any, verb: str, obj: models.Model | None = None, **facts: Any) -> None:
    """Note that ``actor`` (None: the system) did ``verb`` to ``obj``, with facts that JSON can hold."""
    AuditEntry.objects.create(
        actor=actor,
        actor_name=str(actor or "system"),
        verb=verb,
        kind=obj._meta.label_lower if obj else "",
        object_id=str(obj.pk) if obj else "",
        label=str(obj)[:200] if obj else "",
        facts=facts,
    )
