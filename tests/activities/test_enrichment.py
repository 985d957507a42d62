"""Enrichment: columns, computed values, collections side by side, figures, and links that nodes behind follow."""

from __future__ import annotations

from datetime import UTC, datetime

import ibis
import pytest

from activities import catalogue, columns
from activities.forms import Scope
from activities.links import extended
from activities.populations import ActivityError, Context, Inputs
from orchcamp.datasets import engine, expressions, rules
from tests.datasets.shop import model

from .stage import NOW, clean


def at(day):
    return datetime(2026, 1, day, tzinfo=UTC)


PURCHASES = [
    {"id": 10, "person_id": 1, "product_id": "tea", "amount": 5, "bought_at": at(1)},
    {"id": 11, "person_id": 1, "product_id": "mug", "amount": 7, "bought_at": at(3)},
    {"id": 12, "person_id": 1, "product_id": "pot", "amount": None, "bought_at": at(2)},
    {"id": 13, "person_id": 1, "product_id": None, "amount": 1, "bought_at": None},
    {"id": 14, "person_id": 2, "product_id": "tea", "amount": 2, "bought_at": at(9)},
    {"id": 15, "person_id": None, "product_id": "tea", "amount": 2, "bought_at": at(9)},
]
SHOP = model(
    {
        "people": [{"id": i, "name": f"P{i}", "city": city, "shop_x": 1, "shop_y": "a"} for i, city in enumerate(
            ["Paris", "Lyon", "Paris", None], start=1)],
        "purchases": PURCHASES,
        "products": [{"sku": sku, "name": sku.title(), "price": 3} for sku in ("tea", "mug", "pot")],
        "shops": [{"x": 1, "y": "a", "region": "north"}],
    }
)  # fmt: skip
CTX = Context(SHOP, NOW, seed="spring")


def compiled(settings, *arrived):
    arrived = arrived or (CTX.everyone("people"),)
    scope = Scope(CTX.model, "people", columns.shapes(arrived[0]), now=NOW)
    activity = catalogue.build("enrichment", clean("enrichment", settings, scope=scope))
    sources = [(f"n{place}", "out") for place, _population in enumerate(arrived, start=1)]
    inputs = Inputs({"in": list(arrived)}, {"in": sources})
    out = activity.compile(inputs, CTX.at("node"))
    losses = activity.lost(inputs, CTX.at("node"), out)
    lost = {each.reason: engine.count(each.rows) - sum(map(engine.count, each.less)) for each in losses}
    return out["out"], {reason: rows for reason, rows in lost.items() if rows}


def enriched(*data, arrived=()):
    out, _lost = compiled({"data": list(data)}, *arrived)
    return {row.pop("id"): row for row in engine.rows(out.table)}


def test_a_column_here_or_over_a_link_and_a_computed_value():
    rows = enriched(
        {"kind": "attribute", "attribute": "shop.region"},
        {"kind": "attribute", "attribute": "city", "alias": "town"},
        {"kind": "expression", "expression": "Upper([city])", "alias": "loud"},
    )
    assert rows[1] == {"shop_region": "north", "town": "Paris", "loud": "PARIS"}
    assert rows[4] == {"shop_region": "north", "town": None, "loud": None}


def test_the_last_rows_of_a_collection_side_by_side():
    item = {
        "kind": "collection", "link": "purchases", "columns": ["product.name", "amount"], "lines": 3,
        "sort": {"by": "bought_at", "descending": True}, "alias": "item",
    }  # fmt: skip
    rows = enriched(item)
    assert {name: rows[1][name] for name in ("item1_product_name", "item2_product_name", "item3_product_name")} == {
        "item1_product_name": "Mug", "item2_product_name": "Pot", "item3_product_name": "Tea",
    }  # fmt: skip
    assert (rows[1]["item1_amount"], rows[1]["item2_amount"], rows[1]["item3_amount"]) == (7, None, 5)
    assert (rows[2]["item1_product_name"], rows[2]["item2_product_name"]) == ("Tea", None)
    assert set(rows[3].values()) == {None}
    assert len(rows) == 4


