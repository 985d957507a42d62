"""Where one row went through a canvas: which populations hold it, in the last run or in the draft as it is.

Set-based: the key is looked up in the populations of all ports at once. Behind a node that leads to rows of another
dimension, the rows that this one became are followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import ibis
from ibis.expr.types import BooleanValue, Table

from activities import catalogue
from activities.base import Activity
from activities.compiler import Compiler
from activities.graph import Edge, Graph
from activities.populations import Context, Inputs, Population
from orchcamp.datasets import engine
from orchcamp.web.errors import Refused

from .models import NodeRun, Run
from .store import RunStore

ROWS_AT_MOST = 200  # rows of another dimension that are followed
Key = tuple[Any, ...]
Port = tuple[str, str]


class Stage:
    """A canvas with its populations: as a run kept them, or as the draft would compute them."""

    def __init__(self, graph: Graph, ctx: Context, run: Run | None = None):
        self.graph, self.ctx, self.run = graph, ctx, run
        self.store = RunStore(run) if run else None
        read = (self.store.read, self.store.open) if self.store else (None, None)
        self.compiler = Compiler(graph, ctx, *read)

    def row(self, node_id: str) -> NodeRun | None:
        return self.store.nodes.get(node_id) if self.store else None

    def outputs(self, node_id: str) -> dict[str, Population]:
        """The populations that left a node, lazily; none where nothing came so far or it cannot be computed."""
        if self.store:
            row = self.row(node_id)
            found = {port: self.store.population(node_id, port) for port in (row.outputs if row else {})}
            return {port: population for port, population in found.items() if population is not None}
        try:
            found = dict(self.compiler.outputs(node_id))
        except Refused:
            return {}
        return {port: population for port, population in found.items() if population.dimension}

    def went_on(self, edge: Edge) -> bool:
        """Whether rows could pass: in a run, those ways alone that it took."""
        return self.store.open(edge) if self.store else not self.graph.nodes[edge.source].disabled

    def purged(self) -> bool:
        """Whether a run has counts whose rows are gone."""
        rows = self.store.nodes.values() if self.store else ()
        return any(row.outputs for row in rows) and not any(self.outputs(row.node_id) for row in rows)

    def activity(self, node_id: str) -> Activity | None:
        try:
            return self.compiler.activity(node_id)
        except Refused:
            return None


def among(table: Table, names: Iterable[str], keys: Iterable[Key]) -> BooleanValue:
    """Whether a row has one of these keys; values are typed literals, never pieces of a statement."""
    columns = [table[name] for name in names]
    each = (
        ibis.and_(*(column == ibis.literal(value, column.type()) for column, value in zip(columns, key, strict=True)))
        for key in keys
    )
    return ibis.or_(*each)


@dataclass
class Way:
    """The rows at every node and port: those that came, and those that left."""

    dimension: str
    key: Key
    came: dict[str, dict[Edge, set[Key]]] = field(default_factory=dict)
    left: dict[str, dict[str, set[Key]]] = field(default_factory=dict)

    def arrivals(self, node_id: str) -> set[Key]:
        return set().union(*self.came.get(node_id, {}).values())

    def ports(self, node_id: str) -> tuple[str, ...]:
        return tuple(port for port, keys in self.left.get(node_id, {}).items() if keys)


class Tracer:
    """Follows one row, given by dimension and key."""

    def __init__(self, stage: Stage, dimension: str, key: Key):
        self.stage, self.way = stage, Way(dimension, key)

    @cached_property
    def outputs(self) -> dict[str, dict[str, Population]]:
        return {id: self.stage.outputs(id) for id in self.stage.graph.nodes}

    @cached_property
    def holders(self) -> set[Port]:
        """The ports of the row's own dimension whose population has it: one question for all of them."""
        ports = {
            (id, port): population
            for id, found in self.outputs.items()
            for port, population in found.items()
            if population.dimension == self.way.dimension
        }
        asked = []
        for place, population in enumerate(ports.values()):
            mine = population.table.filter(among(population.table, population.key, [self.way.key]))
            asked.append(mine.select(place=ibis.literal(place, "int64")).limit(1))
        found = engine.rows(ibis.union(*asked) if len(asked) > 1 else asked[0]) if asked else []
        names = list(ports)
        return {names[row["place"]] for row in found}

    def trace(self) -> Way:
        """Walk the canvas once, in order."""
        graph = self.stage.graph
        for id in graph.order():
            self.way.came[id] = {
                edge: keys
                for edge in graph.incoming(id)
                if self.stage.went_on(edge) and (keys := self.way.left.get(edge.source, {}).get(edge.source_port))
            }
            left = {port: self._left(id, port, found) for port, found in self.outputs[id].items()}
            self.way.left[id] = self._followed(id, left)
        return self.way

    def _followed(self, id: str, left: dict[str, set[Key]]) -> dict[str, set[Key]]:
        """Without the ways that the node would not take: a draft is asked where several are open to one row."""
        activity = self.stage.activity(id) if self.stage.run is None and sum(map(bool, left.values())) > 1 else None
        if activity is None or type(activity).follows is Activity.follows:
            return left
        rows = {port: engine.count(population.table) for port, population in self.outputs[id].items()}
        taken = activity.follows(rows, self.stage.compiler.at(id))
        return {port: keys for port, keys in left.items() if port in taken}

    def _left(self, id: str, port: str, population: Population) -> set[Key]:
        arrived = self._arrived(id, population.dimension)
        if begins(self.stage.graph, id) or not self._takes(id, population.dimension):
            own = population.dimension == self.way.dimension
            arrived = {self.way.key} if own and begins(self.stage.graph, id) else arrived | self._led(id, port)
        if population.dimension == self.way.dimension and arrived <= {self.way.key}:
            return arrived if (id, port) in self.holders else set()
        return self._found(population, arrived)

    def _takes(self, id: str, dimension: str) -> bool:
        """Whether rows of a dimension arrive at a node at all."""
        edges = self.stage.graph.incoming(id)
        sources = (self.outputs[edge.source].get(edge.source_port) for edge in edges)
        return any(source is not None and source.dimension == dimension for source in sources)

    def _arrived(self, id: str, dimension: str) -> set[Key]:
        came = self.way.came[id].items()
        return set().union(
            *(keys for edge, keys in came if self.outputs[edge.source][edge.source_port].dimension == dimension)
        )

    def _found(self, population: Population, keys: set[Key]) -> set[Key]:
        if not keys:
            return set()
        rows = population.table.filter(among(population.table, population.key, keys)).select(*population.key).distinct()
        return {tuple(row.values()) for row in engine.rows(rows, ROWS_AT_MOST)}

    def _led(self, id: str, port: str) -> set[Key]:
        """The rows of another dimension that those which came lead to: the node, computed for them alone."""
        activity = self.stage.activity(id)
        if activity is None or not self.way.came[id]:
            return set()
        try:
            found = activity.compile(self.inputs(id), self.stage.compiler.at(id)).get(port)
            rows = engine.rows(found.table.select(*found.key).distinct(), ROWS_AT_MOST) if found else []
        except Refused:
            return set()
        return {tuple(row.values()) for row in rows}

    def inputs(self, id: str) -> Inputs:
        """What arrived at a node, cut down to the rows that are followed."""
        arrived: dict[str, list[Population]] = {}
        sources: dict[str, list[Port]] = {}
        for edge in self.stage.compiler.edges(id):
            whole = self.outputs[edge.source].get(edge.source_port)
            if whole is None:
                continue
            keys = self.way.came[id].get(edge)
            cut = whole.where(among(whole.table, whole.key, keys) if keys else ibis.literal(False))
            arrived.setdefault(edge.target_port, []).append(cut)
            sources.setdefault(edge.target_port, []).append((edge.source, edge.source_port))
        return Inputs(arrived, sources)


def begins(graph: Graph, node_id: str) -> bool:
    """Whether a node finds rows by itself, whatever comes before it."""
    try:
        kind = catalogue.get(graph.nodes[node_id].type)
    except catalogue.UnknownActivity:
        return False
    return kind.group == "data" and not any(port.required for port in kind.inputs)


def keyed(names: Iterable[str], key: Key) -> Mapping[str, Any]:
    return dict(zip(names, key, strict=True))
