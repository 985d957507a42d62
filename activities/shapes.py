"""The canvas without its rows: which columns and problems there are at each node, at a cost that does not grow with how
deep the node lies.

Forms and checks ask what *reaches* a node (dimension, key, columns, links), never for its rows. So each node is compiled
here against empty stand-ins of what arrives, not against the whole expression before it, and what comes of that is kept
in this process under everything that it depends on. After an edit only those nodes are compiled again whose settings, or
the shape of whose inputs, are others than before. Counts, previews and runs compile whole expressions: ``Compiler``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.operations as ops
from django.utils.translation import get_language
from ibis.expr.types import Table

from orchcamp.datasets.schema import DataModel
from orchcamp.web.errors import Refused
from orchcamp.web.recent import Recent, Same

from . import catalogue
from .compiler import Compiler, NotReady, Outputs, V, brought
from .graph import Graph
from .populations import Context, Inputs, Population

KEPT = 6000  # results about single nodes; a canvas of 300 nodes makes 600
_recent: Recent[Any] = Recent(KEPT)
_models: Recent[str] = Recent(20)


def forget() -> None:
    """Begin anew, as a process that was just started."""
    _recent.clear()


class Shapes(Compiler):
    """A compiler whose populations have the right columns and no rows behind them: for forms and checks only."""

    def __init__(self, graph: Graph, ctx: Context):
        super().__init__(graph, ctx)
        self._world = _world(ctx, graph)
        self._keys: dict[str, Hashable] = {}
        self._prints: dict[tuple[str, str], str] = {}  # (node, port) -> the shape of what leaves there

    def kept(self, node_id: str, subject: Hashable, make: Callable[[], V]) -> V:
        if catalogue.of(self.graph.node(node_id)).watches_clock:
            return make()
        self._compile_before(node_id)
        found: V = _recent.get((subject, self._key(node_id)), make)
        return found

    def _result(self, node_id: str) -> Outputs | Refused:
        if self.graph.node(node_id).disabled:
            return super()._result(node_id)
        try:
            arrived = self._inputs(node_id)
        except NotReady as error:
            return error
        found = _recent.get(
            ("outputs", self._key(node_id)), lambda: _found(node_id, arrived, super(Shapes, self)._result(node_id))
        )
        if isinstance(found, Refused):
            return _alike(found)
        self._prints |= {(node_id, port): print for port, print in found.prints.items()}
        return found.outputs(arrived)

    # --- What the result of a node depends on ----------------------------------------------------

    def _key(self, node_id: str) -> Hashable:
        """Equal where everything that compiling and checking a node look at is equal."""
        if node_id not in self._keys:
            node, known = self.graph.node(node_id), self._behind.get(node_id)
            here = (node.id, node.digest, _digest(known) if known else "")
            self._keys[node_id] = (self._world, get_language(), here, self._arriving(node_id))
        return self._keys[node_id]

    def _arriving(self, node_id: str) -> Hashable:
        """Each transition that leads here: whence, and the shape of what comes, or why nothing can."""
        found, same = list[Hashable](), dict[int, int]()
        open = self.edges(node_id)
        for edge in self.graph.incoming(node_id):
            whence = (edge.source, edge.source_port, edge.target_port, self.graph.node(edge.source).name)
            try:
                population = self._population(edge) if edge in open else None
            except NotReady as error:
                found.append((whence, "", str(error)))
                continue
            if population is None:
                found.append((whence,))
            else:  # activities ask whether two sets are one and the same
                place = same.setdefault(id(population), len(same))
                found.append((whence, self._prints[edge.source, edge.source_port], place))
        return tuple(found)


def _world(ctx: Context, graph: Graph) -> Hashable:
    """All of the place of a canvas that a node may look at; of the hour only the day (see ``watches_clock``)."""
    today = ctx.now.astimezone(ZoneInfo(ctx.timezone)).date()
    facts = [ctx.variables, ctx.files, ctx.memories, ctx.answers]
    plain = (today, ctx.timezone, ctx.seed, ctx.campaign, ctx.live)
    return (_model(ctx.model), *plain, _digest(facts), repr(brought(ctx, graph)))


def _model(model: DataModel) -> str:
    """The shapes of the data in few characters; which snapshot holds the rows is no matter, nor how many there are."""
    return _models.get(Same(model), lambda: hashlib.sha256(repr(_shapes(model)).encode()).hexdigest())


def _shapes(model: DataModel) -> list[object]:
    datasets = [replace(shape, snapshot=None, path=shape.path and "there") for shape in model.datasets.values()]
    audiences = [
        replace(shape, version=shape.version and 1, path=shape.path and "there", rows=0)
        for shape in model.audiences.values()
    ]
    tables = {name: _columns(table) for name, table in model.tables.items()}
    return [datasets, audiences, list(model.filters.values()), tables]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()


# --- Stand-ins -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Made:
    """What a node makes of its inputs, without them: a stand-in for each port, or which input goes on as it is."""

    ports: Mapping[str, Population | tuple[str, int]]
    prints: Mapping[str, str]

    def outputs(self, arrived: Inputs) -> Outputs:
        return {
            port: arrived.many(made[0])[made[1]] if isinstance(made, tuple) else made
            for port, made in self.ports.items()
        }


def _alike(error: Refused) -> Refused:
    """Another with the same words: an exception keeps the places where it was raised, more with every time."""
    other = type(error).__new__(type(error), *error.args)
    other.__dict__.update(error.__dict__)
    return other


def _found(node_id: str, arrived: Inputs, result: Outputs | Refused) -> _Made | Refused:
    """What is kept of a result: stand-ins, or the refusal."""
    if isinstance(result, Refused):
        return _alike(result)
    before = {id(population): place for place, population in arrived.places()}
    known: dict[int, Population | tuple[str, int]] = dict(before)
    for port, population in result.items():
        known.setdefault(id(population), _stand_in(population, f"{node_id}:{port}"))
    return _Made(
        {port: known[id(population)] for port, population in result.items()},
        {port: _print(population) for port, population in result.items()},
    )


def _stand_in(population: Population, name: str) -> Population:
    """A population of the same shape, and nothing before it."""
    links = {
        link: replace(linked, table=_empty(linked.table, f"{name}:{link}")) for link, linked in population.links.items()
    }
    return replace(population, table=_empty(population.table, name), links=links)


def _empty(table: Table, name: str) -> Table:
    return table if isinstance(table.op(), ops.UnboundTable) else ibis.table(table.schema(), name=name)


def _print(population: Population) -> str:
    """The shape of a population in few characters."""
    links = {
        name: (*_columns(linked.table), linked.shape, linked.source_columns, linked.target_columns, linked.to_one)
        for name, linked in population.links.items()
    }
    whole = (population.dimension, population.key, population.apart, _columns(population.table), links)
    return hashlib.sha256(repr(whole).encode("utf-8", "surrogatepass")).hexdigest()


def _columns(table: Table) -> tuple[tuple[str, str], ...]:
    return tuple((name, repr(type)) for name, type in table.schema().items())
