"""A file as rows the engine can read again and again: numbered, every column found, nothing judged yet."""

# ruff: noqa: S608

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from . import detection, engine, repair
from .casting import Field, local
from .detection import PLAIN, Layout, LoadError
from .engine import literal, quoted

ROW = " row"  # no column of a file begins with a space
LONGEST_LINE = 16 * 1024 * 1024
FORMS = {  # a Parquet column's type in the engine -> the column's type
    **dict.fromkeys(["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"], "integer"),
    **dict.fromkeys(["UBIGINT", "HUGEINT", "UHUGEINT"], "integer"),
    **dict.fromkeys(["FLOAT", "DOUBLE"], "float"),
    "BOOLEAN": "boolean",
    "DATE": "date",
    "VARCHAR": "string",
    "TIMESTAMP WITH TIME ZONE": "datetime",
}


@dataclass(frozen=True)
class Source:
    """One file, staged."""

    path: Path  # as it was given
    kind: str
    relation: str  # what follows FROM: ROW, and what the fields speak of
    fields: tuple[Field, ...]
    fault: str = "NULL"  # per row: why it is no row at all
    delimiter: str = ""
    text: Path | None = None  # a delimited or JSON Lines file as it was read, for lines and originals
    broken: tuple[int, ...] = ()  # lines of records that are no rows; not in the relation
    layout: Layout = PLAIN
    before: int = 0  # lines of the file that are not in ``text``; -1: a header was put before it
    columns: int = 0  # of a delimited file, also where some are not among the fields

    @property
    def width(self) -> int:
        """How many cells a record has."""
        return self.columns or len(self.fields)

    @property
    def names(self) -> list[str]:
        return [field.name for field in self.fields]


def stage(
    path: Path, folder: Path, *, encoding: str = "", declared: tuple[str, ...] = (), layout: Layout = PLAIN
) -> Source:
    """Read one file into ``folder``. Raises LoadError when it cannot be read as what it says it is."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = detection.kind_of(path, layout.kind)
    try:
        if kind in {"parquet", "xlsx"}:
            plain = repair.unpack(path, folder) if path.suffix.lower() == ".gz" else path
            return _parquet(path, plain) if kind == "parquet" else _workbook(path, plain, folder)
        text, long = _text(path, folder, encoding)
        if kind == "jsonl":
            return _json_lines(path, text, folder, declared)
        return _fixed(path, text, folder, layout) if kind == "fixed" else _delimited(path, text, folder, layout, long)
    except (engine.Error, OSError, EOFError) as error:
        first = str(error).splitlines()[0] if str(error) else error.__class__.__name__
        raise LoadError(_("%(name)s cannot be read: %(why)s") % {"name": path.name, "why": first}) from error


def _text(path: Path, folder: Path, encoding: str) -> tuple[Path, bool]:
    """The file itself, or a repaired copy: UTF-8, all lines ending alike; and whether a line is too long."""
    wanted = encoding or detection.wide_encoding(path)
    if wanted and wanted.lower().replace("_", "-") not in {"utf-8", "utf8", "utf-8-sig"}:
        path = repair.to_utf8(path, wanted, folder)
    found = detection.examine(path)
    if found.newline in {"mixed", "\r"}:
        path = repair.same_line_ends(path, folder)
    return path, found.long


def _copy(statement: str, place: Path) -> str:
    engine.connection().execute(f"COPY ({statement}) TO {literal(place)} (FORMAT parquet, COMPRESSION snappy)")
    return f"read_parquet({literal(place)})"


def _delimited(path: Path, text: Path, folder: Path, layout: Layout, long: bool) -> Source:
    text, before = _trimmed(text, folder, layout)
    delimiter, names, blank_before = detection.header(text, layout)
    names = detection.checked_names(path, names)
    place, broken, straight = folder / f"{path.name}.stage", [], text
    plain = layout.several_lines and not blank_before and not long
    read = _read_csv(text, delimiter, len(names), place, layout) if plain else None
    if read is None:
        straight, broken = repair.straighten(text, delimiter, len(names), folder, layout)
        read = _read_csv(straight, delimiter, len(names), place, layout)
        if read is None:
            raise LoadError(_("%(name)s cannot be read as CSV.") % {"name": path.name})
    fields = tuple(Field(name, f"c{i}", "text") for i, name in enumerate(names))
    facts: dict[str, Any] = {"delimiter": delimiter, "text": text, "broken": tuple(broken), "columns": len(names)}
    return Source(path, "delimited", read, fields, layout=layout, before=before, **facts)


def _trimmed(text: Path, folder: Path, layout: Layout) -> tuple[Path, int]:
    """The text from its header on, and how many lines of the file come before it."""
    if layout.header:
        return (repair.cut(text, folder, lines=layout.skipped), layout.skipped) if layout.skipped else (text, 0)
    bare = repair.cut(text, folder, lines=layout.skipped) if layout.skipped else text
    delimiter, cells, _blank = detection.header(bare, layout)
    names = delimiter.join(f"column_{place}" for place in range(1, len(cells) + 1))
    return repair.cut(text, folder, lines=layout.skipped, header=names), layout.skipped - 1


def _fixed(path: Path, text: Path, folder: Path, layout: Layout) -> Source:
    """Columns that begin at fixed places of each line; what is short ends in empty cells."""
    names, total = detection.checked_names(path, list(layout.names)), sum(layout.widths)
    before = layout.skipped + layout.header
    statement = (
        f"SELECT row_number() OVER () AS {quoted(ROW)}, rtrim(line, chr(13)) AS line FROM read_csv({literal(text)},"
        f" auto_detect = false, header = false, delim = '\x01', quote = '', escape = '',"
        f" columns = {{'line': 'VARCHAR'}}, strict_mode = false, null_padding = true, max_line_size = {LONGEST_LINE})"
    )
    sound = f"SELECT * FROM ({statement}) WHERE {quoted(ROW)} > {before} AND trim(line) <> ''"
    relation = _copy(sound, folder / f"{path.name}.stage")
    starts = [sum(layout.widths[:place]) + 1 for place in range(len(names))]
    fields = tuple(
        Field(name, f"trim(substring(line, {start}, {width}))", "text")
        for name, start, width in zip(names, starts, layout.widths, strict=True)
    )
    beyond = literal(_("longer than the columns together"))
    fault = f"CASE WHEN length(rtrim(line)) > {total} THEN {beyond} END"
    return Source(path, "fixed", relation, fields, fault=fault, text=text, layout=layout)


def _read_csv(text: Path, delimiter: str, width: int, place: Path, layout: Layout) -> str | None:
    """Stage the rows; None when a record is not as wide as the header or its quotes are wrong."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    cursor = engine.connection()
    for table in ("reject_errors", "reject_scans"):
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
    statement = (
        f"SELECT row_number() OVER () AS {quoted(ROW)}, * FROM read_csv({literal(text)}, auto_detect = false,"
        f" header = true, delim = {literal(delimiter)}, quote = {literal(layout.quote)},"
        f" escape = {literal(layout.quote)}, columns = {{{columns}}},"
        f" store_rejects = true, rejects_limit = 1)"
    )
    try:
        relation = _copy(statement, place)
        found = cursor.execute("SELECT count(*) FROM reject_errors").fetchone()
    except engine.Error:
        return None
    return None if found and found[0] else relation


