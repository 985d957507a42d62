"""The sessions of a person: where they are signed in, and ending it from elsewhere."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from . import audit, sessions
from .devices import words
from .models import BrowserSession, User

LONGEST_AGENT = 300
MOST = 100  # that a page shows


def note(request: Any) -> None:
    """Somebody has just signed in: keep with what, and from where."""
    if request is None or not hasattr(request, "session"):
        return
    told = getattr(request, "signing_in", {})
    agent = str(request.META.get("HTTP_USER_AGENT", ""))[:LONGEST_AGENT].replace("\0", "")
    address = str(request.META.get("REMOTE_ADDR", ""))[:80]
    request.session[sessions.FROM] = {"agent": agent, "address": address, "way": told.get("way", "")}


def of(user: User) -> list[BrowserSession]:
    """Those that are open, the latest sign of life first."""
    found = BrowserSession.objects.filter(user=user, expire_date__gt=timezone.now())
    return list(found.defer("session_data").order_by("-last_seen_at", "-pk")[:MOST])


def end(user: User, handle: str, *, by: User) -> bool:
    """End one; whether it was open. Its browser is asked to sign in at its next request."""
    with transaction.atomic():
        row = BrowserSession.objects.filter(user=user, handle=handle).first()
        if row is None or not BrowserSession.objects.filter(pk=row.pk).delete()[0]:
            return False
        audit.record(by, "ended a session", user, device=words(row.agent), address=row.address)
    return True


def end_all(user: User, *, by: User | None, but: str | None = None, why: str = "") -> int:
    """End all, but for the one with this key; how many there were."""
    with transaction.atomic():
        rows = BrowserSession.objects.filter(user=user)
        ended = (rows.exclude(session_key=but) if but else rows).delete()[0]
        if ended:
            audit.record(by, "ended all sessions" if not but else "ended all other sessions", user, n=ended, why=why)
    return ended
