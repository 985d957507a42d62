"""Combine: union, intersection, exclusion, and what is left."""

from __future__ import annotations

from dataclasses import replace

import ibis
import pytest

from activities import catalogue
from activities.populations import ActivityError, Context, Inputs
from orchcamp.datasets import engine
from tests.datasets.shop import model as shop_model

from .stage import NOW, clean, crowd, ids, make_context, make_model, make_scope, run


@pytest.fixture
def ctx():
    return make_context(crowd(10, points=lambda i: float(i)))


def between(ctx, first, last, **added):
    """People first to last, with columns that a node added."""
    everyone = ctx.everyone("people")
    part = everyone.where((everyone.table.id >= first) & (everyone.table.id <= last))
    return part.with_table(part.table.mutate(**added)) if added else part


def test_a_union_has_each_row_once(ctx):
    parts = run("combine", {}, ctx, between(ctx, 1, 4), between(ctx, 3, 6), between(ctx, 6, 6))
    assert ids(parts["out"]) == [1, 2, 3, 4, 5, 6]


def test_a_union_keeps_columns_that_all_sets_have_and_the_first_set_wins(ctx):
    a = between(ctx, 1, 2, segment_code=ibis.literal("a"), only_here=1)
    b = between(ctx, 2, 3, segment_code=ibis.literal("b"))
    rows = run("combine", {}, ctx, a, b)["out"]
    assert sorted(map(tuple, map(dict.values, rows))) == [(1, "a"), (2, "a"), (3, "b")]


def test_a_column_of_two_types_is_not_common(ctx):
    a, b = between(ctx, 1, 1, score=ibis.literal("high")), between(ctx, 2, 2, score=ibis.literal(3))
    assert run("combine", {}, ctx, a, b)["out"] in ([{"id": 1}, {"id": 2}], [{"id": 2}, {"id": 1}])


def test_an_intersection_has_the_rows_of_every_set_and_its_complement_the_others_of_the_union(ctx):
    settings = {"operation": "intersection", "complement": True}
    parts = run("combine", settings, ctx, between(ctx, 1, 5), between(ctx, 3, 8), between(ctx, 4, 9))
    assert ids(parts["out"]) == [4, 5]
    assert ids(parts["complement"]) == [1, 2, 3, 6, 7, 8, 9]


def test_an_exclusion_takes_the_others_from_the_primary_set(ctx):
    sets = between(ctx, 1, 5), between(ctx, 4, 8), between(ctx, 1, 1)
    parts = run("combine", {"operation": "exclusion", "complement": True}, ctx, *sets)
    assert (ids(parts["out"]), ids(parts["complement"])) == ([2, 3], [1, 4, 5])
    second = {"operation": "exclusion", "primary": {"node": "n2", "port": "out"}, "complement": True}
    parts = run("combine", second, ctx, *sets)
    assert (ids(parts["out"]), ids(parts["complement"])) == ([6, 7, 8], [4, 5])


def test_a_primary_set_whose_way_was_not_taken_leaves_nothing(ctx):
    settings = {"operation": "exclusion", "primary": {"node": "n9", "port": "out"}}
    assert run("combine", settings, ctx, between(ctx, 1, 5))["out"] == []


def test_one_set_passes_as_it_is(ctx):
    for operation in ("union", "intersection", "exclusion"):
        assert ids(run("combine", {"operation": operation}, ctx, between(ctx, 2, 3))["out"]) == [2, 3]


def test_an_empty_set_adds_nothing_to_a_union_and_empties_an_intersection(ctx):
    nobody = between(ctx, 99, 99)
    assert ids(run("combine", {}, ctx, nobody, between(ctx, 1, 2))["out"]) == [1, 2]
    assert run("combine", {"operation": "intersection"}, ctx, nobody, between(ctx, 1, 2))["out"] == []


def test_sets_of_two_dimensions_are_refused_by_name(ctx):
    with pytest.raises(ActivityError, match="different dimensions \\(people, stores\\)"):
        run("combine", {}, ctx, ctx.everyone("people"), ctx.everyone("stores"))


# --- Columns ---------------------------------------------------------------------------------------------

STORES = [{"code": "a", "region": "Paris"}, {"code": "b", "region": "Nice"}, {"code": "c", "region": None}]


@pytest.fixture
def town():
    """People of Paris (1, 2), Lyon (3) and nowhere (4); stores of Paris, Nice and nowhere under the same column."""
    people = [{"id": i, "city": city} for i, city in enumerate(["Paris", "Paris", "Lyon", None], start=1)]
    return replace(make_context(), model=make_model(people, STORES))


