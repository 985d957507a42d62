"""The drawing itself: where nodes, ports, labels and buttons lie, and the path of every line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from activities.graph import Edge, Graph

from .cells import Grid
from .measures import BUTTON, LABEL_HEIGHT, LANE, MARGIN, Measures

NEAR = 18.0  # buttons that are nearer cover each other


@dataclass(frozen=True)
class Place:
    """Where a node lies, and where its inbound arrives."""

    id: str
    x: float
    y: float
    width: float
    height: float
    column: int
    row: int
    inbound: tuple[float, float]


@dataclass(frozen=True)
class Outlet:
    """Where a port leaves its node, and where its label stands; ``open`` when no transition leaves it yet."""

    node_id: str
    port: str
    x: float
    y: float
    open: bool
    end: tuple[float, float]  # of the straight piece behind it
    label: tuple[float, float, float]  # x, y, width

    @property
    def path(self) -> str:
        return f"M{self.x:g} {self.y:g}L{self.end[0]:g} {self.end[1]:g}"


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


def draw(graph: Graph, grid: Grid, tops: Sequence[float], labelled: Collection[str], flow: Measures) -> Layout:
    """Everything at its place; ``tops`` is the edge of every cell across the flow."""
    lengths = _lengths(grid, labelled, flow)
    starts = list(accumulate((flow.along + length + flow.bend for length in lengths[:-1]), initial=MARGIN))
    places = _places(grid, tops, starts, flow)
    joined = {(edge.source, edge.source_port) for edge in graph.edges}
    outlets = [
        _outlet(id, port, (id, port) not in joined, starts[column] + flow.along, top + flow.port(number), length, flow)
        for id, ports, column, top in zip(grid.ids, grid.ports, grid.column, tops, strict=False)
        for length in (lengths[column],)
        for number, port in enumerate(ports)
    ]
    wires = _Wires(grid, tops, starts, flow)
    ahead = flow.point(BUTTON / 2, 0.0)  # from the end of a line to the middle of the + behind it
    for outlet in outlets:
        if outlet.open:
            wires.take((outlet.end[0] + ahead[0], outlet.end[1] + ahead[1]))
    drawn = tuple(wires.wire(edge, chain) for edge, chain in zip(graph.edges, grid.chains, strict=True))
    return Layout(places, tuple(outlets), drawn, *_size(grid, tops, starts, lengths, flow))


def _lengths(grid: Grid, labelled: Collection[str], flow: Measures) -> list[float]:
    """The straight piece after every column: long where a label needs the room."""
    wide = {column for id, column in zip(grid.ids, grid.column, strict=False) if id in labelled}
    return [flow.label if column in wide else flow.count for column in range(len(grid.rows))]


def _places(grid: Grid, tops: Sequence[float], starts: Sequence[float], flow: Measures) -> dict[str, Place]:
    row = {cell: place for cells in grid.rows for place, cell in enumerate(cells)}
    found = {}
    for cell, id in enumerate(grid.ids):
        along, across = starts[grid.column[cell]], tops[cell]
        width, height = flow.point(flow.along, flow.size(len(grid.ports[cell])))
        inbound = flow.point(along, across + flow.first)
        found[id] = Place(id, *flow.point(along, across), width, height, grid.column[cell], row[cell], inbound)
    return found


def _outlet(id: str, port: str, open: bool, along: float, across: float, length: float, flow: Measures) -> Outlet:
    x, y = flow.point(along, across)
    end = flow.point(along + length, across)
    if flow.key == "right":
        label = (x + 7, y - LABEL_HEIGHT / 2, max(length - 10, 54.0))
    else:
        label = (x + 7, y + 3, flow.pitch - 12)
    return Outlet(id, port, x, y, open, end, label)


def _size(
    grid: Grid, tops: Sequence[float], starts: Sequence[float], lengths: Sequence[float], flow: Measures
) -> tuple[float, float]:
    if not grid.ids:
        return 0.0, 0.0
    along = starts[-1] + flow.along + max(lengths[-1], flow.label) + BUTTON + MARGIN / 2
    far = [top + flow.size(len(ports)) for top, ports in zip(tops, grid.ports, strict=False)]
    far += [top + LANE for top in tops[grid.nodes :]]
    return flow.point(along, max(far) + MARGIN)


class _Wires:
    """Draws one line after the other and keeps their buttons apart."""

    def __init__(self, grid: Grid, tops: Sequence[float], starts: Sequence[float], flow: Measures):
        self.grid, self.tops, self.starts, self.flow = grid, tops, starts, flow
        self._taken: dict[tuple[int, int], list[tuple[float, float]]] = {}

    def wire(self, edge: Edge, chain: Sequence[int]) -> Wire:
        grid, flow = self.grid, self.flow
        source = chain[0]
        across = self.tops[source] + flow.port(grid.ports[source].index(edge.source_port))
        pieces = ["M{:g} {:g}".format(*flow.point(self.starts[grid.column[source]] + flow.along, across))]
        spot: tuple[float, float] | None = None
        for cell in chain[1:]:
            stop = self.tops[cell] + (flow.first if cell < grid.nodes else LANE / 2)
            along = self.starts[grid.column[cell]]
            pieces.append(self._piece(along, across, stop))
            spot = spot or self._free_spot(along - flow.bend, across, stop)
            across = stop
        assert spot is not None  # noqa: S101 - a transition has at least one bend
        return Wire(edge, "".join(pieces), spot)

    def _piece(self, along: float, across: float, stop: float) -> str:
        """Straight on to the bend before a column, and on to another lane there."""
        flow = self.flow
        bend, half = along - flow.bend, along - flow.bend / 2
        straight = ("H{:g}" if flow.key == "right" else "V{:g}").format(bend)
        ends = (*flow.point(half, across), *flow.point(half, stop), *flow.point(along, stop))
        return straight + "C{:g} {:g} {:g} {:g} {:g} {:g}".format(*ends)

    def _free_spot(self, bend: float, across: float, stop: float) -> tuple[float, float]:
        """A place on a bend that no other button occupies."""
        spot = self.flow.point(bend, across)
        for share in (0.5, 0.35, 0.65, 0.2, 0.8):
            rest = 1 - share
            on = 3 * rest * share * self.flow.bend / 2 + share**3 * self.flow.bend  # both handles lie halfway
            over = rest**3 + 3 * rest**2 * share
            x, y = self.flow.point(bend + on, across * over + stop * (1 - over))
            spot = round(x, 1), round(y, 1)
            if not self._is_taken(spot):
                break
        self.take(spot)
        return spot

    def take(self, spot: tuple[float, float]) -> None:
        self._taken.setdefault(_square(spot), []).append(spot)

    def _is_taken(self, spot: tuple[float, float]) -> bool:
        left, top = _square(spot)
        near = [(left + dx, top + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        others = (other for square in near for other in self._taken.get(square, ()))
        return any(abs(spot[0] - x) <= NEAR and abs(spot[1] - y) <= NEAR for x, y in others)


def _square(spot: tuple[float, float]) -> tuple[int, int]:
    return int(spot[0] // (NEAR + 1)), int(spot[1] // (NEAR + 1))
