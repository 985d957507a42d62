"""The side panel of the canvas: one node, one transition, or what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import reswap, retarget, trigger_client_event

from activities import catalogue, check
from activities.forms import SettingsForm
from activities.graph import Graph, Node
from activities.shapes import Shapes
from campaigns import asked, chains, comments, contexts, controls, counts, drawing, memories, palette
from campaigns import history as steps_of
from campaigns.choices import choices, seen
from campaigns.comments import Subject
from campaigns.models import Campaign, CampaignVersion, NodeRun, Run, Task
from campaigns.store import RunStore
from orchcamp.accounts.access import may
from orchcamp.accounts.models import AuditEntry
from orchcamp.datasets import reading
from orchcamp.web.numbers import whole

from . import live, scenes

NOT_AGAIN = {"csrfmiddlewaretoken", "revision"}  # fields that a repeated change has anew


def revision(request: HttpRequest) -> int:
    """The state of the canvas that a form was made from; nonsense is no state at all."""
    sent = whole(request.POST.get("revision"))
    return -1 if sent is None else sent


def told(response: HttpResponse, version: CampaignVersion, *, focus: str = "") -> HttpResponse:
    """Let the canvas follow a change; ``focus`` is the node where the keyboard goes on if its place is gone."""
    facts = {"revision": version.revision} | ({"focus": focus} if focus else {})
    return trigger_client_event(response, "canvas-changed", facts, after="settle")


def history(request: HttpRequest, campaign: Campaign, version: CampaignVersion) -> dict[str, Any]:
    """The steps of a draft, the latest first, and where it stands among them."""
    version.campaign = campaign
    steps = [(step, steps_of.words(step, request.user)) for step in steps_of.steps(version)]
    current = next((step.number for step, _words in steps if not step.undone), 0)
    return {
        "campaign": campaign,
        "version": version,
        "revision": str(version.revision),
        "steps": steps,
        "current": current,
        "editable": version.is_draft and may(request.user, "change", campaign),
        "no_change_reason": controls.missing_right(request.user, "change", campaign),  # type: ignore[arg-type]
    }


def node(
    request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str, **more: Any
) -> dict[str, Any]:
    """The panel of one node: its form, its problems, its state, its connections."""
    version.campaign = campaign
    graph, run = version.graph, scenes.last_run(version)
    found, ctx = graph.node(node_id), contexts.draft_context(version.planned())
    figures = counts.transition_counts(version, run)
    icon, kind, group, _summary = drawing.describe(found, None)
    offered = choices()
    asked_of = check.Asked(graph, Shapes(graph, ctx), offered)
    closed = reading.hidden_in(ctx.model, found.settings)
    return {
        "campaign": campaign,
        "version": version,
        "revision": str(version.revision),
        "node": found,
        "icon": icon,
        "kind": kind,
        "group": group,
        "help": "" if group == "unknown" else catalogue.get(found.type).help,
        "closed": reading.hidden_sentence() if closed else "",
        "form": None
        if group == "unknown" or closed
        else form(
            graph,
            ctx,
            node_id,
            user=request.user,
            asked_of=asked_of,
            rows=arrived(graph, node_id, run, figures),
            carried=carried(graph, node_id, figures),
        ),
        **live.happening(request, version, run, node_id),
        **happened(request, run, node_id),
        "node_problems": [*asked_of.of(node_id), *(said for said in chains.loops(version) if said.node_id == node_id)],
        "exits": drawing.exits_of(graph, node_id, figures),
        "arrivals": arrivals(graph, node_id),
        "joins": group != "unknown" and any(port.many for port in catalogue.get(found.type).inputs),
        "joinable": joinable(graph, node_id),
        **leads(graph, node_id),
        "memory": memory(request, campaign, found),
        "pinned": [note for note in graph.notes.values() if note.node == node_id],
        "has_message": contexts.is_channel(found),
        "talk": comments.count(Subject(campaign, node_id=node_id)),
        "node_tasks": list(
            campaign.tasks.filter(node_id=node_id, status__in=Task.ACTIVE).select_related("campaign")[:5]
        ),
        "may_give": may(request.user, "change", campaign),
        "editable": version.is_draft and may(request.user, "change", campaign),
        "no_change_reason": controls.missing_right(request.user, "change", campaign),  # type: ignore[arg-type]
    } | more


def happened(request: HttpRequest, run: Run | None, node_id: str) -> dict[str, Any]:
    """What the last run says of a node: rows that it lost, an error that was processed, a question it asks."""
    row = run.nodes.filter(node_id=node_id).first() if run else None
    if run is None or row is None:
        return {}
    processed = row.error if row.status == NodeRun.Status.SUCCEEDED else ""
    return {"lost": row.lost, "processed": processed, "questions": asked.of_run(run, request.user, node_id)}


def memory(request: HttpRequest, campaign: Campaign, node: Node) -> dict[str, Any] | None:
    """What a node keeps from run to run, if it keeps anything."""
    if not memories.remembers(node):
        return None
    return {"mark": memories.mark_of(campaign, node.id), "may_set": may(request.user, "publish", campaign)}


def form(
    graph: Graph,
    ctx: Any,
    node_id: str,
    data: Any = None,
    *,
    user: Any = None,
    asked_of: check.Asked | None = None,
    rows: str = "",
    carried: Mapping[str, tuple[int, bool]] | None = None,
) -> SettingsForm:
    """The settings of a node as stored, or as they were sent; half-done ones can be kept."""
    found = graph.node(node_id)
    compiler = asked_of.compiler if asked_of else Shapes(graph, ctx)
    offered = seen(user, dict(asked_of.choices or {})) if asked_of and user else choices(user)
    scope = replace(compiler.scope(node_id, offered), rows=rows, carried=carried or {})
    form_class = catalogue.get(found.type).form_class
    return form_class(data, scope=scope, initial=found.settings, draft=data is not None)


def carried(graph: Graph, node_id: str, figures: Mapping[tuple[str, str], counts.Count]) -> dict[str, tuple[int, bool]]:
    """Port → the rows it carried in the last run, and whether something has changed since; "" is what arrived."""
    found = {port: (count.rows, count.stale) for (id, port), count in figures.items() if id == node_id}
    came = [figures.get((edge.source, edge.source_port)) for edge in graph.incoming(node_id)]
    if came and all(came):
        found[""] = (sum(count.rows for count in came if count), any(count.stale for count in came if count))
    return found


def arrived(graph: Graph, node_id: str, run: Run | None, figures: Mapping[tuple[str, str], counts.Count]) -> str:
    """The lake path of the rows that arrived in the last run, for rules to be counted on; "" when it holds no more."""
    edges = graph.incoming(node_id)
    known = figures.get((edges[0].source, edges[0].source_port)) if len(edges) == 1 else None
    if run is None or known is None or known.stale:
        return ""
    return RunStore(run).path(edges[0].source, edges[0].source_port)


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
    entry = palette.open_input(graph, node_id)
    if not entry:
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
                found.append({"source": id, "port": exit.name, "target_port": entry, "name": name, "label": label})
                found[-1]["used"] = used
    return sorted(found, key=lambda item: item["used"])


def leads(graph: Graph, node_id: str) -> dict[str, Any]:
    """Where a node's rows go, its outputs, and the nodes that could still take them."""
    ports = drawing.ports_of(graph.nodes[node_id])
    labels = {port.name: str(port.label) for port in ports}
    edges = graph.outgoing(node_id)
    found = [
        {"edge": edge, "name": graph.nodes[edge.target].name, "label": labels.get(edge.source_port, edge.source_port)}
        for edge in edges
    ]
    before = graph.ancestors(node_id) | {node_id} | {edge.target for edge in edges if len(ports) == 1}
    free = [
        {"id": id, "name": graph.nodes[id].name, "port": port}
        for id in graph.order()
        if ports and id not in before and (port := palette.open_input(graph, id))
    ]
    return {"leads": found, "leaving": ports, "reachable": free}


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
    context = {"stale": sentence, **faster(request, campaign, current), "revision": str(current.revision)}
    if node_id in current.graph.nodes and current.is_draft:
        if data is not None:
            context["form"] = form(
                current.graph, contexts.draft_context(current.planned()), node_id, data, user=request.user
            )
            context |= {"typed_name": data.get("node_name", ""), "typed_disabled": "node_disabled" in data}
        return answer(request, campaign, current, node_id, status=409, **context)
    context |= {"campaign": campaign, "gone": bool(node_id)}
    return render(request, "campaigns/_stale.html", context, status=409)


