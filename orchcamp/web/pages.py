"""The pages for what went wrong; for htmx one sentence, which the page shows as a toast."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from .fragments import wants_fragment


def _answer(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    if hasattr(request, "htmx") and wants_fragment(request):
        return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    return render(request, f"{status}.html", {"sentence": sentence}, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return _answer(request, 400, _("What was sent is too large for one request; send less at once."))
    return _answer(request, 400, _("The request was not understood."))


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, 403, str(exception or "") or _("You have no right to do this."))


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, 404, _("This is not here any more, or it was not shared with you."))


def server_error(request: HttpRequest) -> HttpResponse:
    """No menu and nothing from the database: that may be what broke."""
    if hasattr(request, "htmx") and wants_fragment(request):
        sentence = _("Something broke on our side and this was not done. The error is in the log of the server.")
        return HttpResponse(sentence, status=500, content_type="text/plain; charset=utf-8")
    return render(None, "500.html", status=500)  # type: ignore[arg-type]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    sentence = _("The page is too old, or it was sent from another site: reload it and try again.")
    return _answer(request, 403, sentence)
