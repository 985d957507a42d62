"""What a run does next: which nodes are ready, which are never reached, and what its status follows from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities import catalogue
from activities.base import Channel, Gate, Writer
from activities.graph import Graph
from orchcamp.accounts.models import User
from orchcamp.datasets import engine
from orchcamp.web.errors import Refused

from . import arming, files, following, foresee
from .models import LogEntry, NodeMemory, NodeRun, Run
from .store import RunStore

S = NodeRun.Status
REVIEW = "review"  # what began the test that an approval is asked with: nobody is there to resume it
QUEUE_LEASE = timedelta(minutes=5)  # how long a node may lie in the queue before it is queued again


def note(
    run: Run,
    message: str,
    *,
    node_id: str = "",
    severity: str = LogEntry.Severity.INFO,
    by: User | None = None,
) -> None:
    """One sentence in the run's log; ``by`` whom, if a person did it."""
    LogEntry.objects.create(run=run, node_id=node_id, message=message, severity=severity, by=by)


def claim_ready(run: Run) -> list[int]:
    """Queue what can run now, skip what no transition leads to; return the queued node runs.

    A node waits until every inbound node is settled, then runs on the transitions that were followed, or is
    skipped if none was: no join waits for ever. Once a node is in error, nothing new begins, unless the error policy
    ignores it: then what follows it is not reached.
    """
    if not Run.objects.running().filter(pk=run.pk, scheduled_for__lte=timezone.now()).exists():
        return []
    graph, store = run.graph, RunStore(run)
    if any(node.weighs == S.FAILED for node in store.nodes.values()):
        settle(run, store.nodes.values())
        return []
    waiting = [id for id in graph.order() if not _skipped(graph, store, id) and _is_next(graph, store, id)]
    held = held_back(run, graph, store.nodes)  # after the skips: nobody waits for an audience that is never saved
    stops = [store.nodes[id] for id in waiting if id not in held and _stops(run, graph, store.nodes[id])]
    if stops:
        return _paused_at(run, stops)
    ready = [store.nodes[id].pk for id in waiting if id not in held and _queue(store.nodes[id])]
    settle(run, store.nodes.values())
    return ready


def _is_next(graph: Graph, store: RunStore, id: str) -> bool:
    """Whether a node is still to be done, and all before it is settled."""
    settled = all(store.nodes[edge.source].is_settled for edge in graph.incoming(id))
    return settled and store.nodes[id].status == S.PENDING


def _skipped(graph: Graph, store: RunStore, id: str) -> bool:
    """Skip a node that no transition leads to; the skip runs on in this pass."""
    node, edges = store.nodes[id], graph.incoming(id)
    reached = not edges or any(store.open(edge) for edge in edges)
    if not _is_next(graph, store, id) or (reached and not graph.nodes[id].disabled):
        return False
    NodeRun.objects.filter(pk=node.pk, status=S.PENDING).update(status=S.SKIPPED, finished_at=timezone.now())
    node.status = S.SKIPPED
    return True


def _queue(node: NodeRun) -> bool:
    pending = NodeRun.objects.filter(pk=node.pk, status=S.PENDING, run__in=Run.objects.running())
    return bool(pending.update(status=S.QUEUED, lease_until=timezone.now() + QUEUE_LEASE))


def _stops(run: Run, graph: Graph, node: NodeRun) -> bool:
    """Whether a node's breakpoint pauses the run now: once in a run, and never in the test before an approval, nor in
    a dry run, which goes to the end."""
    if run.trigger == REVIEW or run.mode == Run.Mode.DRY:
        return False
    return graph.nodes[node.node_id].breakpoint and node.held_at is None


def _paused_at(run: Run, stops: Iterable[NodeRun]) -> list[int]:
    """Pause a run before the nodes that carry a breakpoint; what runs runs on, nothing new begins."""
    with transaction.atomic():
        if not Run.objects.running().filter(pk=run.pk).update(status=Run.Status.PAUSED):
            return []
        run.status = Run.Status.PAUSED
        now, kind = timezone.now(), NodeRun.WaitingFor.BREAKPOINT
        for node in stops:
            NodeRun.objects.filter(pk=node.pk, status=S.PENDING).update(status=S.WAITING, waiting_for=kind, held_at=now)
            sentence = _("%(node)s: paused before it by its breakpoint; resume the run to go on.")
            note(run, sentence % {"node": name_of(run, node.node_id)}, node_id=node.node_id)
        NodeRun.objects.filter(run=run, status=S.QUEUED).update(status=S.PENDING, lease_until=None)
    return []


