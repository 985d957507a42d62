"""The members of an audience as a file for people."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from ibis.expr.types import Table

from . import engine, extracting
from .extracting import Style

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


def write(table: Table, form: str) -> tuple[Path, int]:
    """A file with the rows, and how many there are; who asked removes it. Raises Refused."""
    name = f"exports/{uuid.uuid4().hex}"
    source, path = f"{name}.rows.parquet", f"{name}.{form}"
    style = Style(format=form, harmless=True, zone=settings.TIME_ZONE)
    try:
        engine.write(table, source)
        rows = extracting.write(source, path, table.columns, style)
    finally:
        engine.drop(source)
    return engine.root() / path, rows
