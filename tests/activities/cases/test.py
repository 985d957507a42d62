"""Test: the rows go on through whichever port."""

from __future__ import annotations

from . import Case, everyone, some, untied

CONDITIONS = [
    {"code": "many", "label": "Many", "of": "population", "operator": "greater_than", "value": 1000},
    {"code": "few", "of": "population", "operator": "less_or_equal", "value": 1000},
]
BY_VARIABLE = {
    "conditions": [{"code": "mail", "of": "way", "operator": "equals", "value": "mail"}],
    "default": {"code": "other"},
}
CASES = [
    Case("the rows go on", {"conditions": CONDITIONS}, arrived=[some(1, 2)], expected={"few": [1, 2]}),
    Case(
        "by a variable, or otherwise",
        BY_VARIABLE,
        arrived=[everyone("stores")],
        context={"variables": {"way": "mail"}},
        scope={"variables": {"way": "mail"}},
        expected={"mail": ["p1", "l1", "x"], "other": ["p1", "l1", "x"]},
    ),
    Case(
        "with columns that nodes added", {}, arrived=[some(1, 2, rank=("integer", {2: 5}))], expected={"true": [1, 2]}
    ),
    Case("rows without counterpart", {}, arrived=[untied(1)], expected={"true": [1, None, None]}),
]
