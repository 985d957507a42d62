"""Column expressions that types share; the same rows on DuckDB and on Spark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import BooleanValue, Column, StringValue, Table, Value

from orchcamp.datasets import rules
from orchcamp.datasets.schema import ColumnShape, type_of

from . import links
from .populations import ActivityError, Context, Population

EPOCH = ibis.literal(datetime(1970, 1, 1, tzinfo=UTC), type="timestamp('UTC')")
SEGMENT = "segment_code"  # the column that a split adds
TELLING = {"string", "date", "datetime"}  # types that may tell who somebody is
FAR = 1e12  # floats beyond it draw alike


def is_empty(column: Value) -> BooleanValue:
    """Null, or "" where it is a text."""
    return column.isnull() | (column == "") if column.type().is_string() else column.isnull()


def without_empty(column: Column) -> Value:
    """The column with "" as null, so that both are one value."""
    return column.nullif("") if column.type().is_string() else column


def draw(table: Table, key: Iterable[str], seed: str) -> StringValue:
    """A lot for every row: MD5 of seed and key, so that it falls alike on every machine and in every repetition."""
    text: StringValue = ibis.literal(seed)
    for name in key:
        text = text + "|" + _as_text(table[name]).fill_null("")
    return text.hexdigest("md5")


def _as_text(column: Value) -> StringValue:
    """A key as a text that is the same on every engine: floats to the thousandth, moments to the second."""
    if column.type().is_timestamp():
        column = column.cast("timestamp('UTC')").truncate("s").delta(EPOCH, unit="second").cast("int64")
    elif column.type().is_floating():
        column = (column.clip(-FAR, FAR) * 1000).floor().cast("int64")
    return column.cast("string")


def ordered(column: Value, *, descending: bool) -> Value:
    """The column as an order, nulls last whichever way it goes."""
    return ibis.desc(column, nulls_first=False) if descending else ibis.asc(column, nulls_first=False)


def drawn_order(table: Table, key: Iterable[str], seed: str, besides: Iterable[str] = ()) -> list[Value]:
    """An order in which no two rows are equal: by lot, the key as last resort.

    ``besides`` names the columns that rows are ordered by before: of two orders of one column Ibis keeps the last.
    """
    key, besides = tuple(key), set(besides)
    last = (ibis.asc(table[name], nulls_first=False) for name in key if name not in besides)
    return [ibis.asc(draw(table, key, seed), nulls_first=False), *last]


def seen(ctx: Context, population: Population, names: Iterable[str]) -> Table:
    """The population's rows with these columns; the dimension is joined only where it must be. Raises ActivityError."""
    if set(names) <= set(population.table.columns):
        return population.table
    wide = ctx.wide(population)
    if absent := [name for name in names if name not in wide.columns]:
        sentence = _("Column “{name}” is not among those of {dimension} that arrive.")
        label = ctx.model.dataset(population.dimension).label
        raise ActivityError(sentence.format(name=absent[0], dimension=label))
    return wide


def comparable(left: Value, right: Value) -> bool:
    """Whether values of two columns can be equal."""
    return family(left) == family(right)


def family(column: Value) -> str:
    found = type_of(column.type())
    return {"integer": "number", "decimal": "number", "float": "number", "datetime": "date"}.get(found, found)


def given(table: Table, names: Iterable[str]) -> Table:
    """The rows in which none of these columns is null."""
    return table.filter(*(table[name].notnull() for name in names))


def narrowed(table: Table, population: Population, **added: Value) -> Population:
    """A wide table as a population again: the key and what nodes added."""
    extras = [name for name in population.extras if name not in added]
    columns = {name: table[name] for name in (*population.key, *extras)}
    return population.with_table(table.select(**columns, **added))


def rule_context(ctx: Context, columns: Mapping[str, ColumnShape] | None = None) -> rules.RuleContext:
    """What a rule may ask at this place."""
    return rules.RuleContext(
        model=ctx.model, now=ctx.now, timezone=ctx.timezone, variables=ctx.variables, columns=dict(columns or {})
    )


def asked(population: Population, ctx: Context) -> rules.RuleContext:
    """What a rule or an expression may ask of a population's rows: its added columns and its links too."""
    found = rule_context(ctx, shapes(population))
    return replace(found, model=links.extended(ctx.model, population))


def marked(table: Table, population: Population, tree: Mapping[str, Any] | None, ctx: Context, name: str) -> Table:
    """A wide table with a column that says whether each row satisfies a rule."""
    return rules.mark(table, dict(tree or {}), population.dimension, asked(population, ctx), name)


def is_everyone(tree: Any) -> bool:
    """Whether a rule keeps every row: nothing, or an empty group."""
    return not tree or (isinstance(tree, Mapping) and "group" in tree and not tree.get("items"))


def shapes(population: Population) -> dict[str, ColumnShape]:
    """The columns that nodes added, as rules and forms know columns.

    Where a text or a day comes from is not followed, so it counts as personal; figures and segment codes do not.
    """
    types = {name: type_of(population.table.schema()[name]) for name in population.extras}
    return {
        name: ColumnShape(name, name.replace("_", " "), type, type in TELLING and name != SEGMENT)
        for name, type in types.items()
    }


def nobody() -> Table:
    """A table without rows that belongs to no dataset: what a start gives."""
    return ibis.range(0).unnest().name("start").as_table()
