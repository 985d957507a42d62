"""A second reading of the rules in plain Python to compare with: rows one by one, no tables."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import stdev
from typing import Any

from tests.datasets.shop import AUDIENCES, FILTERS, KEYS, NOW, STEPS, Rows

Look = Callable[[str], Any]


def strict(function: Callable[..., Any], *paths: str) -> Callable[[Look], Any]:
    """Null as soon as one of the columns is."""

    def found(look: Look) -> Any:
        values = [look(path) for path in paths]
        return None if None in values else function(*values)

    return found


def either(left: Any, right: Any) -> Any:
    return True if True in (left, right) else None if None in (left, right) else False


def negation(value: Any) -> Any:
    return None if value is None else not value


EXPRESSIONS: dict[str, list[tuple[str, str, Callable[[Look], Any]]]] = {  # dataset -> text, type, the same in Python
    "people": [
        ("[age] + [id]", "integer", strict(operator.add, "age", "id")),
        ("[age] * [score]", "decimal", strict(operator.mul, "age", "score")),
        ("Coalesce([city], 'x')", "string", lambda look: "x" if look("city") is None else look("city")),
        ("Lower([shop.region])", "string", strict(str.lower, "shop.region")),
        ("[age] > [score]", "boolean", strict(operator.gt, "age", "score")),
        ("not ([city] = [name])", "boolean", lambda look: negation(strict(operator.eq, "city", "name")(look))),
        (
            "[consent] or [age] = 1",
            "boolean",
            lambda look: either(look("consent"), strict(lambda age: age == 1, "age")(look)),
        ),
        ("Iif([consent], [age], [id])", "integer", lambda look: look("age") if look("consent") else look("id")),
    ],
    "purchases": [
        ("[amount] * 2", "decimal", strict(lambda amount: amount * 2, "amount")),
        ("[amount] > [product.price]", "boolean", strict(operator.gt, "amount", "product.price")),
        ("[quantity] - [person.age]", "integer", strict(operator.sub, "quantity", "person.age")),
        ("Coalesce([quantity], 0)", "integer", lambda look: 0 if look("quantity") is None else look("quantity")),
    ],
    "products": [("[price] + 1", "decimal", strict(lambda price: price + 1, "price"))],
    "shops": [("Lower([region])", "string", strict(str.lower, "region"))],
}
KNOWN = {(dataset, text): found for dataset, listed in EXPRESSIONS.items() for text, _type, found in listed}

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
    if "filter" in node:
        _dataset, rule, parameters = FILTERS[node["filter"]]
        given = {name: facts["default"] for name, facts in parameters.items()} | node.get("parameters", {})
        return satisfies(rows, dataset, row, bound(rule, given))
    if "audience" in node:
        key = tuple(row[name] for name in KEYS[dataset]) if row else None
        return (key in AUDIENCES[node["audience"]][1]) == node.get("member", True)
    if "link" in node:
        linked, end = follow(rows, dataset, row, node["link"].split("."))
        kept = [one for one in linked if satisfies(rows, end, one, node.get("where", {"group": "and"}))]
        if "aggregate" not in node:
            return bool(kept) == node.get("exists", True)
        return holds(rows, dataset, row, node, figure(rows, end, kept, node))
    return holds(rows, dataset, row, node, source(rows, dataset, row, node))


def bound(rule: Any, given: dict[str, Any]) -> Any:
    """A filter's rule with values where its parameters stood."""
    if isinstance(rule, list):
        return [bound(item, given) for item in rule]
    if not isinstance(rule, dict):
        return rule
    if set(rule) == {"parameter"}:
        return given[rule["parameter"]]
    return {key: bound(value, given) for key, value in rule.items()}


def source(rows: Rows, dataset: str, row: dict[str, Any] | None, node: dict[str, Any]) -> Any:
    if "expression" in node:
        return KNOWN[dataset, node["expression"]](lambda path: look(rows, dataset, row, path))
    return look(rows, dataset, row, node["attribute"])


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
    if "attribute" not in node and "expression" not in node:
        return len(kept)
    values = [value for one in kept if (value := source(rows, dataset, one, node)) is not None]
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
    if isinstance(given, dict) and not {"attribute", "expression"}.isdisjoint(given):
        return value_of(rows, dataset, row, source(rows, dataset, row, given), like)
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
    asked = node["operator"]
    if asked in POSITIVE:
        return not holds(rows, dataset, row, {**node, "operator": POSITIVE[asked]}, left)
    if asked == "is_not_empty":
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
    return compared(asked, left, values)


def compared(asked: str, left: Any, values: list[Any]) -> bool:
    if asked == "in":
        return left in [value for value in values if value is not None]
    if None in values:
        return False
    if asked == "between":
        return values[0] <= left <= values[1]
    if asked == "like":
        pieces = re.findall(r"\\.|%|_|[^\\%_]+|\\", values[0], re.DOTALL)
        wild = {"%": ".*", "_": "."}
        pattern = "".join(
            wild.get(piece) or re.escape(piece[1:] if len(piece) > 1 and piece[0] == "\\" else piece)
            for piece in pieces
        )
        return re.fullmatch(pattern, left, re.DOTALL) is not None
    return SIMPLE[asked](left, values[0])
