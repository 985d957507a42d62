"""From text to syntax: what is understood, where it goes wrong, and that nothing makes it run away."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchcamp.datasets.expressions import ExpressionError
from orchcamp.datasets.expressions.parsing import parse

from .stage import refusal


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("(1 + 2) * 3", "(1 + 2) * 3"),
        ("10 - 4 - 3", "(10 - 4) - 3"),
        ("-[a] * 2", "(-[a]) * 2"),
        ("not [a] = 1 and [b] = 2 or [c] = 3", "((not ([a] = 1)) and ([b] = 2)) or ([c] = 3)"),
        ("[a] and [b] and [c]", "[a] and [b] and [c]"),
        ("NOT True Or FALSE", "(not true) or false"),
        ("yearsold( [ birth_date ] )", "yearsold([birth_date])"),
        ("'it''s'", "'it''s'"),
        ("'a\\'", "'a\\'"),
        ("''", "''"),
        ("$name", "$name"),
        ("[store.region]", "[store.region]"),
        ("_Over_(Sum([a]),\nPartitionBy([b]))", "_Over_(Sum([a]), PartitionBy([b]))"),
        ("1.50", "1.50"),
        ("1.23456", "1.23456"),
        ("1e3", "1000.0"),
        ("[orders]", "[orders]"),
    ],
)
def test_a_text_is_read_as(text, written):
    assert str(parse(text)) == written


@pytest.mark.parametrize(
    ("text", "line", "column", "sentence"),
    [
        ("", 1, 1, "There is no expression"),
        ("  \n ", 1, 1, "There is no expression"),
        ("(1 + 2", 1, 1, "This parenthesis is never closed."),
        ("f(1,\n (2 + 3)", 1, 2, "This parenthesis is never closed."),
        ("1 + 2)", 1, 6, "This parenthesis closes nothing"),
        ("1 +", 1, 4, "ends where a value is missing"),
        ("1 2", 1, 3, "“2” cannot stand here"),
        ("1 < 2 < 3", 1, 7, "compare two values at a time"),
        ("'abc", 1, 1, "no closing quote"),
        ("[city", 1, 1, "no name and closing bracket"),
        ("[]", 1, 1, "no name and closing bracket"),
        ('\n "x"', 2, 2, "double quote"),
        ("@city", 1, 1, "write fields as [city]"),
        ("city = 'x'", 1, 6, "a field is written as [city]"),
        ("1 != 2", 1, 3, "write <>"),
        ("$", 1, 1, "$name"),
        ("1 +\n\n  # 2", 3, 3, "“#” has no meaning"),
        ("f(1,,2)", 1, 5, "“,” cannot stand here"),
        ("f(1)(2)", 1, 5, "parenthesis cannot open here"),
        ("1e999", 1, 1, "too large"),
        ("'\0'", 1, 1, "no text in the data can hold"),
    ],
)
def test_an_error_names_the_place_and_the_mend(text, line, column, sentence):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert sentence in str(error)
    assert str(error).startswith(f"Line {line}, column {column}: ")


HOSTILE = {
    "parentheses": "(" * 9_999 + "1" + ")" * 9_999,
    "open parentheses": "(" * 20_000,
    "not": "not " * 4_000 + "true",
    "minus": "- " * 9_000 + "1",
    "calls": "Abs(" * 3_000 + "1" + ")" * 3_000,
    "sum": "1+" * 9_000 + "1",
    "texts": "'a'+" * 4_000 + "'a'",
    "and": "true and " * 2_200 + "true",
    "a megabyte": "'" + "x" * 1_000_000 + "'",
    "a megabyte of parentheses": "(" * 1_000_000,
    "quotes": "'" * 19_999,
    "brackets": "[" * 20_000,
    "cases": "Case(" + "When(true, 1), " * 1_300 + "Else(2))",
    "doubling": "AddMonths(" * 90 + "[birth_date]" + ", 1)" * 90,
    "doubling texts": "Smart(Right(" * 45 + "[name]" + ", 3))" * 45,
    "zones": "ToTimeZone(" * 90 + "[joined]" + ", 'Asia/Tokyo')" * 90,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_ends_in_a_sentence_soon_or_can_be_used(text):
    from orchcamp.datasets import expressions

    from .stage import context

    ctx, start = context(), time.process_time()
    try:
        expressions.read(text, "people", ctx)
    except ExpressionError as error:
        assert len(str(error)) < 400
    assert time.process_time() - start < 15


@pytest.mark.parametrize("name", ["parentheses", "not", "minus", "calls", "sum", "a megabyte", "and", "cases"])
def test_what_is_too_much_is_refused(name):
    assert "than" in refusal(HOSTILE[name])


@pytest.mark.parametrize(
    "text", ["read_csv('/etc/passwd')", "read_parquet('x')", "getenv('HOME')", "current_user()", "query('select 1')"]
)
def test_a_function_of_the_engine_is_no_function(text):
    assert "There is no function" in refusal(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        node = parse(text)
    except ExpressionError:
        return
    assert parse(str(node)) == node
