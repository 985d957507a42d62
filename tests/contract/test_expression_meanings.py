"""formats.md §3 and §7, Expressions: each line on the sample rows, the first of which is the one that is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.datasets.expressions.stage import context, refusal, value, values
from tests.datasets.rule_stage import ALL, kept


def rule(text: str, operator: str, value: Any) -> dict[str, Any]:
    return {"expression": text, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[note] = 'x'", None),
        ("[note] <> 'x'", None),
        ("not ([note] = 'x')", None),
        ("[note] = 'x' and true", None),
        ("[note] = 'x' and false", False),
        ("[note] = 'x' or true", True),
        ("[note] = 'x' or false", None),
    ],
)
def test_null_spreads_as_in_sql(text, expected):
    assert value(text) is expected


def test_the_condition_around_an_expression_is_complemented_as_a_rule_is():
    holds = kept(rule("[age] > 20", "equals", True))
    assert kept(rule("[age] > 20", "not_equals", True)) == [id for id in ALL if id not in holds]
    assert 3 not in kept(rule("[age] > 20", "equals", False))  # unknown is not false


def test_a_text_is_in_single_quotes_a_quote_in_it_doubled_and_a_backslash_is_itself():
    assert value("'it''s'") == "it's"
    assert value("'a\\n'") == "a\\n"
    assert "double quote" in refusal('"a"').lower()


@pytest.mark.parametrize("text", ["1 / 0", "[age] / 0", "[weight] / ([age] - [age])", "[age] % 0", "Mod([amount], 0)"])
def test_division_and_remainder_by_zero_are_null(text):
    assert value(text) is None


def test_division_never_cuts():
    assert value("7 / 2") == 3.5
    assert value("[age] / 8") == 4.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("YearsDiff('2025-02-28', '2024-02-29')", 0),
        ("YearsDiff('2025-03-01', '2024-02-29')", 1),
        ("YearsDiff('2028-02-29', '2024-02-29')", 4),
        ("YearsDiff('2026-05-09', '2020-05-10')", 5),
        ("YearsDiff('2026-05-10', '2020-05-10')", 6),
        ("MonthsDiff('2026-03-30', '2026-01-31')", 1),
        ("MonthsDiff('2026-03-31', '2026-01-31')", 2),
        ("DaysDiff('2026-03-30', '2026-03-28')", 2),  # over the night in which clocks change
        ("DaysDiff('2024-03-01', '2024-02-28')", 2),
    ],
)
def test_years_and_months_that_have_gone_by_whole_and_days_of_dates(text, expected, settings):
    settings.TIME_ZONE = "Europe/Paris"
    assert value(text, context(timezone="Europe/Paris")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Substring('abcdef', 1, 2)", "ab"),
        ("Substring('abcdef', 3, 2)", "cd"),
        ("Substring('abc', 4, 1)", ""),
        ("Substring('abc', 2, 99)", "bc"),
        ("Charindex('abcabc', 'c')", 3),
        ("Charindex('abc', 'x')", 0),
    ],
)
def test_places_count_from_1_past_the_end_is_empty_and_absent_is_0(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    ["Upper([note])", "Length([note])", "Left([note], 1)", "Replace('a', 'a', [note])", "[note] + 'a'", "ToDate([note])",
     "Charindex([note], 'a')", "Greatest(1, Length([note]))", "JuxtWords('a', [note])", "AddDays(ToDate([note]), 1)"],
)  # fmt: skip
def test_a_function_of_null_is_null(text):
    assert value(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Coalesce([note], 'c')", "c"),
        ("NoNull([note])", ""),
        ("IsEmptyString([note], 'yes', 'no')", "yes"),
        ("Iif([note] = 'x', 1, 2)", 2),
        ("Case(When([note] = 'x', 1), When(true, 3), Else(2))", 3),
        ("Decode([note], 'x', 1, 2)", 2),
        ("IfEquals([note], [note], 1, 2)", 2),
    ],
)
def test_those_that_are_made_for_null_take_an_unknown_condition_for_false(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Round(0.5, 0)", "1.0000"), ("Round(0 - 0.5, 0)", "-1.0000"), ("Round(1.25, 1)", "1.3000"), ("Round(2.5)", "3.0000")],
)  # fmt: skip
def test_round_goes_away_from_zero_at_the_half(text, expected):
    assert value(text) == expected


def test_weeks_begin_on_monday_and_weekday_is_0_on_monday():
    assert value("TruncWeek('2026-03-01')") == "2026-02-23"  # a Sunday
    assert [value(f"WeekDay('2026-03-0{day}')") for day in (1, 2, 3)] == [6, 0, 1]


def test_names_of_functions_ignore_case_and_errors_carry_the_position():
    assert value("uPPER([city])") == "PARIS"
    assert refusal("1 +\n Uppr([city])").startswith("Line 2, column 2: ")


def test_columns_literals_variables_and_operators_as_the_format_writes_them():
    ctx = context(variables={"least": 18, "town": "PARIS", "day": "1990-03-01"}, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert value("YearsOld([birth_date]) >= $least and Upper([city]) = $town", ctx) is True
    assert value("[birth_date] < $day and not ([age] <= 12.5 or 3 * (2 + 1) % 4 <> 1)", ctx) is True
    assert values("[city] = 'Paris'", ctx) == [True, False, True]
