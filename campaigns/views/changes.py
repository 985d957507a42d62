"""What every change of a canvas answers: the panel, a sentence, or who was faster and a way to do it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

from campaigns.errors import StaleCanvas
from campaigns.models import Campaign, CampaignVersion
from orchcamp.accounts.access import get_for
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import toast, wants_fragment

from . import panels, scenes


def draft_of(request: HttpRequest, slug: str) -> tuple[Campaign, CampaignVersion]:
    """The campaign that a person may change, and what its canvas shows."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    version = campaign.latest_version()
    version.campaign = campaign
    return campaign, version


def changed(
    request: HttpRequest,
    campaign: Campaign,
    version: CampaignVersion,
    change: Callable[..., Any],
    show: Callable[[], str] = lambda: "",
    *,
    said: Callable[[], str] = lambda: "",
    answer: Callable[[], HttpResponse] | None = None,
    focus: str = "",
) -> HttpResponse:
    """Make a change and answer with the panel of the node that ``show`` names; explain what was refused.

    ``said`` is a toast for what the canvas does not show by itself, ``focus`` the node where the keyboard goes on
    when the one it was at is gone.
    """
    try:
        change(revision=panels.revision(request), by=request.user)
    except StaleCanvas as stale:
        if wants_fragment(request):
            return panels.conflict(request, campaign, str(stale))
        return refused(request, campaign, str(stale))
    except Refused as refusal:
        return refused(request, campaign, str(refusal))
    node_id = show()
    if not wants_fragment(request):
        if said():
            messages.success(request, said())
        query = f"?{urlencode({'node': node_id})}" if node_id else ""
        return redirect(f"{scenes.address(campaign)}{query}")
    if answer is not None:
        response = answer()
    else:
        response = panels.answer(request, campaign, version, node_id) if node_id else HttpResponse("")
    if said():
        toast(response, said())
    return panels.told(response, version, focus=focus or node_id)


def refused(request: HttpRequest, campaign: Campaign, sentence: str) -> HttpResponse:
    """One sentence, and nothing has changed."""
    if wants_fragment(request):
        return toast(HttpResponse(status=204), sentence, tone="red")
    messages.error(request, sentence)
    return redirect(scenes.address(campaign))