def _json_lines(path: Path, text: Path, folder: Path, declared: tuple[str, ...]) -> Source:
    statement = (
        f"SELECT row_number() OVER () AS {quoted(ROW)}, line FROM read_csv({literal(text)}, auto_detect = false,"
        f" header = false, delim = '\x01', quote = '', escape = '', columns = {{'line': 'VARCHAR'}},"
        f" strict_mode = false, max_line_size = {LONGEST_LINE})"
    )
    lines = _copy(f"SELECT * FROM ({statement}) WHERE trim(line) <> ''", folder / f"{path.name}.stage")
    fault = (
        f"CASE WHEN NOT json_valid(line) THEN {literal(_('is not valid JSON'))}"
        f" WHEN json_type(line) <> 'OBJECT' THEN {literal(_('is not a JSON object'))} END"
    )
    marked = f"(SELECT {quoted(ROW)}, line, {fault} AS fault FROM {lines})"
    keys = (
        engine.connection()
        .execute(
            f"SELECT name, min({quoted(ROW)}) FROM (SELECT {quoted(ROW)}, unnest(json_keys(line)) AS name"
            f" FROM {marked} WHERE fault IS NULL) GROUP BY 1 ORDER BY 2"
        )
        .fetchall()
    )
    if not keys and not declared:
        _refuse_lists(path, text)
    names = _in_order(text, [key for key, _first in keys]) or list(declared)
    checked = detection.checked_names(path, names)
    pointers = ", ".join(literal("/" + name.replace("~", "~0").replace("/", "~1")) for name in names)
    values = ", ".join(f"j[{i}] AS c{i}" for i in range(1, len(names) + 1))
    relation = (
        f"(SELECT {quoted(ROW)}, fault, {values} FROM (SELECT {quoted(ROW)}, fault,"
        f" CASE WHEN fault IS NULL THEN json_extract(line, [{pointers}]) END AS j FROM {marked}))"
    )
    fields = tuple(Field(name, f"c{i}", "json") for i, name in enumerate(checked, start=1))
    return Source(path, "jsonl", relation, fields, fault="fault", text=text)


