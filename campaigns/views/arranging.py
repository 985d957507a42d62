"""What is done to one or several nodes of a canvas: remove, duplicate, move, switch, rename, copy and paste."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import arranging, canvas, clipboard, places
from campaigns.models import Campaign
from orchcamp.accounts.access import get_for
from orchcamp.datasets import reading, schema
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import toast, wants_fragment

from . import scenes
from .changes import changed, draft_of, refused

SWITCHES = {"1": True, "0": False}


@require_POST
def remove_nodes(request: HttpRequest, slug: str) -> HttpResponse:
    """Take nodes away: their neighbours are joined, or what follows goes with them."""
    campaign, version = draft_of(request, slug)
    nodes, branch = request.POST.getlist("node"), bool(request.POST.get("branch"))
    before = places.before(version.graph, nodes)
    return changed(
        request, campaign, version, lambda **who: arranging.remove(version, nodes, branch=branch, **who), focus=before
    )


@require_POST
def duplicate_nodes(request: HttpRequest, slug: str) -> HttpResponse:
    """Put copies beside, on their own; one copy opens its panel."""
    campaign, version = draft_of(request, slug)
    nodes, made = request.POST.getlist("node"), []

    def change(**who: Any) -> None:
        made.extend(clipboard.duplicate(version, nodes, **who)[1])

    return changed(request, campaign, version, change, lambda: made[0] if len(made) == 1 else "")


@require_http_methods(["GET", "POST"])
def move_nodes(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: the places to choose from. POST: move there, alone or with everything that follows."""
    campaign, version = draft_of(request, slug)
    graph = version.graph
    if request.method == "GET":
        nodes = [id for id in request.GET.getlist("node") if id in graph.nodes]
        if not nodes or not wants_fragment(request):
            return redirect(scenes.address(campaign))
        return render(request, "campaigns/_move.html", places.context(campaign, version, nodes))
    nodes, following = request.POST.getlist("node"), bool(request.POST.get("following"))

    def change(**who: Any) -> None:
        place = places.read(graph, request.POST)
        arranging.move(version, nodes, place, following=following, **who)

    return changed(request, campaign, version, change, lambda: nodes[0] if len(nodes) == 1 else "")


@require_POST
def switch_nodes(request: HttpRequest, slug: str) -> HttpResponse:
    """Switch nodes off or on, or set and take breakpoints."""
    campaign, version = draft_of(request, slug)
    nodes = request.POST.getlist("node")
    wanted = {name: SWITCHES.get(request.POST.get(name, "")) for name in ("disabled", "breakpoint")}
    return changed(
        request,
        campaign,
        version,
        lambda **who: arranging.switch(version, nodes, **wanted, **who),
        lambda: nodes[0] if len(nodes) == 1 else "",
    )


@require_POST
def rename_node(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """Give a node another name, in place; the panel follows."""
    campaign, version = draft_of(request, slug)
    name = request.POST.get("name", "")
    return changed(
        request, campaign, version, lambda **who: canvas.rename_node(version, node_id, name, **who), lambda: node_id
    )


@require_GET
def copy_nodes(request: HttpRequest, slug: str) -> HttpResponse:
    """What the clipboard takes."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    version = campaign.latest_version()
    version.campaign = campaign
    try:
        model, wanted = schema.load(), request.GET.getlist("node")
        reading.demand_seen(model, [node.settings for id, node in version.graph.nodes.items() if id in wanted])
        copied = clipboard.copy(version, request.GET.getlist("node"))
    except Refused as refusal:
        return toast(HttpResponse(status=204), str(refusal), tone="red")
    return JsonResponse(copied, json_dumps_params={"ensure_ascii": False})


@require_http_methods(["GET", "POST"])
def paste_nodes(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: a form for those whose browser keeps the clipboard to itself. POST: put what was copied at a place."""
    campaign, version = draft_of(request, slug)
    graph, made = version.graph, []
    if request.method == "GET":
        if not wants_fragment(request):
            return redirect(scenes.address(campaign))
        return render(request, "campaigns/_paste.html", places.context(campaign, version, [], request.GET))

    def change(**who: Any) -> None:
        place = places.read(graph, request.POST)
        made.extend(clipboard.paste(version, request.POST.get("clipboard", ""), place, **who)[1])

    def said() -> str:
        return ngettext("%(n)s activity pasted.", "%(n)s activities pasted.", len(made)) % {"n": len(made)}

    return changed(request, campaign, version, change, lambda: made[0] if len(made) == 1 else "", said=said)


@require_GET
def node_menu(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """Everything that can be done to one node, as buttons: for the outline, and for a press of the other button."""
    campaign, version = draft_of(request, slug)
    if not wants_fragment(request):
        return redirect(f"{scenes.address(campaign)}?node={node_id}")
    if node_id not in version.graph.nodes or not version.is_draft:
        return refused(request, campaign, _("This node is no longer here to be changed; reload the page."))
    context = {"campaign": campaign, "version": version, "revision": str(version.revision)}
    return render(request, "campaigns/_node_menu.html", context | {"node": version.graph.nodes[node_id]})
