"""Leads those who must have a second factor to where it is set up, before anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from . import codes
from .entering import FACTOR

OPEN = frozenset({"accounts:two_factor", "accounts:logout"})


class SecondFactorMiddleware:
    """Asks nothing of the database that the page does not ask anyway."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not settings.REQUIRE_TWO_FACTOR or not getattr(view, "login_required", True):
            return None
        if request.resolver_match and request.resolver_match.view_name in OPEN:
            return None
        looking = getattr(request, "looking", None)
        user = looking.by if looking else request.user  # who looks as another has come in by their own factor
        if not user.is_authenticated or request.session.get(FACTOR) or not codes.is_demanded(user):
            return None
        if not request.htmx:  # type: ignore[attr-defined]
            return redirect("accounts:two_factor")
        there = reverse("accounts:two_factor")
        if (request.htmx.current_url_abs_path or "").partition("?")[0] == there:  # type: ignore[attr-defined]
            return HttpResponse(status=204)  # what a page asks for by itself must not load it again and again
        return HttpResponseClientRedirect(there)
