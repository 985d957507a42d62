"""Before something is moved to another folder: whom that lets in, and whom it shuts out."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from campaigns import moving
from campaigns.models import Campaign, Folder

UNSAID = {"csrfmiddlewaretoken", "sure"}


def question(
    request: HttpRequest, subjects: Iterable[Campaign | Folder], target: Folder | None, back: str
) -> HttpResponse | None:
    """The page that asks, which sends the same once more; None when nobody is let in or shut out, or it was said."""
    rows = list(subjects)
    if request.POST.get("sure") == "yes":
        return None
    turn = moving.turn(rows, target)
    if not turn:
        return None
    context = {
        "subjects": rows,
        "target": target,
        "turn": turn,
        "address": request.get_full_path(),
        "back": back,
        "again": [(name, value) for name in request.POST if name not in UNSAID for value in request.POST.getlist(name)],
    }
    return render(request, "campaigns/move_confirm.html", context)
