"""Deduplication: how many of equal rows stay, and which."""

from __future__ import annotations

import ibis
import pytest

from activities import catalogue
from activities.populations import Inputs
from orchcamp.datasets import engine

from .stage import clean, crowd, ids, make_context, make_scope, run

ROWS = [
    {"id": 1, "email": "a@example.org", "points": 5.0, "city": "Paris"},
    {"id": 2, "email": "a@example.org", "points": 9.0, "city": "Lyon"},
    {"id": 3, "email": "a@example.org", "points": None, "city": ""},
    {"id": 4, "email": "b@example.org", "points": 1.0, "city": None},
    {"id": 5, "email": "", "points": 2.0, "city": "Nice"},
    {"id": 6, "email": None, "points": 3.0, "city": "Paris"},
]


def deduplicated(rows=ROWS, **settings):
    ctx = make_context(rows)
    return run("deduplication", {"fields": ["email"], **settings}, ctx, ctx.everyone("people"))


def test_one_row_of_each_group_stays_and_empty_values_agree():
    out = ids(deduplicated()["out"])
    assert len(out) == 3
    assert len({1, 2, 3} & set(out)) == 1
    assert 4 in out
    assert len({5, 6} & set(out)) == 1


def test_rows_with_an_empty_value_may_be_left_alone():
    assert {5, 6} <= set(ids(deduplicated(ignore_empty=True)["out"]))
    assert len(deduplicated(ignore_empty=True)["out"]) == 4


@pytest.mark.parametrize(("keep", "count"), [(0, 6), (1, 3), (2, 5), (3, 6), (9, 6)])
def test_as_many_stay_as_were_asked_for_and_the_others_leave_apart(keep, count):
    parts = deduplicated(keep=keep, complement=True)
    assert len(parts["out"]) == count
    assert sorted(ids(parts["out"]) + ids(parts["complement"])) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"method": "expression", "sort": {"by": "points", "descending": True}}, [2, 4, 6]),
        ({"method": "expression", "sort": {"by": "points"}}, [1, 4, 5]),
        ({"method": "values", "sort": {"by": "city"}, "values": ["Lyon", "Paris"]}, [2, 4, 6]),
        ({"method": "values", "sort": {"by": "points"}, "values": ["5.0"]}, None),
    ],
)
def test_a_column_decides_which_stay(options, kept):
    found = ids(deduplicated(**options)["out"])
    assert found == kept if kept else len(found) == 3


def test_rows_where_the_column_is_not_empty_go_first():
    rows = [
        *crowd(20, email="a@example.org", city=lambda i: "" if i % 2 else None),
        {"id": 21, "email": "a@example.org", "city": "Nice"},
    ]
    assert ids(deduplicated(rows, method="non_empty", sort={"by": "city"})["out"]) == [21]


def test_several_columns_must_all_agree():
    rows = [
        {"id": 1, "email": "a@example.org", "city": "Paris"},
        {"id": 2, "email": "a@example.org", "city": "Lyon"},
        {"id": 3, "email": "a@example.org", "city": "Paris"},
        {"id": 4, "email": "a@example.org", "city": None},
        {"id": 5, "email": "a@example.org", "city": ""},
    ]
    out = ids(deduplicated(rows, fields=["email", "city"])["out"])
    assert len(out) == 3 and 2 in out
    assert len(ids(deduplicated(rows, fields=["email", "city"], ignore_empty=True)["out"])) == 4


def test_the_lot_is_repeatable_and_not_the_order_of_the_rows():
    rows = crowd(60, email=lambda i: f"{i % 20}@example.org")
    once = ids(deduplicated(rows)["out"])
    assert once == ids(deduplicated(list(reversed(rows)))["out"])
    assert once != list(range(1, 21))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "Choose at least one column."),
        ({"fields": ["shoe"]}, "Column “shoe” does not reach this node; there are: id, name, city"),
        ({"fields": "email"}, "Give a list of column names."),
        ({"fields": ["email"], "keep": -1}, "greater than or equal to 0"),
        ({"fields": ["email"], "keep": None}, "How many to keep: This field is required."),
        ({"fields": ["email"], "method": "luck"}, "luck is not one of the available choices"),
        ({"fields": ["email"], "method": "expression"}, "Choose the column that decides."),
        ({"fields": ["email"], "method": "values", "sort": {"by": "city"}}, "Write at least one value."),
    ],
)
def test_what_is_wrong_is_said(options, sentence):
    form = catalogue.get("deduplication").form_class(options, scope=make_scope())
    assert not form.is_valid()
    assert sentence in " ".join(form.sentences())


def test_the_line_under_the_name_says_how_many_per_what():
    build = catalogue.get("deduplication")
    assert build({"fields": ["email"], "keep": 1}).summary() == "1 row per email"
    assert build({"fields": ["email", "city"], "keep": 2}).summary() == "2 rows per email, city"
    assert build({"fields": ["email"], "keep": 0}).summary() == "All rows per email"


# --- Expressions, several sets, what is lost ---------------------------------------------------------------


def test_rows_may_agree_in_an_expression():
    rows = [{"id": 1, "email": "A@x.org"}, {"id": 2, "email": "a@X.org"}, {"id": 3, "email": "b@x.org"}]
    parts = deduplicated(rows, fields=[], expressions=["Lower([email])"], complement=True)
    assert (len(parts["out"]), len(parts["complement"])) == (2, 1)
    assert 3 in ids(parts["out"])


def test_an_expression_decides_which_stay():
    settings = {"method": "expression", "sort": {"expression": "0 - [points]", "descending": True}}
    assert {1, 4} <= set(ids(deduplicated(**settings)["out"]))
    settings["sort"]["descending"] = False
    assert 2 in ids(deduplicated(**settings)["out"])


def test_a_wrong_expression_is_refused_with_its_place():
    form = catalogue.get("deduplication").form_class({"expressions": ["Lower([shoe])"]}, scope=make_scope())
    assert "“Lower([shoe])”: " in " ".join(form.sentences())


def test_several_sets_become_one_first_and_the_primary_sets_columns_win():
    ctx = make_context(ROWS)
    everyone = ctx.everyone("people")
    few = everyone.where(everyone.table.id < 3)
    few = few.with_table(few.table.mutate(mark=ibis.literal("few")))
    many = everyone.with_table(everyone.table.mutate(mark=ibis.literal("many")))
    settings = {"fields": ["id"], "primary": {"node": "n2", "port": "out"}}
    assert {row["mark"] for row in run("deduplication", settings, ctx, few, many)["out"]} == {"many"}
    rows = run("deduplication", {"fields": ["id"]}, ctx, few, many)["out"]
    assert sorted((row["id"], row["mark"]) for row in rows)[:3] == [(1, "few"), (2, "few"), (3, "many")]
    assert len(rows) == 6


def test_duplicates_that_leave_nowhere_are_counted():
    ctx = make_context(ROWS)
    activity = catalogue.build("deduplication", clean("deduplication", {"fields": ["email"]}))
    inputs = Inputs({"in": [ctx.everyone("people")]})
    (loss,) = activity.lost(inputs, ctx, activity.compile(inputs, ctx))
    assert engine.count(loss.rows) - sum(map(engine.count, loss.less)) == 3
