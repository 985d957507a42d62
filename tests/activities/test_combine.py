"""Combine: union, intersection, exclusion, and what is left."""

from __future__ import annotations

import ibis
import pytest

from activities.base import ActivityError

from .stage import crowd, ids, make_context, run


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
