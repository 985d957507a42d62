"""The pace of a channel configuration, kept by all workers together: slots in time, taken by a conditional update."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from .models import ChannelConfiguration


class Pace:
    """Says how long to wait before the next message. Takes a fifth of a second's slots at a time."""

    def __init__(self, configuration: ChannelConfiguration):
        self._pk, self._rate = configuration.pk, configuration.throttle
        self._slots = 0
        self._next = 0.0

    def wait(self) -> float:
        """Seconds until the next message may leave; the slot is taken."""
        if not self._rate:
            return 0.0
        if not self._slots:
            self._slots = max(1, self._rate // 5)
            self._next = time.monotonic() + self._reserve(self._slots)
        delay = self._next - time.monotonic()
        self._slots -= 1
        self._next += 1 / self._rate
        return max(0.0, delay)

    def _reserve(self, slots: int) -> float:
        """Seconds until our slots begin; whoever comes next begins after them."""
        with transaction.atomic():
            configuration = ChannelConfiguration.objects.select_for_update().get(pk=self._pk)
            now = timezone.now()
            start = max(now, configuration.paced_until or now)
            until = start + timedelta(seconds=slots / self._rate)
            ChannelConfiguration.objects.filter(pk=self._pk).update(paced_until=until)
        return (start - now).total_seconds()
