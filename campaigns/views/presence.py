"""Who else has a canvas open: a short answer, asked for every few seconds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns import presence as service
from campaigns.models import Campaign
from orchcamp.accounts.access import get_for


@require_GET
def presence(request: HttpRequest, slug: str) -> HttpResponse:
    """Says that one is here (``?node=`` with which node), and shows who else is."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    version = campaign.latest_version()
    version.campaign = campaign
    node_id = request.GET.get("node", "")
    if not request.looking:  # who only looks as somebody else leaves no sign in their name
        service.sign(campaign, request.user, node_id if node_id in version.graph.nodes else "")
    others = service.others(version, request.user)
    return render(request, "campaigns/_presence.html", {"campaign": campaign, "others": others})
