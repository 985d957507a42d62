"""Test: what its conditions hold of, by the type of what they ask."""

from __future__ import annotations

from typing import Any

import pytest

from activities.catalogue import build
from activities.forms import Scope
from activities.populations import Context
from activities.types.test import TestForm as ConditionsForm
from tests.activities.stage import NOW, make_model

LATE = "2026-12-01"


def way(of: str, operator: str, value: Any, variables: dict[str, Any], rows: int = 5) -> str:
    """The code of the way that is taken, in Paris."""
    settings = {
        "conditions": [{"code": "yes", "label": "", "of": of, "operator": operator, "value": value}],
        "default": {"code": "no", "label": ""},
    }
    ctx = Context(make_model([], []), NOW, "Europe/Paris", variables=variables)
    (code,) = build("test", settings).follows({"yes": rows, "no": rows}, ctx)
    return code


@pytest.mark.parametrize(
    ("value", "operator", "other", "expected"),
    [
        (LATE, "equals", "2026-12-01T00:00", "yes"),
        (LATE, "greater_than", "2026-11-30T23:30Z", "no"),  # half past midnight in Paris
        (LATE, "less_than", "2026-11-30T23:30Z", "yes"),
        ("2026-12-01T09:00+02:00", "less_than", "2026-12-01T08:00Z", "yes"),
        ("2026-12-01T09:00", "not_equals", "2026-12-01T08:00Z", "no"),
        (LATE, "contains", "2026", "yes"),
        ("tea", "less_than", "teb", "yes"),
        ("10", "less_than", "9", "yes"),  # texts
        (10, "less_than", 9, "no"),
        (["a", 3], "contains", "3", "yes"),
        ("", "is_empty", "", "yes"),
    ],
)
def test_a_variable_is_compared_as_what_it_is(value, operator, other, expected):
    assert way("it", operator, other, {"it": value}) == expected


def test_a_variable_that_is_not_there_satisfies_negations_only():
    assert way("it", "equals", "x", {}) == "no"
    assert way("it", "not_equals", "x", {}) == "yes"


def test_a_date_is_asked_for_where_a_date_is_compared():
    scope = Scope(model=make_model([], []), now=NOW, variables={"day": LATE})
    row = {"code": "a", "of": "day", "operator": "less_than", "value": "soon"}
    form = ConditionsForm({"conditions": [row], "default": None}, scope=scope)
    assert "“soon” is no date" in " ".join(form.sentences())
    form = ConditionsForm({"conditions": [{**row, "operator": "starts_with", "value": "2026"}]}, scope=scope)
    assert form.is_valid(), list(form.sentences())
