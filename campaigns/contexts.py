"""What the outside world lends to a canvas: one function for a run, one for a draft."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from activities import catalogue, check
from activities.base import Activity, Channel
from activities.check import Problem
from activities.compiler import Compiler, extended
from activities.graph import Graph, Node
from activities.populations import Context
from activities.variables import tests
from orchcamp.datasets import schema

from . import chains, launches
from .choices import choices
from .errors import NodeFailed, NotRunnable
from .models import Campaign, CampaignVersion, NodeMemory, Run


def context(run: Run) -> Context:
    """The context of a run: its pinned data and files, its slot, its variables, what people answered it."""
    answers = run.nodes.exclude(answer="").values_list("node_id", "answer")
    ctx = Context(
        model=schema.load(run.snapshots),
        now=run.scheduled_for,
        timezone=run.version.planned().timezone,
        seed=run.campaign.slug,
        variables=run.variables,
        campaign=run.campaign.slug,
        files=run.files,
        memories=run.memory,
        answers=dict(answers),
        live=run.mode == Run.Mode.LIVE,
    )
    return extended(ctx, run.graph)


def draft_context(campaign: Campaign) -> Context:
    """The context of a preview: what a run that began now would see."""
    return Context(
        model=schema.load(),
        now=timezone.now(),
        timezone=campaign.timezone,
        seed=campaign.slug,
        variables={**campaign.variables, **(tests(campaign.schedule.get("parameters")) if campaign.by_signal else {})},
        campaign=campaign.slug,
        files=dict(campaign.files.values_list("name", "path")),
        memories=memories(campaign),
    )


def memories(campaign: Campaign) -> dict[str, Any]:
    """Node -> what earlier live runs left it."""
    return dict(NodeMemory.objects.filter(campaign=campaign).values_list("node_id", "state"))


def problems(version: CampaignVersion, ctx: Context | None = None) -> list[Problem]:
    """What the alerts panel says about a version, and about the schedule of a draft."""
    found = check.problems(version.graph, ctx or draft_context(version.planned()), choices())
    odd = launches.problems(version.planned()) if version.is_draft and version.graph.nodes else []
    return [*odd, *found, *chains.loops(version)]


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


def built(compiler: Compiler, node_id: str) -> Activity:
    """The node's activity with settings that its form has read, so that what was left out has its default."""
    node = compiler.graph.node(node_id)
    cls = catalogue.get(node.type)
    form = cls.form_class(node.settings, scope=compiler.scope(node_id), draft=True)
    if not form.is_valid():
        raise NodeFailed(next(iter(form.sentences())))
    return cls(form.cleaned_data)


def is_channel(node: Node) -> bool:
    """Whether a node sends messages; a type that this version does not know does not."""
    try:
        return issubclass(catalogue.get(node.type), Channel)
    except catalogue.UnknownActivity:
        return False
