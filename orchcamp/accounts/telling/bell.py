"""What the bell of a person holds: how much is unread, and what is done with it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from orchcamp.accounts import notifying
from orchcamp.accounts.models import Letter, Notification, User

READ_DAYS = 90  # what was read, or is in no bell, is kept so long after it was told
UNREAD_DAYS = 365  # what nobody has read in so long is of no use to anybody
MOST_ROWS = 1000  # of one statement


def unread(person: User) -> int:
    """How many notifications the person has not read."""
    return int(Notification.objects.in_bell(person).unread().count())


def held(person: User, *, kind: str = "", state: str = "") -> QuerySet[Notification]:
    """What the person was told, the latest first; of one kind, or only what is unread or read."""
    found = Notification.objects.in_bell(person).select_related("by", "letter")
    if kind:
        found = found.filter(kind=kind)
    if state:
        found = found.filter(read_at__isnull=state == "unread")
    return found


def kinds_held(person: User) -> list[tuple[str, Any]]:
    """The kinds of which the person has something, by name and label, in the order of their declaration."""
    have = set(Notification.objects.in_bell(person).order_by().values_list("kind", flat=True).distinct())
    return [(slug, kind.label) for slug, kind in notifying.KINDS.items() if slug in have]


def mark(told: QuerySet[Notification], *, read: bool) -> int:
    """Mark notifications as read or as unread; how many changed."""
    if read:
        return int(told.filter(read_at=None).update(read_at=timezone.now()))
    return int(told.exclude(read_at=None).update(read_at=None))


# --- Retention ------------------------------------------------------------------------------------------


def forget(now: datetime, *, dry: bool = False, until: float = float("inf")) -> int:
    """Remove what is past its time, and the letters that hold nothing any more; how many notifications."""
    long, longer = now - timedelta(days=READ_DAYS), now - timedelta(days=UNREAD_DAYS)
    done = Notification.objects.exclude(mail__in=[Notification.Plan.NOW, Notification.Plan.DIGEST])
    old = done.filter(Q(at__lt=long) & (Q(read_at__isnull=False) | Q(bell=False)) | Q(at__lt=longer))
    if dry:
        return int(old.count())
    number = _delete(old, until)
    over = Letter.objects.exclude(state__in=[Letter.State.WAITING, Letter.State.SENDING])
    _delete(over.filter(at__lt=long, notifications=None), until)
    return number


def _delete(rows: QuerySet, until: float) -> int:
    """A few rows after the other: nobody waits long for the table."""
    number = 0
    while time.monotonic() < until:
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_ROWS])
        if not keys:
            break
        rows.model._default_manager.filter(pk__in=keys).delete()
        number += len(keys)
    return number
