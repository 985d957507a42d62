"""Drawing a canvas: what holds for every graph, and how the usual ones look."""

from __future__ import annotations

import re
from itertools import permutations, product
from math import factorial, prod

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from activities.graph import Edge, Graph, Node
from campaigns import layout
from campaigns.layout.cells import Grid, read
from campaigns.layout.order import crossings, uncross

BOTH = pytest.mark.parametrize("flow", layout.FLOWS.values(), ids=list(layout.FLOWS))


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


@BOTH
@given(drawn=graphs())
@settings(max_examples=100, deadline=None)
def test_nodes_never_overlap_and_lie_within_the_drawing(drawn, flow):
    graph, ports = drawn
    drawing = layout.place(graph, ports, flow=flow)
    places = list(drawing.places.values())
    assert len(places) == len(graph.nodes)
    for number, one in enumerate(places):
        assert one.x >= 0 and one.y >= 0
        assert one.x + one.width <= drawing.width and one.y + one.height <= drawing.height
        for other in places[number + 1 :]:
            beside = one.x + one.width < other.x or other.x + other.width < one.x
            below = one.y + one.height < other.y or other.y + other.height < one.y
            assert beside or below


@BOTH
@given(drawn=graphs())
@settings(max_examples=100, deadline=None)
def test_transitions_go_onwards_from_their_port_to_their_node(drawn, flow):
    graph, ports = drawn
    drawing = layout.place(graph, ports, flow=flow)
    outlets = {(outlet.node_id, outlet.port): outlet for outlet in drawing.outlets}
    assert len(drawing.wires) == len(graph.edges)
    for wire in drawing.wires:
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", wire.path)]
        outlet = outlets[wire.edge.source, wire.edge.source_port]
        assert (numbers[0], numbers[1]) == (outlet.x, outlet.y)
        assert tuple(numbers[-2:]) == drawing.places[wire.edge.target].inbound
        along = 0 if flow is layout.RIGHT else 1
        straight = re.findall(r"H(-?\d+\.?\d*)" if flow is layout.RIGHT else r"V(-?\d+\.?\d*)", wire.path)
        turns = [numbers[along], *map(float, straight), numbers[along - 2]]
        assert turns == sorted(turns)
        assert not outlet.open


@BOTH
@given(drawn=graphs())
@settings(max_examples=50, deadline=None)
def test_no_line_runs_through_a_node(drawn, flow):
    graph, ports = drawn
    drawing = layout.place(graph, ports, flow=flow)
    for wire in drawing.wires:
        for x, y in points(wire.path):
            for place in drawing.places.values():
                inside = place.x < x < place.x + place.width and place.y < y < place.y + place.height
                assert not inside or place.id in (wire.edge.source, wire.edge.target)


def points(path: str) -> list[tuple[float, float]]:
    """Points along a line of straight pieces and curves."""
    found: list[tuple[float, float]] = []
    for letter, text in re.findall(r"([MHVC])([^MHVC]*)", path):
        numbers = [float(number) for number in text.split()]
        if letter == "C":
            (x, y), turn = found[-1], list(zip(numbers[::2], numbers[1::2], strict=True))
            ends = [(x, y), *turn]
            found += [bezier(ends, step / 8) for step in range(1, 9)]
        else:
            x, y = found[-1] if found else (0.0, 0.0)
            end = {"M": lambda n: (n[0], n[1]), "H": lambda n, y=y: (n[0], y), "V": lambda n, x=x: (x, n[0])}[letter](
                numbers
            )
            found += [end] if not found else [(x + (end[0] - x) * s / 8, y + (end[1] - y) * s / 8) for s in range(1, 9)]
    return found


def bezier(ends: list[tuple[float, float]], at: float) -> tuple[float, float]:
    weights = ((1 - at) ** 3, 3 * (1 - at) ** 2 * at, 3 * (1 - at) * at**2, at**3)
    return (
        sum(weight * end[0] for weight, end in zip(weights, ends, strict=True)),
        sum(weight * end[1] for weight, end in zip(weights, ends, strict=True)),
    )


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
    flow = layout.RIGHT
    assert places["b"].x - places["a"].x == layout.NODE_WIDTH + flow.count + flow.bend
    assert places["c"].x - places["b"].x == layout.NODE_WIDTH + flow.label + flow.bend


@BOTH
def test_branches_lie_in_the_order_of_their_ports_the_first_straight_behind_its_own(flow):
    graph = graph_of(("s", "c", "z"), ("s", "a", "x"), ("s", "b", "y"))
    drawing = layout.place(graph, {"s": ["a", "b", "c"]}, flow=flow)
    across = [drawing.places[id].inbound[1 if flow is layout.RIGHT else 0] for id in "sxyz"]
    assert across[0] == across[1] < across[2] < across[3]


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


