"""What templates of the canvas write again and again: the ends of a transition, the place of a new node."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from activities.graph import Edge, Graph
from campaigns.palette import Place

register = template.Library()
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
def node_name(graph: Graph, node_id: str) -> str:
    return graph.nodes[node_id].name
