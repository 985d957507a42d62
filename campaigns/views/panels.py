"""The side panel of the canvas: one node, one transition, or what stands in the way."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import trigger_client_event

from activities import catalogue
from activities.compiler import Compiler
from activities.forms import SettingsForm
from activities.graph import Graph
from campaigns import contexts, counts, drawing
from campaigns.choices import choices
from campaigns.models import Campaign, CampaignVersion
from orchcamp.accounts.access import may
from orchcamp.accounts.models import AuditEntry
from orchcamp.web.numbers import whole

from . import scenes


def revision(request: HttpRequest) -> int:
    """The state of the canvas that a form was made from; nonsense is no state at all."""
    sent = whole(request.POST.get("revision"))
    return -1 if sent is None else sent


def told(response: HttpResponse, version: CampaignVersion) -> HttpResponse:
    """Let the canvas follow a change."""
    return trigger_client_event(response, "canvas-changed", {"revision": version.revision}, after="settle")


def node(
    request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str, **more: Any
) -> dict[str, Any]:
    """The panel of one node: its form, its problems, its state, its connections."""
    version.campaign = campaign
    graph, run = version.graph, scenes.last_run(version)
    found, ctx = graph.node(node_id), contexts.draft_context(campaign)
    figures = counts.transition_counts(version, run)
    icon, kind, group, _summary = drawing.describe(found, None)
    problems = [problem for problem in contexts.problems(version, ctx) if problem.node_id == node_id]
    return {
        "campaign": campaign,
        "version": version,
        "revision": str(version.revision),
        "node": found,
        "icon": icon,
        "kind": kind,
        "group": group,
        "help": "" if group == "unknown" else catalogue.get(found.type).help,
        "form": None if group == "unknown" else form(graph, ctx, node_id),
        "state": drawing.state_of(
            found, counts.node_states(version, run).get(node_id), drawing.is_stale(graph, node_id, figures)
        ),
        "run": run,
        "node_problems": problems,
        "exits": drawing.exits_of(graph, node_id, figures),
        "arrivals": arrivals(graph, node_id),
        "joins": group != "unknown" and any(port.many for port in catalogue.get(found.type).inputs),
        "joinable": joinable(graph, node_id),
        "has_message": group == "channel",
        "editable": version.is_draft and may(request.user, "change", campaign),
    } | more


def form(graph: Graph, ctx: Any, node_id: str, data: Any = None) -> SettingsForm:
    """The settings of a node as stored, or as they were sent; half-done ones can be kept."""
    found = graph.node(node_id)
    scope = Compiler(graph, ctx).scope(node_id, choices())
    form_class = catalogue.get(found.type).form_class
    return form_class(data, scope=scope, initial=found.settings, draft=data is not None)


def arrivals(graph: Graph, node_id: str) -> list[dict[str, Any]]:
    """Where a node's rows come from."""
    found = []
    for edge in graph.incoming(node_id):
        source = graph.nodes[edge.source]
        labels = {port.name: str(port.label) for port in drawing.ports_of(source)}
        found.append({"edge": edge, "name": source.name, "label": labels.get(edge.source_port, "")})
    return found


def joinable(graph: Graph, node_id: str) -> list[dict[str, Any]]:
    """The outputs that could still lead to this node; empty when it takes no more."""
    kind = graph.nodes[node_id].type
    try:
        inputs = catalogue.get(kind).inputs
    except catalogue.UnknownActivity:
        return []
    port = next((port for port in inputs if port.many or not graph.incoming(node_id, port.name)), None)
    if port is None:
        return []
    joined = {(edge.source, edge.source_port) for edge in graph.incoming(node_id)}
    found = []
    for id in graph.order():
        if id == node_id or node_id in graph.ancestors(id):
            continue
        for exit in drawing.ports_of(graph.nodes[id]):
            if (id, exit.name) not in joined:
                name, label = graph.nodes[id].name, str(exit.label)
                used = bool(graph.outgoing(id, exit.name))
                found.append({"source": id, "port": exit.name, "target_port": port.name, "name": name, "label": label})
                found[-1]["used"] = used
    return sorted(found, key=lambda item: item["used"])


def answer(
    request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str, status: int = 200, **more: Any
) -> HttpResponse:
    """The panel as a fragment."""
    context = node(request, campaign, version, node_id, **more)
    return render(request, "campaigns/_panel.html", context, status=status)


def last_change(campaign: Campaign) -> AuditEntry | None:
    """Who touched the campaign last, and when."""
    entries = AuditEntry.objects.filter(kind=Campaign._meta.label_lower, object_id=str(campaign.pk))
    return entries.select_related("actor").first()


def stale(
    request: HttpRequest,
    campaign: Campaign,
    version: CampaignVersion,
    sentence: str,
    node_id: str = "",
    data: Any = None,
) -> HttpResponse:
    """409: who was faster, and a way on; what was typed stays on the screen."""
    current = campaign.latest_version()
    context = {"stale": sentence, "change": last_change(campaign), "revision": str(current.revision)}
    if node_id in current.graph.nodes and current.is_draft:
        if data is not None:
            context["form"] = form(current.graph, contexts.draft_context(campaign), node_id, data)
            context |= {"typed_name": data.get("node_name", ""), "typed_disabled": "node_disabled" in data}
        return answer(request, campaign, current, node_id, status=409, **context)
    context |= {"campaign": campaign, "gone": bool(node_id)}
    return render(request, "campaigns/_stale.html", context, status=409)
