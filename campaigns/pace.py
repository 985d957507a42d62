"""How often a page that shows a run asks again: often while something moves, seldom while it waits for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from .controls import worker_silent
from .models import NodeRun, Run

S = NodeRun.Status
WORKING = 1  # seconds: nodes are being computed
SENDING = 2  # as often as batches tell how far they are
WAITING = 15  # a person, a signal or a moment that is far: what others do shows within this time
SOON = timedelta(seconds=WAITING)
FRESH = timedelta(minutes=1)  # so long a run may wait for its first worker without being taken for one that nobody does


def seconds(run: Run | None, rows: Iterable[NodeRun]) -> int | None:
    """Seconds until the next look; None when nothing will move any more."""
    if run is None or not run.is_open:
        return None
    nodes = {node.node_id: node for node in rows}
    statuses = {node.status for node in nodes.values()}
    if statuses & {S.QUEUED, S.RUNNING}:
        return WORKING
    if run.status == Run.Status.PAUSED or run.scheduled_for > timezone.now() + SOON:
        return WAITING
    if S.SENDING in statuses or any(_soon(node.resume_at) for node in nodes.values() if node.status == S.WAITING):
        return SENDING
    if not _ready(run, nodes):
        return WAITING
    fresh = run.started_at > timezone.now() - FRESH
    return WORKING if fresh or not worker_silent() else WAITING


def _ready(run: Run, nodes: Mapping[str, NodeRun]) -> bool:
    """Whether a worker will take something up, or close the run, in a moment."""
    graph = run.graph
    return not any(node.status == S.WAITING for node in nodes.values()) or any(
        node.status == S.PENDING and all(nodes[edge.source].is_settled for edge in graph.incoming(id))
        for id, node in nodes.items()
    )


def _soon(moment: datetime | None) -> bool:
    return moment is not None and moment <= timezone.now() + SOON
