"""When rows of two engines are the same: column for column, type for type; floats to the twelfth figure."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa

Row = tuple[Any, ...]


def rows(table: pa.Table) -> list[Row]:
    """In one order, whatever the engine's was."""
    found = [tuple(row.values()) for row in table.to_pylist()]
    return sorted(found, key=lambda row: [(cell is None, type(cell).__name__, _rounded(cell)) for cell in row])


def _rounded(cell: Any) -> str:
    return f"{cell:.9e}" if isinstance(cell, float) else repr(cell)


def difference(near: pa.Table, far: pa.Table) -> str:
    """What differs, for people to read; "" when nothing does."""
    if (types := list(map(str, near.schema))) != (others := list(map(str, far.schema))):
        return f"types {types} on DuckDB, {others} on Spark"
    here, there = rows(near), rows(far)
    if len(here) == len(there) and all(_same(one, other) for one, other in zip(here, there, strict=True)):
        return ""
    only = [row for row in here if not any(_same(row, other) for other in there)]
    extra = [row for row in there if not any(_same(row, other) for other in here)]
    return f"{len(here)} rows on DuckDB, {len(there)} on Spark; only there: {only[:5]}; only here: {extra[:5]}"


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float) and isinstance(other, float):
        return one == other or math.isclose(one, other, rel_tol=1e-12) or (math.isnan(one) and math.isnan(other))
    return type(one) is type(other) and one == other
