"""Short texts with fields: what they know, and what they say of what they do not know."""

from __future__ import annotations

import pytest

from activities import wording
from activities.populations import ActivityError

from .stage import make_context


@pytest.fixture
def ctx():
    variables = {"season": "spring", "threshold": 12.5, "cities": ["Paris", "Lyon"], "nothing": ""}
    return make_context(timezone="Europe/Paris", campaign="cashback", variables=variables)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ campaign }}_{{ date }}.csv", "cashback_2026-06-01.csv"),
        ("At {{ time }}", "At 11:00"),
        ("{{ variables.season }} {{ variables.threshold }}", "spring 12.5"),
        ("{{ variables.cities|join(', ') }}", "Paris, Lyon"),
        ("{{ rows|number }} rows", "1,200 rows"),
        ("{{ variables.nothing|default('none') }}", "none"),
        ("<b> & {{ campaign }}", "<b> & cashback"),
    ],
)
def test_fields_are_filled_in(ctx, text, shown):
    assert wording.render(text, ctx, rows=1200) == shown


@pytest.mark.parametrize("text", ["{{ rows }}", "{{ variables.nothing }}", "{{ campaign.__class__ }}", "{{ oops"])
def test_what_is_not_there_is_a_sentence(ctx, text):
    with pytest.raises(ActivityError, match=r"\.$"):
        wording.render(text, ctx)


def test_a_text_that_works_for_too_long_is_stopped(ctx):
    with pytest.raises(ActivityError, match="too long"):
        wording.render("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", ctx)


def test_problems_name_what_was_meant(ctx):
    assert wording.problems("{{ variables.season }} {{ date }} {{ rows }}", ctx) == []
    assert wording.problems("{{ variables.seson }}", ctx) == [
        "There is no “variables.seson” here; did you mean “variables.season”?"
    ]
    (sentence,) = wording.problems("{{ zzz }}", ctx)
    assert "there are: campaign, date, rows, time, variables.cities" in sentence
    assert wording.problems("{{ oops", ctx)[0].startswith("Text: line 1")
    assert wording.problems("{{ answer }}", ctx, "answer") == []
