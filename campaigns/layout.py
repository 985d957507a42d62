"""Where the canvas draws its nodes and transitions: left to right, nothing about it is stored.

Nodes lie in columns by the longest way that leads to them. A transition that passes a column gets a place of its own
in it, so that no line runs under a node. Within a column nodes are ordered so that few lines cross, beginning with
the order in which the canvas is read; an ordering is changed only for fewer crossings, which keeps a drawing still
while it grows. Heights follow the ports: every port leaves room for its label and its count.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from activities.graph import Edge, Graph

NODE_WIDTH = 204.0
NODE_HEIGHT = 84.0
PORT_HEIGHT = 44.0  # between two ports of one node
LABEL_LENGTH = 78.0  # the straight piece after a port: its label above, its count below
COUNT_LENGTH = 26.0  # the same where no port of the column carries a label
BEND_LENGTH = 38.0
ROW_GAP = 28.0
LANE_HEIGHT = 36.0  # room of a transition that passes a column
MARGIN = 40.0
SWEEPS = 4

Cell = str | tuple[int, int]  # a node's id, or (edge, column) where a transition passes
Link = tuple[Cell, int, Cell]  # source, place of its port, target; always one column to the right


@dataclass(frozen=True)
class Place:
    """Where a node lies, and where its inbound arrives."""

    id: str
    x: float
    y: float
    height: float
    column: int
    row: int
    width: float = NODE_WIDTH

    @property
    def inbound(self) -> tuple[float, float]:
        return self.x, self.y + self.height / 2


@dataclass(frozen=True)
class Outlet:
    """Where a port leaves its node; ``open`` when no transition leaves it yet."""

    node_id: str
    port: str
    x: float
    y: float
    open: bool
    length: float = LABEL_LENGTH

    @property
    def end(self) -> float:
        return self.x + self.length

    @property
    def path(self) -> str:
        return f"M{self.x:g} {self.y:g}H{self.end:g}"


@dataclass(frozen=True)
class Wire:
    """One transition: its line from port to node, and where a node can be inserted."""

    edge: Edge
    path: str
    middle: tuple[float, float]


@dataclass(frozen=True)
class Layout:
    places: Mapping[str, Place]
    outlets: tuple[Outlet, ...]
    wires: tuple[Wire, ...]
    width: float
    height: float


def height_of(ports: int) -> float:
    return max(NODE_HEIGHT, ports * PORT_HEIGHT)


def place(graph: Graph, ports: Mapping[str, Sequence[str]], labelled: Collection[str] = ()) -> Layout:
    """Draw a canvas; ``ports`` names the outputs of every node in their order, ``labelled`` whose carry a label."""
    outputs = _outputs(graph, ports)
    columns = _columns(graph)
    rows, links = _cells(graph, outputs, columns)
    _uncross(rows, links, outputs)
    tops = _tops(rows, links, outputs)
    return _draw(graph, outputs, columns, rows, tops, _lengths(columns, labelled))


def _outputs(graph: Graph, ports: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The ports of every node, with those that only a transition knows (an activity that is gone)."""
    outputs = {id: list(ports.get(id, ())) for id in graph.nodes}
    for edge in graph.edges:
        if edge.source_port not in outputs[edge.source]:
            outputs[edge.source].append(edge.source_port)
    return outputs


def _columns(graph: Graph) -> dict[str, int]:
    """Every node one column after the last of those that lead to it."""
    before = dict.fromkeys(graph.nodes, 0)
    after: dict[str, list[str]] = {id: [] for id in graph.nodes}
    for edge in graph.edges:
        before[edge.target] += 1
        after[edge.source].append(edge.target)
    columns = dict.fromkeys(graph.nodes, 0)
    ready = [id for id, count in before.items() if not count]
    for id in ready:
        for target in after[id]:
            columns[target] = max(columns[target], columns[id] + 1)
            before[target] -= 1
            if not before[target]:
                ready.append(target)
    return columns


def _cells(
    graph: Graph, outputs: Mapping[str, list[str]], columns: Mapping[str, int]
) -> tuple[list[list[Cell]], list[Link]]:
    """The cells of every column in reading order, and the links between neighbouring columns."""
    links: list[Link] = []
    after: dict[Cell, list[tuple[int, Cell]]] = {id: [] for id in graph.nodes}
    inner = set()
    for number, edge in enumerate(graph.edges):
        source: Cell = edge.source
        port = outputs[edge.source].index(edge.source_port)
        chain: list[Cell] = [(number, column) for column in range(columns[edge.source] + 1, columns[edge.target])]
        for cell in [*chain, edge.target]:
            links.append((source, port, cell))
            after.setdefault(source, []).append((port, cell))
            source, port = cell, 0
        inner.add(edge.target)
    rows: list[list[Cell]] = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    seen: set[Cell] = set()
    waiting: list[Cell] = [id for id in reversed(graph.nodes) if id not in inner]
    while waiting:
        cell = waiting.pop()
        if cell in seen:
            continue
        seen.add(cell)
        rows[columns[cell] if isinstance(cell, str) else cell[1]].append(cell)
        following = sorted(after.get(cell, ()), key=lambda link: link[0])
        waiting.extend(target for _, target in reversed(following))
    return rows, links


