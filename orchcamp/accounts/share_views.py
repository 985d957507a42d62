"""The section of a page that says with whom something is shared, and its answers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused
from orchcamp.web.fragments import wants_fragment

from . import sharing
from .share_form import ShareForm

SECTION = "accounts/_shares.html"


def section(request: HttpRequest, obj: Any, address: str, form: ShareForm | None = None) -> dict[str, Any]:
    """What ``accounts/_shares.html`` shows; ``address`` is where a share is posted to."""
    kind, may_share = sharing.kind_of(obj), sharing.may_share(request.user, obj)
    return {
        "shared": obj,
        "reach": sharing.reach(obj),
        "may_share": may_share,
        "share_address": address,
        "share_form": (form or ShareForm(obj=obj)) if may_share else None,
        "only_owner": kind.only_owner,
        "share_inherited": kind.inherited,
    }


def answer(request: HttpRequest, obj: Any, *, address: str, back: str) -> HttpResponse:
    """Share an object with a person or group at a level, or (``remove``) no more; the section again."""
    if not sharing.may_share(request.user, obj):
        raise PermissionDenied(sharing.kind_of(obj).only_owner)
    form, refusal = _share(request, obj)
    if not wants_fragment(request):
        if refusal:
            messages.error(request, refusal)
        return redirect(back)
    return render(request, SECTION, {"refusal": refusal} | section(request, obj, address, form))


def _share(request: HttpRequest, obj: Any) -> tuple[ShareForm | None, str]:
    """Do it; the form is given back if it has to be filled in again, with a sentence why."""
    form = ShareForm(request.POST, obj=obj)
    try:
        if gone := request.POST.get("remove"):
            sharing.unshare(obj, sharing.shared_with(obj, gone).subject, by=request.user)  # type: ignore[arg-type]
        elif form.is_valid():
            facts = form.cleaned_data
            sharing.share(obj, facts["subject"], facts["level"], by=request.user)  # type: ignore[arg-type]
        else:
            return form, _("Choose a person or group, and what they may do.")
    except Refused as refused:
        return None, str(refused)
    return None, ""
