"""The meanings of rules that are fixed: one test for each line of the contract, named like the line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from orchcamp.datasets import engine, rules
from orchcamp.datasets.schema import Step
from tests.datasets.rule_stage import ALL, ROWS, both, bought, kept, refusal, where
from tests.datasets.shop import context

UTC_NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)  # a Sunday


def among(people: list[dict[str, Any]], tree: dict[str, Any], **options: Any) -> list[int]:
    """Who of some people satisfies a rule."""
    ctx = context({**ROWS, "people": people}, **options)
    found = engine.rows(rules.keep(ctx.model.table("people"), tree, "people", ctx))
    return sorted(row["id"] for row in found)


def named(*names: str | None) -> list[dict[str, Any]]:
    return [{"id": n, "name": name} for n, name in enumerate(names, start=1)]


def on(*days: Any, column: str = "joined") -> list[dict[str, Any]]:
    return [{"id": n, column: day} for n, day in enumerate(days, start=1)]


def asked(text: str, operator: str, value: Any) -> dict[str, Any]:
    return {"expression": text, "operator": operator, "value": value}


# --- Data --------------------------------------------------------------------------------------------------------


def test_one_to_one_both_ends_are_to_one_and_without_counterpart_every_column_is_null():
    ctx = context(ROWS)
    shapes = dict(ctx.model.datasets)
    there = Step("card", "people", ("id",), "purchases", ("id",), True)
    back = Step("holder", "purchases", ("id",), "people", ("id",), True)
    for slug, step in (("people", there), ("purchases", back)):
        shapes[slug] = replace(shapes[slug], steps={**shapes[slug].steps, step.name: step})
    ctx = replace(ctx, model=replace(ctx.model, datasets=shapes))

    def found(tree: dict[str, Any], dataset: str) -> list[int]:
        return sorted(row["id"] for row in engine.rows(rules.keep(ctx.model.table(dataset), tree, dataset, ctx)))

    assert found(where("card.note", "equals", "x"), "people") == [1]
    assert found(where("holder.card.note", "equals", "y"), "purchases") == [2]
    assert found(where("holder.age", "is_empty"), "purchases") == [3, 5]
    assert found({"link": "holder", "exists": False}, "purchases") == [5]


def test_decimal_keeps_at_least_four_places_and_a_json_number_is_compared_by_its_decimal_text():
    people = [{"id": 1, "score": Decimal("31.10")}, {"id": 2, "score": Decimal("0.1234")}]
    assert among(people, where("score", "equals", 31.1)) == [1]
    assert among(people, where("score", "equals", 0.1234)) == [2]
    assert among(people, where("score", "in", [0.1234, 31.10])) == [1, 2]


# --- Rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("equals", "2017-06-30", [2]),
        ("not_equals", "2017-06-30", [1, 3]),
        ("greater_than", "2017-06-30", [3]),
        ("less_or_equal", "2017-06-30", [1, 2]),
        ("in", ["2017-06-30"], [2]),
        ("between", ["2017-06-01", "2017-06-30"], [1, 2]),
        ("greater_or_equal", {"attribute": "born"}, [2, 3]),
        ("equals", {"attribute": "born"}, [2]),
    ],
)
def test_a_date_beside_a_datetime_stands_for_its_midnight_in_the_projects_zone(settings, operator, value, expected):
    settings.TIME_ZONE = "Europe/Paris"
    midnight = datetime(2017, 6, 29, 22, tzinfo=UTC)
    moments = [datetime(2017, 6, 29, 21, 59, tzinfo=UTC), midnight, datetime(2017, 6, 30, 12, tzinfo=UTC)]
    people = [{"id": n, "joined": moment, "born": date(2017, 6, 30)} for n, moment in enumerate(moments, start=1)]
    assert among(people, where("joined", operator, value)) == expected


def test_between_has_both_ends_in_swapped_ends_match_nothing_not_between_is_its_complement():
    assert kept(where("age", "between", [20, 30])) == [1, 2, 4]
    assert kept(where("age", "between", [30, 20])) == []
    assert kept(where("age", "not_between", [20, 20])) == [2, 3]
    assert kept(where("age", "not_between", [30, 20])) == ALL


def test_order_of_texts_is_by_code_point():
    people = named("Z", "a", "z", "É", "é", "")
    assert among(people, where("name", "greater_than", "Z")) == [2, 3, 4, 5]
    assert among(people, where("name", "greater_than", "z")) == [4, 5]
    assert among(people, where("name", "between", ["A", "Z"])) == [1]


def test_ignore_case_compares_lower_cased_texts_accents_count_nothing_is_trimmed():
    people = named("ÉCOLE", "ecole", "école ", "STRASSE", "straße")
    assert among(people, where("name", "equals", "École", ignore_case=True)) == [1]
    assert among(people, where("name", "equals", "strasse", ignore_case=True)) == [4]
    assert among(people, where("name", "contains", "COLE", ignore_case=True)) == [1, 2, 3]
    assert among(people, where("name", "like", "É%", ignore_case=True)) == [1, 3]


def test_matches_looks_anywhere_in_the_text_and_there_is_no_not_matches():
    people = named("abc", "xbx", None, "ABC")
    assert among(people, where("name", "matches", "b")) == [1, 2]
    assert among(people, where("name", "matches", "^a.c$")) == [1]
    assert among(people, where("name", "matches", "^a.c$", ignore_case=True)) == [1, 4]
    assert among(people, both(both(), where("name", "matches", "b"), group="except")) == [3, 4]
    assert "there is no operator “not_matches”" in refusal(where("name", "not_matches", "b"))


def test_like_is_for_the_whole_text_and_percent_takes_line_ends_too():
    people = named("ab", "a\nb", "xab", "a%b", "a_b")
    assert among(people, where("name", "like", "a%b")) == [1, 2, 4, 5]
    assert among(people, where("name", "like", "a_b")) == [2, 4, 5]
    assert among(people, where("name", "like", "a\\%b")) == [4]
    assert among(people, where("name", "not_like", "a%")) == [3]


def test_an_empty_group_of_any_kind_keeps_every_row_and_what_is_missing_has_its_default():
    for group in ("and", "or", "except"):
        assert kept(both(group=group)) == ALL
        assert kept(both(both(group=group), where("id", "equals", 1))) == [1]
        assert kept({"link": "purchases", "where": both(group=group)}) == [1, 2]
    assert kept(both(where("id", "equals", 1), group="except")) == [1]
    assert kept({"link": "purchases"}) == [1, 2]
    assert kept({"audience": "vip"}, audiences={"vip": ("people", [(1,), (3,)])}) == [1, 3]


@pytest.mark.parametrize(
    ("positive", "negative", "value"),
    [
        ("equals", "not_equals", 20),
        ("in", "not_in", [20]),
        ("between", "not_between", [20, 25]),
        ("equals", "not_equals", {"attribute": "score"}),
        ("in", "not_in", [{"attribute": "score"}]),
        ("equals", "not_equals", {"expression": "[score] * 2"}),
    ],
)
def test_a_positive_operator_with_null_on_either_side_is_false_the_negative_one_true(positive, negative, value):
    holds, fails = kept(where("age", positive, value)), kept(where("age", negative, value))
    assert sorted(holds + fails) == ALL
    assert 3 in fails  # everything is null there: two nulls are not equal


@pytest.mark.parametrize(
    ("positive", "negative"), [("starts_with", "not_starts_with"), ("contains", "not_contains"), ("like", "not_like")]
)
def test_a_null_text_satisfies_the_negative_operators(positive, negative):
    assert 3 not in kept(where("city", positive, "P"))
    assert 3 in kept(where("city", negative, "P"))


def test_a_path_over_a_dangling_or_null_reference_is_null():
    assert kept(where("person.age", "is_empty"), "purchases") == [4, 5]
    assert kept(where("person.age", "not_equals", 20), "purchases") == [3, 4, 5]
    assert kept(where("shop.region", "is_empty")) == [2, 3, 4]


def test_link_takes_the_name_or_the_reverse_name_a_dotted_path_and_a_to_one_link():
    assert kept({"link": "purchases"}) == [1, 2]
    assert kept({"link": "product", "exists": False}, "purchases") == [4, 5]
    assert kept({"link": "person.purchases", "where": where("amount", "equals", 120)}, "purchases") == [3]
    assert "leads from People to many rows" in refusal({"link": "purchases.product"})


def test_inside_where_attributes_and_values_start_at_the_linked_row_the_outer_row_cannot_be_reached():
    inner = where("amount", "greater_than", {"attribute": "product.price"})
    assert kept({"link": "purchases", "where": inner}) == [1, 2]
    assert kept({"link": "purchases", "where": asked("[amount] > [product.price]", "equals", True)}) == [1, 2]
    outer = where("amount", "greater_than", {"attribute": "age"})
    assert "where.value.attribute: Purchases has no column “age”" in refusal({"link": "purchases", "where": outer})
    assert "no column “age”" in refusal({"link": "purchases", "where": asked("[amount] > [age]", "equals", True)})


def test_aggregates_leave_out_nulls_count_counts_rows_or_values_count_distinct_values():
    assert kept(bought("equals", 2)) == [1]
    assert kept(bought("equals", 1, attribute="quantity")) == [1, 2]
    assert kept(bought("equals", 1, attribute="quantity", aggregate="avg")) == [1]
    assert kept(bought("equals", 1, attribute="quantity", aggregate="count_distinct")) == [1, 2]
    assert kept(bought("equals", 0, attribute="quantity")) == [3, 4]


def test_stddev_is_that_of_a_sample_of_one_row_it_is_empty():
    deviation = {"aggregate": "stddev", "attribute": "amount"}
    assert kept(bought("between", [68.58, 68.6], **deviation)) == [1]
    assert kept(bought("is_empty", **deviation)) == [2, 3, 4]


def test_an_empty_aggregate_satisfies_is_empty_and_the_negative_operators_no_positive_one():
    largest = {"aggregate": "max", "attribute": "amount"}
    assert kept(bought("is_empty", **largest)) == [3, 4]
    assert kept(bought("not_equals", 100, **largest)) == [2, 3, 4]
    assert kept(bought("not_in", [100, 120], **largest)) == [3, 4]
    assert kept(bought("not_between", [0, 500], **largest)) == [3, 4]
    for operator in ("less_than", "greater_than", "less_or_equal", "greater_or_equal"):
        assert not {3, 4} & set(kept(bought(operator, 110, **largest)))


def test_an_aggregates_attribute_may_be_a_to_one_path_expression_may_stand_in_its_place():
    assert kept(bought("equals", 94, aggregate="sum", attribute="product.price")) == [1]
    value = {"aggregate": "sum", "expression": "[amount] * Coalesce([quantity], 1)"}
    assert kept(bought("equals", 103, **value)) == [1]
    assert kept(bought("equals", 0, **value)) == [3, 4]
    assert kept(bought("equals", 13, aggregate="max", expression="[amount] - [product.price]")) == []
    assert kept(bought("equals", 10, aggregate="max", expression="[amount] - [product.price]")) == [1]
    assert "takes “attribute” or “expression”, not both" in refusal(bought("equals", 1, attribute="amount", **value))


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        (where("city", "equals", None), "value: null is not a value; use is_empty"),
        (where("city", "in", ["x", None]), "value[1]: null is not a value"),
        (where("age", "equals", "20"), "value: expects a number, not “20”"),
        (where("city", "equals", 20), "value: expects a text, not “20”"),
        (where("consent", "equals", 1), "value: expects true or false, not “1”"),
        (where("age", "equals", 20, color="red"), "unknown key “color”"),
        ({"link": "purchases", "exist": True}, "unknown key “exist”"),
        ({"filter": "f", "parameter": {}}, "unknown key “parameter”"),
        ({"audience": "a", "members": True}, "unknown key “members”"),
    ],
)
def test_a_null_a_value_of_a_wrong_type_and_an_unknown_key_are_refused(tree, sentence):
    assert sentence in refusal(tree)


def test_a_date_literal_may_carry_a_zone():
    assert kept(where("joined", "equals", "2017-06-30T02:00:00+02:00")) == [2]
    assert kept(where("joined", "equals", "2017-06-30T00:00Z")) == [2]


def test_weeks_begin_on_monday():
    people = on(*(datetime(2026, 2, day, 12, tzinfo=UTC) for day in (22, 23, 28)), datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert among(people, where("joined", "in_period", {"period": "this_week"}), now=UTC_NOW) == [2, 3, 4]
    assert among(people, where("joined", "in_period", {"period": "last_week"}), now=UTC_NOW) == [1]
    assert among(people, where("joined", "less_than", {"date": "start_of_week"}), now=UTC_NOW) == [1]
    assert among(people, asked("TruncWeek([joined])", "equals", "2026-02-23"), now=UTC_NOW) == [2, 3, 4]
    assert among(people, asked("WeekDay([joined])", "equals", 0), now=UTC_NOW) == [2]


def test_last_days_next_days_and_more_than_days_ago():
    now = UTC_NOW
    moments = [
        datetime(2026, 2, 26, 23, 59, tzinfo=UTC),  # the day before two days ago
        datetime(2026, 2, 27, tzinfo=UTC),  # midnight two days ago
        now,
        datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC),  # after now
        datetime(2026, 3, 3, 23, 59, tzinfo=UTC),  # the end of the day two days ahead
        datetime(2026, 3, 4, tzinfo=UTC),
    ]
    for period, expected in {
        "last_days": [2, 3],
        "next_days": [4, 5],
        "more_than_days_ago": [1],
    }.items():
        assert among(on(*moments), where("joined", "in_period", {"period": period, "n": 2}), now=now) == expected


def test_no_period_is_named_next_quarter_or_next_year():
    for name in ("next_quarter", "next_year"):
        assert "there is no period" in refusal(where("joined", "in_period", {"period": name}))
    year = [{"date": "start_of_year", "shift": "+1 years"}, {"date": "start_of_year", "shift": "+2 years"}]
    moments = [datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)]
    assert among(on(*moments), where("joined", "between", year), now=UTC_NOW) == [2, 3]


def test_moving_dates_are_reckoned_in_the_campaigns_zone():
    people = on(datetime(2026, 2, 28, 23, 30, tzinfo=UTC))  # 1 March in Paris
    today = where("joined", "in_period", {"period": "today"})
    assert among(people, today, timezone="Europe/Paris", now=UTC_NOW) == [1]
    assert among(people, today, timezone="UTC", now=UTC_NOW) == []


# --- Expressions in rules ----------------------------------------------------------------------------------------


def test_inside_an_expression_null_spreads_the_condition_around_it_is_complemented_as_a_rule_is():
    assert kept(asked("[age] = 20", "equals", True)) == [1, 4]
    assert kept(asked("[age] <> 20", "equals", True)) == [2]
    assert kept(asked("not ([age] = 20)", "equals", True)) == [2]
    assert kept(asked("[age] = 20", "not_equals", True)) == [2, 3]
    assert kept(asked("[age] = 20 or [id] = 3", "equals", True)) == [1, 3, 4]
    rest = both(both(), asked("[age] <> 20", "equals", True), group="except")
    assert kept(rest) == [1, 3, 4]


def test_expression_always_comes_with_operator_and_value():
    assert "“operator” is missing" in refusal({"expression": "[age] = 20"})
    assert "“value” is missing" in refusal({"expression": "[age] = 20", "operator": "equals"})


# --- Filters and audiences ---------------------------------------------------------------------------------------


def test_a_parameter_stands_for_a_value_in_the_rule_of_a_filter():
    rule = both(
        where("joined", "in_period", {"period": "last_days", "n": {"parameter": "days"}}),
        where("joined", "greater_than", {"date": "today", "shift": {"parameter": "shift"}}),
        where("city", "in", {"parameter": "cities"}),
        where("age", "equals", {"parameter": "age"}),
        asked("[age] + $age", "equals", 40),
        where("born", "less_than", {"parameter": "day"}),
        where("consent", "equals", {"parameter": "agreed"}),
    )
    types = {"days": "number", "shift": "text", "cities": "list", "age": "number", "day": "date", "agreed": "boolean"}
    parameters = {name: {"type": type} for name, type in types.items()}
    given = {"days": 9, "shift": "-9 days", "cities": ["Paris"], "age": 20, "day": {"date": "today"}, "agreed": True}
    now = datetime(2017, 7, 1, tzinfo=UTC)
    filters = {"f": ("people", rule, parameters)}
    assert kept({"filter": "f", "parameters": given}, filters=filters, now=now) == [1]
    assert kept({"filter": "f", "parameters": {**given, "age": 30}}, filters=filters, now=now) == []
    assert kept({"filter": "f", "parameters": {**given, "day": "1999-01-01"}}, filters=filters, now=now) == []


def test_a_filter_and_an_audience_behind_a_link_are_about_the_linked_rows():
    filters = {"dear": ("purchases", where("amount", "greater_than", {"parameter": "n"}), {"n": {"type": "number"}})}
    tree = {"link": "purchases", "where": {"filter": "dear", "parameters": {"n": 110}}}
    assert kept(tree, filters=filters) == [2]
    audiences = {"returned": ("purchases", [(3,), (5,)])}
    assert kept({"link": "purchases", "where": {"audience": "returned"}}, audiences=audiences) == [2]
    assert kept({"link": "purchases", "where": {"audience": "returned", "member": False}}, audiences=audiences) == [1]


def test_membership_of_rows_with_a_key_of_several_columns():
    audiences = {"closed": ("shops", [(1, "b"), (2, "a")])}
    tree = {"link": "shop", "where": {"audience": "closed"}}
    assert kept(tree, audiences=audiences) == [2]
    assert kept({"link": "shop", "where": {"audience": "closed", "member": False}}, audiences=audiences) == [1]


def test_an_audience_without_members_has_none():
    empty = {"nobody": ("people", [])}
    assert kept({"audience": "nobody"}, audiences=empty) == []
    assert kept({"audience": "nobody", "member": False}, audiences=empty) == ALL


AGE = ("people", where("age", "equals", {"parameter": "n"}), {"n": {"type": "number"}})
KNOWN: dict[str, Any] = {
    "filters": {
        "age": AGE,
        "loop": ("people", both({"filter": "pool"}), {}),
        "pool": ("people", {"link": "purchases", "where": {"link": "person", "where": {"filter": "loop"}}}, {}),
        "shops": ("shops", {}, {}),
        "broken": ("people", where("citty", "is_empty"), {}),
    },
    "audiences": {"stores": ("shops", [])},
    "variables": {"n": 20, "text": "x"},
}


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ({"filter": "agee"}, "filter: there is no predefined filter “agee”. Did you mean “age”?"),
        ({"filter": 3}, "filter: there is no predefined filter “3”"),
        ({"filter": "shops"}, "filter: the filter “Shops” is about Shops and cannot be used on People"),
        ({"filter": "age"}, "parameters: the filter “Age” asks for “n”, a number; give it a value"),
        ({"filter": "age", "parameters": []}, "parameters: expects an object"),
        ({"filter": "age", "parameters": {"m": 3}}, "parameters: the filter “Age” has no parameter “m”"),
        ({"filter": "age", "parameters": {"n": "20"}}, "parameters.n: expects a number, not “20”"),
        ({"filter": "age", "parameters": {"n": None}}, "parameters.n: null is not a value"),
        ({"filter": "age", "parameters": {"n": {"variable": "m"}}}, "parameters.n: there is no variable “m”"),
        ({"filter": "age", "parameters": {"n": {"variable": "text"}}}, "parameters.n: expects a number, not “x”"),
        ({"filter": "loop"}, "the filter “loop” reaches itself: loop → pool → loop"),
        ({"filter": "broken"}, "in the filter “broken”: attribute: People has no column “citty”"),
        ({"audience": "storez"}, "audience: there is no audience “storez”. Did you mean “stores”?"),
        ({"audience": "stores"}, "audience: the audience “Stores” holds Shops; membership of People cannot be asked"),
    ],
)
def test_a_filter_or_audience_that_cannot_be_used_gets_a_sentence_with_its_place(tree, sentence):
    assert sentence in refusal(both(tree), **KNOWN)


def test_a_parameter_may_be_a_variable_of_the_campaign():
    use = {"filter": "age", "parameters": {"n": {"variable": "n"}}}
    assert kept(use, **KNOWN) == [1, 4]
    assert kept(both(both(), use, group="except"), **KNOWN) == [2, 3]
