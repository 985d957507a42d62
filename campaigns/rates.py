"""How fast a sending goes, from the rows of its batches: over the last half minute, since it began, and how long yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from . import dispatch
from .models import Batch

WINDOW = timedelta(seconds=30)


@dataclass(frozen=True)
class Rate:
    """Messages a second."""

    recent: float = 0.0  # over the last half minute
    average: float = 0.0  # since the sending began
    pending: int = 0
    ceiling: int | None = None  # the configuration's rate limit
    moving: bool = True  # the run is running, and the sending has been let go

    @property
    def remaining(self) -> float | None:
        """Seconds until the last message, as fast as it goes now; None when nothing tells."""
        speed = self.recent or self.average
        if not self.moving or not self.pending or not speed:
            return None
        return self.pending / speed

    @property
    def ends_at(self) -> datetime | None:
        return None if self.remaining is None else timezone.now() + timedelta(seconds=self.remaining)


def recent(deliveries: Iterable[int], now: datetime | None = None) -> dict[int, float]:
    """Delivery → messages handed over a second, over the last half minute, in one query.

    A batch says how many it had handed over when a worker took it in hand, and how many by its last sign of life; what
    lies in between counts by the share of that time which falls into the window.
    """
    now = now or timezone.now()
    since = now - WINDOW
    lively = Q(status=Batch.Status.SENDING) | Q(settled_at__gte=since)
    batches = Batch.objects.filter(lively, delivery__in=list(deliveries), taken_at__isnull=False).order_by()
    done: dict[int, float] = {}
    begun: dict[int, datetime] = {}
    for batch in batches.only(
        "delivery_id",
        "status",
        "taken_at",
        "done_before",
        "lease_until",
        "settled_at",
        "accepted",
        "refused",
        "in_doubt",
    ):
        end = batch.settled_at or (batch.lease_until - dispatch.LEASE if batch.lease_until else now)
        start, id = batch.taken_at, batch.delivery_id
        whole = max((end - start).total_seconds(), 0.001)
        share = max(0.0, (end - max(start, since)).total_seconds()) / whole
        handed = batch.accepted + batch.refused + batch.in_doubt - batch.done_before
        done[id] = done.get(id, 0.0) + max(0, handed) * min(1.0, share)
        begun[id] = min(begun.get(id, now), max(start, since))
    return {id: number / max((now - begun[id]).total_seconds(), 1.0) for id, number in done.items()}
