"""What a file is: its kind, whether it is sound text, its delimiter and its header."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from orchcamp.web import tables
from orchcamp.web.errors import Refused

KINDS = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".tab": "delimited",
    ".txt": "delimited",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
}
MAGIC = {  # first bytes -> what it really is
    b"PAR1": "parquet",
    b"PK\x03\x04": "xlsx",
    b"\x1f\x8b": "gzip",
}
WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
MAX_COLUMNS = 1_000
LONGEST_NAME = 120
CHUNK = 4 * 1024 * 1024
LONGEST_LINE = 2_000_000  # bytes; the engine's own reader leaves out longer ones without a word


class LoadError(Refused):
    """A file that cannot be loaded; names the file, the place in it and the mend."""


@dataclass(frozen=True)
class Layout:
    """How a text file is laid out, where that is said and not found out."""

    kind: str = ""  # delimited or fixed; "": as the file's name says
    delimiter: str = ""  # "": found in the first line
    quote: str = '"'  # "": no cell is quoted
    header: bool = True
    skipped: int = 0  # lines before the header
    several_lines: bool = True  # a quoted cell may go on in the next line
    names: tuple[str, ...] = ()  # of fixed columns
    widths: tuple[int, ...] = ()


PLAIN = Layout()


@dataclass(frozen=True)
class Text:
    """A text file that was read through once: sound, and how its lines end."""

    newline: str  # "\n", "\r\n", "\r" or "mixed"
    empty: bool
    long: bool = False  # some line is longer than LONGEST_LINE


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked if its name ends in .gz."""
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        yield file  # type: ignore[misc]


def kind_of(path: Path, said: str = "") -> str:
    """delimited, fixed, jsonl, parquet or xlsx: as said or by name, and the first bytes must not say otherwise."""
    name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    kind = said or KINDS.get(name.suffix.lower())
    if kind is None:
        names = ", ".join(KINDS)
        raise LoadError(
            _("%(name)s: files of this kind are not read; known are %(names)s.") % {"name": path.name, "names": names}
        )
    try:
        with opened(path) as file:
            head = file.read(4)
    except (OSError, EOFError, zlib.error) as error:
        raise LoadError(_("%(name)s cannot be read: %(why)s.") % {"name": path.name, "why": error}) from None
    if not head:
        raise LoadError(_("%(name)s is empty.") % {"name": path.name})
    found = next((found for magic, found in MAGIC.items() if head.startswith(magic)), None)
    if found != (kind if kind in {"parquet", "xlsx"} else None):
        raise LoadError(_wrong(path, kind, found))
    return kind


def _wrong(path: Path, kind: str, found: str | None) -> str:
    really = {
        "parquet": _("a Parquet file; name it .parquet"),
        "xlsx": _("a zip archive or a workbook; unpack it, or name it .xlsx"),
        "gzip": _("packed with gzip; add .gz to its name"),
        None: _("not a workbook") if kind == "xlsx" else _("not a Parquet file"),
    }[found]
    return _("%(name)s is %(really)s.") % {"name": path.name, "really": really}


def wide_encoding(path: Path) -> str:
    """The encoding that a byte order mark other than UTF-8's declares, or nothing."""
    with opened(path) as file:
        return WIDE.get(file.read(2), "")


