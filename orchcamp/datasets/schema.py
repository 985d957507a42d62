"""The shapes of customer data as plain values, and the lazy tables behind them.

Rules, activities and previews work on a ``DataModel``: it knows columns, links and snapshots, costs no query to use,
and can be built from memory in a test. ``load()`` reads it from the control plane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis
from django.conf import settings
from django.db.models import F, Value
from ibis.expr.types import Table

from orchcamp.web.errors import Refused

from . import engine, reading

if TYPE_CHECKING:
    from .models import AudienceVersion

AUDIENCE, FILTER = "audience:", "filter:"  # prefixes of their names among pinned states
TOUCHED = ("kind", "pk", "state", "updated_at")  # what tells that something changed
TYPES = {
    "string": "string",
    "integer": "int64",
    "decimal": "decimal(18, 4)",
    "float": "float64",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp('UTC')",
}


def type_of(datatype: Any) -> str:
    """The key of ``TYPES`` that fits an engine's type best."""
    tests = {
        "boolean": datatype.is_boolean(),
        "integer": datatype.is_integer(),
        "decimal": datatype.is_decimal(),
        "float": datatype.is_floating(),
        "date": datatype.is_date(),
        "datetime": datatype.is_timestamp(),
    }
    return next((name for name, fits in tests.items() if fits), "string")


class UnknownDataset(Refused):
    """A dataset that is not there, or has no rows loaded yet."""


class UnknownAudience(Refused):
    """A saved audience that is not there."""


class UnknownFilter(Refused):
    """A predefined filter that is not there."""


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
class AudienceShape:
    """A saved audience: keys of one dataset, perhaps with columns beside them."""

    slug: str
    label: str
    dataset: str
    columns: Mapping[str, ColumnShape] = field(default_factory=dict)  # beside the key
    version: int | None = None
    path: str | None = None  # lake path of the pinned version; None: nothing saved yet
    rows: int = 0
    origin: str = "rule"  # a value of Audience.Origin
    maker: str = ""  # "campaign/node" that saves it
    hidden: bool = False  # from whoever reads the model


@dataclass(frozen=True)
class FilterShape:
    """A predefined filter: a rule of one dataset with values that are asked on each use."""

    slug: str
    label: str
    dataset: str
    rule: Mapping[str, Any]
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # name -> {"type", "default", "label"}
    revision: int = 1


@dataclass(frozen=True)
class DataModel:
    """All datasets, each pinned to one snapshot, with the audiences and filters over them."""

    datasets: Mapping[str, DatasetShape]
    tables: Mapping[str, Table] = field(default_factory=dict)  # slug -> table; tests pass memtables
    audiences: Mapping[str, AudienceShape] = field(default_factory=dict)
    filters: Mapping[str, FilterShape] = field(default_factory=dict)
    usable: frozenset[str] | None = None  # the audiences that the reader may choose; None: all

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

    def audience(self, slug: str) -> AudienceShape:
        """A saved audience. Raises UnknownAudience, whose sentence names what there is."""
        try:
            return self.audiences[slug]
        except KeyError:
            names = ", ".join(sorted(shape.slug for shape in self.offered)) or "none"
            raise UnknownAudience(f"There is no audience “{slug}”; there are: {names}.") from None

    @property
    def offered(self) -> list[AudienceShape]:
        """The audiences that whoever reads the model may choose."""
        usable = self.usable
        return [shape for slug, shape in self.audiences.items() if usable is None or slug in usable]

    def audience_table(self, slug: str) -> Table:
        """The keys and columns of an audience, lazily; no rows while nothing was saved. ``audience:slug`` in
        ``tables`` stands in for it in tests."""
        if f"audience:{slug}" in self.tables:
            return self.tables[f"audience:{slug}"]
        shape = self.audience(slug)
        dataset = self.dataset(shape.dataset)
        types = {name: TYPES[dataset.columns[name].type] for name in dataset.key}
        types |= {name: TYPES[column.type] for name, column in shape.columns.items()}
        if shape.path is None:
            return ibis.memtable([], schema=ibis.schema(types))
        return ibis.table(ibis.schema(types), name=shape.path)

    def filter(self, slug: str) -> FilterShape:
        """A predefined filter. Raises UnknownFilter, whose sentence names what there is."""
        try:
            return self.filters[slug]
        except KeyError:
            names = ", ".join(sorted(self.filters)) or "none"
            raise UnknownFilter(f"There is no predefined filter “{slug}”; there are: {names}.") from None

    @property
    def snapshots(self) -> dict[str, int]:
        """What a run pins: name -> number of the state; 0 for an audience of which nothing was saved yet."""
        return {
            **{slug: shape.snapshot for slug, shape in self.datasets.items() if shape.snapshot},
            **{AUDIENCE + slug: shape.version or 0 for slug, shape in self.audiences.items()},
            **{FILTER + slug: shape.revision for slug, shape in self.filters.items()},
        }


