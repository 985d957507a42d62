"""Build audience, fork, wait and end: what starts, divides, delays and closes a path."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activities import catalogue
from activities.populations import ActivityError, Inputs
from orchcamp.datasets import engine

from .stage import NOW, clean, crowd, ids, make_context, make_scope, run

PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}


@pytest.fixture
def ctx():
    return make_context(crowd(6, city=lambda i: "Paris" if i > 4 else "Lyon"))


def test_an_audience_holds_the_keys_of_the_rows_that_satisfy_the_rule(ctx):
    assert run("build_audience", {"dimension": "people", "rule": PARIS}, ctx)["out"] in (
        [{"id": 5}, {"id": 6}],
        [{"id": 6}, {"id": 5}],
    )


@pytest.mark.parametrize("rule", [{}, {"group": "and", "items": []}], ids=["nothing", "an empty group"])
def test_an_empty_rule_is_everyone_with_a_warning(ctx, rule):
    settings = clean("build_audience", {"dimension": "people", "rule": rule})
    assert ids(run("build_audience", settings, ctx)["out"]) == [1, 2, 3, 4, 5, 6]
    (finding,) = catalogue.build("build_audience", settings).findings(make_scope())
    assert finding.severity == "warning"


def test_an_audience_ignores_what_arrives(ctx):
    start = catalogue.build("fork", catalogue.get("fork").initial()).compile(Inputs({}), ctx)["branch_1"]
    assert ids(run("build_audience", {"dimension": "people"}, ctx, start)["out"]) == [1, 2, 3, 4, 5, 6]


def test_an_empty_audience_ends_its_path_unless_told_to_go_on():
    assert catalogue.build("build_audience", {}).follows({"out": 0}) == []
    assert catalogue.build("build_audience", {}).follows({"out": 1}) == ["out"]
    assert catalogue.build("build_audience", {"keep_empty": True}).follows({"out": 0}) == ["out"]


def test_the_line_under_an_audience_says_the_rule_in_words(ctx):
    audience = catalogue.build("build_audience", {"dimension": "people", "rule": PARIS})
    assert audience.summary() == "People by a rule"
    assert audience.summary(ctx).startswith("People where ") and "Paris" in audience.summary(ctx)
    broken = catalogue.build("build_audience", {"dimension": "people", "rule": {"attribute": "shoe"}})
    assert broken.summary(ctx) == "People by a rule that needs mending"
    assert catalogue.build("build_audience", {"dimension": "people"}).summary(ctx) == "People: everyone"


def test_a_dimension_that_is_not_there_is_refused_by_name():
    form = catalogue.get("build_audience").form_class({"dimension": "cars"}, scope=make_scope())
    assert "“cars” is not a targeting dimension; there are: people, stores." in " ".join(form.sentences())


def test_every_branch_of_a_fork_carries_all_rows(ctx):
    transitions = [{"code": "left"}, {"code": "right"}, {"code": "up"}]
    parts = run("fork", {"transitions": transitions}, ctx, ctx.everyone("people"))
    everyone = [1, 2, 3, 4, 5, 6]
    assert {port: ids(rows) for port, rows in parts.items()} == {"left": everyone, "right": everyone, "up": everyone}


def test_a_fork_without_inbound_starts_its_branches_with_no_rows(ctx):
    parts = run("fork", catalogue.get("fork").initial(), ctx)
    assert parts == {"branch_1": [], "branch_2": []}


def test_what_a_bare_start_leads_to_needs_an_audience(ctx):
    start = catalogue.build("fork", catalogue.get("fork").initial()).compile(Inputs({}), ctx)["branch_1"]
    with pytest.raises(ActivityError, match="put a “Build audience” before this node"):
        run("split", {"subsets": [{"code": "a"}]}, ctx, start)
    assert run("wait", {}, ctx, start) == {"out": []}
    assert engine.count(start.table) == 0


def test_a_fork_needs_two_transitions():
    form = catalogue.get("fork").form_class({"transitions": [{"code": "one"}]}, scope=make_scope())
    assert list(form.sentences()) == ["Transitions: Add at least 2."]


@pytest.mark.parametrize(
    ("options", "opens"),
    [
        ({"value": 3, "unit": "days"}, NOW + timedelta(days=3)),
        ({"value": 1.5, "unit": "hours"}, NOW + timedelta(minutes=90)),
        ({"value": 30, "unit": "seconds"}, NOW + timedelta(seconds=30)),
        ({"type": "fixed", "at": "2026-12-01T09:00"}, datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ({"type": "fixed", "at": "2026-12-01T09:00+00:00"}, datetime(2026, 12, 1, 9, tzinfo=UTC)),
    ],
)
def test_a_wait_opens_when_it_says_in_the_zone_of_the_campaign(options, opens):
    ctx = make_context(timezone="Europe/Paris")
    assert catalogue.build("wait", clean("wait", options)).opens_at(ctx, NOW) == opens


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"value": 1, "unit": "days"}, "1 day"),
        ({"value": 3, "unit": "days"}, "3 days"),
        ({"type": "fixed", "at": "2026-12-01T09:00"}, "Until 1 December 2026, 09:00"),
        ({"type": "fixed"}, "No date yet"),
        ({"value": None}, "No time yet"),
    ],
)
def test_the_line_under_a_wait_says_how_long(options, line):
    assert catalogue.build("wait", options).summary() == line


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"value": 0}, "Write how long to wait, more than 0."),
        ({"value": -1}, "Write how long to wait, more than 0."),
        ({"value": None}, "Write how long to wait, more than 0."),
        ({"value": 1e300}, "Wait at most 366 days."),
        ({"value": "nan"}, "Enter a number."),
        ({"value": 367}, "Wait at most 366 days."),
        ({"unit": "moons"}, "moons is not one of the available choices"),
        ({"type": "fixed"}, "Choose the date and time to go on."),
        ({"type": "fixed", "at": "tomorrow"}, "Write a date and a time, such as 2026-12-01T09:00."),
    ],
)
def test_a_wait_that_makes_no_sense_is_refused(options, sentence):
    form = catalogue.get("wait").form_class({"value": 1, "unit": "days"} | options, scope=make_scope())
    assert not form.is_valid()
    assert sentence in " ".join(form.sentences())


def test_a_moment_that_is_past_is_warned_about():
    wait = catalogue.build("wait", clean("wait", {"type": "fixed", "at": "2026-01-01T00:00"}))
    (finding,) = wait.findings(make_scope())
    assert finding.severity == "warning"
    assert not list(catalogue.build("wait", clean("wait", {})).findings(make_scope()))


def test_an_end_gives_nothing_on(ctx):
    assert run("end", {}, ctx, ctx.everyone("people")) == {}


def test_an_external_signal_may_begin_the_canvas(ctx):
    activity = catalogue.build("external_signal", catalogue.get("external_signal").initial())
    start = activity.compile(Inputs({}), ctx)["out"]
    assert (start.dimension, engine.count(start.table)) == ("", 0)
    assert not activity.inputs[0].required
    assert ids(run("build_audience", {"dimension": "people"}, ctx, start)["out"]) == [1, 2, 3, 4, 5, 6]
