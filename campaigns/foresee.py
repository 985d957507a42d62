"""What a dry run foresees of the whole campaign: how many people it reaches, and how long a live run would take."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import ibis
from django.db.models import F, Sum
from ibis.expr.types import Table

from activities import catalogue
from activities.base import Gate
from activities.compiler import Compiler
from activities.graph import Graph
from orchcamp.datasets import engine
from orchcamp.messaging import plan, transports
from orchcamp.messaging.models import ChannelConfiguration

from . import contexts
from .models import NodeRun, Run, SealedPlan
from .store import RunStore

PAST = 5  # sendings that a measured rate looks back to
ENOUGH = 100  # messages that say something about a rate
SEVERAL = 3  # messages to one person are told apart up to this many


def of(run: Run) -> dict[str, Any]:
    """The figures of a dry run that is done, as JSON."""
    plans = {sealed.node_id: sealed for sealed in run.sealed_plans.select_related("configuration")}
    return {"reach": reach(list(plans.values())), "time": _time(run, plans)}


# --- Reach -----------------------------------------------------------------------------------------------


def reach(plans: list[SealedPlan]) -> list[dict[str, Any]]:
    """By dimension: messages, distinct rows that get one, and how many get several; one query each."""
    by_dimension: dict[tuple[str, ...], list[SealedPlan]] = {}
    for sealed in plans:
        by_dimension.setdefault((sealed.dimension, *sealed.key), []).append(sealed)
    return [_reached(dimension, found) for (dimension, *_key), found in by_dimension.items()]


def _reached(dimension: str, plans: list[SealedPlan]) -> dict[str, Any]:
    messages = sum(sealed.prepared for sealed in plans)
    if len(plans) == 1:  # a plan names each row once
        return {"dimension": dimension, "messages": messages, "persons": messages, "several": 0, "by": {"1": messages}}
    keys = [_keys(sealed) for sealed in plans]
    everyone = ibis.union(*keys)
    each = everyone.group_by(list(everyone.columns)).aggregate(messages=everyone.count())
    most = each.mutate(messages=ibis.least(each.messages, SEVERAL))
    rows = engine.rows(most.group_by("messages").aggregate(persons=most.count()))
    by = {row["messages"]: row["persons"] for row in rows}
    persons = sum(by.values())
    told = {str(number): by[number] for number in sorted(by)}
    return {
        "dimension": dimension, "messages": messages, "persons": persons, "several": persons - by.get(1, 0), "by": told,
    }  # fmt: skip


def _keys(sealed: SealedPlan) -> Table:
    table = engine.table(sealed.path)
    return table.filter(table.reason.isnull()).select(*(plan.key_name(name) for name in sealed.key))


# --- Time ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Leg:
    """How long it takes until a node is done, on the longest way to it."""

    computing: float = 0.0
    waiting: float = 0.0
    sending: float = 0.0

    @property
    def total(self) -> float:
        return self.computing + self.waiting + self.sending

    def and_then(self, computing: float = 0.0, waiting: float = 0.0, sending: float = 0.0) -> _Leg:
        return _Leg(self.computing + computing, self.waiting + waiting, self.sending + sending)


@dataclass
class _Timetable:
    """A live run, as it would go: each node after those before it, the messages of one configuration in turn."""

    run: Run
    plans: dict[str, SealedPlan]
    ends: dict[str, _Leg] = field(default_factory=dict)
    free: dict[int | None, float] = field(default_factory=dict)  # configuration -> when its pace is free again
    waits: list[dict[str, Any]] = field(default_factory=list)
    sendings: list[dict[str, Any]] = field(default_factory=list)

    def take(self, graph: Graph, row: NodeRun, gate: Gate | None, ctx: Any) -> None:
        before = [self.ends[edge.source] for edge in graph.incoming(row.node_id) if edge.source in self.ends]
        leg = max(before, key=lambda one: one.total, default=_Leg())
        sealed = self.plans.get(row.node_id)
        leg = leg.and_then(computing=_computed(row, sealed))
        name = graph.nodes[row.node_id].name
        if gate is not None and (seconds := _held(gate, ctx, self.run.started_at + timedelta(seconds=leg.total))):
            leg = leg.and_then(waiting=seconds)
            self.waits.append({"node": row.node_id, "name": name, "seconds": seconds})
        if sealed is not None:
            leg = self._sent(sealed, name, leg)
        self.ends[row.node_id] = leg

    def _sent(self, sealed: SealedPlan, name: str, leg: _Leg) -> _Leg:
        sent = {"node": sealed.node_id, "name": name, "messages": sealed.prepared}
        if sealed.channel not in transports.CHANNELS:
            self.sendings.append({**sent, "source": "none"})
            return leg
        per_second, source = rate(sealed.configuration)
        if not sealed.prepared or per_second is None:
            self.sendings.append({**sent, "source": source if sealed.prepared else "nothing"})
            return leg
        seconds = sealed.prepared / per_second
        self.sendings.append({**sent, "source": source, "rate": per_second, "seconds": seconds})
        queued = max(0.0, self.free.get(sealed.configuration_id, 0.0) - leg.total)
        leg = leg.and_then(sending=queued + seconds)
        self.free[sealed.configuration_id] = leg.total
        return leg


def _time(run: Run, plans: dict[str, SealedPlan]) -> dict[str, Any]:
    """How long a live run would take on its longest way, what it is made of, and for whom it would wait."""
    graph, store = run.graph, RunStore(run)
    compiler = Compiler(graph, contexts.context(run), store.read, store.open)
    table, people = _Timetable(run, plans), []
    for id in graph.order():
        row = store.nodes.get(id)
        if row is None or row.status != NodeRun.Status.SUCCEEDED:
            continue
        gate = _gate(compiler, id)
        timed = gate if gate is not None and gate.waits_for == "time" else None
        table.take(graph, row, timed, compiler.ctx.at(id))
        stop = "breakpoint" if graph.nodes[id].breakpoint else ""
        for what in filter(None, (stop, _asks(gate, plans.get(id)))):
            people.append({"node": id, "name": graph.nodes[id].name, "what": what})
    longest = max(table.ends.values(), key=lambda one: one.total, default=_Leg())
    return {
        "total": longest.total,
        "computing": longest.computing,
        "waiting": longest.waiting,
        "sending": longest.sending,
        "known": all(sent["source"] != "unknown" for sent in table.sendings),
        "waits": table.waits,
        "sendings": table.sendings,
        "people": people,
    }


def _gate(compiler: Compiler, node_id: str) -> Gate | None:
    if not issubclass(catalogue.get(compiler.graph.nodes[node_id].type), Gate):
        return None
    gate = contexts.built(compiler, node_id)
    return gate if isinstance(gate, Gate) else None


def _asks(gate: Gate | None, sealed: SealedPlan | None) -> str:
    """For whom a live run would wait here, for as long as they take; "" for nobody."""
    if gate is not None:
        return "" if gate.waits_for == "time" else gate.waits_for
    return "confirmation" if sealed and sealed.prepared and not sealed.content.get("without_confirmation") else ""


def _held(gate: Gate, ctx: Any, arrived: datetime) -> float:
    opens = gate.opens_at(ctx, arrived)
    return max(0.0, (opens - arrived).total_seconds()) if opens else 0.0


def _computed(row: NodeRun, sealed: SealedPlan | None) -> float:
    """Seconds that the node took in this run, those of reading messages apart."""
    if row.started_at is None or row.finished_at is None:
        return 0.0
    return max(0.0, (row.finished_at - row.started_at).total_seconds() - (sealed.seconds if sealed else 0.0))


def rate(configuration: ChannelConfiguration | None) -> tuple[float | None, str]:
    """Messages a second: measured in past sendings, else the configuration's limit, else unknown; and which it is."""
    if configuration is None:
        return None, "unknown"
    done = (
        NodeRun.objects.filter(
            batches__delivery__configuration=configuration, status=NodeRun.Status.SUCCEEDED, finished_at__isnull=False
        )
        .annotate(messages=Sum(F("batches__accepted") + F("batches__refused")))
        .order_by("-finished_at")
    )
    messages, seconds = 0, 0.0
    for row in done[:PAST]:
        begun = row.confirmed_at or row.started_at
        if begun and row.finished_at and row.messages:
            messages += row.messages
            seconds += max((row.finished_at - begun).total_seconds(), 0.001)
    if messages >= ENOUGH:
        measured = messages / seconds
        limit = configuration.throttle
        return (float(limit), "limit") if limit and limit < measured else (measured, "measured")
    return (float(configuration.throttle), "limit") if configuration.throttle else (None, "unknown")
