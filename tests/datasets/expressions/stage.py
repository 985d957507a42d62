"""What the tests of expressions share: the sample rows, and short ways to ask for a value or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from orchcamp.datasets import engine, expressions
from orchcamp.datasets.expressions import samples
from orchcamp.datasets.rules import RuleContext
from orchcamp.datasets.schema import ColumnShape, DataModel, DatasetShape
from tests.builders import ARROW

FIELDS = pa.schema([(name, ARROW[type]) for name, type in samples.TYPES.items()])
SHAPE = DatasetShape(
    "people", "People", ("id",), {name: ColumnShape(name, name, type) for name, type in samples.TYPES.items()}
)


def context(rows: list[dict[str, Any]] | None = None, **options: Any) -> RuleContext:
    listed = [{name: row.get(name) for name in samples.TYPES} for row in samples.ROWS if rows is None]
    listed += [{name: row.get(name) for name in samples.TYPES} for row in rows or []]
    table = ibis.memtable(pa.Table.from_pylist(listed, FIELDS))
    return RuleContext(DataModel({"people": SHAPE}, {"people": table}), options.pop("now", samples.NOW), **options)


def added(named: Mapping[str, str], ctx: RuleContext | None = None) -> ibis.Table:
    """The rows with the expressions' columns, as a question."""
    ctx = ctx or context()
    return expressions.add(ctx.model.table("people"), named, "people", ctx).select("id", *named)


def values(text: str, ctx: RuleContext | None = None) -> list[Any]:
    """The expression's value on every sample row."""
    return [plain(row["v"]) for row in engine.rows(added({"v": text}, ctx).order_by("id"))]


def value(text: str, ctx: RuleContext | None = None) -> Any:
    """The expression's value on the first sample row; a figure's over all of them."""
    ctx = ctx or context()
    if expressions.read(text, "people", ctx).aggregate:
        table = expressions.aggregate(ctx.model.table("people"), {"v": text}, [], "people", ctx)
        return plain(engine.rows(table)[0]["v"])
    return values(text, ctx)[0]


def plain(value: Any) -> Any:
    """A date, a moment or a decimal as its text."""
    return str(value) if isinstance(value, date | datetime | Decimal) else value


def refusal(text: str, ctx: RuleContext | None = None) -> str:
    with pytest.raises(expressions.ExpressionError) as caught:
        expressions.check(text, "people", ctx or context())
    return str(caught.value)
