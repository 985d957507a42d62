"""Files that the engine cannot read as they are: other encodings, ragged lines, workbooks."""

from __future__ import annotations

import codecs
import gzip
import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from .detection import LONGEST_LINE, PLAIN, Layout, LoadError, opened

LONGEST_RECORD = 1024 * 1024


@dataclass(frozen=True)
class Record:
    """One record of a delimited file as it stands there."""

    line: int  # of its first character, from 1
    text: bytes  # without the line end
    cells: int
    fault: str  # "", or what is wrong with its quotes
    blank: bool = False


def unpack(path: Path, folder: Path) -> Path:
    """A gzip file's content under its own name."""
    place = folder / path.stem
    with gzip.open(path) as packed, place.open("wb") as file:
        shutil.copyfileobj(packed, file, 1024 * 1024)
    return place


def to_utf8(path: Path, encoding: str, folder: Path) -> Path:
    """A copy of a text file in UTF-8. Raises LoadError when the encoding is unknown or does not fit."""
    try:
        codec = codecs.lookup(encoding)
        if not codec._is_text_encoding:
            raise LookupError
    except LookupError:
        raise LoadError(
            _("%(name)s: “%(encoding)s” is no known encoding.") % {"name": path.name, "encoding": encoding}
        ) from None
    place = folder / f"utf8-{path.name.removesuffix('.gz')}"
    line = 1
    try:
        with opened(path) as file, place.open("w", encoding="utf-8", newline="") as copy:
            reader = codec.streamreader(file)
            while text := reader.read(1024 * 1024):
                copy.write(text.removeprefix("\ufeff") if line == 1 else text)
                line += text.count("\n")
    except UnicodeError as error:
        raise LoadError(
            _("%(name)s, near line %(line)d, is not %(encoding)s: %(why)s.")
            % {"name": path.name, "line": line, "encoding": encoding, "why": getattr(error, "reason", error)}
        ) from None
    return place


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Physical lines without their ends, whatever they end with."""
    for raw in file:
        line = raw.removesuffix(b"\n").removesuffix(b"\r")
        yield from line.split(b"\r") if b"\r" in line else (line,)


@lru_cache(maxsize=16)
def _quoted(quote: bytes) -> re.Pattern[bytes]:
    mark = re.escape(quote)
    return re.compile(mark + rb"(?:[^" + mark + rb"]++|" + mark + mark + rb")*+" + mark)


def _cells(text: bytes, mark: bytes, quote: bytes) -> tuple[int, str]:
    """How many cells a record has, and what is wrong with its quotes: "", "open" or "stray"."""
    if not quote or quote not in text:
        return text.count(mark) + 1, ""
    place, cells = 0, 1
    while place < len(text):
        if text[place : place + 1] == quote:
            found = _quoted(quote).match(text, place)
            if not found:
                return cells, "open"
            place = found.end()
            if place < len(text) and text[place : place + 1] != mark:
                return cells, "stray"
        else:
            place = text.find(mark, place)
            place = len(text) if place < 0 else place
        if place < len(text):
            place, cells = place + 1, cells + 1
    return cells, ""


def records(path: Path, delimiter: str, layout: Layout = PLAIN) -> Iterator[Record]:
    """Every record with its line number, the header first; an unclosed quote spoils its own line only."""
    mark, quote = delimiter.encode(), layout.quote.encode()
    with opened(path) as file:
        lines, waiting, number = _lines(file), [], 0
        while True:
            text = waiting.pop(0) if waiting else next(lines, None)
            if text is None:
                return
            number += 1
            text = text.removeprefix(codecs.BOM_UTF8) if number == 1 else text
            cells, fault = _cells(text, mark, quote)
            extra: list[bytes] = []
            joined = text
            while fault == "open" and layout.several_lines and len(joined) < LONGEST_RECORD:
                more = waiting.pop(0) if waiting else next(lines, None)
                if more is None:
                    break
                extra.append(more)
                joined += b"\n" + more
                if quote in more:
                    cells, fault = _cells(joined, mark, quote)
            if fault == "open" or (fault and extra):  # the quote that closes it belongs to a later record
                waiting[:0] = extra
                yield Record(number, text, cells, "open")
                continue
            yield Record(number, joined, cells, fault, blank=not joined)
            number += len(extra)


def straighten(path: Path, delimiter: str, width: int, folder: Path, layout: Layout = PLAIN) -> tuple[Path, list[int]]:
    """A copy with the sound records only, and the lines of the records left out."""
    place, left_out = folder / f"straight-{path.name.removesuffix('.gz')}", []
    with place.open("wb") as copy:
        first = True
        for record in records(path, delimiter, layout):
            if record.blank and (first or width > 1):
                continue
            if first or not fault_of(record, width):
                copy.write(record.text + b"\n")
            else:
                left_out.append(record.line)
            first = False
    return place, left_out


def fault_of(record: Record, width: int) -> str:
    """Why a record cannot be read as a row, or nothing."""
    if record.fault == "open":
        return _("a quote is opened and never closed")
    if record.fault == "stray":
        return _("something stands after a closing quote")
    if len(record.text) > LONGEST_LINE:
        return _("longer than 2 MB")
    if record.cells != width:
        return _("%(cells)d cells where the header has %(width)d") % {"cells": record.cells, "width": width}
    return ""


def cut(path: Path, folder: Path, *, lines: int, header: str = "") -> Path:
    """A copy without the first lines, and with a header where the file has none."""
    place = folder / f"cut-{path.name.removesuffix('.gz')}"
    with opened(path) as file, place.open("wb") as copy:
        if header:
            copy.write(header.encode() + b"\n")
        for number, raw in enumerate(file):
            if number >= lines:
                copy.write(raw.removeprefix(codecs.BOM_UTF8) if number == 0 else raw)
    return place


def same_line_ends(path: Path, folder: Path) -> Path:
    """A copy whose lines all end alike."""
    place = folder / f"lines-{path.name.removesuffix('.gz')}"
    with opened(path) as file, place.open("wb") as copy:
        copy.writelines(line + b"\n" for line in _lines(file))
    return place


def workbook(path: Path, folder: Path) -> tuple[Path, list[str]]:
    """The first sheet with rows as a Parquet file of texts (column `` row`` = the sheet's row), and its header."""
    import pandas as pd

    try:
        sheets = pd.read_excel(
            path, sheet_name=None, header=None, dtype=object, engine="calamine", keep_default_na=False
        )
    except Exception as error:  # calamine has no one exception for files that are no workbook
        raise LoadError(
            _("%(name)s cannot be read as a workbook: %(why)s.") % {"name": path.name, "why": error}
        ) from None
    sheet = next((sheet for sheet in sheets.values() if len(sheet)), None)
    if sheet is None:
        raise LoadError(_("%(name)s is empty.") % {"name": path.name})
    rows = sheet.itertuples(index=True, name=None)
    names: list[str] = []
    for _number, *cells in rows:
        names = [_text(cell) or "" for cell in cells]
        if any(names):
            break
    while names and not names[-1].strip():
        names.pop()
    place = folder / f"{path.name}.parquet"
    schema = pa.schema([(" row", pa.int64()), *((f"c{i}", pa.string()) for i in range(len(names) + 1))])
    with pq.ParquetWriter(place, schema) as writer:
        batch: list[list[Any]] = []
        for number, *cells in rows:
            texts = [_text(cell) for cell in cells]
            if any(text is not None for text in texts):
                beyond = next((text for text in texts[len(names) :] if text is not None), None)
                batch.append([number + 1, *texts[: len(names)], beyond])
            if len(batch) >= 50_000:
                writer.write_batch(_arrow(batch, schema))
                batch = []
        writer.write_batch(_arrow(batch, schema))
    return place, names


def _arrow(batch: list[list[Any]], schema: pa.Schema) -> pa.RecordBatch:
    columns = list(zip(*batch, strict=True)) if batch else [[] for _field in schema]
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema
    )


def _text(cell: Any) -> str | None:
    """A workbook's cell as the text a CSV file would hold."""
    if cell is None or cell == "" or cell != cell:  # NaT and NaN differ from themselves
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if math.isfinite(cell) and cell == int(cell) and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
