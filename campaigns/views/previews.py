"""What goes over a transition: count, columns and first rows, from the last run or asked of the draft."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from activities import columns
from activities.base import ActivityError, Context, Population
from activities.compiler import Compiler
from campaigns import contexts, counts, drawing
from campaigns.models import Campaign, CampaignVersion
from campaigns.store import RunStore
from orchcamp.accounts.access import holds, may, refusal
from orchcamp.datasets import counting, engine
from orchcamp.datasets.models import Dataset
from orchcamp.datasets.preview import MASK
from orchcamp.web.errors import Refused

from . import scenes

FIRST = 10


def panel(
    request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str, port: str
) -> dict[str, Any]:
    """The panel of one transition."""
    version.campaign = campaign
    graph, run = version.graph, scenes.last_run(version)
    figures = counts.transition_counts(version, run)
    exit = next((exit for exit in drawing.exits_of(graph, node_id, figures) if exit.port == port), None)
    targets = [(edge, graph.nodes[edge.target].name) for edge in exit.targets] if exit else []
    stored = run is not None and exit is not None and not exit.stale and _stored(version, node_id, port)
    return {
        "campaign": campaign,
        "version": version,
        "revision": str(version.revision),
        "node": graph.nodes[node_id],
        "port": port,
        "exit": exit,
        "targets": targets,
        "run": run,
        "stored": bool(stored),
        "shape": _columns(_compiled(campaign, version, node_id, port)),
        "may_count": may(request.user, "test", campaign),
        "may_see_rows": may(request.user, "view", Dataset),
        "no_rows_reason": refusal(Dataset, "view"),
        "ticket": get_random_string(12),
        "editable": version.is_draft and may(request.user, "change", campaign),
    }


def rows(request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str, port: str) -> HttpResponse:
    """The first rows with the columns of their dimension; personal ones masked for those who may not see them."""
    context: dict[str, Any] = {"masked": not holds(request.user, "datasets.view_personal")}
    if not may(request.user, "view", Dataset):
        context["refusal"] = refusal(Dataset, "view")
        return render(request, "campaigns/_transition_rows.html", context, status=403)
    try:
        population, ctx = _population(campaign, version, node_id, port, live="live" in request.GET)
        first = population.with_table(population.table.order_by(list(population.key)).limit(FIRST))
        found = engine.rows(ctx.wide(first).order_by(list(population.key)))
        context |= _table(found, _shapes(population, ctx), masked=context["masked"])
    except Refused as error:
        context["refusal"] = str(error)
    return render(request, "campaigns/_transition_rows.html", context)


def live_count(
    request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str, port: str
) -> HttpResponse:
    """The exact count of the draft as it is, without a run; can be stopped by its ticket."""
    context: dict[str, Any] = {"campaign": campaign, "node_id": node_id, "port": port}
    try:
        population, _ctx = _population(campaign, version, node_id, port, live=True)
        context["rows"] = counting.counted(population.table, _ticket(request, request.GET.get("ticket", "")))
    except Refused as error:
        context["refusal"] = str(error)
    return render(request, "campaigns/_transition_count.html", context)


def cancel(request: HttpRequest) -> HttpResponse:
    """Stop one's own count."""
    counting.cancel(_ticket(request, request.POST.get("ticket", "")))
    return HttpResponse(status=204)


def _ticket(request: HttpRequest, sent: str) -> str:
    """Tickets of one person cannot stop the counts of another."""
    return f"{request.user.pk}-{sent[:40]}"


def _stored(version: CampaignVersion, node_id: str, port: str) -> Population | None:
    """The rows that the last run kept, if the canvas has not changed at or before them since."""
    run = scenes.last_run(version)
    if run is None or node_id in counts.changed_nodes(run.graph, version.graph):
        return None
    return RunStore(run).population(node_id, port)


def _compiled(
    campaign: Campaign, version: CampaignVersion, node_id: str, port: str
) -> tuple[Population, Context] | None:
    """What the draft would give, lazily; None while it cannot be compiled."""
    try:
        return _population(campaign, version, node_id, port, live=True)
    except Refused:
        return None


def _population(
    campaign: Campaign, version: CampaignVersion, node_id: str, port: str, *, live: bool
) -> tuple[Population, Context]:
    if not live:
        run, kept = scenes.last_run(version), _stored(version, node_id, port)
        if run is None or kept is None:
            raise ActivityError(_("The last run keeps no rows of this transition; test the campaign again."))
        run.campaign = campaign
        return kept, contexts.context(run)
    ctx = contexts.draft_context(campaign)
    found = Compiler(version.graph, ctx).outputs(node_id)
    if port not in found:
        raise ActivityError(_("This node has no such port any more; reload the page."))
    if not found[port].dimension:
        raise ActivityError(_("No audience goes over this transition."))
    return found[port], ctx


def _shapes(population: Population, ctx: Context) -> dict[str, Any]:
    """Every column that a row carries: those of its dimension, and those that nodes added."""
    return {**ctx.model.dataset(population.dimension).columns, **columns.shapes(population)}


def _columns(compiled: tuple[Population, Context] | None) -> list[dict[str, Any]]:
    if compiled is None:
        return []
    population, ctx = compiled
    added = columns.shapes(population)
    return [
        {"name": name, "shape": shape, "added": name in added, "key": name in population.key}
        for name, shape in _shapes(population, ctx).items()
    ]


def _table(found: list[dict[str, Any]], shapes: dict[str, Any], *, masked: bool) -> dict[str, Any]:
    """Heads and cells; a masked cell never reaches the template."""
    names = list(found[0]) if found else []
    heads = [shapes[name].label if name in shapes else name for name in names]
    hidden = {name for name in names if masked and name in shapes and shapes[name].personal}
    cells = [[MASK if name in hidden and row[name] is not None else row[name] for name in names] for row in found]
    return {"heads": heads, "cells": cells, "hidden": bool(hidden)}