def test_buttons_on_crossing_transitions_do_not_cover_each_other():
    graph = graph_of(("a", "out", "c"), ("a", "out", "d"), ("b", "out", "c"), ("b", "out", "d"))
    spots = [wire.middle for wire in layout.place(graph, {}).wires]
    assert all(
        abs(x - other_x) > 18 or abs(y - other_y) > 18
        for number, (x, y) in enumerate(spots)
        for other_x, other_y in spots[number + 1 :]
    )


@pytest.mark.parametrize("labelled", [(), ("s",)], ids=["narrow", "wide"])
@pytest.mark.parametrize("flow", ["right", "down"])
def test_no_button_on_a_transition_covers_that_of_an_open_port(flow, labelled):
    graph = graph_of(("a", "out", "s"), ("s", "a", "mail"), ("s", "b", "sms"))
    drawing = layout.place(graph, {"s": ["a", "b", "c", "d"]}, labelled, layout.FLOWS[flow])
    ahead = (13, 0) if flow == "right" else (0, 13)  # the + begins at the end of the line
    spots = [(o.end[0] + ahead[0], o.end[1] + ahead[1]) for o in drawing.outlets if o.open]
    assert all(abs(w.middle[0] - x) > 18 or abs(w.middle[1] - y) > 18 for w in drawing.wires for x, y in spots)


def test_a_port_that_only_a_transition_knows_is_drawn():
    assert [o.port for o in layout.place(graph_of(("a", "gone", "b")), {"a": ["out"]}).outlets] == ["out", "gone"]


def test_an_empty_canvas_has_nothing_to_draw():
    drawing = layout.place(Graph(), {})
    assert (drawing.places, drawing.outlets, drawing.wires) == ({}, (), ())


# --- Crossings -------------------------------------------------------------------------------------


def crossed(graph: Graph, ports: dict[str, list[str]]) -> tuple[Grid, int]:
    grid = read(graph, ports)
    uncross(grid)
    return grid, crossings(grid.rows, grid.links, len(grid.column))


class Growing:
    """A canvas that grows piece by piece, each without crossings."""

    def __init__(self) -> None:
        self.ports: dict[str, list[str]] = {}
        self.edges: list[tuple[str, str, str]] = []

    def node(self, ports: int = 1) -> str:
        id = f"n{len(self.ports)}"
        self.ports[id] = [f"p{number}" for number in range(ports)]
        return id

    def graph(self, order: list[int]) -> Graph:
        """The canvas with its transitions in any order of their making."""
        made = [Edge(*edge) for edge in self.edges]
        return Graph({id: Node(id, "split", id) for id in self.ports}, tuple(made[place] for place in order))


@st.composite
def trees(draw) -> tuple[Graph, dict[str, list[str]]]:
    growing = Growing()
    nodes = [growing.node(draw(st.integers(1, 3)))]
    for _ in range(draw(st.integers(0, 20))):
        source = draw(st.sampled_from(nodes))
        nodes.append(growing.node(draw(st.integers(1, 3))))
        growing.edges.append((source, draw(st.sampled_from(growing.ports[source])), nodes[-1]))
    return growing.graph(draw(st.permutations(range(len(growing.edges))))), growing.ports


@st.composite
def series_parallel(draw) -> tuple[Graph, dict[str, list[str]]]:
    """Ways that fork and join again, one inside the other; and several starts that one after the other join in."""
    growing = Growing()

    def way(source: str, port: str, depth: int) -> str:
        """From a port on; the node at the end."""
        for _ in range(draw(st.integers(1, 2))):
            if not depth or draw(st.booleans()):
                source, port = step(source, port, 1), "p0"
                continue
            fork = step(source, port, draw(st.integers(2, 3)))
            ends = [way(fork, port, depth - 1) for port in growing.ports[fork]]
            source, port = growing.node(), "p0"
            growing.edges.extend((end, "p0", source) for end in ends)
        return source

    def step(source: str, port: str, ports: int) -> str:
        id = growing.node(ports)
        growing.edges.append((source, port, id))
        return id

    way(growing.node(), "p0", 2)
    return growing.graph(draw(st.permutations(range(len(growing.edges))))), growing.ports


@st.composite
def gatherings(draw) -> tuple[Graph, dict[str, list[str]]]:
    """Beginnings, in any order, that flow together two or three at a time."""
    growing = Growing()
    ends = [growing.node() for _ in range(draw(st.integers(2, 9)))]
    names = draw(st.permutations(list(growing.ports)))
    while len(ends) > 1:
        first, size = draw(st.integers(0, len(ends) - 2)), draw(st.integers(2, 3))
        join = growing.node()
        growing.edges.extend((end, "p0", join) for end in ends[first : first + size])
        ends[first : first + size] = [join]
    ids = dict(zip(growing.ports, [*names, *list(growing.ports)[len(names) :]], strict=True))
    growing.edges = [(ids[source], port, ids[target]) for source, port, target in growing.edges]
    return growing.graph(draw(st.permutations(range(len(growing.edges))))), growing.ports


