"""What requests and answers need on their way, on every page."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect


class NoNulMiddleware:
    """Take NUL characters out of addresses: no text of ours has one, and PostgreSQL refuses to look for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace("%00", "")
        request.path_info = request.path_info.replace("\0", "")
        return self.get_response(request)


class AdminPolicyMiddleware:
    """Loosen the content policy under ``/admin/`` only: the skin there evaluates attributes and styles inline."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_update = {  # type: ignore[attr-defined]
                "script-src": [SELF, UNSAFE_EVAL],
                "style-src": [SELF, UNSAFE_INLINE],
            }
        return response


class ExpiredSessionMiddleware:
    """Let htmx load the page for signing in, instead of putting it into a fragment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        sign_in = resolve_url(settings.LOGIN_URL)
        asks_to_sign_in = response.status_code == 302 and urlsplit(response["Location"]).path == sign_in
        if not (request.htmx and asks_to_sign_in):  # type: ignore[attr-defined]
            return response
        back = request.htmx.current_url_abs_path or resolve_url(settings.LOGIN_REDIRECT_URL)  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(f"{sign_in}?{urlencode({'next': back})}")
