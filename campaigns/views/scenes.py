"""What every piece of the canvas page shows, gathered once."""

from __future__ import annotations

from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.urls import reverse

from activities.check import Problem
from activities.graph import Graph
from campaigns import comments, contexts, controls, counts, history, launches, layout, presence, status
from campaigns import drawing as drawings
from campaigns.models import Campaign, CampaignVersion, Run
from orchcamp.accounts.access import may
from orchcamp.accounts.models import User
from orchcamp.web.fragments import wants_fragment

from . import live, showing

VIEWS = ("canvas", "outline")
FLOW, VIEW = "canvas-flow", "canvas-view"  # in the session


def address(campaign: Campaign) -> str:
    return reverse("campaigns:canvas", args=[campaign.slug])


def flow(request: HttpRequest) -> layout.Measures:
    """Which way the canvas flows for this person: as ``?flow=`` says, and from then on, or as it did before."""
    asked = request.GET.get("flow", "")
    if asked in layout.FLOWS and asked != request.session.get(FLOW, layout.RIGHT.key):
        request.session[FLOW] = asked
    return layout.FLOWS.get(request.session.get(FLOW, ""), layout.RIGHT)


def view(request: HttpRequest) -> str:
    """Canvas or outline for this person, as ``?view=`` of a page said last; "" leaves it to the width of the screen.

    A fragment is drawn as it asks, and changes nothing for the next page: two tabs may show the two.
    """
    asked = request.GET.get("view", "")
    if wants_fragment(request):
        return asked if asked in VIEWS else ""
    if asked in VIEWS and asked != request.session.get(VIEW):
        request.session[VIEW] = asked
    return str(request.session.get(VIEW, ""))


def turn(request: HttpRequest, way: layout.Measures) -> str:
    """The query string of the same canvas drawn the other way."""
    asked = request.GET.copy()
    asked["flow"] = next(key for key in layout.FLOWS if key != way.key)
    asked.pop("poll", None)
    return f"?{asked.urlencode()}"


def last_run(version: CampaignVersion) -> Run | None:
    """The run whose counts and states the canvas shows, with its nodes at hand."""
    run = counts.latest_run(version)
    if run is not None:
        run.campaign = version.campaign
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
    problems = contexts.problems(version, contexts.draft_context(version.planned()))
    return {"campaign": campaign, "problems": named(version.graph, problems), **severities(problems)}


def drawn(version: CampaignVersion, run: Run | None, way: layout.Measures) -> tuple[drawings.Drawing, list[Problem]]:
    """The drawing of a version with the counts of a run, and what is to be said of it."""
    graph, ctx = version.graph, contexts.draft_context(version.planned())
    problems = contexts.problems(version, ctx) if graph.nodes else []
    figures = counts.transition_counts(version, run, counts.previous_run(run)) if run else {}
    rows = counts.node_states(version, run) if run else {}
    return drawings.draw(
        graph, ctx=ctx, counts=figures, rows=rows, problems=problems, moving=live.cards(run), flow=way
    ), problems


def steps(version: CampaignVersion, user: User) -> dict[str, str]:
    """What undo and redo would do, in words."""
    undo, redo = history.ends(version)
    return {name: history.words(step, user) if step else "" for name, step in (("undo", undo), ("redo", redo))}


def scene(request: HttpRequest, campaign: Campaign, version: CampaignVersion) -> dict[str, Any]:
    """The drawing with its bar: what ``_canvas.html`` needs."""
    version.campaign = campaign
    graph, run, way = version.graph, last_run(version), flow(request)
    drawing, problems = drawn(version, run, way)
    drawing = drawings.with_remarks(drawing, comments.open_by_node(campaign))
    figures = severities(problems)
    user = request.user
    buttons = controls.header(campaign, version, user, run=run, errors=figures["errors"], nodes=len(graph.nodes))
    testing = any(button.key == "test" for button in buttons)
    return {
        "campaign": campaign,
        "version": version,
        "revision": str(version.revision),
        "graph": graph,
        "schedule": launches.in_words(campaign),
        "run": run,
        "drawing": drawing,
        "problems": named(graph, problems),
        "controls": buttons,
        "menu": controls.menu(campaign, user, run=run),
        "editable": version.is_draft and may(user, "change", campaign),
        **steps(version, user),
        "others": presence.others(version, user),
        "polling": run is not None and run.is_open,
        **live.bar(request, version, run),
        "silent": (testing or campaign.status in status.PUBLISHED) and controls.worker_silent(),
        "view": view(request),
        "turn": turn(request, way),
        **showing.switch(campaign, version),
        "turned": "flow" in request.GET and wants_fragment(request),
        **figures,
    }
