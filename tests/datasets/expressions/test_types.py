"""Types: what fits, what is brought together, what is refused and where; and what the interface promises."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import ibis
import pytest

from orchcamp.datasets import engine, expressions
from orchcamp.datasets.expressions.forms import ExpressionField
from orchcamp.datasets.schema import ColumnShape
from tests.datasets import shop
from tests.datasets.rule_stage import ROWS

from .stage import added, context, refusal, value, values


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("1 + 2", "integer"),
        ("1 + 2.5", "decimal"),
        ("1 / 2", "float"),
        ("[weight] * 2", "float"),
        ("[amount] * 2", "decimal"),
        ("[age] > 3 and [member]", "boolean"),
        ("'a' + [city]", "string"),
        ("Coalesce([age], [amount])", "decimal"),
        ("Iif([member], [birth_date], [joined])", "datetime"),
        ("Iif([member], [birth_date], '2026-01-01')", "date"),
        ("AddDays([birth_date], 1)", "date"),
        ("AddHours([birth_date], 1)", "datetime"),
        ("Oldest([birth_date], '2026-01-01T00:00')", "datetime"),
        ("Floor([amount])", "integer"),
        ("$limit", "decimal"),
        ("$name", "string"),
    ],
)
def test_an_expression_has_a_type(text, type):
    ctx = context(variables={"limit": 2.5, "name": "x"})
    assert expressions.read(text, "people", ctx).type == type


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ("[age] = 'x'", 9, "“=” cannot take a whole number and a text together."),
        ("[birth_date] > 'soon'", 16, "“>” cannot take a date and a text together."),
        ("[birth_date] > 3", 16, "cannot take a date and a whole number together"),
        ("[city] + 1", 1, "“+” takes numbers, not a text. Use ToInteger or ToDouble"),
        ("[birth_date] + 1", 1, "Use AddDays, SubDays or DaysDiff"),
        ("-[city]", 2, "“-” takes numbers, not a text"),
        ("[age] and true", 1, "“and” takes conditions, which are true or false, not a whole number"),
        ("not 'a'", 5, "“not” takes conditions"),
        ("Length([age])", 8, "Length takes a text for “s”, not a whole number: Length(s)"),
        ("AddDays([birth_date], 1.5)", 23, "AddDays takes a whole number for “n”, not a number"),
        ("Iif([age], 1, 2)", 5, "takes true or false for “condition”"),
        ("Coalesce(1, 'a')", 13, "Coalesce cannot take a whole number and a text together"),
        ("Case(When(true, 1), When(true, 'a'))", 32, "Case cannot take a whole number and a text together"),
        ("Case(Else(1), When(true, 2))", 6, "Case takes When(…)"),
        ("Case(When(true, 1), Else(1), Else(2))", 21, "last argument of Case"),
        ("Case(1)", 6, "Case takes When(…)"),
        ("ObjectConstruct('a')", 1, "ObjectConstruct takes at least 2 arguments, not 1"),
        ("ObjectConstruct('a', 1, 'b')", 1, "takes a value for each name"),
        ("ObjectConstruct([city], 1)", 17, "a text that is written out"),
        ("ObjectConstruct('a', 1, 2, 3)", 25, "a text that is written out"),
        ("ObjectConstruct('a', 1, 'a', 2)", 25, "The name “a” is there twice"),
        ("AESEncrypt([age])", 12, "AESEncrypt takes a text"),
        ("When(true, 1)", 1, "When(…) is no value of its own"),
        ("When(true, 1) = 1", 1, "no value of its own"),
        ("Upper(Else('a'))", 7, "Upper takes a text"),
        ("Uper([city])", 1, "There is no function “Uper”. Did you mean “Upper”?"),
        ("Left([city])", 1, "Left takes 2 arguments, not 1: Left(s, n)"),
        ("GetDate(1)", 1, "GetDate takes no arguments, not 1: GetDate()"),
        ("Upper()", 1, "Upper takes one argument, not 0: Upper(s)"),
        ("Coalesce(1)", 1, "Coalesce takes at least 2 arguments, not 1: Coalesce(v1, v2, …)"),
        ("Round(1, 2, 3)", 1, "Round takes 1 to 2 arguments, not 3: Round(n[, decimals])"),
        ("Round([amount], [age])", 17, "is the same for every row; write it out or use a variable"),
        ("Round([amount], 99)", 17, "Decimals are from -15 to 15"),
        ("[cty]", 1, "has no column “cty”. Did you mean “city”?"),
        ("[store.region]", 1, "no link “store”"),
        ("$days", 1, "There is no variable “days”"),
        ("1 +\n  $days", 3, "There is no variable"),
        ("Sum([amount])", 1, "Sum is a figure over many rows; it can be used on a collection"),
        ("[age] + CountAll()", 9, "CountAll is a figure over many rows"),
        ("Sum(Sum([amount]))", 5, "cannot be counted once more by Sum"),
        ("_Over_([age])", 8, "_Over_ takes a figure"),
        ("RowNum(PartitionBy([city]))", 1, "RowNum needs an order"),
        ("RowNum(OrderBy([age]), OrderBy([age]))", 24, "stands here twice"),
        ("TruncDate([joined], 0)", 21, "A step has 1 to"),
        ("ToTimeZone([joined], 'Mars/Base')", 22, "There is no time zone “Mars/Base”"),
        ("ToTimeZone([joined], '../../etc/passwd')", 22, "There is no time zone"),
        ("ToString('a', 2)", 15, "Only a number is written with decimals"),
    ],
)
def test_what_does_not_fit_is_refused_with_place_and_mend(text, column, sentence):
    found = refusal(text)
    assert sentence in found
    assert f", column {column}: " in found


def test_a_value_of_another_type_than_expected_is_refused():
    ctx = context()
    expressions.check("[age] > 3", "people", ctx, "boolean")
    expressions.check("[age]", "people", ctx, "number")
    expressions.check("[age]", "people", ctx, "float")
    expressions.check("[joined]", "people", ctx, "day")
    with pytest.raises(expressions.ExpressionError, match="True or false is asked for"):
        expressions.check("[age]", "people", ctx, "boolean")
    with pytest.raises(expressions.ExpressionError, match="A date is asked for"):
        expressions.check("[joined]", "people", ctx, "date")


def test_paths_read_the_linked_row_and_no_row_is_lost_or_multiplied():
    ctx = shop.context(ROWS)
    named = {"brand": "Upper([product.brand])", "region": "[person.shop.region]", "who": "Coalesce([person.name], '?')"}
    found = expressions.add(ctx.model.table("purchases"), named, "purchases", ctx).order_by("id")
    assert found.columns == (*ctx.model.table("purchases").columns, "brand", "region", "who")
    assert [(r["id"], r["brand"], r["region"], r["who"]) for r in engine.rows(found)] == [
        (1, "BREWMASTER", "north", "Ann"),
        (2, "LEAF", "north", "Ann"),
        (3, "LEAF", None, "Bob"),
        (4, None, None, "?"),
        (5, None, None, "?"),
    ]
    assert expressions.read("[product.brand] + [note]", "purchases", ctx).columns_used == ["product.brand", "note"]


def test_columns_that_rows_carry_go_before_those_of_the_dataset():
    ctx = context(columns={"city": ColumnShape("city", "City", "integer"), "a.b": ColumnShape("a.b", "A", "string")})
    table = ctx.model.table("people").mutate(city=ibis.literal(5, "int64"), **{"a.b": ibis.literal("x")})
    found = engine.rows(expressions.add(table, {"v": "[city] + 1", "w": "[a.b]"}, "people", ctx))
    assert {(row["v"], row["w"]) for row in found} == {(6, "x")}


def test_rows_of_a_file_have_only_their_columns():
    ctx = context(columns={"mail": ColumnShape("mail", "Mail", "string")})
    table = ibis.memtable({"mail": ["A@B.org"]})
    assert engine.rows(expressions.add(table, {"v": "Lower([mail])"}, "", ctx))[0]["v"] == "a@b.org"
    with pytest.raises(expressions.ExpressionError, match=r"no column “mial”\. Did you mean “mail”"):
        expressions.read("[mial]", "", ctx)
    with pytest.raises(expressions.ExpressionError, match="no key"):
        expressions.read("Random()", "", ctx)


def test_columns_that_look_like_made_up_ones_are_left_alone():
    ctx = shop.context(ROWS, columns={"joined_x0_0_0": ColumnShape("joined_x0_0_0", "J", "string")})
    table = ctx.model.table("purchases").mutate(joined_x0_0_0=ibis.literal("own"), step_0=ibis.literal("own"))
    found = expressions.add(table, {"v": "[product.brand] + [joined_x0_0_0]"}, "purchases", ctx).order_by("id")
    assert engine.rows(found)[0]["v"] == "BrewMasterown"
    assert engine.rows(found)[0]["step_0"] == "own"


def test_aggregates_give_one_row_for_each_group():
    ctx = shop.context(ROWS)
    named = {"n": "CountAll()", "mean": "Round(Sum([amount]) / CountAll(), 2)", "who": "Upper([person.name])"}
    table = ctx.model.table("purchases")
    with pytest.raises(expressions.ExpressionError, match="gives one value per row"):
        expressions.aggregate(table, named, ["person_id"], "purchases", ctx)
    with pytest.raises(expressions.ExpressionError, match=r"\[note\] has many values here"):
        expressions.aggregate(table, {"v": "Max([amount]) > Length([note])"}, ["person_id"], "purchases", ctx)
    named["who"] = "Max(Upper([person.name])) + ToString([person_id])"
    found = engine.rows(expressions.aggregate(table, named, ["person_id"], "purchases", ctx))
    by_person = {row["person_id"]: (row["n"], row["mean"], row["who"]) for row in found}
    assert by_person == {1: (2, 51.5, "ANN1"), 2: (1, 120.0, "BOB2"), None: (1, None, None), 77: (1, 5.0, None)}


def test_windows_look_at_the_rows_around():
    assert values("_Over_(Sum([age]), OrderBy([age]))") == [36, 77, 130]
    assert values("_Over_(Countdistinct([city]))") == [2, 2, 2]
    assert values("RowNum(PartitionBy([city]), OrderBy(Desc([age])))") == [2, 1, 1]
    assert values("RowNum(OrderBy([note], [age]))") == [2, 1, 3]
    assert values("_Over_(StringAgg([name], '+'), PartitionBy([city]))") == [
        "ada lovelace+grace", "alan", "ada lovelace+grace",
    ]  # fmt: skip
    assert values("100 * [age] / _Over_(Sum([age]), PartitionBy([city])) > 50") == [False, True, True]
    beside = {"n": "_Over_(CountAll())", "m": "Smart(Right([name], 3))", "o": "_Over_(CountAll(), PartitionBy([city]))"}
    assert [(row["n"], row["o"]) for row in engine.rows(added(beside).order_by("id"))] == [(3, 2), (3, 1), (3, 2)]
    read = expressions.read("RowNum(OrderBy([age]))", "people", context())
    assert (read.window, read.aggregate) == (True, False)


def test_what_differs_from_row_to_row_is_the_same_when_a_run_is_repeated():
    first, again = values("Random()"), values("Random()")
    assert first == again
    assert len(set(first)) == 3
    assert all(0 <= number < 1 for number in first)
    assert values("Random() = Random()") == [False, False, False]
    assert values("Random()", context(now=datetime(2026, 3, 2, tzinfo=UTC))) != first
    assert len(set(values("NewUUID()"))) == 3


def test_variables_are_constants_of_their_type():
    ctx = context(
        variables={"days": 30, "city": "Par'is", "limit": 12.5, "yes": True, "list": [1], "day": "2000-01-01"}
    )
    assert value("AddDays('2026-01-01', $days)", ctx) == "2026-01-31"
    assert value("$city", ctx) == "Par'is"
    assert value("[amount] = $limit and $yes", ctx) is True
    assert value("[birth_date] < $day", ctx) is True
    assert value("LPad('x', $days, '-') = RPad('x', 1, '-')", ctx) is False
    assert "is a list" in refusal("$list", ctx)


def test_sql_in_a_text_stays_a_text():
    text = "'; DROP TABLE people; --'"
    assert value(text) == "; DROP TABLE people; --"
    assert value("Replace('x', 'x', '''; select 1; --')") == "'; select 1; --"
    assert value("'${x} \\u0041 %s {0}'") == "${x} \\u0041 %s {0}"


@pytest.fixture
def scope():
    ctx = context()
    return SimpleNamespace(
        model=ctx.model, dimension="people", columns={}, now=ctx.now, timezone="UTC", variables={"n": 1}
    )


def test_a_field_says_where_an_expression_is_wrong(scope):
    field = ExpressionField(expects="number")
    field.scope = scope
    assert field.clean(" [age] + $n ") == "[age] + $n"
    with pytest.raises(Exception, match="Line 1, column 9: There is no variable"):
        field.clean("[age] + $m")
    with pytest.raises(Exception, match="A number is asked for"):
        field.clean("[city]")
    field.draft = True
    assert field.clean("[age] +") == "[age] +"


def test_a_field_may_ask_for_a_figure(scope):
    field = ExpressionField(aggregate=True)
    field.scope = scope
    assert field.clean("Sum([amount]) / 2") == "Sum([amount]) / 2"
    with pytest.raises(Exception, match="A figure over the rows is asked for"):
        field.clean("[age]")


def test_a_field_waits_for_the_dataset_that_a_sibling_chooses(scope):
    field = ExpressionField("dimension")
    scope.dimension = ""
    field.scope = scope
    assert field.clean("[anything] = 1") == "[anything] = 1"
    with pytest.raises(Exception, match="never closed"):
        field.clean("(1")
    assert "[age]" in field.widget.render("filter", "[age]")
