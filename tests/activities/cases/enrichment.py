"""Enrichment: columns over links, collections side by side, figures, links to rows of elsewhere."""

from __future__ import annotations

from typing import Any

from tests.datasets.shop import model

from . import Case, everyone, some

ROWS: dict[str, list[dict[str, Any]]] = {
    "people": [
        {"id": 1, "name": "Ann", "city": "Paris", "age": 30, "shop_x": 1, "shop_y": "a"},
        {"id": 2, "name": "Émile", "city": "", "age": None, "shop_x": 1, "shop_y": None},
        {"id": 3, "name": None, "city": "Lyon", "age": -1, "shop_x": None, "shop_y": "a"},
    ],
    "purchases": [
        {"id": 10, "person_id": 1, "product_id": "tea", "amount": 5, "quantity": 1, "note": "x"},
        {"id": 11, "person_id": 1, "product_id": "mug", "amount": None, "quantity": 3, "note": ""},
        {"id": 12, "person_id": 1, "product_id": None, "amount": 2, "quantity": 3, "note": None},
        {"id": 13, "person_id": 2, "product_id": "gone", "amount": 0, "quantity": None, "note": "É"},
        {"id": 14, "person_id": None, "product_id": "tea", "amount": 9, "quantity": 1, "note": "n"},
    ],
    "products": [{"sku": "tea", "name": "Tea", "price": 3}, {"sku": "mug", "name": "Mug", "price": None}],
    "shops": [{"x": 1, "y": "a", "region": "north"}],
}
PAIRS = [{"source": "id", "destination": "person_id"}]


def case(name: str, *data: dict[str, Any], links: Any = (), arrived: Any = None, ids: Any = (1, 2, 3)) -> Case:
    settings = {"data": list(data), "links": list(links)}
    given = arrived or [everyone()]
    return Case(name, settings, arrived=given, model=lambda: model(ROWS), expected={"out": list(ids)})


def figure(aggregate: str, attribute: str = "", **more: Any) -> dict[str, Any]:
    return {"kind": "aggregate", "link": "purchases", "aggregate": aggregate, "attribute": attribute, **more}


def link(relation: str, **more: Any) -> dict[str, Any]:
    return {"name": "bought", "relation": relation, "dataset": "purchases", "pairs": PAIRS, **more}


COLLECTED = {"kind": "collection", "link": "purchases", "columns": ["product.name", "amount", "note"], "lines": 2}
LARGE = {"attribute": "amount", "operator": "greater_than", "value": 1}
CASES = [
    case("columns here and over a link", {"kind": "attribute", "attribute": "shop.region"},
         {"kind": "attribute", "attribute": "city", "alias": "town"},
         {"kind": "expression", "expression": "Upper(Coalesce([name], [city]))", "alias": "loud"}),
    case("rows of a collection side by side by their key", COLLECTED),
    case("the highest first, empty values last", {**COLLECTED, "sort": {"by": "quantity", "descending": True}}),
    case("only some of them", {**COLLECTED, "where": LARGE, "alias": "large"}),
    case("figures", figure("count"), figure("count", "amount"), figure("count_distinct", "quantity"),
         figure("sum", "amount"), figure("avg", "amount"), figure("min", "note"), figure("max", "quantity"),
         figure("stddev", "quantity"), figure("sum", "product.price", alias="prices")),
    case("figures of some rows", figure("sum", "quantity", where=LARGE), figure("count", where=LARGE, alias="n")),
    case("a collection of linked rows", {"kind": "aggregate", "link": "shop.visitors", "alias": "neighbours"}),
    case("beside columns that nodes added", figure("count"),
         {"kind": "expression", "expression": "[mark] + 1", "alias": "more"},
         arrived=[some(1, 3, mark=("integer", {1: 2**40}))], ids=(1, 3)),
    case("a link to exactly one", links=[link("one")], ids=(1, 2)),
    case("a link to one at most", links=[link("zero_or_one", condition="[there_amount] > 1")]),
    case("a link to another set that arrives",
         links=[link("one", dataset="", set={"node": "n2", "port": "out"})],
         arrived=[everyone(), some(13, dimension="purchases", mark=("string", {13: "m"}))], ids=(2,)),
]  # fmt: skip
