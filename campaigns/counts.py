"""The counts and states that the canvas shows: from the latest run, and whether they still hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from activities.graph import Graph
from orchcamp.datasets import schema

from .models import CampaignVersion, NodeRun, Run
from .pins import pins

S = NodeRun.Status
COUNTED = {S.SUCCEEDED, S.SENDING}


@dataclass(frozen=True)
class Count:
    """Rows on the transitions of one port; stale when the canvas at or before it, or the data, has changed since."""

    rows: int
    stale: bool = False
    before: int | None = None  # what the run before counted there; None where it did not come so far


def latest_run(version: CampaignVersion) -> Run | None:
    """The run whose counts a version shows: its own latest, else the campaign's before it."""
    runs = Run.objects.filter(campaign=version.campaign_id, version__number__lte=version.number)
    return runs.order_by("-version__number", "-started_at", "-pk").first()


def previous_run(run: Run | None) -> Run | None:
    """The last run before this one that ended well, whatever its mode: what its counts are compared with."""
    if run is None:
        return None
    ended = Run.objects.filter(campaign=run.campaign_id, status=Run.Status.SUCCEEDED, errors=0, pk__lt=run.pk)
    return ended.order_by("-pk").prefetch_related("nodes").first()


def previous_live_run(run: Run | None) -> Run | None:
    """The last live run before this one that ended well."""
    if run is None:
        return None
    ended = Run.objects.live().filter(campaign=run.campaign_id, status=Run.Status.SUCCEEDED, errors=0, pk__lt=run.pk)
    return ended.order_by("-pk").prefetch_related("nodes").first()


def holding_dry_run(version: CampaignVersion) -> Run | None:
    """The latest dry run whose counts hold for this version: the same canvas and variables, today's data. One for which
    somebody chose answers shows one way only, so it is none."""
    chosen = NodeRun.objects.exclude(answer="").values("run")
    succeeded = Run.objects.dry().filter(campaign=version.campaign_id, status=Run.Status.SUCCEEDED, errors=0)
    wanted = (_counted(version.document), version.planned().variables, pins(schema.load(), version.document))
    for run in succeeded.exclude(pk__in=chosen)[:20]:
        if (_counted(run.document), run.variables, run.snapshots) == wanted:
            return run
    return None


def _counted(document: dict[str, Any]) -> dict[str, Any]:
    """A canvas without what changes no count: its notes and breakpoints."""
    nodes = {
        id: {key: value for key, value in node.items() if key != "breakpoint"}
        for id, node in document.get("nodes", {}).items()
    }
    return {key: value for key, value in document.items() if key != "notes"} | {"nodes": nodes}


def transition_counts(
    version: CampaignVersion, run: Run | None = None, before: Run | None = None
) -> dict[tuple[str, str], Count]:
    """(node, port) → count, for every port that the latest run went through; ``before`` is what it is compared with."""
    run = run or latest_run(version)
    if run is None:
        return {}
    changed = changed_nodes(run.graph, version.graph)
    if version.is_draft and run.snapshots != pins(schema.load(), version.document):
        changed = set(version.graph.nodes)
    earlier = _rows(before) if before else {}
    return {
        (node.node_id, port): Count(kept["rows"], node.node_id in changed, earlier.get((node.node_id, port)))
        for node in run.nodes.all()
        if node.status in COUNTED
        for port, kept in node.outputs.items()
        if port in node.follows or not kept["rows"]
    }


def _rows(run: Run) -> dict[tuple[str, str], int]:
    return {(node.node_id, port): kept["rows"] for node in run.nodes.all() for port, kept in node.outputs.items()}


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