def examine(path: Path) -> Text:
    """Read the whole text once: it must be UTF-8 without zero bytes; says how lines end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = returns = both = total = open_line = 0
    carried, long = b"", False
    try:
        with opened(path) as file:
            while chunk := file.read(CHUNK):
                _refuse_zero(path, chunk, lines)
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    raise _not_utf8(path, error, lines) from None
                joined = carried + chunk
                both += joined.count(b"\r\n") - carried.count(b"\r\n")
                lines, returns, total = lines + chunk.count(b"\n"), returns + chunk.count(b"\r"), total + len(chunk)
                carried = chunk[-1:]
                long, open_line = _long(chunk, open_line, long)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error, lines) from None
    except (OSError, EOFError, zlib.error) as error:
        raise LoadError(_("%(name)s cannot be read: %(why)s.") % {"name": path.name, "why": error}) from None
    if returns and not lines:
        newline = "\r"
    elif not both:
        newline = "\n"
    else:
        newline = "\r\n" if both == lines else "mixed"
    return Text(newline, total == 0, long)


def _long(chunk: bytes, before: int, known: bool) -> tuple[bool, int]:
    """Whether a line is too long, and how many bytes of one are open at the end of the chunk."""
    place = -before  # where the open line begins
    while not known and place + LONGEST_LINE < len(chunk):
        end = chunk.rfind(b"\n", max(place, 0), place + LONGEST_LINE + 1)
        if end < 0:
            return True, 0
        place = end + 1
    last = chunk.rfind(b"\n")
    return known, before + len(chunk) if last < 0 else len(chunk) - last - 1


def _refuse_zero(path: Path, chunk: bytes, lines: int) -> None:
    place = chunk.find(b"\0")
    if place >= 0:
        line = lines + chunk.count(b"\n", 0, place) + 1
        raise LoadError(
            _("%(name)s, line %(line)d, holds a zero byte: it is no text file. Export it as CSV in UTF-8.")
            % {"name": path.name, "line": line}
        )


def _not_utf8(path: Path, error: UnicodeDecodeError, lines: int) -> LoadError:
    line = lines + error.object.count(b"\n", 0, error.start) + 1
    return LoadError(
        _(
            "%(name)s, line %(line)d, is not UTF-8 (byte %(byte)s). Save the file as UTF-8, or name its encoding"
            " (as in “encoding: windows-1252”)."
        )
        % {"name": path.name, "line": line, "byte": f"0x{error.object[error.start]:02X}"}
    )


def header(path: Path, layout: Layout = PLAIN) -> tuple[str, list[str], bool]:
    """The delimiter, the names in the first line that is not blank, and whether blank lines come before it."""
    with opened(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        first, blank = "", False
        while line := text.readline(CHUNK):
            if line.strip("\r\n"):
                first = line
                break
            blank = True
        for _more in range(50):  # a quoted name may go over several lines
            if not layout.quote or not layout.several_lines or first.count(layout.quote) % 2 == 0:
                break
            first += text.readline(CHUNK)
    if not first:
        raise LoadError(_("%(name)s is empty.") % {"name": path.name})
    delimiter = layout.delimiter or _delimiter(path, first, layout.quote)
    quoting = {"quotechar": layout.quote} if layout.quote else {"quoting": csv.QUOTE_NONE}
    return delimiter, _split(path, first.rstrip("\r\n"), delimiter, quoting), blank


def _split(path: Path, line: str, delimiter: str, quoting: dict[str, Any]) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, **quoting))
    except csv.Error as error:
        raise LoadError(
            _("%(name)s: the first line cannot be read as columns (%(why)s).") % {"name": path.name, "why": error}
        ) from None


def _delimiter(path: Path, first: str, quote: str) -> str:
    name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    if name.suffix.lower() in {".tsv", ".tab"}:
        return "\t"
    return tables.delimiter(first, quote)


def checked_names(path: Path, names: list[str]) -> list[str]:
    """Column names as they will be called. Raises LoadError for names that cannot be told apart."""
    if len(names) > MAX_COLUMNS:
        raise LoadError(
            _("%(name)s has %(n)d columns; at most %(most)d can be loaded.")
            % {"name": path.name, "n": len(names), "most": MAX_COLUMNS}
        )
    seen: dict[str, str] = {}
    for place, name in enumerate(stripped := [name.strip() for name in names], start=1):
        facts = {"name": path.name, "place": place, "column": name[:60], "other": seen.get(name.lower(), "")}
        if not name:
            raise LoadError(_("%(name)s: column %(place)d of the header has no name.") % facts)
        if len(name) > LONGEST_NAME:
            raise LoadError(_("%(name)s: the name of column %(place)d is too long (“%(column)s…”).") % facts)
        if name == facts["other"]:
            raise LoadError(_("%(name)s: the header names “%(column)s” twice; rename one of them.") % facts)
        if facts["other"]:
            raise LoadError(
                _("%(name)s: the columns “%(other)s” and “%(column)s” differ in case only; rename one.") % facts
            )
        seen[name.lower()] = name
    return stripped
