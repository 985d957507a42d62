"""What a run does next: which nodes are ready, which are never reached, and what its status follows from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import catalogue
from activities.base import Channel, Gate, Writer
from activities.graph import Graph

from . import status
from .models import LogEntry, NodeRun, Run
from .store import RunStore

S = NodeRun.Status
QUEUE_LEASE = timedelta(minutes=5)  # how long a node may lie in the queue before it is queued again


def note(run: Run, message: str, *, node_id: str = "", severity: str = LogEntry.Severity.INFO) -> None:
    """One sentence in the run's log."""
    LogEntry.objects.create(run=run, node_id=node_id, message=message, severity=severity)


def claim_ready(run: Run) -> list[int]:
    """Queue what can run now, skip what no transition leads to; return the queued node runs.

    A node waits until every inbound node is settled, then runs on the transitions that were followed, or is
    skipped if none was: no join waits for ever.
    """
    if not Run.objects.running().filter(pk=run.pk, scheduled_for__lte=timezone.now()).exists():
        return []
    graph, store, ready = run.graph, RunStore(run), []
    held = held_back(run, graph, store.nodes)
    for id in graph.order():
        node, edges = store.nodes[id], graph.incoming(id)
        if node.status != S.PENDING or any(store.nodes[edge.source].status not in NodeRun.SETTLED for edge in edges):
            continue
        if graph.nodes[id].disabled or (edges and not any(store.open(edge) for edge in edges)):
            _skip(node)
        elif id not in held and _queue(node):
            ready.append(node.pk)
    settle(run, store.nodes.values())
    return ready


def _skip(node: NodeRun) -> None:
    NodeRun.objects.filter(pk=node.pk, status=S.PENDING).update(status=S.SKIPPED, finished_at=timezone.now())
    node.status = S.SKIPPED  # so that the skip runs on in this pass


def _queue(node: NodeRun) -> bool:
    pending = NodeRun.objects.filter(pk=node.pk, status=S.PENDING, run__in=Run.objects.running())
    return bool(pending.update(status=S.QUEUED, lease_until=timezone.now() + QUEUE_LEASE))


def held_back(run: Run, graph: Graph, nodes: Mapping[str, NodeRun]) -> set[str]:
    """The channels that wait because an audience of the same run is still to be saved.

    Writers behind a channel or a wait hold nobody back: that would be a circle, or a wait nobody asked for.
    """
    kinds = {id: _kind(graph, id) for id in graph.nodes}
    open_writers = [
        id
        for id, kind in kinds.items()
        if issubclass(kind, Writer)
        and run.mode == Run.Mode.LIVE
        and nodes[id].status not in NodeRun.SETTLED | {S.FAILED, S.STOPPED}
        and not any(issubclass(kinds[before], Channel | Gate) for before in graph.ancestors(id))
    ]
    return {id for id, kind in kinds.items() if issubclass(kind, Channel)} if open_writers else set()


def _kind(graph: Graph, node_id: str) -> type:
    try:
        return catalogue.get(graph.nodes[node_id].type)
    except catalogue.UnknownActivity:
        return object


def verdict(statuses: Iterable[str]) -> str:
    """A run's status as a function of its nodes'."""
    found = set(statuses)
    if S.FAILED in found:
        return Run.Status.FAILED
    if S.STOPPED in found:
        return Run.Status.STOPPED
    return Run.Status.SUCCEEDED if found <= NodeRun.SETTLED else Run.Status.RUNNING


def settle(run: Run, nodes: Iterable[NodeRun] | None = None) -> None:
    """Give the run the status that follows from its nodes; a live run that is done completes its campaign."""
    rows = list(run.nodes.all()) if nodes is None else list(nodes)
    result = verdict(row.status for row in rows)
    if result == Run.Status.RUNNING:
        return
    error = next((f"{name_of(run, row.node_id)}: {row.error}" for row in rows if row.status == S.FAILED), "")
    with transaction.atomic():
        now = timezone.now()
        if not Run.objects.open().filter(pk=run.pk).update(status=result, error=error, finished_at=now):
            return
        run.status, run.error, run.finished_at = result, error, now
        if result == Run.Status.SUCCEEDED:
            note(run, _("The run is complete."))
            if run.mode == Run.Mode.LIVE:
                status.moved(run.campaign, "complete")


def name_of(run: Run, node_id: str) -> str:
    """What the canvas calls a node."""
    node = run.document.get("nodes", {}).get(node_id, {})
    return f"“{node.get('name') or node_id}”"
