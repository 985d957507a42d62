"""A file of a campaign as typed rows that lie beside it: read once, with every rejected line and its reason.

Three files come of it, in a folder that is named after the content and the settings: ``rows.parquet``,
``rejects.parquet`` and ``facts.json``. The rows are written last: where they are, everything is.
"""

# ruff: noqa: S608

from __future__ import annotations

import csv
import hashlib
import heapq
import io
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from . import casting, cells, engine, loading, repair, staging
from .casting import Field
from .cells import Treatment
from .detection import PLAIN, Layout, LoadError
from .engine import literal, quoted
from .staging import ROW, Source

LONGEST_RECORD = 1_000  # characters of a rejected line that are kept
FIRST = 5  # errors that a sentence names
BAD, WHY = " bad", " why"
IGNORED = " ignored"
REJECTS = {"line": "integer", "record": "string", "column": "string", "reason": "string"}
_SCHEMA = pa.schema([("line", pa.int64()), ("record", pa.string()), ("column", pa.string()), ("reason", pa.string())])


@dataclass(frozen=True)
class Spec:
    """How a file is read."""

    layout: Layout = PLAIN
    columns: tuple[Treatment, ...] = ()  # none: every column of the file, its type found
    encoding: str = ""
    zone: str = ""


@dataclass(frozen=True)
class Facts:
    """What became of the file's lines."""

    read: int
    rows: int
    rejected: int
    ignored: int  # rows in which a value that did not fit was left out
    first: tuple[str, ...]  # the first errors, a sentence each

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def key_of(columns: Mapping[str, Any] | list[str]) -> str:
    """What the line number is called: ``line``, unless the file has a column of that name."""
    taken = {name.lower() for name in columns}
    return next(name for name in ("line", "line_number", "line_of_file", "line_of_this_file") if name not in taken)


def folder(place: str, path: str, spec: Spec) -> str:
    """The lake folder of what comes of a file that never changes, read in this way."""
    said = json.dumps([path, asdict(spec)], sort_keys=True)
    return f"{place}/{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def paths(folder: str) -> tuple[str, str, str]:
    """Where rows, rejects and facts lie."""
    return f"{folder}/rows.parquet", f"{folder}/rejects.parquet", f"{folder}/facts.json"


def parse(path: str, spec: Spec, folder: str) -> Facts:
    """Read the lake's file ``path`` into ``folder``, once. Raises LoadError when it cannot be read at all."""
    rows, rejects, facts = paths(folder)
    if engine.exists(rows):
        return read_facts(folder)
    file = engine.root() / path
    if not file.is_file():
        raise LoadError(_("The file %(name)s is not there any more; upload it again.") % {"name": file.name})
    with loading.folder_of_its_own() as work:
        source, columns = _staged(file, spec, work)
        typed = _typed(source, columns, spec, work)
        first = _write_rejects(rejects, source, columns, typed)
        read = engine.total(source.relation) + len(source.broken)
        rejected = pq.read_metadata(engine.root() / rejects).num_rows
        ignored = engine.total(f"{typed} WHERE {quoted(BAD)} IS NULL AND {quoted(IGNORED)} > 0")
        found = Facts(read, read - rejected, rejected, ignored, tuple(first))
        _write(facts, json.dumps(found.as_json(), ensure_ascii=False).encode())
        names = ", ".join(f"v{place} AS {quoted(how.name)}" for place, how in enumerate(columns))
        lines = _lines(source, work)
        key = quoted(key_of([how.name for how in columns]))
        engine.copy(
            f"SELECT CAST(lines.line AS BIGINT) AS {key}, {names} FROM {typed} AS typed JOIN {lines} AS lines"
            f" ON typed.{quoted(ROW)} = lines.row WHERE {quoted(BAD)} IS NULL ORDER BY 1",
            rows,
        )
    return found


def read_facts(folder: str) -> Facts:
    """What ``parse`` found out."""
    known = json.loads((engine.root() / paths(folder)[2]).read_bytes())
    return Facts(**{**known, "first": tuple(known["first"])})


def detect(file: Path, spec: Spec) -> list[Treatment]:
    """The columns of a file with the types that were found. Raises LoadError."""
    with loading.folder_of_its_own() as work:
        source = staging.stage(file, work, encoding=spec.encoding, layout=spec.layout)
        return _found(source)


