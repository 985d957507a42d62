"""Which states of the data a canvas depends on: every dataset, and the audiences and filters that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from orchcamp.datasets.schema import AUDIENCE, FILTER, DataModel
from orchcamp.datasets.usage import names

from .contexts import draft_context
from .models import Run


def pins(model: DataModel, document: Mapping[str, Any]) -> dict[str, int]:
    """What a run of this canvas pins: name -> number of the state."""
    used = names(model, document)
    return {
        name: number
        for name, number in model.snapshots.items()
        if name in used or not name.startswith((AUDIENCE, FILTER))
    }


def pin_again(run: Run) -> None:
    """Move a run of which nothing was done yet to now: it sees today's data, not those of the day it was made."""
    ctx = draft_context(run.campaign)
    now = {
        "scheduled_for": timezone.now(),
        "snapshots": pins(ctx.model, run.document),
        "memory": dict(ctx.memories),
        "files": dict(ctx.files),
    }
    begun = run.nodes.filter(attempts__gt=0).values("run")
    if Run.objects.filter(pk=run.pk).exclude(pk__in=begun).update(**now):
        run.refresh_from_db(fields=list(now))
