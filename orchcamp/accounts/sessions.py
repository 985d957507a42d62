"""Sessions as rows that say whose they are: one row holds the data and what the list of sessions shows.

So a page costs no query more than Django's own sessions do, and a row that is taken away ends the session.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

SEEN_EVERY = timedelta(minutes=1)  # how exactly the last sign of a session is known
FROM = "signed_in_from"  # in the session: agent, address and way, as they were


class SessionStore(DatabaseStore):
    """Django's own, but its rows tell whose they are."""

    row: Any = None  # what was read at the beginning of the request

    @classmethod
    def get_model_class(cls) -> Any:
        from .models import BrowserSession

        return BrowserSession

    def _get_session_from_db(self) -> Any:
        self.row = super()._get_session_from_db()
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row, known = super().create_model_instance(data), self.row
        told, now = data.get(FROM) or {}, timezone.now()
        row.user_id = int(data[SESSION_KEY]) if data.get(SESSION_KEY) else None
        row.agent, row.address, row.way = (str(told.get(name, "")) for name in ("agent", "address", "way"))
        row.last_seen_at = now
        if known is not None and known.session_key == row.session_key:
            row.handle, row.signed_in_at = known.handle, known.signed_in_at
        if row.user_id and not row.signed_in_at:
            row.signed_in_at = now
        return row


class SeenMiddleware:
    """Notes that a session is alive, at most once a minute, in the row alone: what it holds is not written again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        row = getattr(request.session, "row", None)
        now = timezone.now()
        if row is not None and row.user_id and now - row.last_seen_at >= SEEN_EVERY:
            rows = type(row).objects.filter(pk=row.pk, last_seen_at__lte=now - SEEN_EVERY)
            rows.update(last_seen_at=now)
        return response
