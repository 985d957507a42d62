"""The only door to the query engine: Ibis on DuckDB, over the Parquet files of the lake.

Tables are unbound Ibis tables named by their lake path (``datasets/households/3``: one file or a folder of files).
One in-memory database a process, one cursor a thread, so that ``memory_limit`` holds for the whole process. Files of
the lake never change once they have their name, so a view of one never goes stale.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import threading
import time
import uuid
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import ibis
import ibis.expr.operations as ops
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.utils.translation import gettext as _
from ibis.expr.types import Scalar, Table

from orchcamp.web.errors import Refused

Error = duckdb.Error
SAFE = {  # nothing is fetched from a network, nothing unknown is loaded
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
VIEWS_KEPT = 500
CLAIM_SECONDS = 10
Interrupted = duckdb.InterruptException  # what a query that was called off raises
Failed = duckdb.Error  # whatever the engine could not do

_lock = threading.Lock()
_process: tuple[int, duckdb.DuckDBPyConnection] | None = None
_local = threading.local()
_inherited: list[Any] = []  # a forked child must not close what its parent opened: its threads are not here


def _after_fork() -> None:
    global _lock, _process
    _inherited.extend([_process, getattr(_local, "backend", None)])
    _lock, _process = threading.Lock(), None


os.register_at_fork(after_in_child=_after_fork)


def root() -> Path:
    """The lake's root folder."""
    return Path(settings.LAKE_DIR)


def quoted(name: str) -> str:
    """An identifier of the engine."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """A text of the engine."""
    return "'" + str(text).replace("'", "''") + "'"


class BadEngine(Refused):
    """An engine that cannot be started as ORCHCAMP_ENGINE asks."""


class Unreadable(Refused):
    """A file of the lake that is not there, or no longer what was written."""


def _options() -> dict[str, str]:
    parts = urlsplit(settings.ENGINE)
    if parts.scheme != "duckdb":
        raise BadEngine(
            _("ORCHCAMP_ENGINE is “%(given)s”; this version has one engine: duckdb://, or with options %(example)s.")
            % {"given": settings.ENGINE, "example": "duckdb://?memory_limit=4GB&threads=2"}
        )
    return {name: values[-1] for name, values in parse_qs(parts.query).items()}


def _started(config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(":memory:", config=config)
    except duckdb.Error as error:
        raise BadEngine(
            _("ORCHCAMP_ENGINE is “%(given)s”, which the engine refuses (%(why)s); write it as %(example)s.")
            % {
                "given": settings.ENGINE,
                "why": str(error).splitlines()[0],
                "example": "duckdb://?memory_limit=4GB&threads=2",
            }
        ) from None


def _spill() -> Path:
    """This process's folder for what does not fit in memory; those of dead processes of this host are removed."""
    folder, host = Path(settings.DATA_DIR) / "spill", socket.gethostname()
    folder.mkdir(parents=True, exist_ok=True)
    for place in folder.glob(f"{host}-*"):
        if not Path(f"/proc/{place.name.rpartition('-')[2]}").exists() and Path("/proc/self").exists():
            shutil.rmtree(place, ignore_errors=True)
    return folder / f"{host}-{os.getpid()}"


def _database() -> duckdb.DuckDBPyConnection:
    """This process's database; a forked worker gets its own."""
    global _process
    with _lock:
        if _process is None or _process[0] != os.getpid():
            config: dict[str, Any] = {"memory_limit": "4GB", "threads": str(os.cpu_count() or 2), **_options(), **SAFE}
            config["temp_directory"] = str(_spill())
            _process = (os.getpid(), _started(config))
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
    return "[" + ", ".join(literal(file) for file in sorted(place.glob("*.parquet"))) + "]"


def _prepare(expression: Table | Scalar) -> ibis.backends.duckdb.Backend:
    """Give every lake table of the expression a view of its own name; forget those least used long ago."""
    backend = _backend()
    names = {table.name for table in expression.op().find(ops.UnboundTable)}
    for name in names:
        place = str(root() / name)
        if _local.views.pop(name, None) != place:
            view, source = quoted(name), files(name)
            try:
                backend.con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM read_parquet({source})")  # noqa: S608
            except (duckdb.IOException, duckdb.InvalidInputException) as error:
                raise _unreadable(place, error) from None
        _local.views[name] = place
    for name in [name for name in _local.views if name not in names][: max(0, len(_local.views) - VIEWS_KEPT)]:
        del _local.views[name]
        backend.con.execute(f"DROP VIEW IF EXISTS {quoted(name)}")
    return backend


def _unreadable(place: str | Path, error: Exception) -> Unreadable:
    why = _("it is not there") if not Path(place).exists() else str(error).splitlines()[0]
    return Unreadable(
        _("The file %(place)s of the lake cannot be read: %(why)s. Check ORCHCAMP_LAKE, or load the dataset again.")
        % {"place": place, "why": why}
    )


def table(path: str) -> Table:
    """The rows under a lake path, lazily, with the schema its file names."""
    place = root() / path
    file = sorted(place.glob("*.parquet"))[0] if place.is_dir() else place
    try:
        schema = pq.read_schema(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(file, error) from None
    return ibis.table(ibis.Schema.from_pyarrow(schema), name=path)


def exists(path: str) -> bool:
    return (root() / path).exists()


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
    if not exists(path):
        ordered = expression.order_by(order_by) if order_by else expression
        backend = _prepare(ordered)
        statement = str(backend.compile(ordered))
        backend._run_pre_execute_hooks(ordered)  # memory tables
        return copy(statement, path)
    return _rows_of(root() / path)


def copy(statement: str, path: str) -> int:
    """Like ``write``, for a statement of the engine's own."""
    place = root() / path
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{uuid.uuid4().hex}.part")
        try:
            connection().execute(f"COPY ({statement}) TO {literal(part)} (FORMAT parquet, COMPRESSION zstd)")
            with part.open("rb") as file:
                os.fsync(file.fileno())
            publish(part, place)
        finally:
            part.unlink(missing_ok=True)
    return _rows_of(place)


def _rows_of(place: Path) -> int:
    if place.is_dir():
        return sum(pq.read_metadata(file).num_rows for file in place.glob("*.parquet"))
    return pq.read_metadata(place).num_rows


def publish(part: Path, place: Path) -> None:
    """Give a finished file its name, once; if another writer was first, its file stands."""
    try:
        os.link(part, place)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES}:
            raise
        _publish_without_links(part, place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _publish_without_links(part: Path, place: Path) -> None:
    """For file systems without hard links: who makes the claim file may rename; a dead claimant is not waited for."""
    claim = place.with_name(f".{place.name}.claim")
    deadline = time.monotonic() + CLAIM_SECONDS
    while not place.exists():
        try:
            os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
        if not place.exists():
            part.rename(place)
        claim.unlink(missing_ok=True)


def total(relation: str) -> int:
    """How many rows a relation of the engine's own language has."""
    return int(connection().execute(f"SELECT count(*) FROM {relation}").fetchone()[0])  # type: ignore[index]  # noqa: S608


def drop(path: str) -> None:
    """Remove what lies under a lake path."""
    place = root() / path
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def interrupt_handle() -> Any:
    """Something whose ``interrupt()``, called from another thread, ends this thread's running query."""
    return _backend().con