def described(path: str, spec: Spec, folder: str) -> list[Treatment]:
    """The columns that ``detect`` finds in a file of the lake, found once."""
    place = engine.root() / folder / "columns.json"
    if not place.is_file():
        file = engine.root() / path
        if not file.is_file():
            raise LoadError(_("The file %(name)s is not there any more; upload it again.") % {"name": file.name})
        found = [[how.name, how.type] for how in detect(file, spec)]
        _write(f"{folder}/columns.json", json.dumps(found, ensure_ascii=False).encode())
    return [Treatment(name, type, personal=type == "string") for name, type in json.loads(place.read_bytes())]


def rejects_as_csv(folder: str) -> str:
    """The rejects as a file for people, made once; its lake path."""
    path = f"{folder}/rejects.csv"
    if not engine.exists(path):
        lines = io.StringIO()
        writer = csv.writer(lines)
        writer.writerow(_SCHEMA.names)
        with pq.ParquetFile(engine.root() / paths(folder)[1]) as file:
            for batch in file.iter_batches():
                writer.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))
        _write(path, lines.getvalue().encode())
    return path


def _found(source: Source) -> list[Treatment]:
    types = loading.detect(source, list(source.fields))
    return [Treatment(field.name, type or "string") for field, type in zip(source.fields, types, strict=True)]


def _staged(file: Path, spec: Spec, work: Path) -> tuple[Source, list[Treatment]]:
    """The file's rows as texts, and the columns that are wanted of it, each with its field, in order."""
    source = staging.stage(file, work, encoding=spec.encoding, layout=spec.layout)
    columns = list(spec.columns) or _found(source)
    fields: dict[str, Field] = {field.name: field for field in source.fields}
    folded = {name.lower(): field for name, field in fields.items()}
    chosen = []
    for how in columns:
        wanted = how.source or how.name
        if (found := fields.get(wanted) or folded.get(wanted.lower())) is None:
            sentence = _("%(file)s has no column “%(name)s”; it has: %(names)s.")
            raise LoadError(
                sentence % {"file": file.name, "name": wanted, "names": ", ".join(fields)[:500] or _("none")}
            )
        chosen.append(found)
    return replace(source, fields=tuple(chosen)), columns


def _typed(source: Source, columns: list[Treatment], spec: Spec, work: Path) -> str:
    """Every row with its values, the first column that rejects it and why, and how many values were left out."""
    zone, fixed = spec.zone, source.kind == "fixed"
    hows = [replace(how, width=0) if fixed else how for how in columns]
    texts = ", ".join(
        f"{cells.text(f, how)} AS t{i}, {cells.unmapped(f, how)} AS u{i}, {_given(f, how)} AS g{i}"
        for i, (f, how) in enumerate(zip(source.fields, hows, strict=True))
    )
    values = ", ".join(
        f"{f'g{i}' if _is_given(source.fields[i], how) else cells.value(f't{i}', how, zone)} AS w{i}"
        for i, how in enumerate(hows)
    )
    faults = ", ".join(
        f"{cells.fault(f't{i}', f'w{i}', how, f'u{i}' if how.remapping else 'false')} AS e{i}"
        for i, how in enumerate(hows)
    )
    kept = ", ".join(f"{_kept(how, i, zone)} AS v{i}" for i, how in enumerate(hows))
    rejecting = [i for i, how in enumerate(hows) if how.on_error == "reject"]
    bad = " ".join(f"WHEN e{i} IS NOT NULL THEN {i}" for i in rejecting)
    why = " ".join(f"WHEN e{i} IS NOT NULL THEN e{i}" for i in rejecting)
    ignored = " + ".join(f"CAST(e{i} IS NOT NULL AS INTEGER)" for i in range(len(hows)) if i not in rejecting) or "0"
    statement = (
        f"SELECT {quoted(ROW)}, CASE WHEN fault IS NOT NULL THEN -1 {bad} END AS {quoted(BAD)},"
        f" CASE WHEN fault IS NOT NULL THEN fault {why} END AS {quoted(WHY)}, {ignored} AS {quoted(IGNORED)}, {kept}"
        f" FROM (SELECT *, {faults} FROM (SELECT *, {values} FROM"
        f" (SELECT {quoted(ROW)}, {source.fault} AS fault, {texts} FROM {source.relation})))"
    )
    place = work / "typed.parquet"
    try:
        engine.connection().execute(f"COPY ({statement}) TO {literal(place)} (FORMAT parquet, COMPRESSION snappy)")
    except engine.Error as error:
        first = str(error).splitlines()[0]
        raise LoadError(_("%(name)s cannot be read: %(why)s") % {"name": source.path.name, "why": first}) from error
    return f"read_parquet({literal(place)})"


