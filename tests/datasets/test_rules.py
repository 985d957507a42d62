"""Every line of the fixed meanings of rules, by cases small enough to see."""

from __future__ import annotations

from typing import Any

import pytest

from orchcamp.datasets import engine, rules
from orchcamp.datasets.schema import ColumnShape
from tests.datasets.rule_stage import ALL, ROWS, both, bought, kept, refusal, where
from tests.datasets.shop import context

JUNE = ["2017-06-01", "2017-06-30"]
CASES = [
    ("an empty rule keeps every row", {}, ALL),
    ("an empty group keeps every row", both(), ALL),
    ("an empty or keeps every row", both(group="or"), ALL),
    ("an empty group inside an or keeps every row", both(both(), where("id", "equals", 1), group="or"), ALL),
    ("an except with one item is that item", both(where("id", "equals", 1), group="except"), [1]),
    ("an except takes the others away", both(both(), where("age", "equals", 20), group="except"), [2, 3]),
    ("a nested or", both(where("id", "equals", 1), where("id", "equals", 3), group="or"), [1, 3]),
    ("text is compared with its case", where("city", "equals", "Paris"), [1]),
    ("ignore_case compares lower-cased texts", where("city", "equals", "PARIS", ignore_case=True), [1, 2]),
    ("ignore_case knows accents", where("name", "starts_with", "é", ignore_case=True), [3]),
    ("ignore_case holds for lists", where("city", "in", ["PARIS"], ignore_case=True), [1, 2]),
    ("ignore_case holds for patterns", where("city", "matches", "^PA", ignore_case=True), [1, 2]),
    ("null satisfies not_equals", where("city", "not_equals", "Paris"), [2, 3, 4]),
    ("null satisfies not_in", where("age", "not_in", [20]), [2, 3]),
    ("null satisfies not_contains", where("city", "not_contains", "ari"), [3, 4]),
    ("null satisfies not_between", where("age", "not_between", [25, 35]), [1, 3, 4]),
    ("empty text is empty", where("city", "is_empty"), [3, 4]),
    ("null and empty are not filled", where("city", "is_not_empty"), [1, 2]),
    ("an empty number is null", where("age", "is_empty"), [3]),
    ("between has both ends in", where("age", "between", [20, 30]), [1, 2, 4]),
    ("swapped ends match nothing", where("age", "between", [30, 20]), []),
    ("swapped ends are complemented", where("age", "not_between", [30, 20]), ALL),
    ("the order of texts is by code point", where("city", "greater_than", "Z"), [2]),
    ("an empty list matches nothing", where("age", "in", []), []),
    ("not in an empty list matches everything", where("age", "not_in", []), ALL),
    ("a decimal is compared by its text", where("score", "equals", 31.1), [1]),
    ("a decimal of more places is between", where("score", "greater_than", 31.09999), [1]),
    ("a whole number beside a fraction", where("age", "greater_than", 29.5), [2]),
    ("a whole number never equals a fraction", where("age", "equals", 20.5), []),
    ("a number beyond the column is beyond every row", where("age", "less_than", 10**40), [1, 2, 4]),
    ("yes or no", where("consent", "equals", False), [2]),
    ("like is for the whole text", where("name", "like", "n%"), []),
    ("percent takes line ends too", where("name", "like", "É%y"), [3]),
    ("an underscore is one character", where("name", "like", "_nn"), [1]),
    ("a backslash escapes", where("name", "like", "É\\%%"), [3]),
    ("an escaped backslash is itself", where("name", "like", "%\\\\%"), [3]),
    ("not_like is the complement", where("name", "not_like", "%n%"), [2, 3, 4]),
    ("matches looks anywhere", where("name", "matches", "n+"), [1]),
    ("ends_with", where("name", "ends_with", "b"), [2]),
    ("a day beside a moment is its midnight", where("joined", "between", JUNE), [1, 2]),
    ("a day equals its midnight only", where("joined", "equals", "2017-06-30"), [2]),
    ("a moment may carry a zone", where("joined", "less_or_equal", "2017-06-30T02:00:00+02:00"), [1, 2]),
    ("a day column beside a moment is its midnight", where("born", "less_than", "1990-03-01T01:00"), [2]),
    ("a moment column beside a day column", where("joined", "greater_than", {"attribute": "born"}), [1, 2]),
    ("two nulls are not equal", where("weight", "equals", {"attribute": "score"}), []),
    ("two nulls satisfy not_equals", where("weight", "not_equals", {"attribute": "score"}), ALL),
    ("a column beside a number of another kind", where("age", "greater_than", {"attribute": "score"}), [2]),
    ("a path over a null or dangling reference is null", where("shop.region", "is_empty"), [2, 3, 4]),
    ("a composite path", where("shop.region", "equals", "north"), [1]),
    ("a composite path, negated", where("shop.region", "not_equals", "north"), [2, 3, 4]),
    ("a link exists by default", {"link": "purchases"}, [1, 2]),
    ("no linked row", {"link": "purchases", "exists": False}, [3, 4]),
    ("a to-one link exists", {"link": "shop"}, [1, 2]),
    ("an empty where is every linked row", {"link": "purchases", "where": both()}, [1, 2]),
    (
        "one row satisfies all of where",
        {"link": "purchases", "where": both(where("amount", "greater_or_equal", 100), where("product.brand", "equals", "Leaf"))},
        [2],
    ),
    (
        "two collections may be satisfied by two rows",
        both(
            {"link": "purchases", "where": where("amount", "greater_or_equal", 100)},
            {"link": "purchases", "where": where("product.brand", "equals", "Leaf")},
        ),
        [1, 2],
    ),
    (
        "collections nest",
        {"link": "purchases", "where": {"link": "product", "where": {"link": "sales", "where": where("amount", "equals", 120)}}},
        [1, 2],
    ),
    (
        "a value starts at the linked row",
        {"link": "purchases", "where": where("amount", "greater_than", {"attribute": "product.price"})},
        [1, 2],
    ),
    ("count counts rows", bought("equals", 2), [1]),
    ("no row counts 0", bought("less_than", 1), [3, 4]),
    ("no row has the sum 0", bought("less_or_equal", 0, aggregate="sum", attribute="amount"), [3, 4]),
    ("count of a column leaves out nulls", bought("equals", 1, attribute="quantity"), [1, 2]),
    ("count_distinct of values", bought("equals", 2, aggregate="count_distinct", attribute="amount"), [1]),
    ("an empty figure satisfies no positive operator", bought("less_than", 9e9, aggregate="avg", attribute="amount"), [1, 2]),
    ("an empty figure satisfies the negative ones", bought("not_equals", 120, aggregate="max", attribute="amount"), [1, 3, 4]),
    ("an empty figure is empty", bought("is_empty", aggregate="min", attribute="amount"), [3, 4]),
    ("stddev of one row is empty", bought("is_empty", aggregate="stddev", attribute="amount"), [2, 3, 4]),
    ("stddev is that of a sample", bought("between", [68.58, 68.6], aggregate="stddev", attribute="amount"), [1]),
    ("a figure over a path", bought("equals", 94, aggregate="sum", attribute="product.price"), [1]),
    ("a figure over some rows", bought("equals", 1, where=where("amount", "less_than", 50)), [1]),
    ("a figure beside a column", bought("greater_than", {"attribute": "score"}, aggregate="sum", attribute="amount"), [1, 2]),
    ("a count beside a column", bought("less_than", {"attribute": "age"}), [1, 2, 4]),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_meaning(tree, expected):
    assert kept(tree) == expected


def test_a_dotted_link_leads_over_one_row_to_many():
    assert kept({"link": "person.purchases", "aggregate": "count", "operator": "equals", "value": 2}, "purchases") == [
        1,
        2,
    ]
    assert kept({"link": "person.purchases", "exists": False}, "purchases") == [4, 5]
    assert kept(bought("equals", 0) | {"link": "person.purchases"}, "purchases") == [4, 5]


def test_a_link_on_which_people_are_found_twice_does_not_double_them():
    ctx = context(ROWS)
    tree = {"link": "person.purchases", "where": where("amount", "greater_than", {"attribute": "person.age"})}
    found = engine.rows(rules.keep(ctx.model.table("purchases"), tree, "purchases", ctx))
    assert sorted(row["id"] for row in found) == [1, 2, 3]


def test_the_columns_are_those_that_came():
    ctx = context(ROWS, columns={"code": ColumnShape("code", "Code", "string")})
    table = ctx.model.table("people").mutate(code=ctx.model.table("people").city)
    tree = both(where("code", "equals", "Paris"), where("shop.x", "equals", {"attribute": "shop.x"}))
    found = rules.keep(table, tree, "people", ctx)
    assert found.columns == table.columns
    assert [row["id"] for row in engine.rows(found)] == [1]


# --- bounds ------------------------------------------------------------------------------------------------------


def test_a_long_list_is_a_table_in_memory():
    assert kept(where("id", "in", list(range(2, 200_001)))) == [2, 3, 4]
    assert kept(where("city", "not_in", [f"c{n}" for n in range(5_000)] + ["Paris"])) == [2, 3, 4]
    assert kept(where("city", "in", ["PARIS", *(f"c{n}" for n in range(5_000))], ignore_case=True)) == [1, 2]


def test_a_rule_of_thousands_of_conditions_is_counted():
    assert kept(both(*(where("id", "not_equals", 100 + n) for n in range(3_000)))) == ALL


def nested(depth: int) -> dict[str, Any]:
    tree = where("id", "equals", 1)
    for _n in range(depth):
        tree = both(tree)
    return tree


REFUSED = [
    ([], "expects an object"),
    ({"group": "xor"}, "group: expects “and”, “or” or “except”"),
    ({"group": "and", "items": {}}, "items: expects a list"),
    (both({}), "items[0]: a node is one of"),
    (both(where("id", "equals", 1), {"filter": "x"}), "items[1].filter: there is no predefined filter “x”"),
    ({"audience": "x"}, "audience: there is no audience “x”"),
    (where("citty", "is_empty"), "attribute: People has no column “citty”. Did you mean “city”?"),
    (where("shop", "is_empty"), "is a link of People, not a column"),
    (where("purchases.amount", "is_empty"), "leads from People to many rows"),
    (where("city", "equal", "x"), "there is no operator “equal”. Did you mean “equals”?"),
    (where("city", "equals"), "“value” is missing"),
    ({"attribute": "city"}, "“operator” is missing"),
    (where("city", "is_empty", 1), "value: “is_empty” takes no value"),
    (where("city", "equals", 1), "value: expects a text, not “1”"),
    (where("age", "equals", "1"), "value: expects a number, not “1”"),
    (where("age", "equals", True), "value: expects a number, not “true”"),
    (where("consent", "equals", "true"), "value: expects true or false"),
    (where("born", "equals", "01/02/2020"), "expects a date such as"),
    (where("born", "equals", "2020-02-30"), "expects a date such as"),
    (where("city", "equals", None), "null is not a value"),
    (where("age", "in", [1, None]), "value[1]: null is not a value"),
    (where("age", "in", 1), "takes a list"),
    (where("age", "equals", [1]), "takes one value"),
    (where("age", "between", [1]), "takes two values"),
    (where("age", "equals", float("nan")), "finite"),
    (where("consent", "greater_than", True), "cannot be asked of true or false"),
    (where("age", "contains", "1"), "cannot be asked of a number"),
    (where("age", "equals", {"attribute": "city"}), "city is a text and cannot be compared with a number"),
    (where("age", "equals", {"parameter": "n"}), "value: a parameter can stand in the rule of a predefined filter only"),
    (where("age", "equals", {"date": "today"}), "a date cannot be compared with a number"),
    (where("born", "equals", {"date": "someday"}), "value.date: there is no moving date “someday”"),
    (where("born", "equals", {"date": "today", "shift": "90"}), "value.shift: expects a number and minutes"),
    (where("born", "equals", {"date": "today", "shift": "-999999 years"}), "leaves the calendar"),
    (where("born", "in_period", {"period": "next_year"}), "there is no period “next_year”"),
    (where("born", "in_period", {"period": "last_days"}), "value.n: expects a whole number of days"),
    (where("born", "in_period", {"period": "today", "n": 1}), "unknown key “n”"),
    (where("city", "equals", "x", colour=1), "unknown key “colour”"),
    (where("city", "equals", "a\0b"), "no text in the data can hold"),
    (where("city", "equals", "x" * 1_000_000), "longer than 100,000 characters"),
    (where("city", "in", ["x"] * 200_001), "more than 200,000 values"),
    (where("city", "matches", "(a"), "is not a regular expression"),
    (where("city", "matches", "(?=a)"), "is not a regular expression"),
    (where("city", "matches", "(a)\\1"), "is not a regular expression"),
    (where("city", "matches", "(a{1000}){1000}"), "is not a regular expression"),
    (where("city", "matches", "a" * 1001), "longer than 1,000 characters"),
    ({"link": "purchase"}, "link: People has no link “purchase”. Did you mean “purchases”?"),
    ({"link": "purchases", "exists": 1}, "exists: expects true or false"),
    ({"link": "purchases", "where": []}, "where: expects an object"),
    ({"link": "purchases", "where": both(where("x", "is_empty"))}, "where.items[0].attribute: Purchases has no column"),
    (bought("equals", 1, aggregate="median"), "there is no aggregate “median”"),
    (bought("equals", 1, aggregate="sum"), "“sum” needs an “attribute”"),
    (bought("equals", 1, aggregate="sum", attribute="note"), "sum cannot be taken of “note”"),
    (bought("equals", "many"), "value: expects a number"),
    (nested(51), "nested deeper than 50 levels"),
    (nested(900), "nested deeper than 50 levels"),
    (both(*[where("id", "equals", 1)] * 10_000), "more than 10,000 nodes"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "sentence"), REFUSED, ids=[sentence[:60] for _tree, sentence in REFUSED])
def test_a_mistake_gets_a_sentence_with_its_place(tree, sentence):
    assert sentence in refusal(tree)


def test_a_rule_is_no_way_into_sql():
    evil = "x'; DROP TABLE people; --"
    assert kept(where("city", "equals", evil)) == []
    assert kept(where("city", "not_in", [evil, '"', "\\'"])) == ALL
    assert kept(where("city", "like", "%'%")) == []


# --- in words ----------------------------------------------------------------------------------------------------

SAID = [
    ({}, "Every row"),
    (
        both(where("city", "equals", "Paris"), bought("greater_or_equal", 2, where=where("amount", "greater_or_equal", 100))),
        "City is Paris and has at least 2 purchases where Amount is at least 100",
    ),
    (both(where("age", "between", [20, 30]), where("consent", "equals", True), group="or"), "Age is between 20 and 30 or Consent is yes"),
    (both(both(), where("shop.region", "is_empty"), group="except"), "Anything, except where shop’s Region is empty"),
    ({"link": "purchases", "exists": False}, "Has no purchases"),
    (bought("greater_than", 500, aggregate="sum", attribute="amount"), "Sum of Amount of purchases is more than 500"),
    (where("born", "in_period", {"period": "last_days", "n": 90}), "Born is in the last 90 days"),
    (where("joined", "greater_than", {"date": "today", "shift": "-90 days"}), "Joined is after today − 90 days"),
    (where("city", "in", list("abcdefg")), "City is one of a, b, c, d, e and 2 more"),
    (where("city", "equals", "x", ignore_case=True), "City is x (in any case)"),
    ({"audience": "some"}, "Is in the audience “Some”"),
    (both(both(), {"audience": "some", "member": False}), "Anything and is not in the audience “Some”"),
    ({"filter": "grown"}, "Matches the filter “Grown” with least = 1"),
    ({"filter": "named", "parameters": {"names": ["x", "y"]}}, "Matches the filter “Named” with names = x, y and least = 3"),
    ({"filter": "grown", "parameters": {"least": {"variable": "n"}}}, "Matches the filter “Grown” with least = $n"),
    ({"link": "purchases", "where": {"filter": "recent"}}, "Has purchases where matches the filter “Recent” with day = today − 1 days"),
    ({"expression": "[age] +\n 1", "operator": "greater_than", "value": 5}, "[age] + 1 is more than 5"),
    (where("age", "equals", {"expression": "[id] * 2"}), "Age is [id] * 2"),
    (bought("greater_than", 9, aggregate="sum", expression="[amount] * 2"), "Sum of [amount] * 2 of purchases is more than 9"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "sentence"), SAID, ids=[sentence for _tree, sentence in SAID])
def test_a_rule_is_said_in_words(tree, sentence):
    assert rules.sentence(tree, "people", context(ROWS, variables={"n": 3})) == sentence


def test_what_is_not_known_is_empty_though_it_is_negated():
    assert kept({"expression": "not ([city] = [name])", "operator": "is_empty"}) == [3]
    assert kept({"expression": "not ([city] = [name])", "operator": "is_not_empty"}) == [1, 2, 4]
