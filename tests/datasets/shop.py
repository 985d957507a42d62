"""A small shop in memory, with saved audiences and predefined filters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from orchcamp.datasets.rules import RuleContext
from orchcamp.datasets.schema import AudienceShape, ColumnShape, DataModel, DatasetShape, FilterShape, Step
from tests.builders import ARROW

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
COLUMNS = {
    "people": {
        "id": "integer", "name": "string", "city": "string", "age": "integer", "score": "decimal",
        "weight": "float", "consent": "boolean", "born": "date", "joined": "datetime", "shop_x": "integer",
        "shop_y": "string",
    },
    "purchases": {
        "id": "integer", "person_id": "integer", "product_id": "string", "amount": "decimal",
        "quantity": "integer", "bought_at": "datetime", "note": "string",
    },
    "products": {"sku": "string", "name": "string", "brand": "string", "price": "decimal"},
    "shops": {"x": "integer", "y": "string", "region": "string"},
}  # fmt: skip
KEYS = {"people": ("id",), "purchases": ("id",), "products": ("sku",), "shops": ("x", "y")}
STEPS = (
    Step("person", "purchases", ("person_id",), "people", ("id",), True),
    Step("purchases", "people", ("id",), "purchases", ("person_id",), False),
    Step("product", "purchases", ("product_id",), "products", ("sku",), True),
    Step("sales", "products", ("sku",), "purchases", ("product_id",), False),
    Step("shop", "people", ("shop_x", "shop_y"), "shops", ("x", "y"), True),
    Step("visitors", "shops", ("x", "y"), "people", ("shop_x", "shop_y"), False),
)
Rows = dict[str, list[dict[str, Any]]]
Saved = dict[str, tuple[str, list[tuple[Any, ...]]]]
Predefined = dict[str, tuple[Any, ...]]
AUDIENCES: Saved = {
    "some": ("people", [(0,), (2,), (9,)]),
    "nobody": ("people", []),
    "returned": ("purchases", [(1,), (3,)]),
    "corners": ("shops", [(0, "a"), (1, "b"), (1, "a"), (2, "")]),
}
FILTERS: Predefined = {
    "grown": (
        "people",
        {"attribute": "age", "operator": "greater_or_equal", "value": {"parameter": "least"}},
        {"least": {"type": "number", "default": 1}},
    ),
    "named": (
        "people",
        {
            "group": "except",
            "items": [
                {"attribute": "name", "operator": "in", "value": {"parameter": "names"}},
                {"filter": "grown", "parameters": {"least": {"parameter": "least"}}},
            ],
        },
        {"names": {"type": "list", "default": ["a", "b"]}, "least": {"type": "number", "default": 3}},
    ),
    "recent": (
        "purchases",
        {"attribute": "bought_at", "operator": "greater_or_equal", "value": {"parameter": "day"}},
        {"day": {"type": "date", "default": {"date": "today", "shift": "-1 days"}}},
    ),
}


def model(rows: Rows, audiences: Saved = AUDIENCES, filters: Predefined = FILTERS) -> DataModel:
    """The shop with saved audiences (slug → dataset and keys) and predefined filters (slug → dataset, rule, parameters)."""
    shapes: dict[str, DatasetShape] = {}
    tables: dict[str, Table] = {}
    for slug, columns in COLUMNS.items():
        shapes[slug] = DatasetShape(
            slug,
            slug.title(),
            KEYS[slug],
            {name: ColumnShape(name, name.replace("_", " ").capitalize(), type) for name, type in columns.items()},
            {"email": "name"} if slug == "people" else {},
            {step.name: step for step in STEPS if step.source == slug},
        )
        fields = pa.schema([(name, ARROW[type]) for name, type in columns.items()])
        listed = [{name: row.get(name) for name in columns} for row in rows.get(slug, [])]
        tables[slug] = ibis.memtable(pa.Table.from_pylist(listed, fields))
    saved = {}
    for slug, (dataset, keys) in audiences.items():
        saved[slug] = AudienceShape(slug, slug.title(), dataset, version=1, rows=len(keys))
        fields = pa.schema([(name, ARROW[COLUMNS[dataset][name]]) for name in KEYS[dataset]])
        listed = [dict(zip(KEYS[dataset], key, strict=True)) for key in keys]
        tables[f"audience:{slug}"] = ibis.memtable(pa.Table.from_pylist(listed, fields))
    kept = {slug: FilterShape(slug, slug.title(), *facts) for slug, facts in filters.items()}
    return DataModel(shapes, tables, saved, kept)


def context(rows: Rows, *, audiences: Saved = AUDIENCES, filters: Predefined = FILTERS, **options: Any) -> RuleContext:
    return RuleContext(model(rows, audiences, filters), options.pop("now", NOW), **options)