# --- Order within the columns ----------------------------------------------------------------


def _by_column(rows: list[list[Cell]], links: list[Link]) -> list[list[Link]]:
    column = {cell: number for number, row in enumerate(rows) for cell in row}
    grouped: list[list[Link]] = [[] for _ in rows]
    for link in links:
        grouped[column[link[0]]].append(link)
    return grouped


def _crossings(rows: list[list[Cell]], grouped: list[list[Link]]) -> int:
    position = {cell: place for row in rows for place, cell in enumerate(row)}
    found = 0
    for links in grouped:
        ends = sorted((position[source], port, position[target]) for source, port, target in links)
        passed: list[int] = []
        for _, _, end in ends:
            found += len(passed) - bisect_right(passed, end)
            insort(passed, end)
    return found


def _uncross(rows: list[list[Cell]], links: list[Link], outputs: Mapping[str, list[str]]) -> None:
    """Sort columns by the middle of their neighbours, to and fro; keep what has strictly fewer crossings."""
    grouped = _by_column(rows, links)
    best, fewest = [list(row) for row in rows], _crossings(rows, grouped)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        _sweep(rows, grouped, outputs, rightward=not sweep % 2)
        if (count := _crossings(rows, grouped)) < fewest:
            best, fewest = [list(row) for row in rows], count
    rows[:] = best


def _sweep(
    rows: list[list[Cell]], grouped: list[list[Link]], outputs: Mapping[str, list[str]], *, rightward: bool
) -> None:
    order = range(1, len(rows)) if rightward else range(len(rows) - 2, -1, -1)
    for column in order:
        position = {cell: float(place) for place, cell in enumerate(rows[column - 1 if rightward else column + 1])}
        neighbours: dict[Cell, list[float]] = {}
        for source, port, target in grouped[column - 1 if rightward else column]:
            shift = (port + 1) / (len(outputs.get(source, ())) + 1) if isinstance(source, str) else 0.5
            if rightward:
                neighbours.setdefault(target, []).append(position[source] + shift)
            else:
                neighbours.setdefault(source, []).append(position[target] + 0.5)
        middle = {
            cell: sum(near) / len(near) if (near := neighbours.get(cell)) else place + 0.5
            for place, cell in enumerate(rows[column])
        }
        rows[column].sort(key=middle.__getitem__)


# --- Heights ---------------------------------------------------------------------------------


def _size(cell: Cell, outputs: Mapping[str, list[str]]) -> float:
    return height_of(len(outputs[cell])) if isinstance(cell, str) else LANE_HEIGHT


def _shift(cell: Cell, port: int, outputs: Mapping[str, list[str]]) -> float:
    """How far below a cell's top a port leaves it."""
    if not isinstance(cell, str):
        return LANE_HEIGHT / 2
    return height_of(len(outputs[cell])) / 2 + (port - (len(outputs[cell]) - 1) / 2) * PORT_HEIGHT


def _tops(rows: list[list[Cell]], links: list[Link], outputs: Mapping[str, list[str]]) -> dict[Cell, float]:
    """The upper edge of every cell: as near as may be to a straight line from its neighbours."""
    tops = {cell: 0.0 for row in rows for cell in row}
    grouped = _by_column(rows, links)
    for column, row in enumerate(rows):
        _settle(row, _wishes(grouped[column - 1] if column else [], tops, outputs, rightward=True), tops, outputs)
    for column in range(len(rows) - 2, -1, -1):
        _settle(rows[column], _wishes(grouped[column], tops, outputs, rightward=False), tops, outputs)
    for column in range(1, len(rows)):
        _settle(rows[column], _wishes(grouped[column - 1], tops, outputs, rightward=True), tops, outputs)
    highest = min(tops.values(), default=0.0)
    return {cell: round(top - highest + MARGIN, 1) for cell, top in tops.items()}


def _wishes(
    links: list[Link], tops: Mapping[Cell, float], outputs: Mapping[str, list[str]], *, rightward: bool
) -> dict[Cell, float]:
    wishes: dict[Cell, list[float]] = {}
    for source, port, target in links:
        leaves, arrives = _shift(source, port, outputs), _size(target, outputs) / 2
        if rightward:
            wishes.setdefault(target, []).append(tops[source] + leaves - arrives)
        else:
            wishes.setdefault(source, []).append(tops[target] + arrives - leaves)
    return {cell: sum(near) / len(near) for cell, near in wishes.items()}