def test_only_rows_that_satisfy_the_filter_are_collected():
    where = {"attribute": "amount", "operator": "greater_than", "value": 4}
    rows = enriched({"kind": "collection", "link": "purchases", "columns": ["amount"], "lines": 2, "where": where})
    assert (rows[1]["purchases1_amount"], rows[1]["purchases2_amount"], rows[2]["purchases1_amount"]) == (5, 7, None)


@pytest.mark.parametrize(
    ("aggregate", "attribute", "figures"),
    [
        ("count", "", (4, 1, 0)),
        ("count", "amount", (3, 1, 0)),
        ("count_distinct", "product_id", (3, 1, 0)),
        ("sum", "amount", (13, 2, 0)),
        ("avg", "amount", (pytest.approx(13 / 3), 2, None)),
        ("min", "amount", (1, 2, None)),
        ("max", "bought_at", (at(3), at(9), None)),
        ("stddev", "amount", (pytest.approx(3.0550504), None, None)),
        ("max", "product.price", (3, 3, None)),
    ],
)
def test_a_figure_over_a_collection(aggregate, attribute, figures):
    item = {"kind": "aggregate", "link": "purchases", "aggregate": aggregate, "attribute": attribute, "alias": "n"}
    rows = enriched(item)
    assert (rows[1]["n"], rows[2]["n"], rows[3]["n"]) == figures


def test_names_are_made_from_what_is_taken():
    rows = enriched(
        {"kind": "aggregate", "link": "purchases", "aggregate": "count"},
        {"kind": "aggregate", "link": "purchases", "aggregate": "sum", "attribute": "amount"},
        {"kind": "aggregate", "link": "shop.visitors", "aggregate": "count", "alias": "neighbours"},
    )
    assert rows[1] == {"purchases_count": 4, "purchases_sum_amount": 13, "neighbours": 4}


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        ({"kind": "attribute", "attribute": "id"}, "“id” is the key of the rows"),
        ({"kind": "attribute", "attribute": "shoe"}, "has no column “shoe”"),
        ({"kind": "attribute", "attribute": "city", "alias": "a b"}, "“a b” is no name for a column"),
        ({"kind": "expression", "alias": "x"}, "Write the expression."),
        ({"kind": "expression", "expression": "Upper([shoe])", "alias": "x"}, "shoe"),
        ({"kind": "collection", "link": "contracts", "columns": ["id"]}, "has no link “contracts”"),
        ({"kind": "collection", "link": "purchases"}, "Choose the columns to collect."),
        ({"kind": "collection", "link": "purchases", "columns": ["shoe"]}, "has no column “shoe”"),
        ({"kind": "aggregate", "link": "purchases", "aggregate": "sum"}, "Choose the column that the figure"),
        ({"kind": "aggregate"}, "Choose the collection."),
    ],
)
def test_what_is_wrong_is_said(item, sentence):
    form = catalogue.get("enrichment").form_class({"data": [item]}, scope=Scope(SHOP, "people", now=NOW))
    assert sentence in " ".join(form.sentences())


def test_two_columns_of_one_name_are_refused():
    same = {"kind": "attribute", "attribute": "city", "alias": "town"}
    form = catalogue.get("enrichment").form_class({"data": [same, same]}, scope=Scope(SHOP, "people", now=NOW))
    assert "“town” is there twice" in " ".join(form.sentences())


def test_names_that_differ_in_case_only_are_refused():
    one, other = ({"kind": "attribute", "attribute": "city", "alias": alias} for alias in ("town", "Town"))
    form = catalogue.get("enrichment").form_class({"data": [one, other]}, scope=Scope(SHOP, "people", now=NOW))
    assert "“Town” is there twice" in " ".join(form.sentences())
    with pytest.raises(ActivityError, match="“City” and the column “city” differ in upper and lower case only"):
        enriched({"kind": "attribute", "attribute": "city", "alias": "City"})


def test_a_figure_that_cannot_be_taken_is_refused():
    with pytest.raises(ActivityError, match="sum cannot be taken of “note”, which is of type string"):
        enriched({"kind": "aggregate", "link": "purchases", "aggregate": "sum", "attribute": "note"})


