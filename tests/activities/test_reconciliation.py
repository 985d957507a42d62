"""Reconciliation: pairs, a condition, a filter, and what becomes of rows without counterpart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activities import catalogue
from activities.forms import Scope
from activities.populations import Context, Inputs
from orchcamp.datasets import engine
from orchcamp.datasets.schema import ColumnShape, DatasetShape

from .stage import CHOICES, NOW, clean, make_model, table

PEOPLE = [
    {"id": 1, "name": "Ann", "email": "ann@x.org", "city": "Paris"},
    {"id": 2, "name": "Bob", "email": "bob@x.org", "city": "Lyon"},
    {"id": 3, "name": "Cid", "email": "same@x.org", "city": "Paris"},
    {"id": 4, "name": "Dee", "email": "same@x.org", "city": "Nice"},
    {"id": 5, "name": "Eve", "email": None, "city": "Nice"},
]
FILE = {"line": "integer", "email": "string", "city": "string", "gift": "string"}
ROWS = [
    {"line": 1, "email": "ann@x.org", "city": "Rome", "gift": "tea"},
    {"line": 2, "email": " BOB@x.org", "city": "Rome", "gift": "mug"},
    {"line": 3, "email": "same@x.org", "city": "Rome", "gift": "pot"},
    {"line": 4, "email": "nobody@x.org", "city": "Rome", "gift": "jar"},
    {"line": 5, "email": None, "city": "Rome", "gift": "cup"},
    {"line": 6, "email": "ann@x.org", "city": "Rome", "gift": "can"},
]
EMAIL = [{"source": "email", "destination": "email"}]


@pytest.fixture
def ctx():
    model = make_model(PEOPLE)
    shape = DatasetShape("file:n1", "Rows", ("line",), {n: ColumnShape(n, n, type) for n, type in FILE.items()})
    datasets = {**model.datasets, "file:n1": shape}
    return Context(replace(model, datasets=datasets, tables={**model.tables, "file:n1": table(ROWS, FILE)}), NOW)


def reconciled(ctx, **settings):
    settings = {"dimension": "people", "pairs": EMAIL, **settings}
    scope = Scope(ctx.model, "file:n1", now=NOW, choices=CHOICES)
    activity = catalogue.build("reconciliation", clean("reconciliation", settings, scope=scope))
    inputs = Inputs({"in": [ctx.everyone("file:n1")]})
    parts = activity.compile(inputs, ctx.at("node"))
    losses = activity.lost(inputs, ctx.at("node"), parts)
    lost = {each.reason: engine.count(each.rows) - sum(map(engine.count, each.less)) for each in losses}
    return parts, {reason: rows for reason, rows in lost.items() if rows}


def gifts(part):
    return sorted((row["id"], row["gift"]) for row in engine.rows(part.table))


def test_each_counterpart_comes_once_and_rows_that_share_one_are_counted(ctx):
    parts, lost = reconciled(ctx, keep_unreconciled=False)
    assert gifts(parts["out"]) == [(1, "tea"), (3, "pot")]
    assert lost == {
        "no counterpart among People": 3,
        "tied to a counterpart that another row has already": 1,
        "had several counterparts and went on with the first by its key": 1,
    }


def test_case_and_spaces_may_be_ignored(ctx):
    parts, _lost = reconciled(ctx, keep_unreconciled=False, ignore_case=True, trim=True)
    assert [id for id, _gift in gifts(parts["out"])] == [1, 2, 3]


def test_columns_of_the_file_stay_and_those_of_the_dimension_go_before(ctx):
    parts, _lost = reconciled(ctx, keep_unreconciled=False)
    rows = {row["id"]: row for row in engine.rows(ctx.wide(parts["out"]))}
    assert (rows[1]["city"], rows[1]["gift"], rows[1]["line"]) == ("Paris", "tea", 1)


def test_rows_without_counterpart_go_on_with_an_empty_key(ctx):
    parts, lost = reconciled(ctx)
    rows = engine.rows(parts["out"].table)
    assert [row["gift"] for row in sorted(rows, key=lambda row: row["line"]) if row["id"] is None] == [
        "mug", "jar", "cup"
    ]  # fmt: skip
    assert len(rows) == 5 and "no counterpart among People" not in lost
    assert len(engine.rows(ctx.wide(parts["out"]))) == 5


def test_rows_without_counterpart_leave_as_they_came(ctx):
    parts, lost = reconciled(ctx, complement=True)
    assert gifts(parts["out"]) == [(1, "tea"), (3, "pot")]
    assert sorted(row["line"] for row in engine.rows(parts["complement"].table)) == [2, 4, 5]
    assert parts["complement"].dimension == "file:n1"
    assert "no counterpart among People" not in lost


def test_only_rows_of_the_dimension_that_satisfy_the_filter_are_counterparts(ctx):
    nice = {"attribute": "city", "operator": "equals", "value": "Nice"}
    parts, lost = reconciled(ctx, keep_unreconciled=False, filter=nice)
    assert gifts(parts["out"]) == [(4, "pot")]
    assert lost == {"no counterpart among People": 5}


def test_a_condition_over_both_rows(ctx):
    same = "[email] = [there_email] and [there_city] <> 'Paris'"
    parts, _lost = reconciled(ctx, keep_unreconciled=False, condition=same)
    assert gifts(parts["out"]) == [(4, "pot")]
    parts, _lost = reconciled(ctx, keep_unreconciled=False, pairs=[], condition="[line] = [there_id] + 1")
    assert [id for id, _gift in gifts(parts["out"])] == [1, 2, 3, 4, 5]


def test_a_population_with_empty_keys_goes_through_what_comes_behind(ctx):
    parts, _lost = reconciled(ctx)
    out = parts["out"]
    scope = Scope(ctx.model, "people", now=NOW, choices=CHOICES)
    half = {"subsets": [{"code": "a", "limit": {"type": "percent", "value": 50}}], "complement": True}
    split = catalogue.build("split", clean("split", half, scope=scope)).compile(Inputs({"in": [out]}), ctx)
    assert sorted(len(engine.rows(part.table)) for part in split.values()) == [2, 3]
    double = {"fields": ["name"], "keep": 1}
    one = catalogue.build("deduplication", clean("deduplication", double, scope=scope))
    assert len(engine.rows(one.compile(Inputs({"in": [out]}), ctx)["out"].table)) == 3
    again = catalogue.build("reconciliation", clean("reconciliation", {
        "dimension": "people", "pairs": [{"source": "line", "destination": "id"}], "complement": True}, scope=Scope(
            ctx.model, "people", {"line": ColumnShape("line", "Line", "integer")}, now=NOW, choices=CHOICES)
    ))  # fmt: skip
    more = again.compile(Inputs({"in": [out]}), ctx)
    assert sorted(row["id"] for row in engine.rows(more["out"].table)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"pairs": []}, "Add a pair of columns, or write a condition."),
        ({"dimension": ""}, "Choose the new targeting dimension."),
        ({"pairs": [{"source": "shoe", "destination": "email"}]}, "Column “shoe” does not reach this node"),
        ({"pairs": [{"source": "email", "destination": "shoe"}]}, "has no column “shoe”; there are: id, name"),
        ({"condition": "[there_shoe] = 1"}, "there_shoe"),
        ({"condition": "[line] + 1"}, "is asked for here"),
    ],
)
def test_what_is_wrong_is_said(ctx, options, sentence):
    scope = Scope(ctx.model, "file:n1", now=NOW, choices=CHOICES)
    given = {"dimension": "people", "pairs": EMAIL, **options}
    form = catalogue.get("reconciliation").form_class(given, scope=scope)
    assert sentence in " ".join(form.sentences())


def test_a_column_of_the_file_gives_way_to_one_that_differs_in_case_only(ctx):
    shape = DatasetShape("file:n1", "Rows", ("line",), {n: ColumnShape(n, n, "string") for n in ("line", "City", "id")})
    rows = table([{"line": "a", "City": "Rome", "id": "1"}], dict.fromkeys(shape.columns, "string"))
    model = replace(
        ctx.model, datasets={**ctx.model.datasets, "file:n1": shape}, tables={**ctx.model.tables, "file:n1": rows}
    )
    pairs = [{"source": "City", "destination": "city"}]
    ctx = replace(ctx, model=model)
    parts, _lost = reconciled(ctx, pairs=pairs, keep_unreconciled=True)
    assert "City" not in parts["out"].table.columns
    engine.rows(ctx.wide(parts["out"]))
