"""Deduplication: every method, with and without complement, over empty values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from . import Case, some

CITY = {"fields": ["city"], "complement": True}
CASES = [
    Case("one per address by lot", {"fields": ["email"], "complement": True}),
    Case("two per city and age by lot", {"fields": ["city", "age"], "keep": 2}),
    Case("keeping none keeps all", CITY | {"keep": 0}, expected={"out": range(1, 9), "complement": []}),
    Case("the oldest, empty ages last", CITY | {"method": "expression", "sort": {"by": "age", "descending": True}}),
    Case("the youngest, empty ages last", CITY | {"method": "expression", "sort": {"by": "age"}}),
    Case("the fewest points", {"fields": ["age"], "method": "expression", "sort": {"by": "points"}}),
    Case("in the order of texts", {"fields": ["age"], "method": "expression", "sort": {"by": "name"}}),
    Case("who has an address", CITY | {"method": "non_empty", "sort": {"by": "email"}}),
    Case("in the order of a list", CITY | {"method": "values", "sort": {"by": "name"}, "values": ["Zoë", "émile", ""]}),
    Case("empty values are no duplicates", CITY | {"ignore_empty": True, "fields": ["email", "city"]}),
    Case(
        "by a column that a node added",
        {"fields": ["score"], "method": "expression", "sort": {"by": "rank", "descending": True}, "complement": True},
        arrived=[some(1, 2, 3, score=("decimal", {1: 1, 2: 1}), rank=("integer", {1: 5, 2: 6}))],
        expected={"out": [2, 3], "complement": [1]},
    ),
]
CASES += [
    Case("in an expression", {"expressions": ["Lower([email])"], "complement": True}),
    Case("by an expression", {"fields": ["city"], "method": "expression", "complement": True,
         "sort": {"expression": "Coalesce([points], 0) * 2", "descending": True}}),
    Case("several sets", {"fields": ["city"], "primary": {"node": "n2", "port": "out"}},
         arrived=[some(1, 2, mark=("string", {1: "a"})), some(2, 3, mark=("string", {2: "b"}))]),
]  # fmt: skip


def listed(type: str, *values: Any, order: list[str], first: int) -> Case:
    """Three rows that are duplicates; the list of values says which of them stays."""
    return Case(
        f"in the order of a list of {type} values",
        {"expressions": ["1"], "method": "values", "sort": {"by": "worth"}, "values": order, "complement": True},
        arrived=[some(1, 2, 3, worth=(type, dict(zip((1, 2, 3), values, strict=True))))],
        expected={"out": [first], "complement": sorted({1, 2, 3} - {first})},
    )


NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
CASES += [
    listed("decimal", Decimal("2"), Decimal("31.1000"), None, order=["x", "31.10", "2"], first=2),
    listed("float", 2.0, 0.5, None, order=["2", "0.5"], first=1),
    listed("integer", 7, 8, None, order=["7.5", "8.0", "7"], first=2),
    listed("boolean", False, True, None, order=["True"], first=2),
    listed("date", date(2026, 3, 1), date(2026, 3, 2), None, order=["2026-03-02"], first=2),
    listed("datetime", NINE - timedelta(hours=9), NINE, None, order=["2026-03-01T10:00+01:00", "2026-03-01"], first=2),
    listed("datetime", NINE, NINE - timedelta(hours=9), None, order=["soon", "2026-03-01"], first=2),
]
