"""Ibis on Apache Spark, over the same lake.

A population is written by Spark's own writer, a folder of Parquet files under one name; only counts and small
results come back to this process. This module, and with it PySpark, is imported when the first question is asked.
"""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
from django.utils.translation import gettext as _
from ibis.expr.types import Scalar, Table

from . import session
from .errors import Failed, Interrupted
from .lake import parts, publish_folder, root, rows_of, schema

VIEWS_KEPT = 500
_local = threading.local()


class SparkFailed(Failed):
    """What Spark could not do."""


class SparkInterrupted(Interrupted):
    """A query that was called off."""


def count(expression: Table) -> int:
    with _asking() as ask:
        return int(ask(_frame(expression.count())).collect()[0][0])


def arrow(expression: Table) -> pa.Table:
    with _asking() as ask:
        found = ask(_frame(expression)).toArrow()
    return found.cast(expression.as_table().schema().to_pyarrow())


def sql(expression: Table) -> str:
    return str(ibis.to_sql(expression, dialect="pyspark"))


def write(expression: Table, path: str, *, order_by: list[str] | None = None) -> int:
    """Write the rows by Spark's own writer, under a path that is not there yet: a folder of files."""
    order = [ibis.asc(name, nulls_first=False) for name in order_by or ()]
    ordered = expression.order_by(order) if order else expression
    place = root() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{uuid.uuid4().hex}.part")
    try:
        with _asking() as ask:
            ask(_frame(ordered)).write.parquet(f"file:{part}")
        for file in part.iterdir():
            if not file.name.endswith(".parquet"):  # checksums of each file
                file.unlink() if file.is_file() else shutil.rmtree(file)
        publish_folder(part, place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return rows_of(place)


def _frame(expression: Table | Scalar) -> Any:
    """The expression as Spark's own lazy table, with exactly the types it promises."""
    with session.lock:
        backend = _prepare(expression)
        frame = backend.raw_sql(_compiled(expression.op()))
    wanted = _types(expression.as_table().schema())
    if [field.dataType for field in frame.schema.fields] == [field.dataType for field in wanted.fields]:
        return frame
    return frame.select([frame[f"`{field.name.replace('`', '``')}`"].cast(field.dataType) for field in wanted.fields])


def _types(columns: ibis.Schema) -> Any:
    """The schema in Spark's words; a column that is nothing but null is a text."""
    from ibis.backends.pyspark.datatypes import PySparkSchema

    known = {name: "string" if type.is_null() else type for name, type in columns.items()}
    return PySparkSchema.from_ibis(ibis.schema(known))


@lru_cache(maxsize=512)
def _compiled(question: ops.Node) -> str:
    """The statement of a question; translating it takes longer than many a count, so it is kept."""
    return str(session.backend().compile(question.to_expr()))


def _prepare(expression: Table | Scalar) -> Any:
    """Give every table of the expression a view of its own name; forget those least used long ago."""
    backend = session.backend()
    views = backend.__dict__.setdefault("views", {})  # they end with the session
    used = set[str]()
    for operation in expression.op().find((ops.UnboundTable, ops.InMemoryTable)):
        used.add(operation.name)
        place = str(root() / operation.name) if isinstance(operation, ops.UnboundTable) else ""
        if views.pop(operation.name, None) != place:
            rows = _read(backend._session, Path(place)) if place else _remember(backend._session, operation)
            rows.createOrReplaceTempView(_quoted(operation.name))
        views[operation.name] = place
    for name in [name for name in views if name not in used][: max(0, len(views) - VIEWS_KEPT)]:
        del views[name]
        backend._session.catalog.dropTempView(name)
    return backend


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _read(spark: Any, place: Path) -> Any:
    files = (f"file:{_plain(str(file))}" for file in parts(place))
    return spark.read.schema(_types(schema(place))).parquet(*files)


def _plain(path: str) -> str:
    """A path in which no character stands for others."""
    return "".join(f"\\{character}" if character in "\\*?[]{}" else character for character in path)


def _remember(spark: Any, table: ops.InMemoryTable) -> Any:
    """The rows of a table in memory."""
    return spark.createDataFrame(table.data.to_pyarrow(table.schema), _types(table.schema))


# --- Calling off ---------------------------------------------------------------------------------


class _Handle:
    """What this thread runs, so that another thread can end it."""

    def __init__(self) -> None:
        self.tag, self.asked, self.called_off = f"orchcamp-{uuid.uuid4().hex}", False, False

    def interrupt(self) -> None:
        if self.asked and (backend := session.running()):
            self.called_off = True
            backend._session.sparkContext.cancelJobsWithTag(self.tag)

    def check(self, frame: Any) -> Any:
        if self.called_off:
            raise SparkInterrupted(_("The query was called off."))
        return frame


def interrupt_handle() -> _Handle:
    if not hasattr(_local, "handle"):
        _local.handle = _Handle()
    return _local.handle


@contextmanager
def _asking() -> Iterator[Callable[[Any], Any]]:
    """Every job that this thread starts meanwhile bears its tag, and every fault comes out as one of ours."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    context, handle = session.backend()._session.sparkContext, interrupt_handle()
    handle.asked, handle.called_off = True, False
    try:
        context.addJobTag(handle.tag)
        yield handle.check
        context.removeJobTag(handle.tag)
    except (PySparkException, Py4JError, ConnectionError) as error:
        if handle.called_off:
            raise SparkInterrupted(_("The query was called off.")) from None
        raise _failure(error, context) from error
    finally:
        handle.asked = False


def _failure(error: Exception, context: Any) -> SparkFailed:
    """The fault in one line; a session that has ended is left, so that the next question starts another."""
    try:
        ended = context._jsc.sc().isStopped()
    except Exception:
        ended = True
    if ended:
        session.forget()
        return SparkFailed(_("Spark's session has ended (out of memory, or its cluster was stopped); try again."))
    first, *others = str(error).strip().splitlines()
    return SparkFailed(others[0].lstrip(": ") if first.startswith("An error occurred") and others else first)
