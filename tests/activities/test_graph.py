"""The canvas as a value: JSON, edits, circles and healing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.graph import MAX_EDGES, MAX_NODES, Edge, Graph, GraphError, Node

from .stage import make_graph

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["node", "edge", "remove", "heal", "ports", "cut"]), st.integers(0, 7), st.integers(0, 7)
    ),
    max_size=40,
)


def edited(edits) -> Graph:
    """A graph after some edits; those that are refused leave it as it was."""
    graph = Graph()
    for verb, a, b in edits:
        edge = Edge(f"n{a}", "ab"[b % 2], f"n{b}")
        try:
            if verb == "node":
                graph = graph.with_node(Node(f"n{a}", "wait", f"N{a}", {"value": b}, disabled=b == 7))
            elif verb == "edge":
                graph = graph.with_edge(edge)
            elif verb == "cut":
                graph = graph.without_edge(edge)
            elif verb == "ports":
                graph = graph.with_ports(f"n{a}", ["a"])
            else:
                graph = graph.without_node(f"n{a}", heal=verb == "heal")
        except GraphError:
            continue
    return graph


@given(EDITS)
@settings(max_examples=200, deadline=None)
def test_no_edit_makes_a_circle_or_leaves_a_loose_end(edits):
    graph = edited(edits)
    order = graph.order()
    assert sorted(order) == sorted(graph.nodes)
    assert all(order.index(edge.source) < order.index(edge.target) for edge in graph.edges)
    assert len(set(graph.edges)) == len(graph.edges)


@given(EDITS)
@settings(max_examples=200, deadline=None)
def test_a_graph_survives_json(edits):
    graph = edited(edits)
    assert Graph.from_json(json.loads(json.dumps(graph.to_json()))) == graph


@given(EDITS, st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_healing_keeps_everything_reachable_that_was(edits, number):
    graph, id = edited(edits), f"n{number}"
    if id not in graph.nodes or len(graph.incoming(id)) != 1:
        return
    healed = graph.without_node(id)
    for other in healed.nodes:
        assert healed.ancestors(other) == graph.ancestors(other) - {id}


def test_an_edit_returns_a_new_graph_and_leaves_the_old_one():
    graph = make_graph({"a": ("wait", {}), "b": ("wait", {})}, "a→b")
    shorter = graph.without_node("a")
    assert ("a" in graph.nodes, graph.incoming("b")) == (True, [Edge("a", "out", "b")])
    assert shorter.incoming("b") == []


def test_a_circle_is_refused_in_words():
    graph = make_graph({"a": ("wait", {}), "b": ("wait", {})}, "a→b")
    for edge in (Edge("b", "out", "a"), Edge("a", "out", "a")):
        with pytest.raises(GraphError, match="run in a circle"):
            graph.with_edge(edge)


def test_removing_a_node_joins_its_one_predecessor_to_all_that_came_after():
    graph = make_graph({id: ("wait", {}) for id in "abcd"}, "a→b", "b.x→c", "b.y→d")
    assert set(graph.without_node("b").edges) == {Edge("a", "out", "c"), Edge("a", "out", "d")}
    assert graph.without_node("b", heal=False).edges == ()


def test_transitions_of_ports_that_are_gone_are_dropped():
    graph = make_graph({id: ("wait", {}) for id in "abc"}, "a.x→b", "a.y→c")
    assert graph.with_ports("a", ["x"]).edges == (Edge("a", "x", "b"),)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (None, "must be an object"),
        ([], "must be an object"),
        ({"nodes": []}, "“nodes” must be an object"),
        ({"nodes": {"a": []}}, "Node “a” must be an object with a “type”"),
        ({"nodes": {"a": {"type": 3}}}, "Node “a”"),
        ({"nodes": {"a": {"type": "wait", "settings": []}}}, "“settings” of node “a”"),
        ({"nodes": {}, "edges": {}}, "“edges” must be a list"),
        ({"nodes": {}, "edges": [{"source": "a"}]}, "Edge 1 needs"),
        ({"nodes": {}, "edges": ["a→b"]}, "Edge 1 needs"),
        ({"nodes": {}, "edges": [{"source": "a", "source_port": "out", "target": "b"}]}, "There is no node “a”"),
        (
            {"nodes": {}, "edges": [{"source": "a", "source_port": "o", "target": "b", "target_port": 1}]},
            "“target_port”",
        ),
        ({"nodes": {f"n{i}": {"type": "wait"} for i in range(MAX_NODES + 1)}}, "at most 500"),
        ({"nodes": {}, "edges": [{}] * (MAX_EDGES + 1)}, "at most 2000"),
        (
            {
                "nodes": {"a": {"type": "wait"}, "b": {"type": "wait"}},
                "edges": [
                    {"source": "a", "source_port": "out", "target": "b"},
                    {"source": "b", "source_port": "out", "target": "a"},
                ],
            },
            "runs in a circle",
        ),
    ],
)
def test_a_document_that_is_no_canvas_is_refused_with_its_place(document, sentence):
    with pytest.raises(GraphError, match=sentence):
        Graph.from_json(document)


def test_a_canvas_has_room_for_five_hundred_nodes():
    graph = Graph({f"n{i}": Node(f"n{i}", "wait", "W") for i in range(MAX_NODES)})
    assert graph.with_node(Node("n1", "wait", "renamed")).node("n1").name == "renamed"
    with pytest.raises(GraphError, match="at most 500"):
        graph.with_node(Node("one more", "wait", "W"))
