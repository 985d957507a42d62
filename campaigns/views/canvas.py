"""The canvas of a campaign: the page, the drawing that reloads itself, and every change of its shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from activities import catalogue
from activities.graph import Graph
from campaigns import canvas as service
from campaigns import palette, places
from campaigns.choices import choices
from campaigns.models import Campaign
from orchcamp.accounts.access import get_for
from orchcamp.web.fragments import wants_fragment

from . import explaining, live, panels, previews, scenes, showing
from .changes import changed

STOP_POLLING = 286  # htmx's sign that a poll is over


@require_GET
def canvas(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole page; ``?node=``, ``?alerts`` open the side panel with it, ``?view=outline`` the list."""
    campaign = get_for(request.user, "view", Campaign.objects.select_related("owner"), slug=slug)
    version = showing.shown(request, campaign)
    scene = scenes.scene(request, campaign, version)
    context = scene | {"palette": palette.groups(), "panel": ""}
    if (node_id := request.GET.get("node", "")) in scene["graph"].nodes:
        context |= panels.node(request, campaign, version, node_id) | {"panel": "campaigns/_panel.html"}
    elif "history" in request.GET:
        context |= panels.history(request, campaign, version) | {"panel": "campaigns/_history.html"}
    elif "alerts" in request.GET:
        context |= {"panel": "campaigns/_alerts.html"}
    elif "explain" in request.GET:
        context |= explaining.panel(request, campaign, version) | {"panel": "campaigns/_explain.html"}
    elif "why" in request.GET:
        context |= {"why": live.unsent(campaign), "panel": "campaigns/_why_canvas.html"}
    return render(request, "campaigns/canvas.html", context)


@require_GET
def canvas_fragment(request: HttpRequest, slug: str) -> HttpResponse:
    """The drawing alone: after a change, and at the pace of a run that is open."""
    campaign = get_for(request.user, "view", Campaign.objects.select_related("owner"), slug=slug)
    scene = scenes.scene(request, campaign, showing.shown(request, campaign))
    over = "poll" in request.GET and not scene["polling"]
    return render(request, "campaigns/_canvas.html", scene, status=STOP_POLLING if over else 200)


@require_GET
def alerts(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that keeps the canvas from running, and what is merely odd."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    if not wants_fragment(request):
        return redirect(f"{scenes.address(campaign)}?alerts")
    context = scenes.found(campaign, showing.shown(request, campaign))
    return render(request, "campaigns/_alerts.html", context)


@require_http_methods(["GET", "POST"])
def add_node(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: what fits at a + button. POST: put it there."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    version = campaign.latest_version()
    graph = version.graph
    if request.method == "GET":
        place = palette.place(graph, request.GET) or palette.Place()
        context = {"campaign": campaign, "palette": palette.groups(place), "place": place, "version": version}
        return render(request, "campaigns/_palette.html", context | {"revision": str(version.revision)})
    type = request.POST.get("type", "")
    added: dict[str, str] = {}

    def change(**who: Any) -> None:
        cls = catalogue.get(type)
        place = palette.place(graph, request.POST) or palette.nearest(graph, cls, request.POST.get("after", ""))
        settings = palette.fresh(cls, version.planned().dimension, choices(request.user))
        ends = {"after": place.after, "edge": place.edge, "settings": settings}
        _graph, added["node"] = service.add_node(version, type, **ends, **who)

    return changed(request, campaign, version, change, lambda: added["node"])


@require_POST
def remove_node(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """Take a node away: its neighbours are joined, or its branch goes with it."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    version = campaign.latest_version()
    remove = service.remove_branch if request.POST.get("branch") else service.remove_node
    before = places.before(version.graph, [node_id])
    return changed(request, campaign, version, lambda **who: remove(version, node_id, **who), focus=before)


@require_POST
def connect(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw a transition from a port to a node."""
    return _edge(request, slug, service.connect)


@require_POST
def disconnect(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a transition away."""
    return _edge(request, slug, service.disconnect)


def _edge(request: HttpRequest, slug: str, change: Callable[..., Graph]) -> HttpResponse:
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    version = campaign.latest_version()
    edge = palette.edge(palette.named_outlet(request.POST))
    ends = (edge.source, edge.source_port, edge.target, edge.target_port)
    shown = request.POST.get("panel", "")
    return changed(
        request, campaign, version, lambda **who: change(version, *ends, **who), lambda: shown or edge.target
    )


@require_http_methods(["GET", "POST"])
def transition(request: HttpRequest, slug: str, node_id: str, port: str) -> HttpResponse:
    """What leaves a port: its count, its columns, its first rows; ``?part=`` asks for a piece, POST stops a count."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    version = showing.shown(request, campaign)
    if request.method == "POST":
        return previews.cancel(request)
    if node_id not in version.graph.nodes or not wants_fragment(request):
        return redirect(scenes.address(campaign))
    if request.GET.get("part") == "count":
        get_for(request.user, "test", Campaign.objects.all(), slug=slug)
        return previews.live_count(request, campaign, version, node_id, port)
    if "part" in request.GET:
        return previews.part(request, campaign, version, node_id, port)
    return render(request, "campaigns/_transition.html", previews.panel(request, campaign, version, node_id, port))