# --- Links ------------------------------------------------------------------------------------------------

PAIRS = [{"source": "id", "destination": "person_id"}]


def link(**options):
    return {"name": "bought", "dataset": "purchases", "pairs": PAIRS, **options}


def kept(out, tree):
    asked = columns.asked(out, CTX)
    return sorted(row["id"] for row in engine.rows(rules.keep(CTX.wide(out), tree, "people", asked)))


@pytest.mark.parametrize(
    ("relation", "ids", "lost"),
    [
        ("one", {1, 2}, {
            "no counterpart over the link “bought”": 2,
            "had several counterparts over the link “bought” and kept the first": 1,
        }),
        ("zero_or_one", {1, 2, 3, 4}, {"had several counterparts over the link “bought” and kept the first": 1}),
        ("many", {1, 2, 3, 4}, {}),
    ],
)  # fmt: skip
def test_the_relation_says_which_rows_stay(relation, ids, lost):
    out, found = compiled({"links": [link(relation=relation)]})
    assert {row["id"] for row in engine.rows(out.table)} == ids
    assert found == lost


def test_rules_and_expressions_behind_follow_a_link():
    out, _lost = compiled({"links": [link(relation="zero_or_one")]})
    assert kept(out, {"attribute": "bought.product.name", "operator": "equals", "value": "Tea"}) == [1, 2]
    asked = columns.asked(out, CTX)
    rows = engine.rows(expressions.add(CTX.wide(out), {"x": "[bought.amount] + 1"}, "people", asked))
    assert {row["id"]: row["x"] for row in rows} == {1: 6, 2: 3, 3: None, 4: None}
    many, _lost = compiled({"links": [link(relation="many")]})
    assert kept(many, {"link": "bought", "aggregate": "count", "operator": "greater_than", "value": 1}) == [1]


def test_an_enrichment_behind_collects_over_a_link():
    many, _lost = compiled({"links": [link(relation="many")]})
    scope = Scope(extended(CTX.model, many), "people", now=NOW)
    item = {"kind": "collection", "link": "bought", "columns": ["id"], "lines": 2}
    activity = catalogue.build("enrichment", clean("enrichment", {"data": [item]}, scope=scope))
    out = activity.compile(Inputs({"in": [many]}), CTX)["out"]
    rows = {row["id"]: row for row in engine.rows(out.table)}
    assert (rows[1]["bought1_id"], rows[1]["bought2_id"], rows[2]["bought2_id"]) == (10, 11, None)
    assert set(out.links) == {"bought"}


def test_a_link_leads_to_another_set_that_arrives():
    other = CTX.everyone("purchases")
    other = other.where(other.table.id > 11)
    other = other.with_table(other.table.mutate(mark=ibis.literal("late")))
    joined = {"name": "late", "relation": "one", "set": {"node": "n2", "port": "out"}, "pairs": PAIRS}
    out, lost = compiled({"links": [joined]}, CTX.everyone("people"), other)
    assert sorted(row["id"] for row in engine.rows(out.table)) == [1, 2]
    assert kept(out, {"attribute": "late.mark", "operator": "equals", "value": "late"}) == [1, 2]
    assert lost["no counterpart over the link “late”"] == 2
    assert "of a set that is not the primary one, nor linked" not in lost


def test_a_condition_over_both_rows_narrows_the_link():
    narrow = link(relation="many", condition="[there_amount] > 4 and [name] = 'P1'")
    out, _lost = compiled({"links": [narrow]})
    assert kept(out, {"link": "bought", "aggregate": "count", "operator": "equals", "value": 2}) == [1]
    alone = link(relation="many", pairs=[], condition="[there_person_id] = [id] + 1")
    out, _lost = compiled({"links": [alone]})
    assert kept(out, {"link": "bought", "exists": True}) == [1]


def test_a_name_that_the_dimension_has_is_refused():
    with pytest.raises(ActivityError, match="“purchases” is empty or a link of the dimension"):
        compiled({"links": [link(name="purchases", relation="many")]})
