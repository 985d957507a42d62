"""Rows of the lake as a file for other programs: written batch by batch, in the shape that was asked for."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from orchcamp.web.csvs import harmless
from orchcamp.web.errors import Refused

from . import engine
from .engine import lake

BATCH = 10_000
MOST_SHEET_ROWS = 1_048_576
LONGEST_SHEET_TEXT = 32_767
FIRST_SHEET_YEAR = 1901  # a worksheet counts days from 1900, and in that year not as others do
ENDINGS = {"csv": "csv", "tsv": "tsv", "fixed": "txt", "xlsx": "xlsx", "parquet": "parquet", "jsonl": "jsonl"}
PACKED = {"gzip": "gz", "zip": "zip"}


@dataclass(frozen=True)
class Style:
    """How the file is written."""

    format: str = "csv"
    header: bool = True
    separator: str = ","
    quote: str = '"'  # "": none
    line_end: str = "\n"
    encoding: str = "utf-8"
    date_format: str = "%Y-%m-%d"
    datetime_format: str = ""  # "": ISO
    decimal_mark: str = "."
    harmless: bool = False  # an apostrophe before texts that a spreadsheet would take for formulas
    compression: str = ""
    zone: str = "UTC"
    widths: tuple[int, ...] = ()


def ending(style: Style) -> str:
    """What the file's name ends in."""
    packed = PACKED.get(style.compression)
    return f".{ENDINGS[style.format]}" + (f".{packed}" if packed else "")


def write(source: str, path: str, labels: Sequence[str], style: Style) -> int:
    """Write the lake's rows ``source`` as a file under the lake path ``path``, once; how many there are.

    Raises Refused in words; nothing half-written has the name.
    """
    rows = sum(pq.read_metadata(part).num_rows for part in lake.parts(engine.root() / source))
    place = engine.root() / path
    if place.exists():
        return rows
    if style.format == "xlsx" and rows + style.header > MOST_SHEET_ROWS:
        sentence = _("A worksheet holds %(most)s rows and there are %(rows)s; choose another format.")
        raise Refused(sentence % {"most": f"{MOST_SHEET_ROWS:,}", "rows": f"{rows:,}"})
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with _packed(part, place.name, style) as file:
            WRITERS[style.format](file, _batches(source), list(labels), style)
        lake.sync(part)
        engine.publish(part, place)
    finally:
        part.unlink(missing_ok=True)
    return rows


def _batches(source: str) -> Iterator[pa.RecordBatch]:
    for part in lake.parts(engine.root() / source):
        with pq.ParquetFile(part) as file:
            yield from file.iter_batches(BATCH)


def _rows(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[Any, ...]]:
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


@contextmanager
def _packed(part: Path, name: str, style: Style) -> Iterator[IO[bytes]]:
    if style.compression == "gzip":
        with part.open("wb") as raw, gzip.GzipFile(name.removesuffix(".gz"), "wb", fileobj=raw, mtime=0) as file:
            yield file  # type: ignore[misc]
    elif style.compression == "zip":
        inner = zipfile.ZipInfo(name.removesuffix(".zip"))
        inner.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(part, "w") as archive, archive.open(inner, "w", force_zip64=True) as file:
            yield file
    else:
        with part.open("wb") as file:
            yield file


# --- Cells ------------------------------------------------------------------------------------------


