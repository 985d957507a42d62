"""Column expressions that types share; the same rows on DuckDB and on Spark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ibis
from ibis.expr.types import BooleanValue, Column, StringValue, Table, Value

from orchcamp.datasets import rules
from orchcamp.datasets.schema import ColumnShape

from .base import Context, Population


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
        column = table[name]
        part = column.epoch_seconds() if column.type().is_timestamp() else column
        text = text + "|" + part.cast("string").fill_null("")
    return text.hexdigest("md5")


def ordered(column: Value, *, descending: bool) -> Value:
    """The column as an order, nulls last whichever way it goes."""
    return ibis.desc(column, nulls_first=False) if descending else ibis.asc(column, nulls_first=False)


def drawn_order(table: Table, key: Iterable[str], seed: str) -> list[Value]:
    """An order in which no two rows are equal: by lot, the key as last resort."""
    key = tuple(key)
    return [ibis.asc(draw(table, key, seed), nulls_first=False), *(ibis.asc(table[k], nulls_first=False) for k in key)]


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


def marked(table: Table, population: Population, tree: Mapping[str, Any] | None, ctx: Context, name: str) -> Table:
    """A wide table with a column that says whether each row satisfies a rule."""
    return rules.mark(table, dict(tree or {}), population.dimension, rule_context(ctx, shapes(population)), name)


def is_everyone(tree: Any) -> bool:
    """Whether a rule keeps every row: nothing, or an empty group."""
    return not tree or (isinstance(tree, Mapping) and "group" in tree and not tree.get("items"))


def shapes(population: Population) -> dict[str, ColumnShape]:
    """The columns that nodes added, as rules and forms know columns."""
    schema = population.table.schema()
    return {name: ColumnShape(name, name.replace("_", " "), type_of(schema[name])) for name in population.extras}


def type_of(datatype: Any) -> str:
    """The key of ``schema.TYPES`` that fits an engine's type best."""
    tests = {
        "boolean": datatype.is_boolean(),
        "integer": datatype.is_integer(),
        "decimal": datatype.is_decimal(),
        "float": datatype.is_floating(),
        "date": datatype.is_date(),
        "datetime": datatype.is_timestamp(),
    }
    return next((name for name, fits in tests.items() if fits), "string")


def nobody() -> Table:
    """A table without rows that belongs to no dataset: what a start gives."""
    return ibis.range(0).unnest().name("start").as_table()