def _is_given(field: Field, how: Treatment) -> bool:
    """Whether the source holds the value in its type already, and nothing is to be done to it."""
    return field.form == how.type and not how.remapping and how.case == "none"


def _given(field: Field, how: Treatment) -> str:
    return casting.typed(field, how.type) if _is_given(field, how) else "NULL"


def _kept(how: Treatment, place: int, zone: str) -> str:
    """The value of a row that is kept: what stood there, or what takes the place of an error or of nothing."""
    default = cells.default(how, zone)
    if how.on_error == "default":
        return f"CASE WHEN e{place} IS NOT NULL THEN {default} ELSE w{place} END"
    return f"CASE WHEN e{place} IS NULL THEN w{place} END" if how.on_error == "ignore" else f"w{place}"


# --- Lines ------------------------------------------------------------------------------------------


def _lines(source: Source, work: Path) -> str:
    """Row numbers with their lines in the file: reckoned where each line is a row, else looked up."""
    relation = f"(SELECT {quoted(ROW)} AS row, {quoted(ROW)} AS line FROM {source.relation})"
    if source.kind != "delimited" or not source.text:
        return relation
    with source.text.open("rb") as file:
        last, ends = b"\n", 0
        while chunk := file.read(4 * 1024 * 1024):
            ends, last = ends + chunk.count(b"\n"), chunk[-1:]
    if not source.broken and ends + (last != b"\n") == engine.total(source.relation) + 1:
        return f"(SELECT row, line + {1 + source.before} AS line FROM {relation})"
    place, schema = work / "lines.parquet", pa.schema([("row", pa.int64()), ("line", pa.int64())])
    with pq.ParquetWriter(place, schema) as writer:
        for batch in _batches(_row_lines(source)):
            writer.write_batch(pa.record_batch([pa.array(column) for column in zip(*batch, strict=True)], schema))
    return f"read_parquet({literal(place)})"


def _row_lines(source: Source) -> Iterator[tuple[int, int]]:
    assert source.text
    broken, number, header = set(source.broken), 0, True
    for record in repair.records(source.text, source.delimiter, source.layout):
        if record.blank and (header or source.width > 1):
            continue
        if not header and record.line not in broken:
            number += 1
            yield number, record.line + source.before
        header = False


def _batches(rows: Iterator[Any], size: int = 50_000) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


# --- Rejects ----------------------------------------------------------------------------------------


def _write_rejects(path: str, source: Source, columns: list[Treatment], typed: str) -> list[str]:
    """Every rejected line in the order of the file; the first of them as sentences."""
    place = engine.root() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{uuid.uuid4().hex}.part")
    broken = ((line, record, "", reason) for line, reason, record in staging.broken_records(source))
    first: list[str] = []
    try:
        with pq.ParquetWriter(part, _SCHEMA) as writer:
            for batch in _batches(heapq.merge(broken, _misfits(source, columns, typed), key=lambda row: row[0])):
                first += [_sentence(*row) for row in batch[: FIRST - len(first)]]
                cut = [(line, record[:LONGEST_RECORD], column, reason) for line, record, column, reason in batch]
                arrays = [
                    pa.array(values, field.type) for values, field in zip(zip(*cut, strict=True), _SCHEMA, strict=True)
                ]
                writer.write_batch(pa.record_batch(arrays, _SCHEMA))
        engine.publish(part, place)
    finally:
        part.unlink(missing_ok=True)
    return first


def _sentence(line: int, record: str, column: str, reason: str) -> str:
    where = _("line %(line)d, “%(column)s”") if column else _("line %(line)d")
    return f"{where % {'line': line, 'column': column}}: {reason}"


def _misfits(source: Source, columns: list[Treatment], typed: str) -> Iterator[tuple[int, str, str, str]]:
    cursor = engine.connection().cursor()
    numbers = f"SELECT {quoted(ROW)}, {quoted(BAD)}, {quoted(WHY)} FROM {typed} WHERE {quoted(BAD)} IS NOT NULL"
    waiting: list[tuple[int, int, str]] = []

    def rows() -> Iterator[int]:
        for batch in cursor.execute(f"{numbers} ORDER BY 1").to_arrow_reader(10_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                waiting.append(row)
                yield row[0]

    for _number, line, record in staging.originals(source, rows()):
        _row, bad, why = waiting.pop(0)
        yield line, record, columns[bad].name if bad >= 0 else "", why


def _write(path: str, content: bytes) -> None:
    """A small file under a name that is there only when it is whole."""
    place = engine.root() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{uuid.uuid4().hex}.part")
    part.write_bytes(content)
    os.replace(part, place)