_known: tuple[object, DataModel] | None = None


def load(snapshots: Mapping[str, int] | None = None) -> DataModel:
    """The model as the control plane has it; ``snapshots`` pins it to numbered states, as a run does.

    A name is a dataset's slug, ``audience:slug`` or ``filter:slug``. One query while nothing changed: the shapes are
    kept until a row says that it was touched. A dataset that is pinned to an older snapshot has the columns that its
    file has. In a request it is the model of the person who asks (see ``reading``).
    """
    global _known
    from .models import Audience, Dataset, PredefinedFilter

    marks = [
        model.objects.order_by().annotate(kind=Value(place), state=F(state)).values_list(*TOUCHED)
        for place, (model, state) in enumerate(
            [(Dataset, "snapshot_id"), (Audience, "current_id"), (PredefinedFilter, "revision")]
        )
    ]
    touched = (settings.LAKE_DIR, tuple(sorted(marks[0].union(*marks[1:], all=True), key=str)))
    known = _known
    if known is None or known[0] != touched:
        known = _known = (touched, _read())
    return reading.seen(_pinned(known[1], snapshots or {}))


def _pinned(model: DataModel, snapshots: Mapping[str, int]) -> DataModel:
    from .models import Snapshot

    current = model.snapshots
    older = {name for name, number in snapshots.items() if name in current and current[name] != number}
    if not older:
        return model
    shapes = dict(model.datasets)
    rows = Snapshot.objects.filter(dataset__slug__in=older).values_list("dataset__slug", "number", "path")
    for slug, number, path in rows:
        if snapshots[slug] == number:
            held = set(engine.table(path).columns)
            columns = {name: column for name, column in shapes[slug].columns.items() if name in held}
            shapes[slug] = replace(shapes[slug], columns=columns, snapshot=number, path=path)
    return replace(
        model,
        datasets=shapes,
        audiences=_older_audiences(model.audiences, snapshots, older),
        filters=_older_filters(model.filters, snapshots, older),
    )


def _older_audiences(
    audiences: Mapping[str, AudienceShape], snapshots: Mapping[str, int], older: set[str]
) -> dict[str, AudienceShape]:
    from .models import AudienceVersion

    found = dict(audiences)
    for slug in (slug for slug in audiences if AUDIENCE + slug in older):
        if number := snapshots[AUDIENCE + slug]:
            version = AudienceVersion.objects.filter(audience__slug=slug, number=number).first()
            found[slug] = _at_version(found[slug], version) if version else found[slug]
        else:  # nothing had been saved yet
            found[slug] = replace(found[slug], version=None, path=None, rows=0, columns={})
    return found


def _older_filters(
    filters: Mapping[str, FilterShape], snapshots: Mapping[str, int], older: set[str]
) -> dict[str, FilterShape]:
    from .models import FilterRevision

    found = dict(filters)
    for slug in (slug for slug in filters if FILTER + slug in older):
        revision = FilterRevision.objects.filter(filter__slug=slug, number=snapshots[FILTER + slug]).first()
        if revision:
            facts = {"rule": revision.rule, "parameters": revision.parameters, "revision": revision.number}
            found[slug] = replace(found[slug], **facts)
    return found


def _at_version(shape: AudienceShape, version: AudienceVersion) -> AudienceShape:
    columns = {
        name: ColumnShape(name, name.replace("_", " "), type, name in version.personal)
        for name, type in version.columns.items()
    }
    return replace(shape, columns=columns, version=version.number, path=version.path, rows=version.rows)


def _read() -> DataModel:
    return DataModel(_read_datasets(), audiences=_read_audiences(), filters=_read_filters())


def _read_audiences() -> dict[str, AudienceShape]:
    from .models import Audience

    found = {}
    for row in Audience.objects.select_related("dataset", "current"):
        shape = AudienceShape(row.slug, row.label, row.dataset.slug, origin=row.origin, maker=row.maker)
        found[row.slug] = _at_version(shape, row.current) if row.current else shape
    return found


def _read_filters() -> dict[str, FilterShape]:
    from .models import FilterRevision

    revisions = FilterRevision.objects.filter(number=F("filter__revision")).select_related("filter__dataset")
    return {
        row.filter.slug: FilterShape(
            row.filter.slug, row.filter.label, row.filter.dataset.slug, row.rule, row.parameters, row.number
        )
        for row in revisions
    }


def _read_datasets() -> dict[str, DatasetShape]:
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
    return shapes
