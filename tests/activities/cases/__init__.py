"""What activity types are asked on both engines: one module per type, named by its key, each with its ``CASES``.

``tests/differential`` runs every case on DuckDB and on Spark and compares the rows of every port; where a case says
what to expect, DuckDB alone is held to it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from activities import catalogue
from activities.columns import shapes
from activities.populations import Context, Inputs, Population
from orchcamp.datasets.schema import TYPES, DataModel
from tests.activities.stage import NOW, clean, make_model, make_scope

Arrival = Callable[[Context], Population]

# Everything that engines like to see differently: nulls, empty texts, accents, halves, big and negative numbers.
PEOPLE: list[dict[str, Any]] = [
    {"id": 1, "name": "Ann", "city": "Paris", "email": "ann@example.org", "age": 30, "points": 1.5},
    {"id": 2, "name": "Bob", "city": "paris", "email": "ANN@example.org", "age": 30, "points": -2.25},
    {"id": 3, "name": "Émile", "city": "Lyon", "email": "", "age": None, "points": None},
    {"id": 4, "name": "", "city": "", "email": None, "age": 41, "points": 0.1},
    {"id": 5, "name": None, "city": None, "email": "eve@example.org", "age": 0, "points": 1e15},
    {"id": 6, "name": "émile", "city": "Lyon", "email": "ann@example.org", "age": -7, "points": 0.30000000000000004},
    {"id": 7, "name": "O'Neil %_\\", "city": "São\nPaulo", "email": "o@example.org", "age": 30, "points": 3.0},
    {"id": 8, "name": "Zoë", "city": "Paris", "email": "zoe@example.org", "age": 2**40, "points": 1.5},
]
STORES: list[dict[str, Any]] = [
    {"code": "p1", "region": "Paris"},
    {"code": "l1", "region": "Lyon"},
    {"code": "x", "region": None},
]


def everyone(dimension: str = "people") -> Arrival:
    """Every row of a dimension arrives."""
    return lambda ctx: ctx.everyone(dimension)


def some(*keys: Any, dimension: str = "people", **added: tuple[str, Mapping[Any, Any]]) -> Arrival:
    """Rows by their key arrive, with columns that nodes before have added.

    ``some(1, 2, segment=("string", {1: "a"}))``: of a type of ``schema.TYPES``, one value a key, null for the rest.
    """

    def arrival(ctx: Context) -> Population:
        shape = ctx.model.dataset(dimension)
        (key,) = shape.key
        types = {key: shape.columns[key].type} | {name: type for name, (type, _values) in added.items()}
        schema = ibis.schema({name: TYPES[type] for name, type in types.items()})
        cells = {key: list(keys)} | {name: [v.get(k) for k in keys] for name, (_type, v) in added.items()}
        return Population(ibis.memtable(pa.table(cells, schema=schema.to_pyarrow()), schema=schema), dimension, (key,))

    return arrival


def untied(*keys: Any, lines: int = 2) -> Arrival:
    """People by their key, then some that a reconciliation found no counterpart for, as lines of a file."""

    def arrival(ctx: Context) -> Population:
        every = [*keys, *[None] * lines]
        cells = {
            "id": every,
            "line": list(range(1, len(every) + 1)),
            "town": [f"town {n % 2}" for n, _ in enumerate(every)],
        }
        schema = ibis.schema({"id": TYPES["integer"], "line": TYPES["integer"], "town": TYPES["string"]})
        table = ibis.memtable(pa.table(cells, schema=schema.to_pyarrow()), schema=schema)
        return Population(table, "people", ("id",), apart=("line",))

    return arrival


@dataclass(frozen=True)
class Case:
    """One node with what arrives at it."""

    name: str  # a sentence: what is particular about it
    settings: Mapping[str, Any]  # as a person fills in the form; cleaned by it
    arrived: Sequence[Arrival] = (everyone(),)  # in the order of connection, from nodes n1, n2, … by their port "out"
    people: Sequence[Mapping[str, Any]] = field(default_factory=lambda: PEOPLE)
    stores: Sequence[Mapping[str, Any]] = field(default_factory=lambda: STORES)
    model: Callable[[], DataModel] | None = None  # instead of people and stores: any data model, made of memtables
    inputs: Mapping[str, Sequence[Arrival]] | None = None  # instead of ``arrived``: by inbound port
    context: Mapping[str, Any] = field(default_factory=dict)  # more for Context: timezone, variables, …
    scope: Mapping[str, Any] = field(default_factory=dict)  # more for the form's Scope: choices, …
    now: datetime = NOW
    expected: Mapping[str, Sequence[Any]] | None = None  # port: keys in order (of one column), all ports that count
    tables: Callable[[Context], Mapping[str, Table]] | None = None  # instead of ``compile()``: what else it asks


def compiled(kind: str, case: Case) -> dict[str, Table]:
    """The lazy rows of every port of a case, and of every loss."""
    model = case.model() if case.model else make_model(case.people, case.stores)
    ctx = Context(model, case.now, seed="spring", **case.context)
    if case.tables:
        return dict(case.tables(ctx))
    arrivals = case.inputs if case.inputs is not None else {"in": case.arrived}
    arrived = {port: [arrival(ctx) for arrival in some] for port, some in arrivals.items()}
    places = (f"n{n}" for n in range(1, 100))
    sources = {port: [(next(places), "out") for _each in found] for port, found in arrived.items()}
    first = next((population for found in arrived.values() for population in found), None)
    place = {"dimension": first.dimension, "columns": shapes(first)} if first else {}
    settings = clean(kind, case.settings, scope=make_scope(ctx, **(place | case.scope)))
    activity, inputs, ctx = catalogue.build(kind, settings), Inputs(arrived, sources), ctx.at("node")
    parts = activity.compile(inputs, ctx)
    losses = [(loss.reason, each) for loss in activity.lost(inputs, ctx, parts) for each in (loss.rows, *loss.less)]
    lost = {f"lost {n}: {reason}": rows for n, (reason, rows) in enumerate(losses)}
    return {port: part.table for port, part in parts.items()} | lost


def all_cases() -> Iterator[tuple[str, Case]]:
    """(activity type, case), of every module of this package."""
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        for case in import_module(f"{__name__}.{path.stem}").CASES:
            yield path.stem, case
