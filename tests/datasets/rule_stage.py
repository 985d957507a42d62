"""What the tests of rules share: a few rows, and short ways to write a rule and to ask who satisfies it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from orchcamp.datasets import engine, rules
from tests.datasets.shop import context

PEOPLE = [
    {"id": 1, "name": "Ann", "city": "Paris", "age": 20, "score": Decimal("31.10"), "weight": 1.5, "consent": True,
     "born": date(2000, 2, 29), "joined": datetime(2017, 6, 29, 23, tzinfo=UTC), "shop_x": 1, "shop_y": "a"},
    {"id": 2, "name": "Bob", "city": "paris", "age": 30, "score": Decimal("2"), "weight": None, "consent": False,
     "born": date(1990, 3, 1), "joined": datetime(2017, 6, 30, 0, tzinfo=UTC), "shop_x": 1, "shop_y": "b"},
    {"id": 3, "name": "É%\\x\ny", "city": None, "age": None, "score": None, "consent": None, "born": None, "joined": None},
    {"id": 4, "name": "", "city": "", "age": 20, "joined": datetime(2017, 6, 30, 1, tzinfo=UTC), "shop_x": 1},
]  # fmt: skip
PURCHASES = [
    {"id": 1, "person_id": 1, "product_id": "mug", "amount": Decimal("100"), "quantity": 1, "note": "x"},
    {"id": 2, "person_id": 1, "product_id": "tea", "amount": Decimal("3"), "quantity": None, "note": "y"},
    {"id": 3, "person_id": 2, "product_id": "tea", "amount": Decimal("120"), "quantity": 30, "note": None},
    {"id": 4, "person_id": None, "product_id": "gone", "amount": None},
    {"id": 5, "person_id": 77, "product_id": None, "amount": Decimal("5")},
]
PRODUCTS = [
    {"sku": "mug", "name": "BrewMaster mug", "brand": "BrewMaster", "price": Decimal("90")},
    {"sku": "tea", "name": "Green tea", "brand": "Leaf", "price": Decimal("4")},
]
SHOPS = [{"x": 1, "y": "a", "region": "north"}, {"x": 1, "y": "b", "region": None}, {"x": 2, "y": "a", "region": "n"}]
ROWS = {"people": PEOPLE, "purchases": PURCHASES, "products": PRODUCTS, "shops": SHOPS}
ALL = [1, 2, 3, 4]


def kept(tree: dict[str, Any], dataset: str = "people", **options: Any) -> list[int]:
    ctx = context(ROWS, **options)
    return sorted(row["id"] for row in engine.rows(rules.keep(ctx.model.table(dataset), tree, dataset, ctx)))


def refusal(tree: Any, dataset: str = "people", **options: Any) -> str:
    with pytest.raises(rules.RuleError) as caught:
        rules.check(tree, dataset, context(ROWS, **options))
    return str(caught.value)


def where(attribute: str, operator: str, *value: Any, **more: Any) -> dict[str, Any]:
    return {"attribute": attribute, "operator": operator, **({"value": value[0]} if value else {}), **more}


def both(*items: Any, group: str = "and") -> dict[str, Any]:
    return {"group": group, "items": list(items)}


def bought(operator: str, *value: Any, aggregate: str = "count", **more: Any) -> dict[str, Any]:
    return {
        "link": "purchases",
        "aggregate": aggregate,
        "operator": operator,
        **({"value": value[0]} if value else {}),
        **more,
    }
