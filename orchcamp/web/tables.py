"""Small tables that people upload: how they are encoded, what divides their cells, and on which line each row stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from .errors import Refused

MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


class TableError(Refused):
    """A file that is no table."""


def delimiter(line: str, quote: str = '"') -> str:
    """What divides the cells of a first line: the one of , ; tab | that occurs most, outside quotes."""
    bare = "".join(line.split(quote)[::2]) if quote else line
    return max(",;\t|", key=lambda mark: (bare.count(mark), mark == ","))


def decoded(content: bytes, name: str) -> str:
    """The text of a file in UTF-8, or in what its byte order mark says. Raises TableError."""
    encoding = next((found for mark, found in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TableError(
            _("%(name)s, line %(line)d, is not UTF-8; save the file as CSV in UTF-8.") % {"name": name, "line": line}
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise TableError(
            _("%(name)s, line %(line)d, holds a zero byte: it is no text file. Export it as CSV in UTF-8.")
            % {"name": name, "line": line}
        )
    return text


def rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with the number of the line on which it begins. Raises TableError."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(first))
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise TableError(
            _("%(name)s, line %(line)d, cannot be read as columns (%(why)s).")
            % {"name": name, "line": begins, "why": error}
        ) from None
