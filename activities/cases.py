"""One row at one node: what an activity is given to say why the row left as it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import BooleanValue, Table

from orchcamp.datasets import engine
from orchcamp.datasets.rules.verdicts import Cell, Verdict, fact

from . import columns
from .populations import Context, Inputs, Population

SHOWN = 5  # rows, or sets, that a sentence names


@dataclass(frozen=True)
class Case:
    """A row, by its key, and the populations that came to the node and left it as they were: whole and lazy."""

    inputs: Inputs
    outputs: Mapping[str, Population]
    ctx: Context
    dimension: str
    key: Mapping[str, Any]
    sets: tuple[tuple[str, bool], ...] = ()  # of each set that arrives: its name, and whether the row is in it
    labels: Mapping[str, str] = field(default_factory=dict)  # port -> what it is called
    left: tuple[str, ...] = ()  # the ports that the row left through

    def mine(self, table: Table) -> BooleanValue:
        """Whether a row of the table is the one; values are typed literals, never pieces of a statement."""
        return ibis.and_(*(table[name] == ibis.literal(value, table[name].type()) for name, value in self.key.items()))

    def only(self, population: Population) -> Population:
        return population.where(self.mine(population.table))

    def first(self, table: Table) -> dict[str, Any] | None:
        """The row in a table; None when it is not there."""
        found = engine.rows(table.filter(self.mine(table)), 1)
        return found[0] if found else None

    def personal(self, population: Population, name: str) -> bool:
        """Whether a column of a population may tell who somebody is."""
        added = columns.shapes(population)
        shape = added.get(name) or self.ctx.model.dataset(population.dimension).columns.get(name)
        return shape is None or shape.personal

    def cell(self, population: Population, name: str, value: Any) -> Cell:
        shape = self.ctx.model.dataset(population.dimension).columns.get(name)
        return Cell(shape.label if shape else name, value, self.personal(population, name))

    def cells(self, population: Population, names: Iterable[str], row: Mapping[str, Any]) -> tuple[Cell, ...]:
        return tuple(self.cell(population, name, row[name]) for name in names)


def added(case: Case, port: str = "out") -> list[Verdict]:
    """The columns that a node gave the row: those that it left with and did not come with."""
    if port not in case.left:
        return []
    population = case.outputs[port]
    before = {name for arrived in case.inputs.many() for name in arrived.table.columns}
    names = [name for name in population.extras if name not in before]
    row = case.first(population.table) if names else None
    if row is None:
        return []
    return [fact(_("It was given"), None, cells=case.cells(population, names, row))]