def stores(ctx, *codes):
    """Stores with a column that people have too."""
    everyone = ctx.everyone("stores")
    part = everyone.where(everyone.table.code.isin(codes)) if codes else everyone
    wide = ctx.wide(part)
    return part.with_table(wide.select("code", city=wide.region))


def test_sets_of_two_dimensions_match_on_columns_and_the_primary_rows_stay(town):
    people, settings = town.everyone("people"), {"match": "columns", "columns": ["city"], "complement": True}
    sets = [people, stores(town)]
    parts = run_sets({"operation": "intersection", **settings}, town, sets)
    assert ids(parts["out"]) == [1, 2]
    assert {row["city"] for row in parts["complement"] if row["id"] is None} == {"Nice", None}
    assert ids([row for row in parts["complement"] if row["id"]]) == [3, 4]
    parts = run_sets({"operation": "exclusion", **settings}, town, sets)
    assert (ids(parts["out"]), ids(parts["complement"])) == ([3, 4], [1, 2])


def test_a_union_on_columns_has_what_the_primary_set_lacks_once(town):
    people = town.everyone("people")
    rows = run_sets({"match": "columns", "columns": ["city"]}, town, [people, stores(town), stores(town, "b")])["out"]
    assert sorted((row["id"] or 0, row["city"] or "") for row in rows) == [
        (0, ""), (0, "Nice"), (1, "Paris"), (2, "Paris"), (3, "Lyon"), (4, ""),
    ]  # fmt: skip
    one, two = between(town, 1, 1), between(town, 2, 4)
    rows = run_sets({"match": "columns", "columns": ["city"]}, town, [one, two, two])["out"]
    assert ids(rows) == [1, 3, 4]


def test_columns_of_two_kinds_cannot_be_equal(ctx):
    one, two = between(ctx, 1, 1, mark=ibis.literal("x")), between(ctx, 2, 2, mark=ibis.literal(3))
    with pytest.raises(ActivityError, match="“mark” and “mark” cannot be equal: one is string, the other integer"):
        run_sets({"match": "columns", "columns": ["mark"]}, ctx, [one, two])


def run_sets(settings, ctx, sets):
    activity = catalogue.build("combine", clean("combine", settings, scope=make_scope(ctx, choices={}, dimension="")))
    sources = [(f"n{place}", "out") for place in range(1, len(sets) + 1)]
    parts = activity.compile(Inputs({"in": sets}, {"in": sources}), ctx)
    return {port: engine.rows(part.table) for port, part in parts.items()}


# --- Exclusion of another dimension ----------------------------------------------------------------------


def test_a_set_of_another_dimension_is_taken_away_by_equal_columns(town):
    rule = {"set": {"node": "n2", "port": "out"}, "pairs": [{"source": "region", "destination": "city"}]}
    settings = {"operation": "exclusion", "rules": [rule], "complement": True}
    parts = run_sets(settings, town, [town.everyone("people"), town.everyone("stores")])
    assert (ids(parts["out"]), ids(parts["complement"])) == ([3, 4], [1, 2])


def test_a_set_of_another_dimension_is_taken_away_over_a_link():
    shop = Context(SHOP, NOW)
    everyone, bought = shop.everyone("people"), shop.everyone("purchases")
    bought = bought.where(bought.table.id >= 12)
    rule = {"set": {"node": "n2", "port": "out"}, "link": "purchases"}
    parts = run_sets({"operation": "exclusion", "rules": [rule]}, shop, [everyone, bought])
    assert ids(parts["out"]) == [1, 4]
    with pytest.raises(ActivityError, match="does not lead to the set's dimension"):
        run_sets({"operation": "exclusion", "rules": [rule | {"link": "purchases.product"}]}, shop, [everyone, bought])


def test_without_a_rule_it_cannot_be_taken_away_by_key(town):
    with pytest.raises(ActivityError, match="add an exclusion rule"):
        run_sets({"operation": "exclusion"}, town, [town.everyone("people"), town.everyone("stores")])


SHOP = shop_model(
    {
        "people": [{"id": i} for i in range(1, 5)],
        "purchases": [{"id": 10, "person_id": 1}, {"id": 12, "person_id": 2}, {"id": 13, "person_id": 3}],
        "products": [],
        "shops": [],
    }
)
