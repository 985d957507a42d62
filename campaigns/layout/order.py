"""The order of the cells within their columns: as it is read, unless another has fewer crossings."""

from __future__ import annotations

from bisect import bisect_right, insort
from itertools import permutations

from .cells import Grid, Link

SWEEPS = 8
TRIES = 400  # neighbours that are swapped on trial: more would be felt
FEW = 4  # cells of a column for which every order is tried


def crossings(rows: list[list[int]], links: list[list[Link]], cells: int) -> int:
    """How often lines between neighbouring columns cross."""
    position = _positions(rows, cells)
    return sum(_between(gap, position) for gap in links)


def _positions(rows: list[list[int]], cells: int) -> list[int]:
    position = [0] * cells
    for row in rows:
        for place, cell in enumerate(row):
            position[cell] = place
    return position


def _between(links: list[Link], position: list[int]) -> int:
    ends = sorted((position[source], port, position[target]) for source, port, target in links)
    found, passed, highest = 0, list[int](), -1
    for _source, _port, end in ends:
        if end < highest:
            found += len(passed) - bisect_right(passed, end)
            insort(passed, end)
        else:
            passed.append(end)
            highest = end
    return found


def uncross(grid: Grid) -> None:
    """Change the order of columns where lines cross; keep what has strictly fewer crossings."""
    cells = len(grid.column)
    best, fewest = grid.rows, crossings(grid.rows, grid.links, cells)
    if not fewest:
        return
    for start in (0, 1):
        rows = [list(row) for row in best]
        for sweep in range(SWEEPS):
            _sweep(rows, grid, forward=sweep % 2 == start)
            _swap(rows, grid)
            if (count := crossings(rows, grid.links, cells)) < fewest:
                best, fewest = [list(row) for row in rows], count
            if not fewest:
                break
        if not fewest:
            break
    if fewest and all(len(row) <= FEW for row in best):
        rows = _exact(best, grid.links, cells)
        if crossings(rows, grid.links, cells) < fewest:
            best = rows
    grid.rows = best


def _sweep(rows: list[list[int]], grid: Grid, *, forward: bool) -> None:
    """Sort each column by the middle of its neighbours in the one before, or the one after."""
    order = range(1, len(rows)) if forward else range(len(rows) - 2, -1, -1)
    position = _positions(rows, len(grid.column))
    for column in order:
        near: dict[int, list[float]] = {}
        for source, port, target in grid.links[column - 1 if forward else column]:
            if forward:
                share = (port + 1) / (len(grid.ports[source]) + 1) if source < grid.nodes else 0.5
                near.setdefault(target, []).append(position[source] + share)
            else:
                near.setdefault(source, []).append(position[target] + 0.5)
        middle = {cell: sum(found) / len(found) for cell, found in near.items()}
        row = rows[column]
        row.sort(key=lambda cell: (grid.part[cell], middle.get(cell, position[cell] + 0.5)))
        for place, cell in enumerate(row):
            position[cell] = place


def _swap(rows: list[list[int]], grid: Grid) -> None:
    """Swap neighbours of a column while that takes crossings away."""
    position = _positions(rows, len(grid.column))
    before: list[list[tuple[int, int]]] = [[] for _ in grid.column]
    after: list[list[tuple[int, int]]] = [[] for _ in grid.column]
    for links in grid.links:
        for source, port, target in links:
            before[target].append((source, port))
            after[source].append((port, target))
    tries, better = TRIES, True
    while better and tries > 0:
        better = False
        for row in rows:
            for place in range(len(row) - 1):
                one, other = row[place], row[place + 1]
                tries -= 1
                if grid.part[one] == grid.part[other] and _gain(one, other, before, after, position) > 0:
                    row[place], row[place + 1] = other, one
                    position[one], position[other] = place + 1, place
                    better = True


def _gain(
    one: int,
    other: int,
    before: list[list[tuple[int, int]]],
    after: list[list[tuple[int, int]]],
    position: list[int],
) -> int:
    """How many crossings fewer there are when two neighbours change places."""
    found = 0
    for source, port in before[one]:
        end = (position[source], port)
        for other_source, other_port in before[other]:
            beside = (position[other_source], other_port)
            found += (end > beside) - (end < beside)
    for _port, target in after[one]:
        for _other_port, other_target in after[other]:
            found += (position[target] > position[other_target]) - (position[target] < position[other_target])
    return found


def _exact(rows: list[list[int]], links: list[list[Link]], cells: int) -> list[list[int]]:
    """The best order there is, for columns of few cells: of each order of a column, the best of those before it."""
    position = [0] * cells
    ways: list[tuple[int, list[tuple[int, ...]]]] = [(0, [order]) for order in permutations(rows[0])]
    for column, row in enumerate(rows[1:]):
        found = []
        for order in permutations(row):
            _place(order, position)
            best: tuple[int, list[tuple[int, ...]]] | None = None
            for cost, way in ways:
                if best is not None and cost >= best[0]:
                    continue
                _place(way[-1], position)
                total = cost + _between(links[column], position)
                if best is None or total < best[0]:
                    best = (total, way)
            assert best is not None  # noqa: S101 - there is always an order before
            found.append((best[0], [*best[1], order]))
        ways = found
    return [list(order) for order in min(ways, key=lambda way: way[0])[1]]


def _place(order: tuple[int, ...], position: list[int]) -> None:
    for place, cell in enumerate(order):
        position[cell] = place
