"""How far across each cell lies: straight behind the first that leads to it where that can be, else as near as may be.

A column is settled when those before it are, and never moved for those behind it: what is added at the end of a way
moves nothing that leads there. Only where several beginnings meet is a whole tree moved, so that it runs straight below
the one above it; parts that do not meet at all lie one below the other.
"""

from __future__ import annotations

from .cells import Grid
from .measures import GAP, LANE, MARGIN, Measures

PASSES = 6  # beginnings push each other, rarely more than one after the other


def tops(grid: Grid, flow: Measures) -> list[float]:
    """The edge of every cell."""
    lanes = _Lanes(grid, flow)
    found = [0.0] * len(grid.column)
    start = MARGIN
    for rows in lanes.parts():
        lanes.settle(rows, start, found)
        ends = [found[cell] + lanes.size[cell] for row in rows for cell in row]
        start = max(ends, default=start) + GAP
    return [round(top, 1) for top in found]


class _Lanes:
    """What is known of the cells before they have their places."""

    def __init__(self, grid: Grid, flow: Measures):
        self.grid = grid
        self.size = [flow.size(len(ports)) for ports in grid.ports] + [LANE] * (len(grid.column) - grid.nodes)
        self.inlet = [flow.first] * grid.nodes + [LANE / 2] * (len(grid.column) - grid.nodes)
        position = [0] * len(grid.column)
        for row in grid.rows:
            for place, cell in enumerate(row):
                position[cell] = place
        self.lead: list[tuple[int, int] | None] = [None] * len(grid.column)  # the first that leads here: cell and port
        for links in grid.links:
            for _place, port, source, target in sorted((position[s], port, s, t) for s, port, t in links):
                if self.lead[target] is None:
                    self.lead[target] = (source, port)
        self.leaves = [0.0] * len(grid.column)  # from the edge of what leads here to the line
        self.tree = list(range(len(grid.column)))  # the beginning that a cell hangs on
        for row in grid.rows:
            for cell in row:
                if (lead := self.lead[cell]) is not None:
                    self.leaves[cell] = flow.port(lead[1]) if lead[0] < grid.nodes else LANE / 2
                    self.tree[cell] = self.tree[lead[0]]

    def parts(self) -> list[list[list[int]]]:
        """The columns of every part of the canvas that nothing connects with the others."""
        grid, found = self.grid, dict[int, list[list[int]]]()
        for column, row in enumerate(grid.rows):
            for cell in row:
                found.setdefault(grid.part[cell], [[] for _ in grid.rows])[column].append(cell)
        return [found[part] for part in sorted(found)]

    def settle(self, rows: list[list[int]], start: float, found: list[float]) -> None:
        """Give one part its places, column by column, from ``start`` on."""
        starts: dict[int, float] = {}
        for _ in range(PASSES):
            pushed: dict[int, float] = {}
            for row in rows:
                self._settle_column(row, start, starts, found, pushed)
            if not pushed:
                return
            for tree, by in pushed.items():
                starts[tree] = starts.get(tree, found[tree]) + by

    def _settle_column(
        self, row: list[int], start: float, starts: dict[int, float], found: list[float], pushed: dict[int, float]
    ) -> None:
        """``pushed`` collects how far one tree was pushed out of its line by another."""
        free, above = start, -1
        for cell in row:
            lead = self.lead[cell]
            if lead is None:
                wish = starts.get(cell, start)
            else:
                wish = found[lead[0]] + self.leaves[cell] - self.inlet[cell]
            found[cell] = max(wish, free)
            tree = self.tree[cell]
            if found[cell] > wish and lead is not None and above >= 0 and self.tree[above] != tree:
                pushed[tree] = max(pushed.get(tree, 0.0), found[cell] - wish)
            free, above = found[cell] + self.size[cell] + GAP, cell