@given(trees())
@settings(max_examples=150, deadline=None)
def test_a_tree_is_drawn_without_crossings(drawn):
    assert crossed(*drawn)[1] == 0


@given(series_parallel())
@settings(max_examples=150, deadline=None)
def test_ways_that_fork_and_join_again_are_drawn_without_crossings(drawn):
    assert crossed(*drawn)[1] == 0


@given(gatherings())
@settings(max_examples=150, deadline=None)
def test_beginnings_that_flow_together_are_drawn_without_crossings(drawn):
    assert crossed(*drawn)[1] == 0


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_a_small_canvas_has_no_more_crossings_than_it_must(drawn):
    graph, ports = drawn
    grid, found = crossed(graph, ports)
    assume(all(len(row) <= 4 for row in grid.rows) and prod(factorial(len(row)) for row in grid.rows) <= 5000)
    orders = product(*(list(permutations(row)) for row in grid.rows))
    assert found == min(crossings([list(row) for row in rows], grid.links, len(grid.column)) for rows in orders)


# --- Stillness -------------------------------------------------------------------------------------


def across(place: layout.Place, flow: layout.Measures) -> float:
    return place.y if flow is layout.RIGHT else place.x


def demand_still(before: layout.Layout, after: layout.Layout, column: int, flow: layout.Measures) -> None:
    """What lies in columns before the change keeps its place; siblings keep their order; nothing comes nearer."""
    for id, old in before.places.items():
        new = after.places[id]
        if old.column < column:
            assert new == old
    for id, old in before.places.items():
        for other, beside in before.places.items():
            if (
                old.column == beside.column
                and old.row < beside.row
                and after.places[id].column == after.places[other].column
            ):
                assert across(after.places[id], flow) < across(after.places[other], flow)


@BOTH
@given(drawn=st.one_of(trees(), series_parallel()), data=st.data())
@settings(max_examples=80, deadline=None)
def test_adding_a_node_behind_another_moves_nothing_that_leads_there(drawn, data, flow):
    graph, ports = drawn
    taken = {(edge.source, edge.source_port) for edge in graph.edges}
    open = [(id, port) for id, names in ports.items() for port in names if (id, port) not in taken]
    assume(open)
    source, port = data.draw(st.sampled_from(open))
    grown = Graph({**graph.nodes, "new": Node("new", "end", "new")}, (*graph.edges, Edge(source, port, "new")))
    before, after = layout.place(graph, ports, flow=flow), layout.place(grown, {**ports, "new": []}, flow=flow)
    demand_still(before, after, before.places[source].column + 1, flow)
    assert {place.column for place in before.places.values()} <= {place.column for place in after.places.values()}


@BOTH
@given(drawn=st.one_of(trees(), series_parallel()), data=st.data())
@settings(max_examples=80, deadline=None)
def test_inserting_a_node_moves_nothing_that_leads_there(drawn, data, flow):
    graph, ports = drawn
    assume(graph.edges)
    edge = data.draw(st.sampled_from(graph.edges))
    grown = Graph({**graph.nodes, "new": Node("new", "wait", "new")}, graph.edges)
    grown = grown.opened(edge, Edge(edge.source, edge.source_port, "new"), Edge("new", "out", edge.target))
    before, after = layout.place(graph, ports, flow=flow), layout.place(grown, {**ports, "new": ["out"]}, flow=flow)
    demand_still(before, after, before.places[edge.source].column + 1, flow)
    again = layout.place(grown.without_node("new"), ports, flow=flow)
    assert again.places == before.places


def test_parts_that_nothing_connects_lie_one_below_the_other():
    fan = [("a", "p", "b"), ("b", "x", "c"), ("b", "y", "d"), ("b", "z", "e")]
    graph = graph_of(*fan, ("k", "p", "l"), alone=("a", "k"))
    places = layout.place(graph, {"b": ["x", "y", "z"]}).places
    lowest = max(places[id].y + places[id].height for id in "abcde")
    assert places["k"].y == places["l"].y > lowest


def test_a_beginning_that_joins_in_runs_straight_below_what_is_above_it():
    edges = [("a", "p", "s"), ("s", "x", "c"), ("s", "y", "d"), ("s", "z", "e"), ("c", "p", "j"), ("j", "p", "k")]
    graph = graph_of(*edges, ("q", "p", "r"), ("r", "p", "t"), ("t", "p", "k"), alone=("a", "q"))
    places = layout.place(graph, {"s": ["x", "y", "z"]}).places
    assert places["q"].y == places["r"].y == places["t"].y > places["e"].y
