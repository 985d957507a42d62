"""And-join: one of several paths goes on."""

from __future__ import annotations

from activities import catalogue
from activities.columns import nobody
from activities.populations import Inputs, Population
from orchcamp.datasets import engine

from .stage import clean, crowd, ids, make_context, run

CTX = make_context(crowd(6))


def below(n):
    everyone = CTX.everyone("people")
    return everyone.where(everyone.table.id < n)


def test_the_first_set_goes_on_unless_another_is_named():
    assert ids(run("and_join", {}, CTX, below(3), below(5))["out"]) == [1, 2]
    named = {"primary": {"node": "n2", "port": "out"}}
    assert ids(run("and_join", named, CTX, below(3), below(5))["out"]) == [1, 2, 3, 4]


def test_a_primary_set_whose_way_was_not_taken_has_no_rows():
    named = {"primary": {"node": "n7", "port": "out"}}
    assert run("and_join", named, CTX, below(3))["out"] == []


def test_bare_starts_join_too():
    start = Population(nobody(), "", ("start",))
    activity = catalogue.build("and_join", clean("and_join", {}))
    out = activity.compile(Inputs({"in": [start, start]}), CTX)["out"]
    assert out.dimension == ""
    assert ids(run("and_join", {}, CTX, start, below(4))["out"]) == [1, 2, 3]


def test_the_rows_of_the_others_are_counted():
    activity = catalogue.build("and_join", clean("and_join", {}))
    inputs = Inputs({"in": [below(3), below(5)]})
    (loss,) = activity.lost(inputs, CTX, activity.compile(inputs, CTX))
    assert engine.count(loss.rows) == 4
