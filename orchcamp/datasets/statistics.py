"""What the columns of a snapshot hold, counted once and kept beside it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
from ibis.expr.types import Table

from . import engine
from .schema import TYPES

TOP = 8
BINS = 12
EXACT_UP_TO = 2_000_000  # rows; beyond, distinct values are estimated and said to be
MEASURED = {"integer", "decimal", "float", "date", "datetime"}


def place(path: str) -> str:
    """The lake path of a snapshot's statistics."""
    return f"{path}.statistics.json"


def of(path: str, types: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Per column: rows, nulls, distinct (and whether exact), least, most, and the bars of a small distribution."""
    file = engine.root() / place(path)
    try:
        kept = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        kept = {}
    if not set(types) <= set(kept):
        kept = _computed(path, types)
        part = file.with_name(f".{file.name}.{uuid.uuid4().hex}.part")
        part.write_text(json.dumps(kept, ensure_ascii=False))
        part.replace(file)
    return kept


def of_column(table: Table, name: str, type: str) -> dict[str, Any]:
    """The figures of one column of any table, asked now; of numbers and dates the median too."""
    rows = engine.count(table)
    found = {"rows": rows, "exact": rows <= EXACT_UP_TO} | _column(table, name, type, rows)
    if type in MEASURED and rows > found["nulls"]:
        (middle,) = engine.rows(table.aggregate(median=_number(table[name], type).median()))[0].values()
        found["median"] = _end(middle, type)
    return found


def _computed(path: str, types: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    table = ibis.table({name: TYPES[type] for name, type in types.items()}, name=path)
    rows = engine.count(table)
    found: dict[str, dict[str, Any]] = {}
    for name, type in types.items():
        found[name] = {"rows": rows, "exact": rows <= EXACT_UP_TO} | _column(table, name, type, rows)
    return found


def _column(table: Table, name: str, type: str, rows: int) -> dict[str, Any]:
    column = table[name]
    distinct = column.nunique() if rows <= EXACT_UP_TO else column.approx_nunique()
    ends = {"least": column.min(), "most": column.max()} if type != "boolean" else {}
    facts = engine.rows(table.aggregate(nulls=column.isnull().sum(), distinct=distinct, **ends))[0]
    facts["nulls"] = int(facts["nulls"] or 0)
    bars: list[list[Any]] = []
    if type in MEASURED and facts["distinct"] > TOP:
        bars = _histogram(table, name, type, facts["least"], facts["most"])
    elif facts["distinct"] and (facts["distinct"] <= TOP or facts["distinct"] < rows / 2):
        bars = [[_plain(value), n] for value, n in top(table, name, TOP)]
    return {key: _plain(value) for key, value in facts.items()} | {
        "bars": bars,
        "histogram": type in MEASURED and facts["distinct"] > TOP,
    }


def top(table: Table, name: str, most: int) -> list[tuple[Any, int]]:
    """The values with most rows, without null, and how many rows each has."""
    counted = table.select(value=table[name]).drop_null().group_by("value").aggregate(rows=lambda t: t.count())
    return [
        (row["value"], row["rows"]) for row in engine.rows(counted.order_by([ibis.desc("rows"), "value"]).limit(most))
    ]


def _number(column: Any, type: str) -> Any:
    if type == "date":
        return column.cast("timestamp").epoch_seconds().cast("float64")
    return column.epoch_seconds().cast("float64") if type == "datetime" else column.cast("float64")


def _histogram(table: Table, name: str, type: str, least: Any, most: Any) -> list[list[Any]]:
    """Bars of equal width between the least and the greatest value: [lower end, rows]."""
    number = _number(table[name], type)
    low, high = engine.rows(table.aggregate(low=number.min(), high=number.max()))[0].values()
    width = (high - low) / BINS
    if not width or width != width or width in (float("inf"), float("-inf")):
        return []
    bin = ibis.least(((number - low) / width).floor(), ibis.literal(BINS - 1)).cast("int64")
    known = table.filter(table[name].notnull())
    counted = {row["bin"]: row["n"] for row in engine.rows(known.group_by(bin=bin).aggregate(n=lambda t: t.count()))}
    return [[_end(low + i * width, type), counted.get(i, 0)] for i in range(BINS)]


def _end(number: float, type: str) -> Any:
    if type in {"date", "datetime"}:
        moment = ibis.literal(int(number)).as_timestamp("s")
        return str(engine.rows(moment.as_table())[0].popitem()[1])[:10]
    return round(number, 2)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return value if isinstance(value, bool | int | float | type(None)) else str(value)[:200]
