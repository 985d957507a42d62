"""The only door to the query engine: Ibis on DuckDB, over the Parquet files of the lake.

Tables are unbound Ibis tables named by their lake path (``datasets/households/3``: one file or a folder of files).
One in-memory database a process, one cursor a thread, so that ``memory_limit`` holds for the whole process.
"""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import ibis
import ibis.expr.operations as ops
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from ibis.expr.types import Scalar, Table

_lock = threading.Lock()
_process: tuple[int, duckdb.DuckDBPyConnection] | None = None
_local = threading.local()


def root() -> Path:
    """The lake's root folder."""
    return Path(settings.LAKE_DIR)


def _options() -> dict[str, str]:
    parts = urlsplit(settings.ENGINE)
    return {name: values[-1] for name, values in parse_qs(parts.query).items()}


def _database() -> duckdb.DuckDBPyConnection:
    """This process's database; a forked worker gets its own."""
    global _process
    with _lock:
        if _process is None or _process[0] != os.getpid():
            config = {"memory_limit": "4GB", "threads": str(os.cpu_count() or 2), **_options()}
            config["temp_directory"] = str(Path(settings.DATA_DIR) / "spill")
            connection = duckdb.connect(":memory:", config=config)
            connection.execute("SET TimeZone = 'UTC'")
            _process = (os.getpid(), connection)
        return _process[1]


def connection() -> duckdb.DuckDBPyConnection:
    """This thread's raw cursor, for set-based loading."""
    return _backend().con


def _backend() -> ibis.backends.duckdb.Backend:
    if getattr(_local, "pid", None) != os.getpid():
        cursor = _database().cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        _local.backend, _local.pid, _local.views = ibis.duckdb.from_connection(cursor), os.getpid(), set()
    return _local.backend


def _files(path: str) -> str:
    """What DuckDB reads for a lake path: the file, or every file of the folder."""
    place = root() / path
    return str(place / "*.parquet") if place.is_dir() else str(place)


def _prepare(expression: Table | Scalar) -> ibis.backends.duckdb.Backend:
    """Give every lake table of the expression a view of its own name."""
    backend = _backend()
    for table in expression.op().find(ops.UnboundTable):
        place = (str(root()), table.name)
        if place not in _local.views:
            name, files = table.name.replace('"', '""'), _files(table.name).replace("'", "''")
            backend.con.execute(f"CREATE OR REPLACE TEMP VIEW \"{name}\" AS SELECT * FROM read_parquet('{files}')")
            _local.views = {seen for seen in _local.views if seen[1] != table.name} | {place}
    return backend


def table(path: str) -> Table:
    """The rows under a lake path, lazily, with the schema its file names."""
    place = root() / path
    file = sorted(place.glob("*.parquet"))[0] if place.is_dir() else place
    return ibis.table(ibis.Schema.from_pyarrow(pq.read_schema(file)), name=path)


def exists(path: str) -> bool:
    return (root() / path).exists()


def count(expression: Table) -> int:
    """How many rows, exactly."""
    total = expression.count()
    return int(_prepare(total).to_pyarrow(total).as_py())


def arrow(expression: Table) -> pa.Table:
    """The rows themselves; for small results."""
    return _prepare(expression).to_pyarrow(expression)


def rows(expression: Table, limit: int | None = None) -> list[dict[str, Any]]:
    """The first rows as plain dictionaries."""
    return arrow(expression if limit is None else expression.limit(limit)).to_pylist()


def sql(expression: Table) -> str:
    """The statement that would run, for people to read."""
    return str(ibis.to_sql(expression, dialect="duckdb"))


def write(expression: Table, path: str, *, order_by: list[str] | None = None) -> int:
    """Write the rows once under ``path`` and return how many there are.

    If the path is there already nothing is computed: a retry finds the first writer's rows. A half-written
    file has a temporary name and is never seen.
    """
    place = root() / path
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{uuid.uuid4().hex}.part")
        backend = _prepare(expression)
        ordered = expression.order_by(order_by) if order_by else expression
        statement = backend.compile(ordered)
        try:
            backend._run_pre_execute_hooks(ordered)
            backend.con.execute(
                f"COPY ({statement}) TO '{str(part).replace(chr(39), chr(39) * 2)}' (FORMAT parquet, COMPRESSION zstd)"
            )
            try:
                os.link(part, place)
            except FileExistsError:
                pass  # another worker was first; its rows stand
        finally:
            part.unlink(missing_ok=True)
    return pq.read_metadata(place).num_rows


def drop(path: str) -> None:
    """Remove what lies under a lake path."""
    place = root() / path
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)


def interrupt_handle() -> Any:
    """Something whose ``interrupt()``, called from another thread, ends this thread's running query."""
    return _backend().con
