"""From canvas to tables: what reaches a node, what a run already has, and what is switched off."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from activities.compiler import Compiler, NotReady
from activities.forms import Scope
from activities.graph import Edge, Graph, Node
from activities.populations import ActivityError, Inputs, Population
from orchcamp.datasets import engine

from .stage import CHOICES, EMAIL, EVERYONE, crowd, ids, make_context, make_graph

SPLIT = ("split", {"subsets": [{"code": "half", "limit": {"type": "percent", "value": 50}}], "complement": True})


def rows(compiler: Compiler, node_id: str, port: str = "out"):
    return engine.rows(compiler.outputs(node_id)[port].table)


def test_a_canvas_becomes_one_expression():
    graph = make_graph({"a": EVERYONE, "s": SPLIT, "w": ("wait", {}), "m": EMAIL}, "a→s", "s.half→w", "w→m")
    compiler = Compiler(graph, make_context(crowd(10)))
    assert len(rows(compiler, "m")) == 5
    assert {row["segment_code"] for row in rows(compiler, "m")} == {"half"}


def test_the_same_canvas_gives_the_same_people_and_each_node_draws_its_own_lot():
    graph = make_graph({"a": EVERYONE, "s": SPLIT, "t": SPLIT}, "a→s", "s.half→t")
    ctx = make_context(crowd(400))
    once, again = (ids(rows(Compiler(graph, ctx), "t", "half")) for _ in range(2))
    assert once == again
    first = ids(rows(Compiler(graph, ctx), "s", "half"))
    assert len(once) == 100 and once != first[:100]


def test_equal_canvases_give_equal_expressions_without_any_data():
    graph = make_graph({"a": EVERYONE, "s": SPLIT, "c": ("combine", {})}, "a→s", "s.half→c", "s.complement→c")
    once, again = (Compiler(graph, make_context()).outputs("c")["out"].table for _ in range(2))
    assert once.equals(again)


def test_a_run_reads_what_it_has_and_compiles_nothing_before_it():
    graph = make_graph({"a": ("no_such_type", {}), "w": ("wait", {})}, "a→w")
    ctx = make_context(crowd(10))
    people = ctx.everyone("people")
    few = people.where(people.table.id <= 3)
    assert ids(rows(Compiler(graph, ctx, stored=lambda edge: few), "w")) == [1, 2, 3]


def test_ways_that_were_not_taken_bring_nothing():
    graph = make_graph({"a": EVERYONE, "s": SPLIT, "c": ("combine", {})}, "a→s", "s.half→c", "s.complement→c")
    compiler = Compiler(graph, make_context(crowd(10)), open=lambda edge: edge.source_port != "half")
    assert len(rows(compiler, "c")) == 5


def test_nothing_comes_through_a_node_that_is_switched_off():
    graph = make_graph({"a": EVERYONE, "b": EVERYONE, "c": ("combine", {}), "m": EMAIL}, "a→c", "b→c", "c→m")
    off = graph.with_node(replace(graph.nodes["b"], disabled=True))
    assert len(rows(Compiler(off, make_context(crowd(4))), "c")) == 4
    with pytest.raises(ActivityError, match="switched off"):
        Compiler(off, make_context()).outputs("b")
    off = graph.with_node(replace(graph.nodes["c"], disabled=True))
    assert Compiler(off, make_context()).scope("m").missing == "No audience reaches this node yet."


def test_behind_a_half_done_node_the_sentence_names_that_node_however_far():
    graph = make_graph({"a": ("build_audience", {}), "w": ("wait", {}), "m": EMAIL}, "a→w", "w→m")
    compiler = Compiler(graph, make_context())
    scope = compiler.scope("m", CHOICES)
    assert scope.missing == "“A” before this node is not ready: Choose the targeting dimension."
    assert (scope.dimension, scope.fields, scope.choices["configurations"]) == ("", {}, CHOICES["configurations"])
    with pytest.raises(NotReady, match="“A” before"):
        compiler.outputs("m")


@pytest.mark.parametrize(
    ("options", "port", "why"),
    [
        ({"subsets": "x"}, "a", "Give a list of objects"),
        ({"subsets": [{"code": "b"}]}, "a", "no port “a” any more"),
        ({"subsets": [{"code": "a", "rule": {"attribute": "shoe", "operator": "equals", "value": 1}}]}, "a", "shoe"),
    ],
)
def test_broken_settings_are_a_sentence_and_not_a_crash(options, port, why):
    graph = make_graph({"a": EVERYONE, "s": ("split", options), "w": ("wait", {})}, "a→s", f"s.{port}→w")
    assert why in Compiler(graph, make_context()).scope("w").missing


def test_a_scope_has_the_columns_of_the_dimension_and_those_that_nodes_added():
    graph = make_graph({"a": EVERYONE, "s": SPLIT, "m": EMAIL}, "a→s", "s.half→m")
    scope = Compiler(graph, make_context()).scope("m", CHOICES)
    assert isinstance(scope, Scope) and scope.dimension == "people" and not scope.missing
    assert list(scope.fields) == ["id", "name", "city", "email", "age", "points", "segment_code"]
    assert scope.fields["segment_code"].type == "string"
    assert Compiler(graph, make_context()).scope("a").dimension == ""


def test_a_joining_node_offers_its_sets_by_name():
    graph = make_graph({"a": EVERYONE, "s": SPLIT, "c": ("combine", {})}, "a→s", "a→c", "s.half→c")
    offered = Compiler(graph, make_context()).scope("c").choices["inbound"]
    assert offered == [("a:out", "A"), ("s:half", "S · half")]


def test_a_canvas_of_five_hundred_nodes_is_read_without_recursion_and_in_seconds():
    graph = Graph(
        {
            f"n{i}": Node(f"n{i}", "wait" if i else "build_audience", f"N{i}", {} if i else EVERYONE[1])
            for i in range(500)
        },
        tuple(Edge(f"n{i}", "out", f"n{i + 1}") for i in range(499)),
    )
    begun = time.process_time()
    assert Graph.from_json(graph.to_json()) == graph
    assert Compiler(graph, make_context()).outputs("n499")["out"].dimension == "people"
    assert time.process_time() - begun < 10


def test_forty_splits_in_a_row_can_still_be_run_as_one_expression():
    nodes = {"n0": EVERYONE} | {f"n{i}": SPLIT for i in range(1, 41)}
    edges = ["n0→n1", *(f"n{i}.complement→n{i + 1}" for i in range(1, 40))]
    outputs = Compiler(make_graph(nodes, *edges), make_context()).outputs("n40")
    assert set(outputs) == {"half", "complement"}


def test_a_population_and_its_inputs_know_their_place():
    ctx = make_context()
    people = ctx.everyone("people")
    inputs = Inputs({"in": [people, people]}, {"in": [("a", "out"), ("s", "half")]})
    assert (inputs.place("s", "half"), inputs.place("x", "out")) == (1, None)
    assert isinstance(inputs.audience(), Population)
    with pytest.raises(ActivityError, match="connect a transition"):
        Inputs({}).one()