def _settle(
    row: list[Cell], wishes: Mapping[Cell, float], tops: dict[Cell, float], outputs: Mapping[str, list[str]]
) -> None:
    """Give a column its tops: the least sum of squared distances to the wishes without overlap.

    Taking away the room above each cell turns "no overlap" into "not decreasing", which pooling of neighbours solves.
    """
    above, room = [], 0.0
    for cell in row:
        above.append(room)
        room += _size(cell, outputs) + ROW_GAP
    pools: list[tuple[float, int]] = []  # sum of wishes, number of cells
    for place, cell in enumerate(row):
        total, count = wishes.get(cell, tops[cell]) - above[place], 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            earlier = pools.pop()
            total, count = total + earlier[0], count + earlier[1]
        pools.append((total, count))
    place = 0
    for total, count in pools:
        for _ in range(count):
            tops[row[place]] = total / count + above[place]
            place += 1


# --- Drawing ---------------------------------------------------------------------------------


def _lengths(columns: Mapping[str, int], labelled: Collection[str]) -> list[float]:
    """The straight piece after every column: long where a label needs the room."""
    wide = {columns[id] for id in labelled}
    return [LABEL_LENGTH if column in wide else COUNT_LENGTH for column in range(max(columns.values(), default=-1) + 1)]


def _lefts(lengths: Sequence[float]) -> list[float]:
    """The left edge of every column."""
    return list(accumulate((NODE_WIDTH + length + BEND_LENGTH for length in lengths[:-1]), initial=MARGIN))


def _draw(
    graph: Graph,
    outputs: Mapping[str, list[str]],
    columns: Mapping[str, int],
    rows: list[list[Cell]],
    tops: Mapping[Cell, float],
    lengths: Sequence[float],
) -> Layout:
    lefts = _lefts(lengths)
    row_of = {cell: place for row in rows for place, cell in enumerate(row)}
    places = {
        id: Place(id, lefts[columns[id]], tops[id], height_of(len(outputs[id])), columns[id], row_of[id])
        for id in graph.nodes
    }
    joined = {(edge.source, edge.source_port) for edge in graph.edges}
    outlets = tuple(
        Outlet(
            id,
            port,
            places[id].x + NODE_WIDTH,
            tops[id] + _shift(id, number, outputs),
            (id, port) not in joined,
            lengths[columns[id]],
        )
        for id in graph.nodes
        for number, port in enumerate(outputs[id])
    )
    leaves = {(outlet.node_id, outlet.port): (outlet.x, outlet.y) for outlet in outlets}
    taken: list[tuple[float, float]] = []
    wires = tuple(
        _wire(
            edge,
            number,
            leaves[edge.source, edge.source_port],
            places[edge.target],
            columns[edge.source],
            tops,
            lefts,
            taken,
        )
        for number, edge in enumerate(graph.edges)
    )
    width = max((place.x + NODE_WIDTH + LABEL_LENGTH for place in places.values()), default=0.0) + MARGIN
    height = max((tops[cell] + _size(cell, outputs) for cell in tops), default=0.0) + MARGIN
    return Layout(places, outlets, wires, width, height)


def _wire(
    edge: Edge,
    number: int,
    start: tuple[float, float],
    target: Place,
    column: int,
    tops: Mapping[Cell, float],
    lefts: Sequence[float],
    taken: list[tuple[float, float]],
) -> Wire:
    x, y = start
    stops = [(lefts[passed], tops[number, passed] + LANE_HEIGHT / 2) for passed in range(column + 1, target.column)]
    pieces = [f"M{x:g} {y:g}"]
    middle: tuple[float, float] | None = None
    for stop_x, stop_y in [*stops, target.inbound]:
        bend = stop_x - BEND_LENGTH
        half = BEND_LENGTH / 2
        pieces.append(f"H{bend:g}C{bend + half:g} {y:g} {bend + half:g} {stop_y:g} {stop_x:g} {stop_y:g}")
        middle = middle or _free_spot(bend, y, stop_y, taken)
        y = stop_y
    assert middle is not None  # noqa: S101 - a transition has at least one bend
    taken.append(middle)
    return Wire(edge, "".join(pieces), middle)


def _free_spot(bend: float, y: float, stop_y: float, taken: list[tuple[float, float]]) -> tuple[float, float]:
    """A place on a bend that no other transition's button occupies."""
    spot = (bend, y)
    for share in (0.5, 0.35, 0.65, 0.2, 0.8):
        rest = 1 - share
        along = 3 * rest * share * BEND_LENGTH / 2 + share**3 * BEND_LENGTH  # both handles lie halfway
        across = rest**3 + 3 * rest**2 * share
        spot = (round(bend + along, 1), round(y * across + stop_y * (1 - across), 1))
        if all(abs(spot[0] - x) > 18 or abs(spot[1] - other) > 18 for x, other in taken):
            return spot
    return spot
