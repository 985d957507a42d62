"""What templates of the canvas write again and again: the ends of a transition, the place of a new node."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from activities.graph import Edge, Graph
from campaigns.drawing import Card
from campaigns.models import Campaign
from campaigns.outline import Piece, pieces
from campaigns.palette import Place
from campaigns.shortcuts import CANVAS
from orchcamp.web.recent import Recent
from orchcamp.web.shortcuts import Section

register = template.Library()
ADDRESSES = {
    "add": "add_node",
    "connect": "connect",
    "disconnect": "disconnect",
    "remove": "remove_nodes",
    "duplicate": "duplicate_nodes",
    "move": "move_nodes",
    "switch": "switch_nodes",
    "copy": "copy_nodes",
    "paste": "paste_nodes",
}
ADDRESSES_OF_ONE = {"rename": "rename_node", "change-note": "change_note"}
HIDDEN = '<input type="hidden" name="{}" value="{}">'


def _ends(edge: Edge) -> dict[str, str]:
    return {
        "source": edge.source,
        "source_port": edge.source_port,
        "target": edge.target,
        "target_port": edge.target_port,
    }


@register.simple_tag
def edge_fields(edge: Edge) -> SafeString:
    """Hidden fields that name a transition."""
    return format_html_join("", HIDDEN, _ends(edge).items())


@register.simple_tag
def edge_query(edge: Edge) -> str:
    """A query string that names a transition."""
    return f"?{urlencode(_ends(edge))}"


@register.simple_tag
def place_fields(place: Place | None) -> SafeString:
    """Hidden fields that say where a new node goes."""
    if place is not None and place.edge is not None:
        return edge_fields(place.edge)
    if place is not None and place.after is not None:
        return format_html_join("", HIDDEN, zip(("after", "port"), place.after, strict=True))
    return format_html(HIDDEN, "begin", "1")


@register.simple_tag
def outline(graph: Graph, cards: list[Card]) -> list[Piece]:
    """The canvas as a nested list, piece by piece."""
    return list(pieces(graph, {card.id: card for card in cards}))


@register.simple_tag
def node_name(graph: Graph, node_id: str) -> str:
    return graph.nodes[node_id].name


@register.simple_tag
def canvas_shortcuts() -> tuple[Section, ...]:
    """The keys and gestures of the canvas."""
    return CANVAS


@register.simple_tag
def canvas_addresses(campaign: Campaign) -> SafeString:
    """Where the scripts of the canvas send what is done to it; NODE stands for one id."""
    named = [(key, reverse(f"campaigns:{name}", args=[campaign.slug])) for key, name in ADDRESSES.items()]
    named += [
        (key, reverse(f"campaigns:{name}", args=[campaign.slug, "NODE"])) for key, name in ADDRESSES_OF_ONE.items()
    ]
    return format_html_join(" ", 'data-url-{}="{}"', named)


# --- Pieces of the drawing -----------------------------------------------------------------------

KEPT = 10_000  # pieces of canvases as text; a canvas of 300 nodes has some 2,500
_texts: Recent[list[str]] = Recent(KEPT)
_numbers = count()
MARK = re.compile("\0([0-9])\0")


def forget() -> None:
    """Begin anew, as a process that was just started."""
    _texts.clear()


class PlacedNode(template.Node):
    """See ``placed``."""

    def __init__(self, name: str, things: FilterExpression, given: dict[str, FilterExpression], nodelist: NodeList):
        self.name, self.things, self.given, self.nodelist = name, things, given, nodelist
        self.number = next(_numbers)  # of this block, for a template that is read anew makes another

    def render(self, context: Context) -> SafeString:
        given = {name: value.resolve(context) for name, value in self.given.items()}
        here = (self.number, get_language(), *given.values())
        pieces: list[str] = []
        for thing in self.things.resolve(context):
            face = thing.face
            parts = _texts.get((here, face), lambda face=face: self._parts(context, {self.name: face, **given}))
            if len(parts) > 1:
                at = thing.at
                parts = [at[int(part)] if number % 2 else part for number, part in enumerate(parts)]
            pieces += parts
        return mark_safe("".join(pieces))  # noqa: S308 - rendered, hence escaped; coordinates are numbers and paths

    def _parts(self, context: Context, known: dict[str, Any]) -> list[str]:
        """The text of one piece, cut where its coordinates go: those stand at every second place."""
        return MARK.split(self.nodelist.render(context.new(known)))


@register.tag
def placed(parser: Parser, token: Token) -> PlacedNode:
    """``{% placed card in drawing.cards with editable=editable %}…{% endplaced %}``: the block for each piece.

    Its text is kept in this process for pieces that look the same, wherever they are now. So nothing else is known
    inside than the piece and what ``with`` names, and nothing inside may tell the time.
    """
    _tag, name, _in, things, *rest = token.split_contents()
    given = token_kwargs(rest[1:], parser)
    nodelist = parser.parse(("endplaced",))
    parser.delete_first_token()
    return PlacedNode(name, parser.compile_filter(things), given, nodelist)
