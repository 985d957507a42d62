"""The shapes of customer data as plain values, and the lazy tables behind them.

Rules, activities and previews work on a ``DataModel``: it knows columns, links and snapshots, costs no query to use,
and can be built from memory in a test. ``load()`` reads it from the control plane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import ibis
from django.conf import settings
from ibis.expr.types import Table

from orchcamp.web.errors import Refused

from . import engine

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


_known: tuple[object, DataModel] | None = None


def load(snapshots: Mapping[str, int] | None = None) -> DataModel:
    """The model as the control plane has it; ``snapshots`` pins datasets to numbered snapshots, as a run does.

    One query while nothing changed: the shapes are kept until a dataset says that it was touched. A dataset that is
    pinned to an older snapshot has the columns that its file has.
    """
    global _known
    from .models import Dataset

    touched = (settings.LAKE_DIR, tuple(Dataset.objects.order_by("pk").values_list("pk", "snapshot", "updated_at")))
    known = _known
    if known is None or known[0] != touched:
        known = _known = (touched, _read())
    return _pinned(known[1], snapshots or {})


def _pinned(model: DataModel, snapshots: Mapping[str, int]) -> DataModel:
    from .models import Snapshot

    older = {
        slug for slug, number in snapshots.items() if slug in model.datasets and model.dataset(slug).snapshot != number
    }
    if not older:
        return model
    shapes = dict(model.datasets)
    rows = Snapshot.objects.filter(dataset__slug__in=older).values_list("dataset__slug", "number", "path")
    for slug, number, path in rows:
        if snapshots[slug] == number:
            held = set(engine.table(path).columns)
            columns = {name: column for name, column in shapes[slug].columns.items() if name in held}
            shapes[slug] = replace(shapes[slug], columns=columns, snapshot=number, path=path)
    return replace(model, datasets=shapes)


def _read() -> DataModel:
    from .models import Column, Dataset, Link

    rows = {dataset.pk: dataset for dataset in Dataset.objects.select_related("snapshot")}
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
        snapshot = dataset.snapshot
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
