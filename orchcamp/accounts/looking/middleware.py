"""Makes the request that of the person looked at, for reading only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRefresh

from orchcamp.web.pages import forbidden

from .. import audit
from . import guard, service

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
END = "accounts:end_looking"
CLOSED = frozenset({"accounts:two_factor"})  # shows a secret that is being made


class LookingMiddleware:
    """``request.looking`` tells who really looks; ``request.user`` is the person they look as."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.looking = request.looked = None  # type: ignore[attr-defined]
        looking = service.current(request) if service.LOOKING in request.session else None
        if looking is None:
            return self.get_response(request)
        if why := service.is_over(looking):
            service.end(request, looking, why)
            request.looked = why  # type: ignore[attr-defined]
            return self.get_response(request)
        request.looking = looking  # type: ignore[attr-defined]
        looking.at.looked_at_by = looking.by  # type: ignore[attr-defined]
        request.user = looking.at
        with audit.really(looking.by, looking.at), connection.execute_wrapper(guard.reads_only(looking.sentence)):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        looking, over = request.looking, request.looked  # type: ignore[attr-defined]
        if over:
            return self._after(request, over)
        if looking is None:
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if (request.method not in SAFE and name != END) or name in CLOSED:
            return forbidden(request, looking.sentence)
        return None

    def _after(self, request: HttpRequest, why: str) -> HttpResponse | None:
        """What was asked for on a page of the other person is not done in one's own name."""
        if request.method not in SAFE:
            return forbidden(request, why)
        messages.info(request, why)
        return HttpResponseClientRefresh() if request.htmx else None  # type: ignore[attr-defined]
