"""Every function: its example, and what it answers at its edges."""

from __future__ import annotations

import pytest

from orchcamp.datasets import expressions

from .dates import DATES
from .edges import EDGES
from .stage import context, value


@pytest.mark.parametrize("function", expressions.functions(), ids=lambda function: function.name)
def test_a_function_answers_its_example(function):
    found = value(function.example)
    assert (found, type(found)) == (function.expected, type(function.expected))


@pytest.mark.parametrize(("text", "expected"), EDGES, ids=[text for text, _expected in EDGES])
def test_an_expression_means_this(text, expected):
    found = value(text)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(("text", "zone", "expected"), DATES, ids=[f"{text} in {zone}" for text, zone, _e in DATES])
def test_a_date_means_this(text, zone, expected, settings):
    settings.TIME_ZONE = zone
    found = value(text, context(timezone=zone))
    assert (found, type(found)) == (expected, type(expected))