def _in_order(text: Path, names: list[str]) -> list[str]:
    """Names in the order of the first line, then as they came."""
    with detection.opened(text) as file:
        try:
            first = json.loads(file.readline(LONGEST_LINE))
        except ValueError:
            first = {}
    order = list(first) if isinstance(first, dict) else []
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


def _refuse_lists(path: Path, text: Path) -> None:
    with detection.opened(text) as file:
        head = file.read(1024).lstrip()
    if head.startswith(b"["):
        raise LoadError(_("%(name)s holds one JSON list; write one object a line instead.") % {"name": path.name})
    raise LoadError(_("%(name)s holds no JSON object; write one a line.") % {"name": path.name})


def _parquet(path: Path, plain: Path) -> Source:
    relation = (
        f"(SELECT file_row_number + 1 AS {quoted(ROW)}, * FROM read_parquet({literal(plain)}, file_row_number = true))"
    )
    described = engine.connection().execute(f"DESCRIBE SELECT * FROM read_parquet({literal(plain)})").fetchall()
    names = detection.checked_names(path, [row[0] for row in described])
    fields = []
    for name, (raw, type, *_rest) in zip(names, described, strict=True):
        if type == "BLOB":
            raise LoadError(
                _("%(name)s: column %(column)s holds bytes, not text; leave it out or export it as text.")
                % {"name": path.name, "column": name}
            )
        fields.append(_parquet_field(name, quoted(raw), type))
    return Source(path, "parquet", relation, tuple(fields))


def _parquet_field(name: str, sql: str, type: str) -> Field:
    if type.startswith("TIMESTAMP") and type != "TIMESTAMP WITH TIME ZONE":  # its zone is the project's
        return Field(name, local(f"CAST({sql} AS TIMESTAMP)"), "datetime")
    if type.startswith("DECIMAL"):
        return Field(name, sql, "decimal")
    if type.endswith("]") or type.startswith(("STRUCT", "MAP")):
        return Field(name, f"CAST(to_json({sql}) AS VARCHAR)", "string")
    return Field(name, sql, FORMS[type]) if type in FORMS else Field(name, f"CAST({sql} AS VARCHAR)", "string")


def _workbook(path: Path, plain: Path, folder: Path) -> Source:
    place, names = repair.workbook(plain, folder)
    names = detection.checked_names(path, names)
    if not names:
        raise LoadError(_("%(name)s: the first row of the sheet names no column.") % {"name": path.name})
    beyond = _("a cell beyond the last column of the header")
    fields = tuple(Field(name, f"c{i}", "text") for i, name in enumerate(names))
    fault = f"CASE WHEN c{len(names)} IS NOT NULL THEN {literal(beyond)} END"
    return Source(path, "xlsx", f"read_parquet({literal(place)})", fields, fault=fault)


def originals(source: Source, numbers: Iterator[int]) -> Iterator[tuple[int, int, str]]:
    """For ascending row numbers: (row number, line in the file, the record as it stands there)."""
    if source.kind == "delimited" and source.text:
        yield from _from_records(source, numbers)
    elif source.kind in {"jsonl", "fixed"} and source.text:
        with detection.opened(source.text) as file:
            lines = enumerate(file, start=1)
            for number in numbers:
                line = next(raw for place, raw in lines if place == number)
                yield number, number, line.decode().strip("\r\n")
    else:
        for number in numbers:
            yield number, number, ""


def _from_records(source: Source, numbers: Iterator[int]) -> Iterator[tuple[int, int, str]]:
    assert source.text
    broken, width = set(source.broken), source.width
    found = repair.records(source.text, source.delimiter, source.layout)
    records = (r for r in found if not (r.blank and width > 1))
    next((r for r in records if not r.blank), None)  # the header
    rows = zip(count(1), (r for r in records if r.line not in broken), strict=False)
    for wanted in numbers:
        for number, record in rows:
            if number == wanted:
                yield number, record.line + source.before, record.text.decode(errors="replace")
                break


def broken_records(source: Source) -> Iterator[tuple[int, str, str]]:
    """The records that are no rows: (line, reason, the record as it stands there)."""
    if source.broken and source.text:
        broken = set(source.broken)
        for record in repair.records(source.text, source.delimiter, source.layout):
            if record.line in broken:
                yield (
                    record.line + source.before,
                    repair.fault_of(record, source.width),
                    record.text.decode(errors="replace"),
                )


def row_text(cells: list[Any]) -> str:
    """Cells as one line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(["" if cell is None else cell for cell in cells])
    return line.getvalue()
