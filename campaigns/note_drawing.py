"""Where sticky notes lie on the drawing: free ones at their place, pinned ones beside their node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from activities.graph import Graph
from activities.notes import Note

from . import layout

WIDTH = 204
PER_LINE = 30  # characters, about
LINE = 18
PADDING = 22
LEAST, MOST = 58, 238  # of the height; a longer note scrolls
GAP = 14


@dataclass(frozen=True)
class NoteCard:
    """One note as it is drawn; numbers are strings, for a template would separate their thousands."""

    id: str
    text: str
    colour: str
    node: str  # that it is pinned to
    name: str  # of that node
    left: int
    top: int
    high: int
    offset_x: str  # as stored: from the node's corner, if it is pinned
    offset_y: str

    @property
    def wide(self) -> int:
        return WIDTH

    @property
    def x(self) -> str:
        return str(self.left)

    @property
    def y(self) -> str:
        return str(self.top)

    @property
    def width(self) -> str:
        return str(WIDTH)

    @property
    def height(self) -> str:
        return str(self.high)


def height_of(text: str) -> int:
    """As high as the words need."""
    lines = sum(max(1, ceil(len(line) / PER_LINE)) for line in text.split("\n"))
    return min(MOST, max(LEAST, lines * LINE + PADDING))


def cards(graph: Graph, places: Mapping[str, layout.Place]) -> list[NoteCard]:
    return [_card(graph, note, places.get(note.node)) for note in graph.notes.values()]


def _card(graph: Graph, note: Note, place: layout.Place | None) -> NoteCard:
    left, top = (round(place.x), round(place.y)) if place else (0, 0)
    name = graph.nodes[note.node].name if note.node in graph.nodes else ""
    return NoteCard(
        note.id,
        note.text,
        note.colour,
        note.node,
        name,
        left + note.x,
        top + note.y,
        height_of(note.text),
        str(note.x),
        str(note.y),
    )


def free_spot(graph: Graph, ports: Mapping[str, Sequence[str]], node_id: str = "") -> tuple[int, int]:
    """Where a new note covers nothing: below its node, or below everything."""
    placed = layout.place(graph, ports)
    taken = [(place.x, place.y, place.x + place.width, place.y + place.height) for place in placed.places.values()]
    drawn = cards(graph, placed.places)
    taken += [(card.left, card.top, card.left + WIDTH, card.top + card.high) for card in drawn]
    own = placed.places.get(node_id)
    if own is None:
        bottom = max((low for _left, _top, _right, low in taken), default=layout.MARGIN)
        return round(layout.MARGIN), round(bottom + GAP)
    y, moved = own.y + own.height + GAP, True
    while moved:
        below = [low for left, top, right, low in taken if left < own.x + WIDTH and own.x < right and top < y + LEAST]
        lowest = max((low for low in below if low > y), default=0.0)
        moved = bool(lowest)
        y = max(y, lowest + GAP) if moved else y
    return 0, round(y - own.y)
