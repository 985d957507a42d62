"""Undo, redo and the list of steps of a draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import history as service
from campaigns.models import Campaign, CanvasStep
from orchcamp.accounts.access import get_for
from orchcamp.web.fragments import wants_fragment
from orchcamp.web.numbers import whole

from . import panels, scenes
from .changes import changed, draft_of


@require_POST
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the last step back."""
    return _gone(request, slug, service.undo, _("Undone: %(step)s"))


@require_POST
def redo(request: HttpRequest, slug: str) -> HttpResponse:
    """Do again what was undone last."""
    return _gone(request, slug, service.redo, _("Done again: %(step)s"))


def _gone(request: HttpRequest, slug: str, go: Callable[..., CanvasStep], sentence: str) -> HttpResponse:
    campaign, version = draft_of(request, slug)
    gone: list[CanvasStep] = []
    shown = request.POST.get("panel", "")

    def said() -> str:
        return sentence % {"step": service.words(gone[0], request.user)}

    def answer() -> HttpResponse:
        """The panel of the node that is open; nothing leaves a panel as it is that shows something else."""
        if shown in version.graph.nodes:
            return panels.answer(request, campaign, version, shown)
        return HttpResponse("") if shown else HttpResponse(status=204)

    def show() -> str:
        return shown if shown in version.graph.nodes else ""

    return changed(
        request, campaign, version, lambda **who: gone.append(go(version, **who)), show, said=said, answer=answer
    )


@require_http_methods(["GET", "POST"])
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: the steps of the draft, in the side panel. POST: go to the canvas as it was after one of them."""
    if request.method == "GET":
        campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
        if not wants_fragment(request):
            return redirect(f"{scenes.address(campaign)}?history")
        return _panel(request, campaign)
    campaign, version = draft_of(request, slug)
    number = whole(request.POST.get("step"))

    def change(**who: Any) -> None:
        service.jump(version, -1 if number is None else number, **who)

    return changed(request, campaign, version, change, answer=lambda: _panel(request, campaign))


def _panel(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    return render(request, "campaigns/_history.html", panels.history(request, campaign, campaign.latest_version()))
