"""All measures at once. One that cannot be taken says so and holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.datasets import engine
from orchcamp.web.errors import Refused

from . import services, work
from .measure import CRITICAL, Measure

logger = logging.getLogger(__name__)
MEASURES: tuple[Callable[[datetime], Measure], ...] = (
    services.database,
    services.queries,
    services.workers,
    services.scheduler,
    work.queue,
    work.leases,
    work.runs,
    work.launches,
    work.doubts,
    work.failures,
    services.disk,
)


def look() -> list[Measure]:
    """Every measure, in the order in which they are shown."""
    now = timezone.now()
    return [_taken(measure, now) for measure in MEASURES]


def _taken(measure: Callable[[datetime], Measure], now: datetime) -> Measure:
    try:
        with transaction.atomic():  # a statement that fails breaks no other
            return measure(now)
    except (DatabaseError, engine.Failed, Refused, OSError) as error:
        logger.warning("The measure %s could not be taken: %s", measure.__name__, error)
        sentence, mend = _("It could not be measured."), _("The log of the server says why.")
        return Measure(measure.__name__, measure.__name__.capitalize(), CRITICAL, "–", sentence, mend)
