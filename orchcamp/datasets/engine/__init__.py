"""The only door to the query engines: Ibis over the Parquet files of the lake.

Tables are unbound Ibis tables named by their lake path (``datasets/households/3``: one file or a folder of files).
Files of the lake never change once they have their name, so a view of one never goes stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from ibis.expr.types import Table

from . import duck, sharing
from .address import address
from .duck import connection, copy, files, literal, quoted, total
from .errors import BadEngine, Error, Failed, Interrupted, Unreadable
from .functions import encrypted, sha512
from .lake import drop, exists, link, publish, root, rows_of, table

__all__ = [
    "BadEngine",
    "Error",
    "Failed",
    "Interrupted",
    "Unreadable",
    "arrow",
    "connection",
    "copy",
    "count",
    "drop",
    "encrypted",
    "exists",
    "files",
    "interrupt_handle",
    "link",
    "literal",
    "name",
    "publish",
    "quoted",
    "root",
    "rows",
    "sha512",
    "shared",
    "sql",
    "table",
    "total",
    "write",
]


def name() -> str:
    """Which engine answers: ``duckdb`` or ``spark``."""
    return address().name


def _chosen(local: bool = False) -> Any:
    if local or name() == "duckdb":
        return duck
    from . import spark  # nobody else waits for it

    return spark


def count(expression: Table) -> int:
    """How many rows, exactly."""
    return int(_chosen().count(expression))


def arrow(expression: Table, *, local: bool = False) -> pa.Table:
    """The rows themselves; for small results. ``local``: few rows of a few files, read in this process."""
    return _chosen(local).arrow(expression)


def rows(expression: Table, limit: int | None = None, *, local: bool = False) -> list[dict[str, Any]]:
    """The first rows as plain dictionaries."""
    return arrow(expression if limit is None else expression.limit(limit), local=local).to_pylist()


def sql(expression: Table) -> str:
    """The statement that would run, for people to read."""
    return str(_chosen().sql(expression))


def write(expression: Table, path: str, *, order_by: list[str] | None = None, local: bool = False) -> int:
    """Write the rows once under ``path`` and return how many there are.

    If the path is there already nothing is computed: a retry finds the first writer's rows. A half-written
    file has a temporary name and is never seen. Spark makes a folder of files; ``local``, for few rows, one file.
    """
    if exists(path):
        return rows_of(root() / path)
    return int(_chosen(local).write(expression, path, order_by=order_by))


def interrupt_handle() -> Any:
    """Something whose ``interrupt()``, called from another thread, ends this thread's running query."""
    return _chosen().interrupt_handle()


def shared(tables: Sequence[Table], path: str) -> list[Table]:
    """The same tables, reading the largest labour that they share from ``path``, where it is written once."""
    return sharing.shared(tables, path, write)
