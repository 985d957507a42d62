"""Ibis on DuckDB, in the process: the default engine, and in either mode the one that reads and types files.

One in-memory database a process, one cursor a thread, so that ``memory_limit`` holds for the whole process. Files of
the lake never change once they have their name, so a view of one never goes stale.
"""

from __future__ import annotations

import os
import threading
import uuid
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.operations as ops
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr.types import Scalar, Table

from . import functions
from .address import address, refused, spill
from .lake import parts, publish, root, rows_of, sync, unreadable

SAFE = {  # nothing is fetched from a network, nothing unknown is loaded
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
VIEWS_KEPT = 500

_lock = threading.Lock()
_process: tuple[int, duckdb.DuckDBPyConnection] | None = None
_local = threading.local()
_inherited: list[Any] = []  # a forked child must not close what its parent opened: its threads are not here


def _after_fork() -> None:
    global _lock, _process
    _inherited.extend([_process, getattr(_local, "backend", None)])
    _lock, _process = threading.Lock(), None


os.register_at_fork(after_in_child=_after_fork)


def quoted(name: str) -> str:
    """An identifier of the engine."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """A text of the engine."""
    return "'" + str(text).replace("'", "''") + "'"


def _options() -> dict[str, str]:
    """The options that are DuckDB's: beside Spark, those two that bound the reading of files."""
    asked = address()
    ours = ("memory_limit", "threads")
    return {name: value for name, value in asked.options.items() if asked.name == "duckdb" or name in ours}


def _started(config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(":memory:", config=config)
    except duckdb.Error as error:
        raise refused("duckdb", error) from None


def _database() -> duckdb.DuckDBPyConnection:
    """This process's database; a forked worker gets its own."""
    global _process
    with _lock:
        if _process is None or _process[0] != os.getpid():
            config: dict[str, Any] = {"memory_limit": "4GB", "threads": str(os.cpu_count() or 2), **_options(), **SAFE}
            config["temp_directory"] = str(spill())
            _process = (os.getpid(), _started(config))
            functions.define_for_duckdb(_process[1])
        return _process[1]


def connection() -> duckdb.DuckDBPyConnection:
    """This thread's raw cursor, for set-based loading."""
    return _backend().con


def _backend() -> ibis.backends.duckdb.Backend:
    if getattr(_local, "pid", None) != os.getpid():
        cursor = _database().cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        _local.backend, _local.pid, _local.views = ibis.duckdb.from_connection(cursor), os.getpid(), {}
    return _local.backend


def files(path: str) -> str:
    """What the engine reads for a lake path, as a text of its own: the file, or every file of the folder."""
    place = root() / path
    if not place.is_dir():
        return literal(place)
    return "[" + ", ".join(literal(file) for file in parts(place)) + "]"


def _prepare(expression: Table | Scalar) -> ibis.backends.duckdb.Backend:
    """Give every lake table of the expression a view of its own name; forget those least used long ago."""
    backend = _backend()
    names = {table.name for table in expression.op().find(ops.UnboundTable)}
    for name in names:
        source = files(name)  # a folder may have got another file since
        if _local.views.pop(name, None) != source:
            view = quoted(name)
            try:
                backend.con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM read_parquet({source})")  # noqa: S608
            except (duckdb.IOException, duckdb.InvalidInputException) as error:
                raise unreadable(root() / name, error) from None
        _local.views[name] = source
    for name in [name for name in _local.views if name not in names][: max(0, len(_local.views) - VIEWS_KEPT)]:
        del _local.views[name]
        backend.con.execute(f"DROP VIEW IF EXISTS {quoted(name)}")
    return backend


def count(expression: Table) -> int:
    """How many rows, exactly."""
    total = expression.count()
    backend = _prepare(total)
    if total.op().find(ops.InMemoryTable):
        return int(backend.to_pyarrow(total).as_py())
    (rows,) = backend.con.execute(_compiled(total.op())).fetchone()
    return int(rows)


@lru_cache(maxsize=512)
def _compiled(question: ops.Node) -> str:
    """The statement of a question; translating it takes longer than many a count, so it is kept."""
    return str(_backend().compile(question.to_expr()))


def arrow(expression: Table) -> pa.Table:
    """The rows themselves; for small results."""
    return _prepare(expression).to_pyarrow(expression)


def sql(expression: Table) -> str:
    """The statement that would run, for people to read."""
    return str(ibis.to_sql(expression, dialect="duckdb"))


def write(expression: Table, path: str, *, order_by: list[str] | None = None) -> int:
    """Write the rows under a path that is not there yet."""
    backend = _prepare(expression)
    backend._run_pre_execute_hooks(expression)  # memory tables
    statement = _as_promised(str(backend.compile(expression)), expression.schema())
    order = ", ".join(f"{quoted(name)} NULLS LAST" for name in order_by or ())
    return copy(f"SELECT * FROM ({statement}) ORDER BY {order}" if order else statement, path)  # noqa: S608


def _as_promised(statement: str, schema: ibis.Schema) -> str:
    """The statement with the types that Ibis says it has: a sum of integers, for one, is wider here."""
    found = _backend()._get_schema_using_query(statement)
    wrong = {name for name, type in schema.items() if found[name].copy(nullable=True) != type.copy(nullable=True)}
    if not wrong:
        return statement
    types = {name: DuckDBType.to_string(schema[name]) for name in wrong}
    columns = (f"CAST({quoted(n)} AS {types[n]}) AS {quoted(n)}" if n in wrong else quoted(n) for n in schema)
    return f"SELECT {', '.join(columns)} FROM ({statement})"  # noqa: S608


def copy(statement: str, path: str) -> int:
    """Like ``write``, for a statement of the engine's own."""
    place = root() / path
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{uuid.uuid4().hex}.part")
        try:
            connection().execute(f"COPY ({statement}) TO {literal(part)} (FORMAT parquet, COMPRESSION zstd)")
            sync(part)
            publish(part, place)
        finally:
            part.unlink(missing_ok=True)
    return rows_of(place)


def total(relation: str) -> int:
    """How many rows a relation of the engine's own language has."""
    return int(connection().execute(f"SELECT count(*) FROM {relation}").fetchone()[0])  # type: ignore[index]  # noqa: S608


def interrupt_handle() -> Any:
    """Something whose ``interrupt()``, called from another thread, ends this thread's running query."""
    return _backend().con
