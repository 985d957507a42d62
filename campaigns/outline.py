"""The canvas as a nested list: a path goes on in its list, branches are indented, every join begins a list of its own.

The list comes as pieces in reading order and not as a tree: a template that called itself would break off at a few
hundred branches one inside the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from activities.graph import Edge, Graph

from .drawing import Card, Exit, Placed


@dataclass(frozen=True)
class Piece(Placed):
    """One line of the outline, or the beginning or end of a list, an item or a branch."""

    where = ()

    kind: str  # path, node, next, branch, way; and their ends
    card: Card | None = None
    exit: Exit | None = None
    edge: Edge | None = None  # where the exit leads
    name: str = ""  # of the join that it leads to
    joined: tuple[tuple[str, str], ...] = ()  # what leads to a join: id and name

    @cached_property
    def face(self) -> Piece:
        """A way looks the same whatever else its node does: only the line of a node shows its card."""
        if self.card is None:
            return self
        return replace(self, card=self.card.face if self.kind == "node" else None)


def pieces(graph: Graph, cards: Mapping[str, Card]) -> Iterator[Piece]:
    """The outline of a canvas: first what begins, each join after what leads to it."""
    starts = [id for id in graph.order() if len(graph.incoming(id)) != 1]
    for start in starts:
        waiting: list[Piece | str] = [start]
        while waiting:
            piece = waiting.pop()
            if isinstance(piece, Piece):
                yield piece
            else:
                waiting.extend(reversed(_path(graph, cards, piece)))


def _path(graph: Graph, cards: Mapping[str, Card], id: str) -> list[Piece | str]:
    """A list: nodes one behind the other, up to where the path branches, joins or ends; ids stand for lists in it."""
    found: list[Piece | str] = [Piece("path")]
    while True:
        card = cards[id]
        found.append(Piece("node", card, joined=_joined(graph, id)))
        straight = card.exits[0].targets[0] if len(card.exits) == 1 and len(card.exits[0].targets) == 1 else None
        if straight is None or _is_join(graph, straight.target):
            found += _branches(graph, card)
            found += [Piece("node-end"), Piece("path-end")]
            return found
        found += [Piece("next", card, card.exits[0], straight), Piece("node-end")]
        id = straight.target


def _branches(graph: Graph, card: Card) -> list[Piece | str]:
    """What leaves a node in several ways, or to a join, or nowhere yet."""
    found: list[Piece | str] = []
    for exit in card.exits:
        for edge in exit.targets or (None,):
            joins = edge is not None and _is_join(graph, edge.target)
            found.append(Piece("way", card, exit, edge, graph.nodes[edge.target].name if edge and joins else ""))
            if edge is not None and not joins:
                found.append(edge.target)
            found.append(Piece("way-end"))
    return [Piece("branch"), *found, Piece("branch-end")] if found else []


def _is_join(graph: Graph, id: str) -> bool:
    return len(graph.incoming(id)) > 1


def _joined(graph: Graph, id: str) -> tuple[tuple[str, str], ...]:
    if not _is_join(graph, id):
        return ()
    return tuple((edge.source, graph.nodes[edge.source].name) for edge in graph.incoming(id))
