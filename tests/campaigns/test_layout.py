"""Drawing a canvas: what holds for every graph, and how the usual ones look."""

from __future__ import annotations

import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from activities.graph import Edge, Graph, Node
from campaigns import layout


def graph_of(*edges: tuple[str, str, str], alone: tuple[str, ...] = ()) -> Graph:
    ids = dict.fromkeys([*alone, *(end for source, _, target in edges for end in (source, target))])
    return Graph(
        {id: Node(id, "split", id) for id in ids},
        tuple(Edge(source, port, target) for source, port, target in edges),
    )


@st.composite
def graphs(draw) -> tuple[Graph, dict[str, list[str]]]:
    size = draw(st.integers(0, 14))
    ids = [f"n{number}" for number in range(size)]
    ports = {id: ["a", "b", "c"][: draw(st.integers(1, 3))] for id in ids}
    edges = set()
    if size > 1:
        for first, second in draw(st.lists(st.tuples(st.integers(0, size - 2), st.integers(1, size - 1)), max_size=24)):
            if first < second:
                edges.add(Edge(ids[first], draw(st.sampled_from(ports[ids[first]])), ids[second]))
    order = draw(st.permutations(ids))
    return Graph({id: Node(id, "split", id) for id in order}, tuple(sorted(edges))), ports


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_nodes_never_overlap_and_lie_within_the_drawing(drawn):
    graph, ports = drawn
    drawing = layout.place(graph, ports)
    places = list(drawing.places.values())
    assert len(places) == len(graph.nodes)
    for number, one in enumerate(places):
        assert one.x >= 0 and one.y >= 0
        assert one.x + one.width <= drawing.width and one.y + one.height <= drawing.height
        for other in places[number + 1 :]:
            beside = one.x + one.width < other.x or other.x + other.width < one.x
            below = one.y + one.height < other.y or other.y + other.height < one.y
            assert beside or below


@given(graphs())
@settings(max_examples=100, deadline=None)
def test_transitions_go_right_from_their_port_to_their_node(drawn):
    graph, ports = drawn
    drawing = layout.place(graph, ports)
    outlets = {(outlet.node_id, outlet.port): outlet for outlet in drawing.outlets}
    assert len(drawing.wires) == len(graph.edges)
    for wire in drawing.wires:
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", wire.path)]
        outlet = outlets[wire.edge.source, wire.edge.source_port]
        assert (numbers[0], numbers[1]) == (outlet.x, outlet.y)
        assert tuple(numbers[-2:]) == drawing.places[wire.edge.target].inbound
        turns = [float(x) for x in re.findall(r"(?:M|H)(-?\d+\.?\d*)", wire.path)] + [numbers[-2]]
        assert turns == sorted(turns)
        assert not outlet.open


@given(graphs())
@settings(max_examples=50, deadline=None)
def test_the_same_canvas_is_always_drawn_alike(drawn):
    graph, ports = drawn
    assert layout.place(graph, ports) == layout.place(Graph.from_json(graph.to_json()), ports)


def test_a_chain_is_one_straight_row():
    drawing = layout.place(graph_of(("a", "out", "b"), ("b", "out", "c")), {"a": ["out"], "b": ["out"], "c": ["out"]})
    assert {place.y for place in drawing.places.values()} == {layout.MARGIN}
    assert [drawing.places[id].column for id in "abc"] == [0, 1, 2]
    assert [outlet.node_id for outlet in drawing.outlets if outlet.open] == ["c"]


def test_only_a_column_whose_ports_carry_labels_is_followed_by_a_wide_gap():
    chain = graph_of(("a", "out", "b"), ("b", "out", "c"))
    places = layout.place(chain, {id: ["out"] for id in "abc"}, {"b"}).places
    bends = layout.NODE_WIDTH + layout.BEND_LENGTH
    assert places["b"].x - places["a"].x == bends + layout.COUNT_LENGTH
    assert places["c"].x - places["b"].x == bends + layout.LABEL_LENGTH


def test_branches_lie_in_the_order_of_their_ports_around_the_split():
    graph = graph_of(("s", "c", "z"), ("s", "a", "x"), ("s", "b", "y"))
    places = layout.place(graph, {"s": ["a", "b", "c"]}).places
    assert places["x"].y < places["y"].y < places["z"].y
    assert places["y"].inbound[1] == places["s"].inbound[1]


def test_crossed_branches_are_uncrossed():
    graph = graph_of(("a", "out", "d"), ("b", "out", "c"), ("a", "out", "e"), ("b", "out", "f"), alone=("a", "b"))
    places = layout.place(graph, {}).places
    assert max(places["d"].row, places["e"].row) < min(places["c"].row, places["f"].row)


def test_a_transition_that_passes_a_column_runs_beside_its_nodes():
    graph = graph_of(("s", "a", "mail"), ("mail", "out", "end"), ("s", "b", "end"))
    drawing = layout.place(graph, {"s": ["a", "b"], "mail": ["out"]})
    long = next(wire for wire in drawing.wires if wire.edge.source_port == "b")
    mail = drawing.places["mail"]
    lane = float(re.findall(r" (-?\d+\.?\d*)H", long.path)[-1])
    assert lane > mail.y + mail.height


def test_appending_a_node_keeps_the_others_where_they_are():
    before = graph_of(("s", "a", "x"), ("s", "b", "y"))
    after = graph_of(("s", "a", "x"), ("s", "b", "y"), ("y", "out", "z"))
    ports = {"s": ["a", "b"], "x": ["out"], "y": ["out"]}
    old, new = layout.place(before, ports).places, layout.place(after, ports).places
    assert all(new[id] == old[id] for id in old)


def test_buttons_on_crossing_transitions_do_not_cover_each_other():
    graph = graph_of(("a", "out", "c"), ("a", "out", "d"), ("b", "out", "c"), ("b", "out", "d"))
    spots = [wire.middle for wire in layout.place(graph, {}).wires]
    assert all(
        abs(x - other_x) > 18 or abs(y - other_y) > 18
        for number, (x, y) in enumerate(spots)
        for other_x, other_y in spots[number + 1 :]
    )


def test_a_port_that_only_a_transition_knows_is_drawn():
    assert [o.port for o in layout.place(graph_of(("a", "gone", "b")), {"a": ["out"]}).outlets] == ["out", "gone"]


def test_an_empty_canvas_has_nothing_to_draw():
    drawing = layout.place(Graph(), {})
    assert (drawing.places, drawing.outlets, drawing.wires) == ({}, (), ())


def test_three_hundred_nodes_take_less_than_fifty_milliseconds():
    ids = [f"n{number}" for number in range(300)]
    edges = [Edge(ids[(number - 1) // 2], "ab"[number % 2], ids[number]) for number in range(1, 300)]
    edges += [Edge(ids[number], "a", ids[number * 2 + 7]) for number in range(10, 100, 3)]
    graph = Graph({id: Node(id, "split", id) for id in ids}, tuple(dict.fromkeys(edges)))
    ports = {id: ["a", "b"] for id in ids}
    best = 1.0
    for _ in range(5):
        began = time.perf_counter()
        layout.place(graph, ports)
        best = min(best, time.perf_counter() - began)
    assert best < 0.05
