"""The shapes of customer data as plain values, and the lazy tables behind them.

Rules, activities and previews work on a ``DataModel``: it knows columns, links and snapshots, costs no query to use,
and can be built from memory in a test. ``load()`` reads it from the control plane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import ibis
from ibis.expr.types import Table

from orchcamp.web.errors import Refused

TYPES = {
    "string": "string",
    "integer": "int64",
    "decimal": "decimal(18, 4)",
    "float": "float64",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp('UTC')",
}


class UnknownDataset(Refused):
    """A dataset that is not there, or has no rows loaded yet."""


@dataclass(frozen=True)
class ColumnShape:
    name: str
    label: str
    type: str  # a key of TYPES
    personal: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step of a path: the way from one dataset to another over a link, seen from one side."""

    name: str
    source: str
    source_columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    to_one: bool


@dataclass(frozen=True)
class DatasetShape:
    slug: str
    label: str
    key: tuple[str, ...]
    columns: Mapping[str, ColumnShape]
    target: Mapping[str, str] = field(default_factory=dict)  # channel -> address column
    steps: Mapping[str, Step] = field(default_factory=dict)  # link or reverse name -> step
    snapshot: int | None = None
    path: str | None = None  # lake path of the pinned snapshot

    @cached_property
    def schema(self) -> ibis.Schema:
        return ibis.schema({name: TYPES[column.type] for name, column in self.columns.items()})


@dataclass(frozen=True)
class DataModel:
    """All datasets, each pinned to one snapshot."""

    datasets: Mapping[str, DatasetShape]
    tables: Mapping[str, Table] = field(default_factory=dict)  # slug -> table; tests pass memtables

    def dataset(self, slug: str) -> DatasetShape:
        """The shape. Raises UnknownDataset, whose sentence names what there is."""
        try:
            return self.datasets[slug]
        except KeyError:
            names = ", ".join(sorted(self.datasets)) or "none"
            raise UnknownDataset(f"There is no dataset “{slug}”; there are: {names}.") from None

    def table(self, slug: str) -> Table:
        """All rows of a dataset, lazily: an unbound table named by its lake path."""
        if slug in self.tables:
            return self.tables[slug]
        shape = self.dataset(slug)
        if shape.path is None:
            raise UnknownDataset(f"Dataset “{slug}” has no rows yet; load a file into it first.")
        return ibis.table(shape.schema, name=shape.path)

    @property
    def snapshots(self) -> dict[str, int]:
        return {slug: shape.snapshot for slug, shape in self.datasets.items() if shape.snapshot}


def load(snapshots: Mapping[str, int] | None = None) -> DataModel:
    """The model as the control plane has it: four queries.

    ``snapshots`` pins datasets to numbered snapshots (a run's); the others, or all, are at their current one.
    """
    from .models import Column, Dataset, Link, Snapshot

    pins = snapshots or {}
    rows = {dataset.pk: dataset for dataset in Dataset.objects.select_related("snapshot")}
    pinned = (
        {
            (snapshot.dataset_id, snapshot.number): snapshot  # type: ignore[attr-defined]
            for snapshot in Snapshot.objects.filter(dataset__slug__in=pins, number__in=set(pins.values()))
        }
        if pins
        else {}
    )
    columns: dict[int, dict[str, ColumnShape]] = {pk: {} for pk in rows}
    for column in Column.objects.filter(dataset__in=rows):
        columns[column.dataset_id][column.name] = ColumnShape(  # type: ignore[attr-defined]
            column.name, column.label, column.type, column.personal, tuple(column.values)
        )
    steps: dict[int, dict[str, Step]] = {pk: {} for pk in rows}
    for link in Link.objects.all():
        source, target = rows[link.source_id].slug, rows[link.target_id].slug  # type: ignore[attr-defined]
        there, back = tuple(link.source_columns), tuple(link.target_columns)
        one = link.cardinality == Link.Cardinality.ONE_TO_ONE
        steps[link.source_id][link.name] = Step(link.name, source, there, target, back, True)  # type: ignore[attr-defined]
        steps[link.target_id][link.reverse] = Step(link.reverse, target, back, source, there, one)  # type: ignore[attr-defined]
    shapes = {}
    for pk, dataset in rows.items():
        snapshot = pinned.get((pk, pins.get(dataset.slug)), dataset.snapshot)
        shapes[dataset.slug] = DatasetShape(
            dataset.slug,
            dataset.label,
            tuple(dataset.key),
            columns[pk],
            dict(dataset.target),
            steps[pk],
            snapshot.number if snapshot else None,
            snapshot.path if snapshot else None,
        )
    return DataModel(shapes)
