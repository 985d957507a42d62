"""The counts and states that the canvas shows: from the latest run, and whether they still hold."""

from __future__ import annotations

from dataclasses import dataclass

from activities.graph import Graph
from orchcamp.datasets import schema

from .models import CampaignVersion, NodeRun, Run

S = NodeRun.Status
COUNTED = {S.SUCCEEDED, S.SENDING}


@dataclass(frozen=True)
class Count:
    """Rows on the transitions of one port; stale when the canvas at or before it, or the data, has changed since."""

    rows: int
    stale: bool = False


def latest_run(version: CampaignVersion) -> Run | None:
    """The run whose counts a version shows: its own latest, else the campaign's before it."""
    runs = Run.objects.filter(campaign=version.campaign_id, version__number__lte=version.number)
    return runs.order_by("-version__number", "-started_at", "-pk").first()


def holding_test(version: CampaignVersion) -> Run | None:
    """The latest succeeded test whose counts hold for this version: the same canvas and variables, today's data."""
    tests = Run.objects.tests().filter(campaign=version.campaign_id, status=Run.Status.SUCCEEDED)
    wanted = (version.document, version.campaign.variables, schema.load().snapshots)
    return next((run for run in tests[:20] if (run.document, run.variables, run.snapshots) == wanted), None)


def transition_counts(version: CampaignVersion, run: Run | None = None) -> dict[tuple[str, str], Count]:
    """(node, port) → count, for every port that the latest run went through."""
    run = run or latest_run(version)
    if run is None:
        return {}
    changed = changed_nodes(run.graph, version.graph)
    if version.is_draft and run.snapshots != schema.load().snapshots:
        changed = set(version.graph.nodes)
    return {
        (node.node_id, port): Count(kept["rows"], node.node_id in changed)
        for node in run.nodes.all()
        if node.status in COUNTED
        for port, kept in node.outputs.items()
        if port in node.follows or not kept["rows"]
    }


def node_states(version: CampaignVersion, run: Run | None = None) -> dict[str, NodeRun]:
    """Node → its row in the latest run."""
    run = run or latest_run(version)
    return {node.node_id: node for node in run.nodes.all()} if run else {}


def changed_nodes(before: Graph, after: Graph) -> set[str]:
    """The nodes of ``after`` whose rows may differ: changed themselves, or behind one that is."""
    changed: set[str] = set()
    for id in after.order():
        node, was = after.nodes[id], before.nodes.get(id)
        edges = sorted(after.incoming(id))
        if (
            was is None
            or (node.type, node.disabled, dict(node.settings)) != (was.type, was.disabled, dict(was.settings))
            or edges != sorted(before.incoming(id))
            or any(edge.source in changed for edge in edges)
        ):
            changed.add(id)
    return changed
