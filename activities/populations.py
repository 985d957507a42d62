"""Populations: what transitions carry, what arrives at a node, and what the outside world lends to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import BooleanValue, Table

from orchcamp.datasets.schema import DataModel, DatasetShape
from orchcamp.web.errors import Refused


class ActivityError(Refused):
    """A node that cannot be compiled: one sentence for the alerts panel."""


@dataclass(frozen=True)
class Linked:
    """Rows that an enrichment linked to a population, as rules and expressions behind it may reach them."""

    table: Table
    shape: DatasetShape
    source_columns: tuple[str, ...]  # of the population's wide rows
    target_columns: tuple[str, ...]
    to_one: bool


@dataclass(frozen=True)
class Population:
    """What a transition carries: lazy rows of one dimension, each key once.

    ``table`` holds the key columns and whatever nodes added (a segment code, enrichment); the dimension's own
    columns are joined when somebody asks for them (``Context.wide``). A bare start has no dimension.

    Rows that a reconciliation kept without counterpart have an empty key; then ``apart`` names the columns that tell
    those from each other. No channel reaches them.
    """

    table: Table
    dimension: str
    key: tuple[str, ...]
    links: Mapping[str, Linked] = field(default_factory=dict)  # by name
    apart: tuple[str, ...] = ()

    def where(self, predicate: BooleanValue) -> Population:
        return replace(self, table=self.table.filter(predicate))

    def with_table(self, table: Table) -> Population:
        return replace(self, table=table)

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns in which no two rows agree."""
        return (*self.key, *self.apart)

    @property
    def extras(self) -> tuple[str, ...]:
        """The columns beside the key."""
        return tuple(name for name in self.table.columns if name not in self.key)


@dataclass(frozen=True)
class Context:
    """What the outside world lends to an activity; equal contexts give equal expressions."""

    model: DataModel
    now: datetime  # the run's slot with zone, never the wall clock
    timezone: str = "UTC"
    seed: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    campaign: str = ""  # its slug
    files: Mapping[str, str] = field(default_factory=dict)  # name of a campaign's file -> lake path, never rewritten
    memories: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # node -> what earlier live runs left it
    answers: Mapping[str, str] = field(default_factory=dict)  # gate -> the code that a person or a signal gave
    node: str = ""  # the node that this is the context of
    live: bool = False  # nothing stands for what has not come yet, as test values do in a draft

    def at(self, node_id: str) -> Context:
        """The same context for one node: two splits in a row must not draw alike."""
        return replace(self, seed=f"{self.seed}:{node_id}", node=node_id)

    def with_datasets(self, shapes: Iterable[DatasetShape]) -> Context:
        """The same context with datasets that nodes bring along, such as the rows of a file."""
        datasets = {**self.model.datasets, **{shape.slug: shape for shape in shapes}}
        return replace(self, model=replace(self.model, datasets=datasets))

    @property
    def memory(self) -> Mapping[str, Any]:
        """What earlier live runs left the node."""
        return self.memories.get(self.node, {})

    @property
    def answer(self) -> str:
        """The code that a person or a signal gave the node; "" while nobody has."""
        return self.answers.get(self.node, "")

    def everyone(self, dimension: str) -> Population:
        """Every row of a dimension, as keys."""
        key = self.model.dataset(dimension).key
        return Population(self.model.table(dimension).select(*key), dimension, key)

    def wide(self, population: Population) -> Table:
        """The population's rows with all columns of its dimension beside those that nodes added.

        A column that a node added goes before one of the same name in the dimension.
        """
        entity = self.model.table(population.dimension)
        own = [name for name in entity.columns if name not in population.extras]
        join = population.table.left_join if population.apart else population.table.inner_join
        joined = join(entity.select(*own), list(population.key))
        return joined.select(*own, *population.extras)


class Inputs:
    """The populations that arrive, by inbound port; ``sources`` says from which node and port each came."""

    def __init__(
        self,
        arrived: Mapping[str, list[Population]],
        sources: Mapping[str, list[tuple[str, str]]] | None = None,
    ):
        self._arrived, self._sources = arrived, sources or {}

    def one(self, port: str = "in") -> Population:
        """The population of a port that takes one. Raises ActivityError when nothing is connected."""
        arrived = self._arrived.get(port) or []
        if not arrived:
            raise ActivityError(_("Nothing arrives here yet; connect a transition to this node."))
        return arrived[0]

    def audience(self, port: str = "in") -> Population:
        """Like ``one``, and it must be rows of a dimension: a bare start (a fork without inbound) is refused."""
        population = self.one(port)
        if not population.dimension:
            raise ActivityError(_("No audience arrives here; put a “Build audience” before this node."))
        return population

    def many(self, port: str = "in") -> list[Population]:
        return list(self._arrived.get(port) or [])

    def places(self) -> Iterator[tuple[tuple[str, int], Population]]:
        """Every population with where ``many`` has it: (port, place)."""
        for port, arrived in self._arrived.items():
            yield from (((port, place), population) for place, population in enumerate(arrived))

    def primary(self, named: Mapping[str, str] | None, port: str = "in") -> tuple[Population, list[Population]]:
        """The set that goes before the others, and those: the one that is named, else the first that arrived.

        A named one whose way was not taken has no rows.
        """
        arrived = self.many(port)
        first = next((each for each in arrived if each.dimension), None) or self.audience(port)
        place = self.place(named["node"], named["port"], port) if named else 0
        if place is None:
            return first.where(ibis.literal(False)), arrived
        if not arrived[place].dimension:
            raise ActivityError(_("The primary set is no audience; choose another."))
        return arrived[place], arrived[:place] + arrived[place + 1 :]

    def place(self, source: str, source_port: str, port: str = "in") -> int | None:
        """Where in ``many(port)`` the population of that node and port is; None when it did not arrive."""
        sources = list(self._sources.get(port) or [])
        return sources.index((source, source_port)) if (source, source_port) in sources else None
