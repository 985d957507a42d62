"""Where the canvas draws its nodes and transitions: nothing about it is stored.

Nodes lie in columns by the longest way that leads to them, and a transition that passes a column has a place of its own
in it, so that no line runs under a node (``cells``). Within a column the order is the one in which the canvas is read,
changed only for fewer crossings (``order``). What goes on from a first port lies straight behind it, the other branches
below it, as near as may be (``lanes``): a drawing keeps still while it grows. All of this knows *along* (how far a population has come) and *across*; only ``lines`` turns
that into left to right or top to bottom.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from activities.graph import Graph

from .cells import read
from .lanes import tops
from .lines import Layout, Outlet, Place, Wire, draw
from .measures import BUTTON, DOWN, FLOWS, MARGIN, NODE_HEIGHT, NODE_WIDTH, RIGHT, Measures
from .order import uncross

__all__ = [
    "BUTTON",
    "DOWN",
    "FLOWS",
    "MARGIN",
    "NODE_HEIGHT",
    "NODE_WIDTH",
    "RIGHT",
    "Layout",
    "Measures",
    "Outlet",
    "Place",
    "Wire",
    "place",
]


def place(
    graph: Graph, ports: Mapping[str, Sequence[str]], labelled: Collection[str] = (), flow: Measures = RIGHT
) -> Layout:
    """Draw a canvas; ``ports`` names the outputs of every node in their order, ``labelled`` whose carry a label."""
    grid = read(graph, ports)
    uncross(grid)
    return draw(graph, grid, tops(grid, flow), labelled, flow)
