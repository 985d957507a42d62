"""Two canvases drawn over each other: what came, what went, and what is another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from activities.graph import Edge, Graph, GraphError
from activities.populations import Context
from campaigns import drawing, layout, lettering

from .diff import ADDED, REMOVED, SAME, Difference

ROOM = layout.RIGHT.along - 44  # for the words on a card


@dataclass(frozen=True)
class Card:
    """One activity of either canvas."""

    id: str
    name: str
    kind: str
    icon: str
    mark: str  # added, removed, changed or same
    sentences: tuple[str, ...]
    x: str
    y: str
    width: str
    height: str
    lines: tuple[str, str]  # as much of the name and the type as has room


@dataclass(frozen=True)
class Wire:
    path: str
    mark: str
    label: str


@dataclass(frozen=True)
class Overlay:
    cards: list[Card] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    width: str = "0"
    height: str = "0"
    left_out: list[Edge] = field(default_factory=list)  # removed transitions that would go round in a circle


def draw(before: Graph, after: Graph, difference: Difference, ctx: Context, flow: layout.Measures) -> Overlay:
    """Both canvases in one drawing."""
    both, left_out = union(before, after, difference.edges_removed)
    drawn = drawing.draw(both, ctx=ctx, counts={}, rows={}, problems=[], flow=flow)
    said = {change.node.id: change.sentences for change in difference.nodes}
    cards = [
        Card(
            card.id,
            card.name,
            card.kind,
            card.icon,
            difference.kind_of(card.id),
            said.get(card.id, ()),
            card.x,
            card.y,
            card.width,
            card.height,
            (lettering.cut(card.name, ROOM, 13.5, bold=True), lettering.cut(card.kind, ROOM, 11.5)),
        )
        for card in drawn.cards
    ]
    wires = [Wire(wire.path, _mark(wire.edge, difference), wire.label) for wire in drawn.wires]
    return Overlay(cards, wires, drawn.width, drawn.height, left_out)


def _mark(edge: Edge, difference: Difference) -> str:
    if edge in difference.edges_added:
        return ADDED
    return REMOVED if edge in difference.edges_removed else SAME


def union(before: Graph, after: Graph, gone: Iterable[Edge]) -> tuple[Graph, list[Edge]]:
    """The later canvas with what went put back, and the transitions that cannot be put back without a circle."""
    nodes = {**{id: node for id, node in before.nodes.items() if id not in after.nodes}, **after.nodes}
    both, left_out = Graph(nodes, after.edges), []
    for edge in sorted(gone):
        try:
            both = both.with_edge(edge)
        except GraphError:
            left_out.append(edge)
    return both, left_out
