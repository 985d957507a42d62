"""The mailbox of the demo: what its mail server got."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orchcamp.accounts.access import holds, missing_right
from orchcamp.messaging import sink
from orchcamp.web.fragments import render_fragment
from orchcamp.web.lists import paginate

from .frames import framed

_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
SHOWN = ("html", "text", "headers")


def _demand(request: HttpRequest) -> None:
    """Only in the demo, and for those who may see personal data: a mail holds little else."""
    if not settings.DEMO:
        raise Http404
    for right in ("campaigns.view_campaign", "datasets.view_personal"):
        if not holds(request.user, right):
            raise PermissionDenied(missing_right(right))


@require_safe
def delivered_list(request: HttpRequest) -> HttpResponse:
    """Every mail, newest first."""
    _demand(request)
    query = request.GET.get("q", "")
    context = {"page": paginate(request, sink.mails(query)), "query": query}
    return render_fragment(request, "messaging/delivered_list.html", "messaging/_delivered_rows.html", context)


@require_safe
def delivered_mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """One mail: as it looks, as plain text, or its headers."""
    _demand(request)
    mail = sink.read(mail_id)
    if mail is None:
        raise Http404
    shown = request.GET.get("show")
    context = {
        "mail_id": mail_id,
        "subject": str(mail.get("Subject", "")),
        "sender": str(mail.get("From", "")),
        "recipient": str(mail.get("To", "")),
        "headers": [(name, str(value)) for name, value in mail.items()],
        "text": sink.part(mail, "plain"),
        "shown": shown if shown in SHOWN else "html",
    }
    return render(request, "messaging/delivered_mail.html", context)


@require_safe
def delivered_body(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The mail's HTML, for the sandboxed frame; its links open in a new tab."""
    _demand(request)
    mail = sink.read(mail_id)
    if mail is None:
        raise Http404
    html = sink.part(mail, "html")
    head = _HEAD.search(html)
    place = head.end() if head else 0
    return framed(f'{html[:place]}<base target="_blank">{html[place:]}', links=True)
