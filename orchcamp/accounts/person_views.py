"""How another person signs in, for administrators: sessions, second factor, one-time link, and looking as them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from . import access, inviting, signed_in_list
from .door import codes
from .looking import service as looking
from .models import User


@require_GET
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """Where the person is signed in and how; what may be done about it."""
    return _page(request, _person(request, person_id))


@require_POST
def end_sessions(request: HttpRequest, person_id: int) -> HttpResponse:
    """Sign a browser of the person out, or all."""
    found = _person(request, person_id, touch=True)
    if handle := request.POST.get("handle"):
        if signed_in_list.end(found, handle, by=request.user):
            messages.success(request, _("That browser is signed out."))
    else:
        n = signed_in_list.end_all(found, by=request.user)
        said = ngettext("%(n)s browser is signed out.", "%(n)s browsers are signed out.", n) % {"n": n}
        messages.success(request, said)
    return redirect("accounts:person", found.pk)


@require_POST
def reset_second_factor(request: HttpRequest, person_id: int) -> HttpResponse:
    """Take the second factor away from who lost it; whoever is signed in by it is signed out."""
    found = _person(request, person_id, touch=True)
    if codes.reset(found, by=request.user):
        own = request.session.session_key if found == request.user else None
        signed_in_list.end_all(found, by=request.user, but=own, why="second factor reset")
        messages.success(
            request,
            _("The second factor of %(name)s is reset: they sign in without one, and set up another.")
            % {"name": found},
        )
    return redirect("accounts:person", found.pk)


@require_POST
@never_cache  # the link is on the page this once
def one_time_link(request: HttpRequest, person_id: int) -> HttpResponse:
    """A link by which the person chooses a password, once."""
    found = _person(request, person_id, touch=True)
    return _page(request, found, link=inviting.link(found, by=request.user))


@require_POST
def look(request: HttpRequest, person_id: int) -> HttpResponse:
    """Look as the person, from now on."""
    if not access.holds(request.user, looking.RIGHT):
        raise PermissionDenied(access.missing_right(looking.RIGHT))
    found = get_object_or_404(User, pk=person_id)
    try:
        looking.begin(request, found)
    except looking.LookError as refusal:
        raise PermissionDenied(str(refusal)) from None
    return redirect("campaigns:home")


@require_POST
def end_looking(request: HttpRequest) -> HttpResponse:
    """Be oneself again, on the page of the person looked at."""
    current = request.looking  # type: ignore[attr-defined]
    if current is None:
        messages.info(request, _("You look as nobody: these are your own pages."))
        return redirect("campaigns:home")
    looking.end(request, current)
    messages.success(request, _("You are yourself again."))
    if access.administers(current.by):
        return redirect("accounts:person", current.at.pk)
    return redirect("campaigns:home")


def _person(request: HttpRequest, person_id: int, *, touch: bool = False) -> User:
    access.demand(request.user, "change", User)
    found = get_object_or_404(User, pk=person_id)
    if touch and found.is_superuser and not request.user.is_superuser:
        raise PermissionDenied(_("%(name)s is a superuser, whom only another superuser may touch.") % {"name": found})
    return found


def _page(request: HttpRequest, found: User, **more: Any) -> HttpResponse:
    context = {
        "person": found,
        "sessions": signed_in_list.of(found),
        "since": codes.since(found),
        "left": codes.left(found),
        "demanded": codes.is_demanded(found),
        "linked": inviting.subjects(found),
        "may_touch": request.user.is_superuser or not found.is_superuser,
        "not_looking": looking.refusal(request.user, found),
    }
    return render(request, "accounts/person.html", context | more)
