"""The bell, the page of what one was told, and how one wants to hear of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from orchcamp.web import lists
from orchcamp.web.fragments import render_fragment, wants_fragment

from .models import Notification, User
from .telling import bell, digests, preferences
from .telling.forms import PreferencesForm

SHOWN = 8  # in the bell
CHANGED = "notifications-changed"


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Everything one was told, the latest first, with filters."""
    return render_fragment(
        request, "accounts/notifications.html", "accounts/_notifications.html", _page(request, request.GET)
    )


def _page(request: HttpRequest, asked: Any) -> dict[str, Any]:
    kinds = bell.kinds_held(request.user)
    kind = asked.get("kind", "") if asked.get("kind") in dict(kinds) else ""
    state = asked.get("state", "") if asked.get("state") in {"unread", "read"} else ""
    return {
        "page": lists.paginate(request, bell.held(request.user, kind=kind, state=state)),
        "kinds": kinds,
        "kind": kind,
        "state": state,
        "unread": bell.unread(request.user),
    }


@require_GET
def opened(request: HttpRequest) -> HttpResponse:
    """The list under the bell."""
    latest = list(bell.held(request.user)[:SHOWN])
    return render(request, "accounts/_bell_list.html", {"latest": latest, "unread": bell.unread(request.user)})


@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """The number on the bell; nothing when it is the one that is shown already."""
    number = bell.unread(request.user)
    if request.GET.get("shown") == str(number):
        return HttpResponse(status=204)
    return render(request, "accounts/_bell_count.html", {"unread": number})


@require_GET
def follow(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Go to what a notification tells of, which makes it read; that page asks whether one may still see it."""
    told = get_object_or_404(Notification, person=request.user, pk=notification_id)
    if not request.looking:  # who looks as somebody else has not read it for them
        bell.mark(Notification.objects.filter(pk=told.pk), read=True)
    return redirect(told.address)


@require_POST
def mark(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark one notification as read, or as unread."""
    told = get_object_or_404(
        Notification.objects.select_related("by", "letter"), person=request.user, pk=notification_id
    )
    bell.mark(Notification.objects.filter(pk=told.pk), read=request.POST.get("read") != "0")
    if not wants_fragment(request):
        return redirect("accounts:notifications")
    told.refresh_from_db(fields=["read_at"])
    return trigger_client_event(render(request, "accounts/_notification.html", {"told": told}), CHANGED)


@require_POST
def mark_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read, or everything of one kind."""
    number = bell.mark(bell.held(request.user, kind=request.POST.get("kind", "")), read=True)
    if request.POST.get("where") == "bell" and wants_fragment(request):
        context = {"latest": list(bell.held(request.user)[:SHOWN]), "unread": bell.unread(request.user)}
        return trigger_client_event(render(request, "accounts/_bell_list.html", context), CHANGED)
    if wants_fragment(request):
        response = render(request, "accounts/_notifications.html", _page(request, request.POST))
        return trigger_client_event(response, CHANGED)
    said = ngettext("%(n)s notification is read now.", "%(n)s notifications are read now.", number)
    messages.success(request, said % {"n": number})
    return redirect("accounts:notifications")


@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """How one wants to hear of each kind."""
    person = User.objects.get(pk=request.user.pk)
    when = digests.time_of(person)
    form = PreferencesForm(request.POST or None, chosen=preferences.chosen(person), when=when)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        preferences.choose(person, form.ways(), hour=given["hour"], zone=given["zone"], days=given["days"])
        messages.success(request, _("Saved: this is how you hear of things from now on."))
        return redirect("accounts:notification_preferences")
    context = {"form": form, "next_digest": digests.next_moment(when, timezone.now()), "when": when}
    return render(request, "accounts/notification_preferences.html", context)