def held_back(run: Run, graph: Graph, nodes: Mapping[str, NodeRun]) -> set[str]:
    """The channels that wait because an audience of the same run is still to be saved.

    Writers behind a channel or a wait hold nobody back: that would be a circle, or a wait nobody asked for.
    """
    kinds = {id: _kind(graph, id) for id in graph.nodes}
    open_writers = [
        id
        for id, kind in kinds.items()
        if issubclass(kind, Writer)
        and kind.holds_back
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
    """A run's status as a function of its nodes': it has failed when one has and none is being worked on any more."""
    found = set(statuses)
    if S.FAILED in found:
        return Run.Status.RUNNING if found & {S.QUEUED, S.RUNNING} else Run.Status.FAILED
    if S.STOPPED in found:
        return Run.Status.STOPPED
    return Run.Status.SUCCEEDED if found <= NodeRun.SETTLED else Run.Status.RUNNING


def settle(run: Run, nodes: Iterable[NodeRun] | None = None) -> None:
    """Give the run the status that follows from its nodes; a live run that is done completes its campaign."""
    rows = list(run.nodes.all()) if nodes is None else list(nodes)
    result = verdict(row.weighs for row in rows)
    if result == Run.Status.RUNNING:
        return
    foresight = _foreseen(run) if result == Run.Status.SUCCEEDED else {}
    error = next((f"{name_of(run, row.node_id)}: {row.error}" for row in rows if row.weighs == S.FAILED), "")
    errors = sum(row.ignored for row in rows)
    with transaction.atomic():
        now = timezone.now()
        facts = {"status": result, "error": error, "finished_at": now, "foresight": foresight, "errors": errors}
        if not Run.objects.open().filter(pk=run.pk).update(**facts):
            return
        run.status, run.error, run.finished_at, run.errors = result, error, now, errors
        if result == Run.Status.SUCCEEDED:
            _complete(run)
            run.foresight = foresight
        elif result == Run.Status.FAILED and run.mode == Run.Mode.LIVE:
            following.happened(run.campaign, "run_failed", run=run)


def _complete(run: Run) -> None:
    """What follows from a run that came to its end. Without all of its nodes it leaves no memory and keeps its files:
    the next one looks at the same rows again."""
    if run.errors:
        said = ngettext(
            "The run is complete; %(n)s node failed and was gone on without.",
            "The run is complete; %(n)s nodes failed and were gone on without.",
            run.errors,
        )
        note(run, said % {"n": run.errors}, severity=LogEntry.Severity.WARNING)
    else:
        note(run, _("The run is complete."))
    if run.mode != Run.Mode.LIVE:
        return
    if not run.errors:
        _remember(run)
        transaction.on_commit(lambda: files.imported(run))
    if not arming.finish(run):
        following.happened(run.campaign, "run_ended", run=run)


def _foreseen(run: Run) -> dict[str, Any]:
    """What a dry run foresees; it ends well all the same when its rows cannot be read any more."""
    if run.mode != Run.Mode.DRY:
        return {}
    try:
        return foresee.of(run)
    except (Refused, engine.Failed) as error:
        sentence = _("Whom it reaches and how long it takes is not known: %(why)s") % {"why": error}
        note(run, sentence, severity=LogEntry.Severity.WARNING)
        return {}


def _remember(run: Run) -> None:
    """What the nodes keep for the next live run, now that this one ended well."""
    for node in run.nodes.exclude(memory={}):
        NodeMemory.objects.update_or_create(
            campaign=run.campaign, node_id=node.node_id, defaults={"state": node.memory, "run": run}
        )


def name_of(run: Run, node_id: str) -> str:
    """What the canvas calls a node."""
    node = run.document.get("nodes", {}).get(node_id, {})
    return f"“{node.get('name') or node_id}”"
