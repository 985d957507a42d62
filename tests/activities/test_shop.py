"""A canvas over the small shop in the lake: rules over links, real Parquet files, numbers counted by hand."""

from __future__ import annotations

import pytest

from activities import check
from activities.compiler import Compiler
from activities.populations import Context
from orchcamp.datasets import engine, schema
from tests.builders import make_shop

from .stage import CHOICES, EMAIL, NOW, ids, make_graph

BUYERS = (
    "build_audience",
    {"dimension": "people", "rule": {"group": "and", "items": [{"link": "purchases", "exists": True}]}},
)
WITH_ADDRESS = {"group": "and", "items": [{"attribute": "email", "operator": "is_not_empty"}]}


@pytest.fixture
def ctx(db):
    make_shop()
    return Context(schema.load(), NOW, seed="spring")


def test_a_whole_canvas_is_counted_at_every_transition(ctx):
    split = (
        "split",
        {"subsets": [{"code": "paris", "rule": {"attribute": "city", "operator": "equals", "value": "Paris"}}]},
    )
    rest = ("split", split[1] | {"complement": True})
    addressed = ("build_audience", {"dimension": "people", "rule": WITH_ADDRESS})
    without = ("combine", {"operation": "exclusion", "complement": True})
    graph = make_graph(
        {"a": BUYERS, "b": addressed, "c": without, "s": rest, "m": EMAIL},
        *("b→c", "a→c", "c→s", "s.paris→m"),
    )
    compiler = Compiler(graph, ctx)
    counts = {
        (node, port): ids(engine.rows(population.table))
        for node in graph.nodes
        for port, population in compiler.outputs(node).items()
    }
    assert counts == {
        ("a", "out"): [1, 2, 6],
        ("b", "out"): [1, 2, 3, 5, 6],
        ("c", "out"): [3, 5],
        ("c", "complement"): [1, 2, 6],
        ("s", "paris"): [3],
        ("s", "complement"): [5],
        ("m", "out"): [3],
    }
    assert not [p for p in check.problems(graph, ctx, CHOICES) if p.is_error]


def test_a_run_reads_stored_populations_and_goes_on_with_the_same_people(ctx):
    split = ("split", {"subsets": [{"code": "half", "limit": {"type": "percent", "value": 50}}], "complement": True})
    everyone = ("build_audience", {"dimension": "people"})
    graph = make_graph({"a": everyone, "s": split, "w": ("wait", {})}, "a→s", "s.half→w")
    whole = Compiler(graph, ctx).outputs("w")["out"]
    kept = Compiler(graph, ctx).outputs("a")["out"]
    engine.write(kept.table, "runs/1/a-out.parquet")
    stored = kept.with_table(engine.table("runs/1/a-out.parquet"))
    again = Compiler(graph, ctx, stored=lambda edge: stored if edge.source == "a" else None).outputs("w")["out"]
    assert ids(engine.rows(again.table)) == ids(engine.rows(whole.table))
    assert len(ids(engine.rows(whole.table))) == 3


def test_reading_a_model_costs_queries_and_a_canvas_none(ctx, django_assert_num_queries):
    graph = make_graph({"a": BUYERS, "m": EMAIL}, "a→m")
    with django_assert_num_queries(0):
        Compiler(graph, ctx).outputs("m")
        check.problems(graph, ctx, CHOICES)
