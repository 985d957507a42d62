"""Tables as CSV files that stream, and whose cells no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.text import slugify

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet takes a text that begins so for a formula


class _Echo:
    """A file that hands back each line, so that the answer streams."""

    def write(self, line: str) -> str:
        return line


def download(rows: Iterable[Iterable[Any]], name: str) -> StreamingHttpResponse:
    """The rows, headings first, as a file ``name.csv`` in UTF-8; every text in it is made harmless."""
    writer = csv.writer(_Echo())
    lines = (writer.writerow([harmless(cell) for cell in row]) for row in rows)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slugify(name)}.csv"'
    return response


def harmless(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
