"""The canvas as cells in columns: a cell is a node, or the place where a transition passes a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from activities.graph import Graph

Link = tuple[int, int, int]  # source, place of its port, target; always one column further


@dataclass
class Grid:
    """Cells are numbers: first the nodes in the order of ``ids``, then the places where transitions pass."""

    ids: list[str]
    ports: list[list[str]]  # of each node
    column: list[int]  # of each cell
    rows: list[list[int]]  # the cells of each column, in order
    links: list[list[Link]]  # from each column to the next
    chains: list[list[int]]  # the cells that each transition goes through, its ends included
    part: list[int]  # of each cell: which part of the canvas, of those that nothing connects, in reading order

    @property
    def nodes(self) -> int:
        return len(self.ids)


def read(graph: Graph, ports: Mapping[str, Sequence[str]]) -> Grid:
    """The cells of a canvas, those of each column in reading order."""
    ids = list(graph.nodes)
    outputs = [list(ports.get(id, ())) for id in ids]
    number = {id: place for place, id in enumerate(ids)}
    for edge in graph.edges:  # a transition may know a port that its activity, perhaps gone, does not
        known = outputs[number[edge.source]]
        if edge.source_port not in known:
            known.append(edge.source_port)
    columns = _columns(graph, number)
    grid = Grid(ids, outputs, columns, [], [], [], [])
    grid.links = [[] for _ in range(max(columns, default=-1) + 1)]
    for edge in graph.edges:
        _add(grid, number[edge.source], outputs[number[edge.source]].index(edge.source_port), number[edge.target])
    grid.rows = [[] for _ in grid.links]
    reading = _reading(grid)
    for cell in reading:
        grid.rows[grid.column[cell]].append(cell)
    grid.part = _parts(grid, reading)
    return grid


def _columns(graph: Graph, number: Mapping[str, int]) -> list[int]:
    """Every node one column after the last of those that lead to it."""
    columns = [0] * len(number)
    for id in graph.order():
        place = number[id]
        for edge in graph.incoming(id):
            columns[place] = max(columns[place], columns[number[edge.source]] + 1)
    return columns


def _add(grid: Grid, source: int, port: int, target: int) -> None:
    """One transition, with a cell in every column that it passes."""
    chain = [source]
    for column in range(grid.column[source] + 1, grid.column[target]):
        chain.append(len(grid.column))
        grid.column.append(column)
    chain.append(target)
    for place, cell in enumerate(chain[:-1]):
        grid.links[grid.column[cell]].append((cell, port if not place else 0, chain[place + 1]))
    grid.chains.append(chain)


def _reading(grid: Grid) -> list[int]:
    """Every cell in the order in which a canvas is read: branch after branch, each to its end; then what else leads to
    what was read, and at last the next beginning."""
    after: list[list[tuple[int, int]]] = [[] for _ in grid.column]
    before: list[list[int]] = [[] for _ in grid.column]
    for links in grid.links:
        for source, port, target in links:
            after[source].append((port, target))
            before[target].append(source)
    for targets in after:
        targets.sort(key=lambda link: link[0])
    seen = [False] * len(grid.column)
    found: list[int] = []
    beginnings = [cell for cell in range(grid.nodes - 1, -1, -1) if not before[cell]]
    while beginnings:
        joined: list[int] = []
        waiting = [beginnings.pop()]
        while waiting:
            cell = waiting.pop()
            if seen[cell]:
                continue
            seen[cell] = True
            found.append(cell)
            joined += [other for other in before[cell] if not seen[other]]
            waiting.extend(target for _port, target in reversed(after[cell]))
        beginnings += reversed([start for cell in joined if (start := _start(cell, before, seen)) is not None])
    return found


def _parts(grid: Grid, reading: list[int]) -> list[int]:
    near: list[list[int]] = [[] for _ in grid.column]
    for links in grid.links:
        for source, _port, target in links:
            near[source].append(target)
            near[target].append(source)
    part = [-1] * len(grid.column)
    for number, first in enumerate(reading):
        waiting = [first] if part[first] < 0 else []
        while waiting:
            cell = waiting.pop()
            if part[cell] < 0:
                part[cell] = number
                waiting += near[cell]
    return part


def _start(cell: int, before: list[list[int]], seen: list[bool]) -> int | None:
    """Where a way that leads here begins; None when some of it has been read, and so this will be or was."""
    while not seen[cell]:
        if not before[cell]:
            return cell
        cell = before[cell][0]
    return None
