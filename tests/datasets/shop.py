"""A small shop in memory, and a second reading of the rules in plain Python to compare with."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import stdev
from typing import Any

import ibis
import pyarrow as pa

from orchcamp.datasets.rules import RuleContext
from orchcamp.datasets.schema import ColumnShape, DataModel, DatasetShape, Step
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


def model(rows: Rows) -> DataModel:
    shapes, tables = {}, {}
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
    return DataModel(shapes, tables)


def context(rows: Rows, **options: Any) -> RuleContext:
    return RuleContext(model(rows), options.pop("now", NOW), **options)


# --- the second reading: rows one by one, no tables ---------------------------------------------------------------

POSITIVE = {
    "not_equals": "equals", "not_between": "between", "not_in": "in", "is_empty": "is_not_empty",
    "not_starts_with": "starts_with", "not_ends_with": "ends_with", "not_contains": "contains",
    "not_like": "like", "not_in_period": "in_period",
}  # fmt: skip
SIMPLE = {
    "equals": lambda a, b: a == b,
    "greater_than": lambda a, b: a > b,
    "less_than": lambda a, b: a < b,
    "greater_or_equal": lambda a, b: a >= b,
    "less_or_equal": lambda a, b: a <= b,
    "starts_with": lambda a, b: a.startswith(b),
    "ends_with": lambda a, b: a.endswith(b),
    "contains": lambda a, b: b in a,
}


def satisfies(rows: Rows, dataset: str, row: dict[str, Any] | None, node: dict[str, Any]) -> bool:
    """Whether one row satisfies a rule, as formats §2 and §7 say."""
    if "group" in node:
        found = [satisfies(rows, dataset, row, item) for item in node.get("items", [])]
        if not found:
            return True
        if node["group"] == "except":
            return found[0] and not any(found[1:])
        return all(found) if node["group"] == "and" else any(found)
    if "link" in node:
        linked, end = follow(rows, dataset, row, node["link"].split("."))
        kept = [one for one in linked if satisfies(rows, end, one, node.get("where", {"group": "and"}))]
        if "aggregate" not in node:
            return bool(kept) == node.get("exists", True)
        return holds(rows, dataset, row, node, figure(rows, end, kept, node))
    return holds(rows, dataset, row, node, look(rows, dataset, row, node["attribute"]))


def follow(rows: Rows, dataset: str, row: dict[str, Any] | None, names: list[str]) -> tuple[list[dict[str, Any]], str]:
    found = [row] if row else []
    for name in names:
        step = next(step for step in STEPS if step.source == dataset and step.name == name)
        keys = [tuple(one[column] for column in step.source_columns) for one in found]
        found = [
            other
            for other in rows[step.target]
            if (key := tuple(other[column] for column in step.target_columns)) in keys and None not in key
        ]
        dataset = step.target
    return found, dataset


def look(rows: Rows, dataset: str, row: dict[str, Any] | None, path: str) -> Any:
    *links, name = path.split(".")
    found, _end = follow(rows, dataset, row, links)
    return found[0].get(name) if found else None


def figure(rows: Rows, dataset: str, kept: list[dict[str, Any]], node: dict[str, Any]) -> Any:
    function = node["aggregate"]
    if "attribute" not in node:
        return len(kept)
    values = [value for one in kept if (value := look(rows, dataset, one, node["attribute"])) is not None]
    if function == "count":
        return len(values)
    if function == "sum":
        return sum(values)
    if not kept:
        return None
    if function == "count_distinct":
        return len(set(values))
    if function == "stddev":
        return stdev(map(float, values)) if len(values) > 1 else None
    if not values:
        return None
    return {"min": min, "max": max, "avg": lambda v: float(sum(v)) / len(v)}[function](values)


def value_of(rows: Rows, dataset: str, row: dict[str, Any] | None, given: Any, like: Any) -> Any:
    if isinstance(given, dict) and "attribute" in given:
        return value_of(rows, dataset, row, look(rows, dataset, row, given["attribute"]), like)
    if isinstance(given, dict):
        day = {"today": NOW.date(), "start_of_year": date(2026, 1, 1)}[given["date"]]
        given = day + timedelta(days=int(given.get("shift", "0 days").split()[0]))
    if isinstance(given, str) and isinstance(like, date):
        given = datetime.fromisoformat(given) if "T" in given else date.fromisoformat(given)
    if isinstance(given, float):
        return Decimal(repr(given)) if isinstance(like, Decimal | int) else given
    if isinstance(given, datetime):
        return given if given.tzinfo else given.replace(tzinfo=UTC)
    return instant(given) if isinstance(like, datetime) else given


def instant(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


def holds(rows: Rows, dataset: str, row: dict[str, Any] | None, node: dict[str, Any], left: Any) -> bool:
    operator = node["operator"]
    if operator in POSITIVE:
        return not holds(rows, dataset, row, {**node, "operator": POSITIVE[operator]}, left)
    if operator == "is_not_empty":
        return left not in (None, "")
    if left is None:
        return False
    given = node["value"]
    listed = given if isinstance(given, list) else [given]
    values = [value_of(rows, dataset, row, one, left) for one in listed]
    if any(isinstance(value, datetime) for value in values):
        left = instant(left)
        values = [instant(value) for value in values]
    if isinstance(left, float) or any(isinstance(value, float) for value in values):
        left = float(left)
        values = [None if value is None else float(value) for value in values]
    if node.get("ignore_case") and isinstance(left, str):
        left, values = left.lower(), [value and value.lower() for value in values]
    return compared(operator, left, values)


def compared(operator: str, left: Any, values: list[Any]) -> bool:
    if operator == "in":
        return left in [value for value in values if value is not None]
    if None in values:
        return False
    if operator == "between":
        return values[0] <= left <= values[1]
    if operator == "like":
        pieces = re.findall(r"\\.|%|_|[^\\%_]+|\\", values[0], re.DOTALL)
        wild = {"%": ".*", "_": "."}
        pattern = "".join(
            wild.get(piece) or re.escape(piece[1:] if len(piece) > 1 and piece[0] == "\\" else piece)
            for piece in pieces
        )
        return re.fullmatch(pattern, left, re.DOTALL) is not None
    return SIMPLE[operator](left, values[0])
