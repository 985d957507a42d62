"""Split: filters, limits, order, lot, overlap and the rest."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities import catalogue
from activities.columns import shapes
from activities.populations import Inputs
from orchcamp.datasets import engine

from .stage import clean, crowd, ids, make_context, make_scope, run


def subset(code="a", **options):
    return {"code": code, **options}


def percent(value, of="inbound"):
    return {"type": "percent", "value": value, "of": of}


def is_paris():
    return {"attribute": "city", "operator": "equals", "value": "Paris"}


def split(ctx, *subsets, people=None, **options):
    return run("split", {"subsets": list(subsets), **options}, ctx, people or ctx.everyone("people"))


def cities(i):
    return "Paris" if i % 2 else "Lyon"


def test_a_row_goes_to_the_first_subset_that_it_satisfies():
    ctx = make_context(crowd(10, city=cities))
    parts = split(ctx, subset("a", rule=is_paris()), subset("b"), complement=True)
    assert ids(parts["a"]) == [1, 3, 5, 7, 9]
    assert ids(parts["b"]) == [2, 4, 6, 8, 10]
    assert parts["complement"] == []


def test_with_overlap_a_row_goes_to_all_that_it_satisfies_and_the_rest_to_the_complement():
    ctx = make_context(crowd(10, city=cities, age=lambda i: i))
    old = {"attribute": "age", "operator": "greater_or_equal", "value": 9}
    parts = split(ctx, subset("a", rule=is_paris()), subset("b", rule=old), complement=True, overlap=True)
    assert ids(parts["a"]) == [1, 3, 5, 7, 9]
    assert ids(parts["b"]) == [9, 10]
    assert ids(parts["complement"]) == [2, 4, 6, 8]


def test_rows_carry_the_code_of_their_subset_and_the_key_only():
    ctx = make_context(crowd(4, city=cities))
    parts = split(ctx, subset("paris", rule=is_paris()), complement=True)
    assert parts["paris"] == [{"id": i, "segment_code": "paris"} for i in (1, 3)]
    assert sorted(parts["complement"], key=lambda row: row["id"]) == [{"id": i, "segment_code": None} for i in (2, 4)]


def test_a_second_split_replaces_the_code_and_keeps_it_in_its_complement():
    ctx = make_context(crowd(4, city=cities))
    people = ctx.everyone("people")
    coded = people.with_table(people.table.mutate(segment_code=ibis.literal("old")))
    parts = split(ctx, subset("new", rule=is_paris()), complement=True, people=coded)
    assert {row["segment_code"] for row in parts["new"]} == {"new"}
    assert {row["segment_code"] for row in parts["complement"]} == {"old"}


def test_columns_that_nodes_added_can_be_asked_and_sorted_by():
    ctx = make_context(crowd(6))
    people = ctx.everyone("people")
    scored = people.with_table(people.table.mutate(score=people.table.id * 10))
    rule = {"attribute": "score", "operator": "greater_than", "value": 20}
    settings = {"subsets": [subset(rule=rule, limit={"type": "number", "value": 2}, sort={"by": "score"})]}
    scope = make_scope(ctx, columns=shapes(scored))
    activity = catalogue.build("split", clean("split", settings, scope=scope))
    rows = engine.rows(activity.compile(Inputs({"in": [scored]}), ctx)["a"].table)
    assert sorted(rows, key=lambda row: row["id"]) == [
        {"id": 3, "score": 30, "segment_code": "a"},
        {"id": 4, "score": 40, "segment_code": "a"},
    ]


def test_a_percentage_is_of_the_inbound_or_of_the_remainder_and_rounded_down():
    ctx = make_context(crowd(103))
    parts = split(ctx, subset("a", limit=percent(70)), subset("b", limit=percent(50)), complement=True)
    assert [len(parts[port]) for port in ("a", "b", "complement")] == [72, 31, 0]
    parts = split(ctx, subset("a", limit=percent(70)), subset("b", limit=percent(50, "remainder")), complement=True)
    assert [len(parts[port]) for port in ("a", "b", "complement")] == [72, 15, 16]


def test_the_limit_is_taken_after_the_filter_and_bounded_by_what_is_left():
    ctx = make_context(crowd(10, city=cities))
    assert len(split(ctx, subset(rule=is_paris(), limit=percent(40)))["a"]) == 4
    assert ids(split(ctx, subset(rule=is_paris(), limit=percent(90)))["a"]) == [1, 3, 5, 7, 9]
    assert len(split(ctx, subset(rule=is_paris(), limit={"type": "number", "value": 3}))["a"]) == 3
    assert len(split(ctx, subset(limit={"type": "number", "value": 99}))["a"]) == 10


@pytest.mark.parametrize(("descending", "expected"), [(True, [9, 10]), (False, [1, 2])])
def test_sorted_limits_take_the_first_and_empty_values_come_last(descending, expected):
    ctx = make_context([*crowd(10, points=lambda i: float(i)), {"id": 11, "points": None}])
    parts = split(ctx, subset(limit={"type": "number", "value": 2}, sort={"by": "points", "descending": descending}))
    assert ids(parts["a"]) == expected


def test_the_lot_falls_alike_every_time_and_differently_at_another_node():
    ctx = make_context(crowd(200))
    once, again = (ids(split(ctx, subset(limit=percent(50)))["a"]) for _ in range(2))
    assert once == again
    assert once != list(range(1, 101))
    assert ids(split(replace(ctx, seed="autumn"), subset(limit=percent(50)))["a"]) != once


def test_overlapping_subsets_draw_independently():
    ctx = make_context(crowd(400))
    parts = split(ctx, subset("a", limit=percent(50)), subset("b", limit=percent(50)), overlap=True)
    both = set(ids(parts["a"])) & set(ids(parts["b"]))
    assert 60 < len(both) < 140


def test_an_empty_subset_is_skipped_only_when_it_says_so():
    settings = clean("split", {"subsets": [subset("a", skip_empty=True), subset("b")], "complement": True})
    split = catalogue.build("split", settings)
    assert split.follows({"a": 0, "b": 0, "complement": 0}) == ["b", "complement"]
    assert split.follows({"a": 1, "b": 0, "complement": 5}) == ["a", "b", "complement"]


@given(
    rows=st.integers(0, 40),
    parts=st.lists(
        st.tuples(
            st.sampled_from([0, 0.5, 10, 12.5, 33, 33.3, 50, 99.99, 100]), st.sampled_from(["inbound", "remainder"])
        ),
        min_size=1,
        max_size=4,
    ),
    filtered=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_parts_are_disjoint_add_up_and_have_the_size_that_was_asked_for(rows, parts, filtered):
    ctx = make_context(crowd(rows, city=cities))
    rule = is_paris() if filtered else {}
    subsets = [subset(f"s{n}", rule=rule, limit=percent(*part)) for n, part in enumerate(parts)]
    found = split(ctx, *subsets, complement=True)
    assert sorted(i for part in found.values() for i in ids(part)) == list(range(1, rows + 1))
    left, fit = rows, (rows + 1) // 2 if filtered else rows
    for n, (value, of) in enumerate(parts):
        allowed = int(Fraction(str(value)) * (rows if of == "inbound" else left) / 100)
        assert len(found[f"s{n}"]) == min(allowed, fit)
        left, fit = left - len(found[f"s{n}"]), fit - len(found[f"s{n}"])


@pytest.mark.parametrize(
    ("subsets", "sentence"),
    [
        ([], "Subsets: Add at least 1."),
        ([subset("a"), subset("a")], "Code “a” is used more than once"),
        ([subset("out")], "“out” is reserved"),
        ([subset("1st")], "Begin with a letter"),
        ([subset("é")], "Begin with a letter"),
        ([subset("a" * 41)], "at most 39"),
        ([subset(limit=percent(101))], "A percentage is at most 100."),
        ([subset(limit=percent(-1))], "greater than or equal to 0"),
        ([subset(limit={"type": "number", "value": 1.5})], "A number of rows is a whole number."),
        ([subset(limit={"type": "percent"})], "Value"),
        ([subset(limit={"value": 5})], "“type” is missing"),
        ([subset(sort={"by": "nowhere"})], "Column “nowhere” does not reach this node; there are: id, name"),
        ([subset(rule={"attribute": "nowhere", "operator": "equals", "value": 1})], "nowhere"),
        ([subset(limit="half")], "Give an object with: type, value, of."),
        (["a"], "Subset 1: Give an object with: label, code"),
        ({"a": 1}, "Give a list of objects"),
        ([subset(f"c{n}") for n in range(51)], "at most 50 are allowed"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(subsets, sentence):
    form = catalogue.get("split").form_class({"subsets": subsets}, scope=make_scope())
    assert not form.is_valid()
    assert sentence in " ".join(form.sentences())


def test_percentages_over_a_hundred_are_warned_about():
    settings = clean("split", {"subsets": [subset("a", limit=percent(70)), subset("b", limit=percent(50))]})
    (finding,) = catalogue.build("split", settings).findings(make_scope())
    assert (finding.severity, "120" in finding.sentence) == ("warning", True)
    assert not list(catalogue.build("split", settings | {"overlap": True}).findings(make_scope()))


# --- One table, texts of segments, what is lost ------------------------------------------------------------


def test_all_subsets_may_leave_through_one_transition_with_their_codes():
    ctx = make_context(crowd(10))
    subsets = [
        {"code": "a", "segment": "first four", "limit": {"type": "number", "value": 4}, "sort": {"by": "id"}},
        {"code": "b", "limit": {"type": "number", "value": 3}, "sort": {"by": "id"}},
    ]
    settings = {"subsets": subsets, "same_table": True, "complement": True}
    parts = run("split", settings, ctx, ctx.everyone("people"))
    assert sorted((row["id"], row["segment_code"]) for row in parts["out"]) == [
        *((id, "first four") for id in range(1, 5)), *((id, "b") for id in range(5, 8))
    ]  # fmt: skip
    assert ids(parts["complement"]) == [8, 9, 10]
    parts = run("split", {**settings, "overlap": True}, ctx, ctx.everyone("people"))
    assert {row["segment_code"] for row in parts["out"]} == {"first four"}
    assert ids(parts["out"]) == [1, 2, 3, 4]


@pytest.mark.parametrize("overlap", [False, True])
def test_rows_in_no_subset_are_counted_unless_they_leave(overlap):
    ctx = make_context(crowd(10))
    subsets = [{"code": code, "limit": {"type": "number", "value": 4}, "sort": {"by": "id"}} for code in "ab"]
    activity = catalogue.build("split", clean("split", {"subsets": subsets, "overlap": overlap}))
    inputs = Inputs({"in": [ctx.everyone("people")]})
    (loss,) = activity.lost(inputs, ctx, activity.compile(inputs, ctx))
    assert engine.count(loss.rows) - sum(map(engine.count, loss.less)) == (6 if overlap else 2)
