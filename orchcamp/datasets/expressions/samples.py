"""The rows that the examples of functions are about: the first is the one that a single value is shown for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
TYPES = {
    "id": "integer",
    "name": "string",
    "city": "string",
    "email": "string",
    "note": "string",
    "age": "integer",
    "amount": "decimal",
    "weight": "float",
    "member": "boolean",
    "birth_date": "date",
    "joined": "datetime",
}
ROWS: list[dict[str, Any]] = [
    {
        "id": 7,
        "name": "ada lovelace",
        "city": "Paris",
        "email": "ada@example.org",
        "note": None,
        "age": 36,
        "amount": Decimal("12.5"),
        "weight": 61.75,
        "member": True,
        "birth_date": date(1990, 2, 28),
        "joined": datetime(2025, 11, 3, 9, 30, 15, tzinfo=UTC),
    },
    {"id": 8, "name": "alan", "city": "Lyon", "note": "new", "age": 41, "amount": Decimal("24"), "member": False},
    {"id": 9, "name": "grace", "city": "Paris", "age": 53, "amount": Decimal("10"), "birth_date": date(2000, 2, 29)},
]
