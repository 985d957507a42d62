"""Rows of a campaign change a dataset: inserted, updated or deleted as one new snapshot, once.

Everything is set-based. What is there at the moment decides, not what the run has pinned; who loads meanwhile is not
overwritten: the change is worked out again on the new rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from ibis.expr.types import Table, Value

from orchcamp.accounts import audit
from orchcamp.accounts.models import User
from orchcamp.web.errors import Refused

from . import engine, statistics
from .models import Dataset, Load, Snapshot
from .schema import TYPES

ATTEMPTS = 5
OPERATIONS = ("insert_or_update", "insert", "update", "delete")
REASON = "reason"


class UpdateError(Refused):
    """A change that cannot be made; the sentence names the dataset."""


@dataclass(frozen=True)
class Change:
    """What is to be done. The rows have ``own_0``, … (what they are), ``id_0``, … (which row they mean),
    ``value_0``, … and ``use_0``, … (what becomes of a column, and whether), and ``fault``."""

    dataset: str
    operation: str
    own: Sequence[str]  # the names that rejects have their columns under
    ids: Sequence[str]  # columns of the dataset that tell which row is meant
    fields: Sequence[str]  # columns of the dataset that are written


@dataclass(frozen=True)
class Changed:
    """What came of it."""

    inserted: int
    updated: int
    deleted: int
    rejected: int
    rejects: str  # lake path of the rejected rows with their reason


def apply(change: Change, rows: Table, *, folder: str, run_key: str, source: str, by: int | None) -> Changed:
    """Make the change and move the dataset's pointer. Twice under one ``run_key`` is once. Raises UpdateError."""
    for _attempt in range(ATTEMPTS):
        if (done := Load.objects.filter(reference=run_key).select_related("snapshot").first()) is not None:
            return _known(done, folder)
        try:
            return _attempted(change, _dataset(change.dataset), rows, folder, run_key, source, by)
        except _Overtaken:
            continue
    raise UpdateError(
        _("“%(slug)s” was loaded by others again and again meanwhile; try again later.") % {"slug": change.dataset}
    )


class _Overtaken(Exception):
    """Somebody else moved the pointer."""


def _known(load: Load, folder: str) -> Changed:
    facts = load.facts
    return Changed(**{**facts, "rejects": f"{folder}/{facts['rejects']}"})


