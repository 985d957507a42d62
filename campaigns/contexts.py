"""What the outside world lends to a canvas: one function for a run, one for a draft."""

from __future__ import annotations

from django.utils import timezone

from activities import catalogue, check
from activities.base import Channel, Context
from activities.check import Problem
from activities.graph import Graph, Node
from orchcamp.datasets import schema

from .choices import choices
from .errors import NotRunnable
from .models import Campaign, CampaignVersion, Run


def context(run: Run) -> Context:
    """The context of a run: its pinned snapshots, its slot, its variables."""
    return Context(
        model=schema.load(run.snapshots),
        now=run.scheduled_for,
        timezone=run.campaign.timezone,
        seed=run.campaign.slug,
        variables=run.variables,
    )


def draft_context(campaign: Campaign) -> Context:
    """The context of a preview: what a run that began now would see."""
    return Context(
        model=schema.load(),
        now=timezone.now(),
        timezone=campaign.timezone,
        seed=campaign.slug,
        variables=campaign.variables,
    )


def problems(version: CampaignVersion, ctx: Context | None = None) -> list[Problem]:
    """What the alerts panel says about a version."""
    return check.problems(version.graph, ctx or draft_context(version.campaign), choices())


def demand_runnable(version: CampaignVersion, *, mode: str, ctx: Context | None = None) -> None:
    """Raise NotRunnable if there are errors. A test does not care about nodes that it never reaches."""
    graph = version.graph
    out_of_reach = _beyond_channels(graph) if mode == Run.Mode.TEST else set()
    errors = [
        problem
        for problem in problems(version, ctx)
        if problem.severity == "error" and (problem.node_id is None or problem.node_id not in out_of_reach)
    ]
    if errors:
        raise NotRunnable(errors, {id: node.name for id, node in graph.nodes.items()})


def _beyond_channels(graph: Graph) -> set[str]:
    """The channels, and the nodes that can only be reached through one."""
    beyond: set[str] = set()
    for id in graph.order():
        edges = graph.incoming(id)
        if is_channel(graph.nodes[id]) or (edges and all(edge.source in beyond for edge in edges)):
            beyond.add(id)
    return beyond


def is_channel(node: Node) -> bool:
    """Whether a node sends messages; a type that this version does not know does not."""
    try:
        return issubclass(catalogue.get(node.type), Channel)
    except catalogue.UnknownActivity:
        return False
