"""The picture of a canvas in miniature: its nodes as coloured cards with their icons, its transitions as lines."""

from __future__ import annotations

from dataclasses import dataclass

from activities.graph import Graph

from . import layout
from .drawing import describe, ports

ICON = 46.0


@dataclass(frozen=True)
class Card:
    """One node; numbers are texts, for a template would give them thousands separators."""

    x: str
    y: str
    width: str
    height: str
    icon_x: str
    icon_y: str
    icon: str
    group: str


@dataclass(frozen=True)
class Miniature:
    cards: list[Card]
    wires: list[str]
    width: str
    height: str
    words: str  # the names of the nodes in order, for those who do not see the picture


def draw(graph: Graph) -> Miniature:
    """A canvas small, without counts or states."""
    placed = layout.place(graph, ports(graph))
    cards = []
    for place in placed.places.values():
        icon, _kind, group, _summary = describe(graph.nodes[place.id], None)
        middle = place.x + place.width / 2, place.y + place.height / 2 + ICON / 2
        numbers = (place.x, place.y, place.width, place.height, *middle)
        cards.append(Card(*(f"{number:.0f}" for number in numbers), icon, group))
    words = " → ".join(graph.nodes[id].name for id in graph.order())
    wires = [wire.path for wire in placed.wires]
    return Miniature(cards, wires, f"{placed.width:.0f}", f"{placed.height:.0f}", words)