def faster(request: HttpRequest, campaign: Campaign, current: CampaignVersion) -> dict[str, Any]:
    """Who touched the campaign last, when, and what they did to its canvas."""
    step = steps_of.latest(current)
    return {"change": last_change(campaign), "did": steps_of.label(step) if step else ""}


def conflict(request: HttpRequest, campaign: Campaign, sentence: str) -> HttpResponse:
    """409 beside the panel, which stays as it is: who was faster, and the same once more on the canvas as it is now."""
    current = campaign.latest_version()
    current.campaign = campaign
    sent = [(name, value) for name in request.POST for value in request.POST.getlist(name) if name not in NOT_AGAIN]
    context = {"stale": sentence, **faster(request, campaign, current), "campaign": campaign, "sent": sent}
    change = context["change"]
    context["mine"] = change is not None and change.actor_id == request.user.pk
    context |= {"revision": str(current.revision), "again": request.path if _makes_sense(request, current) else ""}
    response = render(request, "campaigns/_conflict.html", context, status=409)
    return trigger_client_event(retarget(reswap(response, "innerHTML"), "#conflict"), "canvas-changed", {})


def _makes_sense(request: HttpRequest, current: CampaignVersion) -> bool:
    """Whether a change can be asked for again: all that it names is still there. Steps of others are not undone so."""
    matched, graph = request.resolver_match, current.graph
    if not current.is_draft or matched is None or matched.url_name in {"undo", "redo", "history"}:
        return False
    sent = request.POST
    edge = palette.named_outlet(sent)
    named = {
        *sent.getlist("node"),
        sent.get("after", ""),
        edge["source"],
        edge["target"],
        matched.kwargs.get("node_id"),
    }
    notes = {matched.kwargs.get("note_id")} - {None}
    return named - {"", None} <= set(graph.nodes) and notes <= set(graph.notes)
