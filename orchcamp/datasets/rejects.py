"""The reject file of a load: file, line, column, reason and the record as it stood there."""

# ruff: noqa: S608

from __future__ import annotations

import csv
import heapq
import os
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from . import casting, engine, staging
from .engine import quoted
from .prepared import BAD, FAULT, FILE_STRIDE, NO_KEY, VALUE
from .staging import ROW, Source

HEADER = ["file", "line", "column", "reason", "record"]
LONGEST = 100_000  # characters of a record: readers of CSV take no more in a cell
Reject = tuple[int, str, str, str]  # line, column, reason, record


def write(path: str, sources: list[Source], relations: list[str], types: Mapping[str, str]) -> tuple[int, str]:
    """Write the rejects of all files, in their order; how many, and the lake path (nothing when there are none)."""
    total = sum(len(source.broken) for source in sources)
    total += sum(engine.total(f"{relation} WHERE {quoted(BAD)} IS NOT NULL") for relation in relations)
    if not total:
        return 0, ""
    place = engine.root() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for number, (source, relation) in enumerate(zip(sources, relations, strict=True)):
                writer.writerows([source.path.name, *reject] for reject in _of(source, relation, number, types))
            file.flush()
            os.fsync(file.fileno())
        engine.publish(part, place)
    finally:
        part.unlink(missing_ok=True)
    return total, path


def _of(source: Source, relation: str, number: int, types: Mapping[str, str]) -> Iterator[Reject]:
    broken = ((line, "", reason, record) for line, reason, record in staging.broken_records(source))
    found = heapq.merge(broken, _misfits(source, relation, number, types), key=lambda reject: reject[0])
    return ((line, column, reason, record[:LONGEST]) for line, column, reason, record in found)


def _misfits(source: Source, relation: str, number: int, types: Mapping[str, str]) -> Iterator[Reject]:
    """Rows with a value that does not fit or without a key, joined with their lines in the file."""
    found = _rows(source, relation, number)
    for row in found:
        yield _reject(source, row, types)


def _rows(source: Source, relation: str, number: int) -> Iterator[tuple[Any, ...]]:
    cells = [quoted(name) for name in source.names] if source.kind in {"parquet", "xlsx"} else []
    columns = ", ".join([f"{quoted(ROW)} - {number * FILE_STRIDE}", *map(quoted, (BAD, VALUE, FAULT)), *cells])
    statement = f"SELECT {columns} FROM {relation} WHERE {quoted(BAD)} IS NOT NULL ORDER BY {quoted(ROW)}"
    cursor = engine.connection().cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    rejected = _fetched(cursor, statement)
    wanted: list[tuple[Any, ...]] = []

    def numbers() -> Iterator[int]:
        for row in rejected:
            wanted.append(row)
            yield row[0]

    for _number, line, record in staging.originals(source, numbers()):
        row = wanted.pop(0)
        yield (line, row[1], row[2], row[3], record or staging.row_text(list(row[4:])))


def _fetched(cursor: Any, statement: str) -> Iterator[tuple[Any, ...]]:
    for batch in cursor.execute(statement).to_arrow_reader(10_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _reject(source: Source, row: tuple[Any, ...], types: Mapping[str, str]) -> Reject:
    line, bad, value, fault, record = row
    if bad < 0:
        return line, "", fault, record
    if bad >= NO_KEY:
        return line, source.names[bad - NO_KEY], _("the key is empty"), record
    name = source.names[bad]
    return line, name, casting.reason(types[name], value), record
