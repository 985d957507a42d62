"""Build audience: everyone, nobody, and rules over texts, numbers and what is empty."""

from __future__ import annotations

from typing import Any

from . import Case


def where(*items: dict[str, Any], group: str = "and") -> dict[str, Any]:
    return {"dimension": "people", "rule": {"group": group, "items": list(items)}, "keep_empty": True}


def asks(attribute: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"attribute": attribute, "operator": operator, **({} if value is None else {"value": value}), **more}


CASES = [
    Case("everyone", where(), arrived=(), expected={"out": range(1, 9)}),
    Case("nobody", where(asks("age", "greater_than", 2**50)), arrived=(), expected={"out": []}),
    Case("what is empty", where(asks("city", "is_empty")), arrived=(), expected={"out": [4, 5]}),
    Case("lower-cased", where(asks("name", "equals", "ÉMILE", ignore_case=True)), arrived=(), expected={"out": [3, 6]}),
    Case("a complement", where(asks("city", "not_equals", "Paris")), arrived=(), expected={"out": [2, 3, 4, 5, 6, 7]}),
    Case("like with escapes", where(asks("name", "like", "O'Neil \\%\\_\\\\")), arrived=(), expected={"out": [7]}),
    Case("over a line end", where(asks("city", "like", "São%Paulo")), arrived=(), expected={"out": [7]}),
    Case("a pattern", where(asks("email", "matches", r"^[a-z]+@example\.org$")), arrived=(), expected={"out": [1, 5, 6, 7, 8]}),
    Case("order by code point", where(asks("city", "less_than", "a")), arrived=(), expected={"out": [1, 3, 4, 6, 7, 8]}),
    Case("decimals of floats", where(asks("points", "less_or_equal", 0.3)), arrived=(), expected={"out": [2, 4]}),
    Case("a dimension of texts", {"dimension": "stores", "keep_empty": True}, arrived=(), expected={"out": ["p1", "l1", "x"]}),
]  # fmt: skip