def _attempted(
    change: Change, dataset: Dataset, rows: Table, folder: str, run_key: str, source: str, by: int | None
) -> Changed:
    assert dataset.snapshot
    types = {column.name: column.type for column in dataset.columns.all()}
    number = (dataset.snapshots.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    old = engine.table(dataset.snapshot.path)
    good, facts = _sorted_out(change, rows, old, dataset.key, folder, number)
    path = f"datasets/{dataset.slug}/{number}-{uuid.uuid4().hex[:8]}.parquet"
    try:
        changes = facts["inserted"] + facts["updated"] + facts["deleted"]
        made = _written(change, good, old, types, dataset.key, path) if changes else None
        with transaction.atomic():
            _publish(dataset, number, path, made, facts, run_key, source, by)
    except (_Overtaken, IntegrityError):
        engine.drop(path)
        engine.drop(statistics.place(path))
        raise _Overtaken from None
    return Changed(**{**facts, "rejects": f"{folder}/{facts['rejects']}"})


def foresee(change: Change, rows: Table, *, folder: str) -> Changed:
    """What ``apply`` would do now; nothing but the judged rows is written, into the folder. Raises UpdateError."""
    dataset = _dataset(change.dataset)
    assert dataset.snapshot
    old, number = engine.table(dataset.snapshot.path), dataset.snapshot.number
    _good, facts = _sorted_out(change, rows, old, dataset.key, folder, number)
    return Changed(**{**facts, "rejects": f"{folder}/{facts['rejects']}"})


def _dataset(slug: str) -> Dataset:
    dataset = Dataset.objects.select_related("snapshot").filter(slug=slug).first()
    if dataset is None or dataset.snapshot is None:
        raise UpdateError(_("Dataset “%(slug)s” is not there or has no rows yet.") % {"slug": slug})
    return dataset


def _sorted_out(
    change: Change, rows: Table, old: Table, key: Sequence[str], folder: str, number: int
) -> tuple[Table, dict[str, Any]]:
    """The rows that can be used, and how many of each kind there are; those that cannot lie in a file."""
    kept = f"{folder}/judged-{number}.parquet"
    engine.write(judged(change, rows, old, key), kept)
    found, rejects = engine.table(kept), f"rejects-{number}.parquet"
    own = {name: found[f"own_{place}"] for place, name in enumerate(change.own)}
    bad = found.filter(found.fault.notnull()).select(**{**own, REASON: found.fault})
    rejected = engine.write(bad, f"{folder}/{rejects}")
    good = found.filter(found.fault.isnull())
    return good, {**_counts(change, good, old), "rejected": rejected, "rejects": rejects}


def _publish(
    dataset: Dataset,
    number: int,
    path: str,
    rows: int | None,
    facts: dict[str, Any],
    run_key: str,
    source: str,
    by: int | None,
) -> None:
    """Move the pointer if it still is where the change began, and write down what was done."""
    snapshot = None
    if rows is not None:
        size = _size(path)
        snapshot = Snapshot.objects.create(dataset=dataset, number=number, path=path, rows=rows, size=size)
        moved = Dataset.objects.filter(pk=dataset.pk, snapshot=dataset.snapshot)
        if not moved.update(snapshot=snapshot, updated_at=timezone.now()):
            raise _Overtaken
    kept = facts["inserted"] + facts["updated"] + facts["deleted"]
    person = User.objects.filter(pk=by).first()
    Load.objects.create(
        dataset=dataset,
        source=source[:255],
        reference=run_key,
        facts=facts,
        status=Load.Status.DONE,
        read=kept + facts["rejected"],
        kept=kept,
        rejected=facts["rejected"],
        finished_at=timezone.now(),
        snapshot=snapshot,
        by=person,
    )
    audit.record(person, "updated", dataset, source=source, **{k: v for k, v in facts.items() if k != "rejects"})


def _size(path: str) -> int:
    place = engine.root() / path
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(file.stat().st_size for file in files if file.is_file())


# --- Rows ---------------------------------------------------------------------------------------------


def judged(change: Change, rows: Table, old: Table, key: Sequence[str]) -> Table:
    """Every row with whether its counterpart is there, and why it is rejected."""
    names = [f"id_{place}" for place in range(len(change.ids))]
    own = [ibis.asc(rows[f"own_{place}"], nulls_first=False) for place in range(len(change.own))]
    own = [ibis.asc(rows.fault.notnull()), *own]  # a row that cannot be used takes nothing from one that can
    ranked = rows.mutate(rank=ibis.row_number().over(group_by=names, order_by=own))
    there = old.select(**dict(zip(names, (old[name] for name in change.ids), strict=True))).distinct()
    met = ranked.left_join(there.mutate(is_there=ibis.literal(True)), names)
    met = met.drop(*[name for name in met.columns if name.endswith("_right")])
    met = met.mutate(is_there=met.is_there.fill_null(False))
    faults = [
        (met.fault.notnull(), met.fault),
        (ibis.or_(*(met[name].isnull() for name in names)), ibis.literal(_("what identifies the row is empty"))),
        (met["rank"] > 0, ibis.literal(_("another row changes the same row"))),
        *_against(change, met),
        *_without_key(change, met, key),
    ]
    return met.mutate(fault=ibis.cases(*faults, else_=ibis.literal(None, type="string"))).drop("rank")


def _against(change: Change, met: Table) -> list[tuple[Any, Any]]:
    if change.operation == "insert":
        return [(met.is_there, ibis.literal(_("the row is there already")))]
    if change.operation in {"update", "delete"}:
        return [(~met.is_there, ibis.literal(_("no row matches")))]
    return []


def _without_key(change: Change, met: Table, key: Sequence[str]) -> list[tuple[Any, Any]]:
    """A row that is inserted needs a key, and one that is changed keeps one."""
    if change.operation == "delete":
        return []
    why = ibis.literal(_("the key is empty"))
    emptied = [
        (met.is_there & met[f"use_{place}"] & met[f"value_{place}"].isnull(), why)
        for place, name in enumerate(change.fields)
        if name in key
    ]
    if change.operation == "update":
        return emptied
    given = {**{name: met[f"id_{place}"] for place, name in enumerate(change.ids)}, **_values(change, met)}
    if missing := next((name for name in key if name not in given), None):
        raise UpdateError(_("To insert rows the key column “%(name)s” must be written.") % {"name": missing})
    empty = ibis.or_(*(given[name].isnull() for name in key))
    return [*emptied, (~met.is_there & empty, why)]


def _values(change: Change, rows: Table) -> dict[str, Value]:
    """What is written into each column of a row that is new."""
    return {
        name: ibis.ifelse(rows[f"use_{place}"], rows[f"value_{place}"], ibis.null())
        for place, name in enumerate(change.fields)
    }


def _counts(change: Change, good: Table, old: Table) -> dict[str, int]:
    pairs = [(old[name], good.filter(good.is_there)[f"id_{place}"]) for place, name in enumerate(change.ids)]
    met = good.filter(good.is_there)
    names = {f"id_{place}": old[name] for place, name in enumerate(change.ids)}
    touched = engine.count(old.mutate(**names).semi_join(met, list(names))) if pairs else 0
    new = engine.count(good.filter(~good.is_there))
    deleting = change.operation == "delete"
    return {"inserted": new, "updated": 0 if deleting else touched, "deleted": touched if deleting else 0}


def _written(change: Change, good: Table, old: Table, types: dict[str, str], key: Sequence[str], path: str) -> int:
    """Write the dataset as it is after the change; how many rows it has."""
    rows = engine.write(after(change, good, old, types), path, order_by=list(key))
    statistics.of(path, types)
    _demand_one_per_key(path, key)
    return rows


def after(change: Change, good: Table, old: Table, types: Mapping[str, str]) -> Table:
    """The dataset's rows as they are after the change, lazily."""
    ids = {f"id_{place}": old[name] for place, name in enumerate(change.ids)}
    marked, met = old.mutate(**ids), good.filter(good.is_there)
    if change.operation == "delete":
        return marked.anti_join(met, list(ids)).select(*old.columns)
    columns = [*ids, *(f"{what}_{place}" for place in range(len(change.fields)) for what in ("value", "use"))]
    joined = marked.left_join(met.select(*columns).mutate(is_met=ibis.literal(True)), list(ids))
    changed = {}
    for place, name in enumerate(change.fields):
        writes = joined.is_met.fill_null(False) & joined[f"use_{place}"].fill_null(False)
        changed[name] = ibis.ifelse(writes, joined[f"value_{place}"], joined[name])
    changed_rows = joined.mutate(**changed).select(*old.columns)
    return ibis.union(_shaped(changed_rows, types, old), _inserted(change, good, types, old))


def _shaped(table: Table, types: Mapping[str, str], old: Table) -> Table:
    return table.select(**{name: table[name].cast(TYPES[types[name]]) for name in old.columns})


def _inserted(change: Change, good: Table, types: Mapping[str, str], old: Table) -> Table:
    new = good.filter(~good.is_there)
    given = {**{name: new[f"id_{place}"] for place, name in enumerate(change.ids)}, **_values(change, new)}
    return new.select(**{name: given.get(name, ibis.null()).cast(TYPES[types[name]]) for name in old.columns})


def _demand_one_per_key(path: str, key: Sequence[str]) -> None:
    table = engine.table(path)
    twice = table.group_by(list(key)).aggregate(rows_of_key=table.count())
    if engine.count(twice.filter(twice.rows_of_key > 1)):
        engine.drop(path)
        raise UpdateError(
            _("After this change two rows would have one key (%(key)s); identify rows by the key.")
            % {"key": ", ".join(key)}
        )
