"""Change dimension: over one link and several, to one row and to many, and what has no counterpart."""

from __future__ import annotations

import ibis
import pytest

from activities import catalogue
from activities.populations import ActivityError, Context, Inputs
from orchcamp.datasets import engine
from tests.datasets.shop import model

from .stage import NOW, clean, make_scope

PURCHASES = [
    {"id": 10, "person_id": 1, "product_id": "tea"},
    {"id": 11, "person_id": 1, "product_id": "mug"},
    {"id": 12, "person_id": 2, "product_id": "tea"},
    {"id": 13, "person_id": 99, "product_id": "pot"},
    {"id": 14, "person_id": None, "product_id": None},
]
SHOP = model(
    {
        "people": [{"id": i, "name": f"P{i}"} for i in range(1, 5)],
        "purchases": PURCHASES,
        "products": [{"sku": sku} for sku in ("tea", "mug", "pot", "jar")],
        "shops": [],
    }
)
CTX = Context(SHOP, NOW, seed="spring")


def changed(population, **settings):
    scope = make_scope(CTX, dimension=population.dimension, choices={})
    activity = catalogue.build("change_dimension", clean("change_dimension", settings, scope=scope))
    arrived = Inputs({"in": [population]})
    parts = activity.compile(arrived, CTX.at("node"))
    lost = {loss.reason: engine.count(loss.rows) for loss in activity.lost(arrived, CTX.at("node"), parts)}
    return {port: sorted(map(tuple, map(dict.values, engine.rows(part.table)))) for port, part in parts.items()}, lost


def everyone(slug, **added):
    people = CTX.everyone(slug)
    return people.with_table(people.table.mutate(**added)) if added else people


def test_to_many_rows_multiplies_and_only_rows_with_a_counterpart_go_on():
    parts, lost = changed(everyone("people"), dimension="purchases", complement=True)
    assert parts == {"out": [(10,), (11,), (12,)], "complement": [(3,), (4,)]}
    assert lost == {}


def test_to_one_row_each_comes_once_and_what_has_none_is_counted():
    parts, lost = changed(everyone("purchases"), dimension="people")
    assert parts == {"out": [(1,), (2,)]}
    assert lost == {"no counterpart among People": 2}


def test_over_several_links_of_either_kind():
    parts, _lost = changed(everyone("people"), dimension="products", complement=True)
    assert parts == {"out": [("mug",), ("tea",)], "complement": [(3,), (4,)]}
    parts, _lost = changed(everyone("products"), dimension="people", link="sales.person", complement=True)
    assert parts == {"out": [(1,), (2,)], "complement": [("jar",), ("pot",)]}


def test_added_columns_stay_from_one_of_the_rows_and_always_the_same():
    arrived = everyone("purchases", mark=ibis.literal("x"))
    arrived = arrived.with_table(arrived.table.mutate(number=arrived.table.id))
    first, _lost = changed(arrived, dimension="people")
    again, _lost = changed(arrived, dimension="people")
    assert first == again
    assert [(id, mark) for id, mark, _number in first["out"]] == [(1, "x"), (2, "x")]
    assert first["out"][0][2] in (10, 11)


def test_an_added_column_gives_way_to_one_of_the_new_dimension():
    parts, _lost = changed(everyone("people", amount=ibis.literal(5), mine=ibis.literal(7)), dimension="purchases")
    assert parts["out"] == [(10, 7), (11, 7), (12, 7)]


def test_a_way_that_does_not_exist_or_leads_elsewhere_is_refused():
    form = catalogue.get("change_dimension").form_class
    scope = make_scope(CTX, dimension="people", choices={})
    wrong = form({"dimension": "purchases", "link": "contracts"}, scope=scope)
    assert "has no link “contracts”; there are: purchases, shop" in " ".join(wrong.sentences())
    wrong = form({"dimension": "nowhere"}, scope=scope)
    assert "No link leads to “nowhere”" in " ".join(wrong.sentences())
    with pytest.raises(ActivityError, match="leads to Purchases, not to Products"):
        changed(everyone("people"), dimension="products", link="purchases")
