"""One address, a page or a fragment of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import trigger_client_event


def wants_fragment(request: HttpRequest) -> bool:
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_fragment(
    request: HttpRequest, page: str, fragment: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render ``fragment`` for htmx, else ``page``, which includes the same fragment."""
    template = fragment if wants_fragment(request) else page
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To the page that a form was on (``next``), if it is one of ours."""
    asked_for = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(asked_for, {request.get_host()}, require_https=request.is_secure())
    return redirect(asked_for if asked_for and ours else otherwise)


def toast(response: HttpResponse, message: Any, tone: str = "green") -> HttpResponse:
    """Let the page show a short message when htmx has the answer."""
    return trigger_client_event(response, "toast", {"message": str(message), "tone": tone})
