"""What every piece of the canvas page shows, gathered once."""

from __future__ import annotations

from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.urls import reverse

from activities.check import Problem
from activities.graph import Graph
from campaigns import contexts, controls, counts, drawing
from campaigns.models import Campaign, CampaignVersion, Run
from orchcamp.accounts.access import may

VIEWS = ("canvas", "outline")


def address(campaign: Campaign) -> str:
    return reverse("campaigns:canvas", args=[campaign.slug])


def last_run(version: CampaignVersion) -> Run | None:
    """The run whose counts and states the canvas shows, with its nodes at hand."""
    run = counts.latest_run(version)
    if run is not None:
        prefetch_related_objects([run], "nodes")
    return run


def severities(problems: list[Problem]) -> dict[str, int]:
    errors = sum(problem.severity == "error" for problem in problems)
    return {"errors": errors, "warnings": len(problems) - errors}


def named(graph: Graph, problems: list[Problem]) -> list[tuple[str, Problem]]:
    """Problems with the name of their node, errors first."""
    order = sorted(problems, key=lambda problem: problem.severity != "error")
    return [(graph.nodes[p.node_id].name if p.node_id in graph.nodes else "", p) for p in order]


def found(campaign: Campaign, version: CampaignVersion) -> dict[str, Any]:
    """What the alerts panel shows."""
    problems = contexts.problems(version, contexts.draft_context(campaign))
    return {"campaign": campaign, "problems": named(version.graph, problems), **severities(problems)}


def scene(request: HttpRequest, campaign: Campaign, version: CampaignVersion) -> dict[str, Any]:
    """The drawing with its bar: what ``_canvas.html`` needs."""
    version.campaign = campaign
    graph, run, ctx = version.graph, last_run(version), contexts.draft_context(campaign)
    problems = contexts.problems(version, ctx) if graph.nodes else []
    figures = severities(problems)
    user = request.user
    buttons = controls.header(campaign, version, user, run=run, errors=figures["errors"], nodes=len(graph.nodes))
    testing = any(button.key == "test" for button in buttons)
    return {
        "campaign": campaign,
        "version": version,
        "revision": str(version.revision),
        "graph": graph,
        "run": run,
        "drawing": drawing.draw(
            graph,
            ctx=ctx,
            counts=counts.transition_counts(version, run),
            rows=counts.node_states(version, run),
            problems=problems,
        ),
        "problems": named(graph, problems),
        "controls": buttons,
        "menu": controls.menu(campaign, user, run=run),
        "editable": version.is_draft and may(user, "change", campaign),
        "polling": run is not None and run.is_open,
        "silent": testing and controls.worker_silent(),
        "view": view if (view := request.GET.get("view", "")) in VIEWS else "",
        **figures,
    }
