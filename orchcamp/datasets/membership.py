"""Who is in a saved audience: a sample, what changed between two versions, and the rows for a file."""

from __future__ import annotations

from dataclasses import dataclass

from ibis.expr.types import Table

from . import counting, preview, schema
from .models import Audience, AudienceVersion
from .schema import AudienceShape, ColumnShape, DataModel


@dataclass(frozen=True)
class Change:
    """What became of the members between two versions."""

    entered: int
    left: int
    stayed: int


def model_at(version: AudienceVersion) -> tuple[DataModel, AudienceShape]:
    """The data as they are now, with the audience as that version has it."""
    slug = version.audience.slug
    model = schema.load({f"audience:{slug}": version.number})
    return model, model.audience(slug)


def columns(model: DataModel, shape: AudienceShape, *, personal: bool) -> dict[str, ColumnShape]:
    """The columns of a member, those saved with it last; without the right, no personal ones."""
    found = {**model.dataset(shape.dataset).columns, **shape.columns}
    return {name: column for name, column in found.items() if personal or not column.personal}


def rows(model: DataModel, shape: AudienceShape) -> Table:
    """The members with the columns of their dataset; one whose row is gone has its key and what was saved with it."""
    dataset, members = model.dataset(shape.dataset), model.audience_table(shape.slug)
    own = [name for name in dataset.columns if name not in members.columns]
    joined = members.left_join(model.table(dataset.slug), list(dataset.key))
    return joined.select(*dataset.key, *own, *shape.columns)


def sample(audience: Audience, *, personal: bool, ticket: str) -> preview.Sample | None:
    """The first members by key, personal columns masked where they must be; None when nothing was saved yet."""
    if audience.current is None:
        return None
    model, shape = model_at(audience.current)
    shown, key = columns(model, shape, personal=True), model.dataset(shape.dataset).key
    return counting.asked(lambda: preview.sample(rows(model, shape), shown, personal=personal, key=key), ticket)


def change(version: AudienceVersion, before: AudienceVersion, ticket: str) -> Change:
    """How many came in and went out since an earlier version, exactly. Raises Cancelled."""
    tables = []
    for each in (version, before):
        model, shape = model_at(each)
        tables.append(model.audience_table(shape.slug))
        key = list(model.dataset(shape.dataset).key)
    entered = counting.counted(tables[0].anti_join(tables[1], key), ticket)
    stayed = version.rows - entered
    return Change(entered, before.rows - stayed, stayed)
