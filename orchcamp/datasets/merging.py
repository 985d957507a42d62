"""Rows that were read and rows that are there become one snapshot: one row a key."""

# ruff: noqa: S608

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext as _

from . import casting, engine
from .casting import Field
from .detection import LoadError
from .engine import literal, quoted
from .prepared import BAD, FAULT, VALUE, Prepared
from .staging import ROW

OLD = -(2**62)  # rows of the snapshot come before all rows that are read


def merge(item: Prepared, files: list[str], folder: Path) -> tuple[int, int]:
    """Write the new snapshot; how many rows it has, and how many that were read lost to another row of their key."""
    plan, names = item.plan, casting.column_list(list(item.types))
    pool = " UNION ALL BY NAME ".join(
        f"(SELECT * EXCLUDE ({quoted(FAULT)}, {quoted(BAD)}, {quoted(VALUE)}) FROM {relation} WHERE {quoted(BAD)} IS NULL)"
        for relation in [*files]
    )
    if item.current:
        pool += f" UNION ALL BY NAME ({_old(item)})"
    key = casting.column_list(list(plan.key))
    narrow = ", ".join([key, *([quoted(plan.version)] if plan.version else []), quoted(ROW)])
    order = f"{quoted(plan.version)} DESC NULLS LAST, " if plan.version else ""
    twice, losers = folder / "twice.parquet", folder / "losers.parquet"
    run = engine.connection().execute
    run(f"COPY (SELECT {key} FROM ({pool}) GROUP BY {key} HAVING count(*) > 1) TO {literal(twice)} (FORMAT parquet)")
    statement, replaced = f"SELECT {names} FROM ({pool})", 0
    if engine.total(f"read_parquet({literal(twice)})"):
        run(
            f"COPY (SELECT {quoted(ROW)} FROM (SELECT {narrow} FROM ({pool}) SEMI JOIN"
            f" read_parquet({literal(twice)}) USING ({key})) QUALIFY row_number() OVER"
            f" (PARTITION BY {key} ORDER BY {order}{quoted(ROW)} DESC) > 1) TO {literal(losers)} (FORMAT parquet)"
        )
        lost = f"read_parquet({literal(losers)})"
        statement += f" ANTI JOIN {lost} USING ({quoted(ROW)})"
        replaced = engine.total(f"{lost} WHERE {quoted(ROW)} >= 0")
    return engine.copy(f"{statement} ORDER BY {key}", item.path), replaced


def _old(item: Prepared) -> str:
    """The current snapshot's rows in the new types, numbered before everything that is read."""
    assert item.current
    known = {column.name: column.type for column in item.dataset.columns.all()} if item.dataset else {}
    columns = [
        f"{casting.typed(Field(name, quoted(name), type), item.types[name])} AS {quoted(name)}"
        if type != item.types[name]
        else quoted(name)
        for name, type in known.items()
    ]
    source = f"read_parquet({engine.files(item.current.path)}, file_row_number = true)"
    empty = " OR ".join(f"{quoted(name)} IS NULL" for name in item.plan.key if name in known) or "true"
    if list(item.plan.key) != (item.dataset.key if item.dataset else []) and (
        without := engine.total(f"{source} WHERE {empty}")
    ):
        raise LoadError(
            _("%(slug)s: %(key)s cannot become the key: %(n)d rows that are there hold none.")
            % {"slug": item.plan.slug, "key": ", ".join(item.plan.key), "n": without}
        )
    return f"SELECT file_row_number + {OLD} AS {quoted(ROW)}, {', '.join(columns)} FROM {source}"