def _text(cell: Any, style: Style, zone: ZoneInfo) -> str:
    """A cell as a text file holds it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return harmless(cell) if style.harmless else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        moment = cell.astimezone(zone)
        return moment.strftime(style.datetime_format) if style.datetime_format else moment.isoformat()
    if isinstance(cell, date):
        return cell.strftime(style.date_format)
    if isinstance(cell, float):
        return repr(cell).replace(".", style.decimal_mark)
    if isinstance(cell, Decimal):
        whole = f"{cell:f}"
        short = whole.rstrip("0").rstrip(".") if "." in whole else whole
        return short.replace(".", style.decimal_mark)
    return str(cell)


def _text_file(file: IO[bytes], style: Style) -> io.TextIOWrapper:
    return io.TextIOWrapper(file, encoding=style.encoding, newline="", write_through=False)


def _encoded(write: Callable[[], None], style: Style) -> None:
    try:
        write()
    except UnicodeEncodeError as error:
        raise Refused(
            _("“%(mark)s” cannot be written in %(encoding)s; choose UTF-8.")
            % {"mark": error.object[error.start : error.end][:20], "encoding": style.encoding}
        ) from None


def _delimited(file: IO[bytes], batches: Iterator[pa.RecordBatch], labels: list[str], style: Style) -> None:
    separator, zone = "\t" if style.format == "tsv" else style.separator, ZoneInfo(style.zone)
    text = _text_file(file, style)
    quoting: dict[str, Any] = {"quotechar": style.quote} if style.quote else {"quoting": csv.QUOTE_NONE}
    writer = csv.writer(text, delimiter=separator, lineterminator=style.line_end, **quoting)

    def run() -> None:
        if style.header:
            writer.writerow([_text(label, style, zone) for label in labels])
        for row in _rows(batches):
            writer.writerow([_text(cell, style, zone) for cell in row])
        text.flush()

    try:
        _encoded(run, style)
    except csv.Error:
        sentence = _("A value holds the separator, and no string delimiter is chosen; choose one.")
        raise Refused(sentence) from None
    finally:
        text.detach()


def _fixed(file: IO[bytes], batches: Iterator[pa.RecordBatch], labels: list[str], style: Style) -> None:
    zone, text = ZoneInfo(style.zone), _text_file(file, style)

    def line(cells: Sequence[Any], names: Sequence[str]) -> str:
        found = []
        for cell, name, width in zip(cells, names, style.widths, strict=True):
            value = _text(cell, style, zone)
            if len(value) > width or "\n" in value or "\r" in value:
                raise Refused(
                    _("“%(value)s” does not fit into column “%(name)s” of %(n)d characters; widen it.")
                    % {"value": value[:60], "name": name, "n": width}
                )
            is_number = isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)
            found.append(value.rjust(width) if is_number else value.ljust(width))
        return "".join(found) + style.line_end

    def run() -> None:
        if style.header:
            text.write(line(labels, labels))
        for row in _rows(batches):
            text.write(line(row, labels))
        text.flush()

    try:
        _encoded(run, style)
    finally:
        text.detach()


def _json_lines(file: IO[bytes], batches: Iterator[pa.RecordBatch], labels: list[str], style: Style) -> None:
    zone = ZoneInfo(style.zone)
    for row in _rows(batches):
        record = {label: plain(cell, zone) for label, cell in zip(labels, row, strict=True)}
        file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")


def plain(cell: Any, zone: ZoneInfo) -> Any:
    """A cell as JSON holds it; a decimal keeps its digits as a number where they fit, else as a text."""
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        number = float(cell)
        return (
            (int(cell) if cell == cell.to_integral_value() else number) if Decimal(repr(number)) == cell else str(cell)
        )
    return None if isinstance(cell, float) and not isfinite(cell) else cell


def _xlsx(file: IO[bytes], batches: Iterator[pa.RecordBatch], labels: list[str], style: Style) -> None:
    import xlsxwriter

    zone = ZoneInfo(style.zone)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with _aside(file) as place, xlsxwriter.Workbook(place, {**options, "remove_timezone": True}) as book:
        sheet = book.add_worksheet()
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        if style.header:
            for column, label in enumerate(labels):
                sheet.write_string(0, column, label)
        for line, row in enumerate(_rows(batches), start=int(style.header)):
            for column, cell in enumerate(row):
                _sheet_cell(sheet, line, column, cell, zone, moment, day)


@contextmanager
def _aside(file: IO[bytes]) -> Iterator[Path]:
    """A place for a writer that must go back and forth in its file; what it made is copied into ``file``."""
    place = engine.root() / f".{uuid.uuid4().hex}.part"
    try:
        yield place
        with place.open("rb") as done:
            shutil.copyfileobj(done, file, 1024 * 1024)
    finally:
        place.unlink(missing_ok=True)


def _sheet_cell(sheet: Any, line: int, column: int, cell: Any, zone: ZoneInfo, moment: Any, day: Any) -> None:
    if isinstance(cell, date) and cell.year < FIRST_SHEET_YEAR:
        sheet.write_string(line, column, (cell.astimezone(zone) if isinstance(cell, datetime) else cell).isoformat())
    elif isinstance(cell, datetime):
        sheet.write_datetime(line, column, cell.astimezone(zone), moment)
    elif isinstance(cell, date):
        sheet.write_datetime(line, column, cell, day)
    elif isinstance(cell, float) and not isfinite(cell):
        sheet.write_string(line, column, str(cell))  # a worksheet knows no such number
    elif isinstance(cell, str):
        if len(cell) > LONGEST_SHEET_TEXT:
            raise Refused(
                _("A text is longer than the 32,767 characters of a worksheet's cell; choose another format.")
            )
        sheet.write_string(line, column, cell)
    elif isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) >= 10**15:
        sheet.write_string(line, column, str(cell))  # a worksheet keeps fifteen digits
    elif cell is not None:
        sheet.write(line, column, cell)


def _parquet(file: IO[bytes], batches: Iterator[pa.RecordBatch], labels: list[str], style: Style) -> None:
    with _aside(file) as place:
        writer: pq.ParquetWriter | None = None
        for batch in batches:
            batch = batch.rename_columns(labels)
            writer = writer or pq.ParquetWriter(place, batch.schema)
            writer.write_batch(batch)
        writer = writer or pq.ParquetWriter(place, pa.schema([(label, pa.string()) for label in labels]))
        writer.close()


WRITERS = {
    "csv": _delimited,
    "tsv": _delimited,
    "fixed": _fixed,
    "xlsx": _xlsx,
    "parquet": _parquet,
    "jsonl": _json_lines,
}
