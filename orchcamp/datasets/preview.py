"""First rows and common values of a table, fit to be shown to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
from ibis.expr.types import Table

from . import engine
from .schema import ColumnShape

ROWS_SHOWN = 10
VALUES_SHOWN = 20
MASK = "•••"


@dataclass(frozen=True)
class Frequency:
    """One value of a column, how many rows have it, and what share of all rows."""

    value: Any
    rows: int
    share: float


@dataclass(frozen=True)
class Sample:
    """A few rows as texts, with the labels of their columns."""

    labels: list[str]
    rows: list[list[str]]
    masked: bool


def said(value: Any) -> str:
    """A value of the data as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds" if value.second else "minutes").replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def sample(
    table: Table,
    columns: Mapping[str, ColumnShape],
    *,
    personal: bool,
    key: tuple[str, ...],
    at_most: int = ROWS_SHOWN,
) -> Sample:
    """The first rows by key; personal columns are masked for those who may not see them."""
    names = [name for name in table.columns if name in columns]
    hidden = {name for name in names if columns[name].personal and not personal}
    ordered = table.order_by([table[name].asc(nulls_first=False) for name in key]).select(names)
    found = engine.rows(ordered, at_most)
    rows = [[_cell(row[name], name in hidden) for name in names] for row in found]
    return Sample([columns[name].label or name for name in names], rows, bool(hidden))


def _cell(value: Any, hidden: bool) -> str:
    return MASK if hidden and value is not None else said(value)


def frequencies(table: Table, column: str, wanted: str = "") -> tuple[list[Frequency], bool]:
    """The most common values of a column, and whether there are more; ``wanted`` narrows them by a piece of text."""
    values = table.select(value=table[column]).filter(ibis._.value.notnull())
    counts = values.group_by("value").aggregate(rows=ibis._.count())
    counts = counts.mutate(total=counts.rows.sum().over(ibis.window()))
    if wanted:
        counts = counts.filter(counts.value.cast("string").lower().contains(wanted.lower()))
    ordered = counts.order_by([ibis.desc("rows"), ibis.asc("value")])
    found = engine.rows(ordered, VALUES_SHOWN + 1)
    shown = [
        Frequency(said(row["value"]), row["rows"], row["rows"] / int(row["total"])) for row in found[:VALUES_SHOWN]
    ]
    return shown, len(found) > VALUES_SHOWN


def null_rate(table: Table, column: str) -> float | None:
    """The share of rows in which a column is empty; None of no rows."""
    (found,) = engine.rows(table.aggregate(rows=table.count(), nulls=table[column].isnull().sum()))
    return int(found["nulls"] or 0) / found["rows"] if found["rows"] else None
