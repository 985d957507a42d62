"""A list from a file, matched with the rows of a dataset: who is meant, who is not found, who is named twice."""

# ruff: noqa: S608

from __future__ import annotations

import csv
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import StringValue, Table, Value

from . import casting, engine, loading, schema, staging
from .casting import Field
from .engine import quoted
from .models import Column
from .schema import TYPES, DatasetShape
from .staging import ROW, Source

LINE = "list_row"


@dataclass(frozen=True)
class Wish:
    """How the file's rows are found in the dataset."""

    pairs: tuple[tuple[str, str], ...]  # (column of the file, column of the dataset)
    keep: Mapping[str, str] = field(default_factory=dict)  # columns of the file to save -> type
    ignore_case: bool = True
    trim: bool = True


@dataclass(frozen=True)
class Found:
    """The members, and what became of every row of the file."""

    table: Table
    facts: dict[str, Any]  # read = matched + unmatched + duplicates
    unmatched: str  # lake path of a CSV file; "" when all were found
    temporary: tuple[str, ...]  # lake paths to drop when the members are saved


@contextmanager
def matched(path: Path, dataset: str, wish: Wish) -> Iterator[Found]:
    """Match a file; what is made in between is removed at the end. Raises Refused."""
    shape = schema.load().dataset(dataset)
    token = uuid.uuid4().hex
    files = [f"lists/{token}.parquet", f"lists/{token}-pairs.parquet"]
    try:
        with loading.folder_of_its_own() as place:
            source = staging.stage(path, place)
            _stage(source, shape, wish, files[0])
            yield _found(source, shape, wish, files, f"lists/{token}.unmatched.csv")
    finally:
        for file in files:
            engine.drop(file)


def _stage(source: Source, shape: DatasetShape, wish: Wish, path: str) -> None:
    """The file's rows in the lake: their number, what identifies them, what is kept, and all as texts."""
    fields = {found.name: found for found in source.fields}
    parts = [f"{quoted(ROW)} AS {LINE}"]
    parts += [
        f"{_identity(fields[name], shape.columns[column].type, wish)} AS m{n}"
        for n, (name, column) in enumerate(wish.pairs)
    ]
    parts += [f"{casting.typed(fields[name], type)} AS e{n}" for n, (name, type) in enumerate(wish.keep.items())]
    parts += [f"{casting.text_of(found)} AS t{n}" for n, found in enumerate(source.fields)]
    engine.copy(f"SELECT {', '.join(parts)} FROM {source.relation} WHERE {source.fault} IS NULL", path)


def _identity(found: Field, type: str, wish: Wish) -> str:
    """A cell as it is compared: typed like the dataset's column."""
    if type != Column.Type.STRING:
        return casting.typed(found, type)
    text = casting.text_of(found)
    text = f"nullif(trim({text}, ' \t\n\r'), '')" if wish.trim else text
    return f"lower({text})" if wish.ignore_case else text


def _comparable(column: Value, type: str, wish: Wish) -> Value:
    """The dataset's column as it is compared."""
    if type != Column.Type.STRING or not isinstance(column, StringValue):
        return column
    text = column.strip() if wish.trim else column
    return text.lower() if wish.ignore_case else text


def _found(source: Source, shape: DatasetShape, wish: Wish, files: list[str], unmatched: str) -> Found:
    marks = [f"m{n}" for n in range(len(wish.pairs))]
    listed = engine.table(files[0])
    named = listed.filter(*(listed[mark].notnull() for mark in marks))
    order = ibis.row_number().over(group_by=[named[mark] for mark in marks], order_by=ibis.asc(named[LINE]))
    ranked = named.mutate(place_among=order)
    first = ranked.filter(ranked.place_among == 0)
    engine.write(_pairs(first, shape, wish, marks), files[1])
    pairs = engine.table(files[1])
    read = engine.count(listed) + len(source.broken)
    once, meant = engine.count(first), engine.count(pairs.select(LINE).distinct())
    duplicates = engine.count(named) - once
    missing = ranked.filter(ranked.place_among == 0).anti_join(pairs, [LINE])
    lost = _save_unmatched(source, listed, listed.anti_join(named, [LINE]), missing, unmatched)
    facts = {
        "file": source.path.name,
        "read": read,
        "matched": meant,
        "unmatched": read - meant - duplicates,
        "duplicates": duplicates,
        "ambiguous": engine.count(pairs) - meant,
    }
    return Found(_members(pairs, first, shape, wish), facts, unmatched if lost else "", tuple(files))


def _pairs(first: Table, shape: DatasetShape, wish: Wish, marks: list[str]) -> Table:
    """Which row of the file means which rows of the dataset."""
    rows = schema.load().table(shape.slug)
    compared = {
        f"d{n}": _comparable(rows[column], shape.columns[column].type, wish)
        for n, (_name, column) in enumerate(wish.pairs)
    }
    asked = rows.select(*shape.key, **compared)
    joined = first.inner_join(asked, [first[mark] == asked[f"d{n}"] for n, mark in enumerate(marks)])
    return joined.select(LINE, *shape.key)


def _members(pairs: Table, first: Table, shape: DatasetShape, wish: Wish) -> Table:
    """Each key once, with the kept columns of the first row that means it."""
    order = ibis.row_number().over(group_by=[pairs[name] for name in shape.key], order_by=ibis.asc(pairs[LINE]))
    ranked = pairs.mutate(place_among_pairs=order)
    once = ranked.filter(ranked.place_among_pairs == 0)
    joined = once.inner_join(first, [LINE])
    kept = {name: joined[f"e{n}"].cast(TYPES[type]) for n, (name, type) in enumerate(wish.keep.items())}
    return joined.select(*shape.key, **kept)


def _save_unmatched(source: Source, listed: Table, empty: Table, missing: Table, path: str) -> bool:
    """Write the rows that mean nobody, as they stood in the file, with the reason; whether there are any."""
    texts = [f"t{n}" for n in range(len(source.fields))]
    reasons = ((empty, _("nothing to find it by, or not of the column's type")), (missing, _("not found")))
    rows: list[list[Any]] = [[number, reason, record] for number, reason, record in staging.broken_records(source)]
    parts = [part.select(LINE, *texts).mutate(why=ibis.literal(reason)) for part, reason in reasons]
    found = engine.arrow(parts[0].union(parts[1]).order_by(LINE)).to_pylist()
    if not rows and not found:
        return False
    place = engine.root() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([_("reason"), *source.names])
        writer.writerows([row["why"], *(row[text] for text in texts)] for row in found)
        writer.writerows([reason, record] for _number, reason, record in rows)
        file.flush()
        os.fsync(file.fileno())
    engine.publish(part, place)
    part.unlink(missing_ok=True)
    return True
