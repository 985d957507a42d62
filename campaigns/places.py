"""The places of a canvas as a list to choose from: behind every end, on every transition, on its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from activities.graph import Edge, Graph

from . import canvas, palette
from .drawing import ports_of
from .models import Campaign, CampaignVersion
from .palette import Place

SPLIT = "\x1f"  # between the parts of a place in one value of a select
ALONE = "alone"


@dataclass(frozen=True)
class Choice:
    """A place in one value, and in words."""

    value: str
    label: str


def read(graph: Graph, data: Mapping[str, str]) -> Place:
    """The place that a form names, by the fields of a + button or by one value of ``choices``; else on its own."""
    parts = data.get("place", "").split(SPLIT)
    if len(parts) == 2:
        return Place(after=(parts[0], parts[1]))
    if len(parts) == 4:
        return Place(edge=Edge(*parts))
    return palette.place(graph, data) or Place()


def value(place: Place) -> str:
    if place.edge is not None:
        edge = place.edge
        return SPLIT.join([edge.source, edge.source_port, edge.target, edge.target_port])
    return SPLIT.join(place.after) if place.after else ALONE


def choices(graph: Graph, moved: Collection[str] = ()) -> list[Choice]:
    """Every place where something else than ``moved`` stands; behind a node, then before each that follows it."""
    found = []
    for id in graph.order():
        if id not in moved:
            found += [Choice(value(place), label) for place, label in _at(graph, id, moved)]
    return found


def _at(graph: Graph, id: str, moved: Collection[str]) -> Iterator[tuple[Place, str]]:
    node = graph.nodes[id]
    for port in ports_of(node):
        name = f"{node.name} · {port.label}" if str(port.label) else node.name
        edges = graph.outgoing(id, port.name)
        for edge in edges:
            if edge.target not in moved:
                words = {"name": name, "target": graph.nodes[edge.target].name}
                yield Place(edge=edge), _("Between %(name)s and %(target)s") % words
        sentence = _("Behind %(name)s, beside what follows") if edges else _("Behind %(name)s")
        yield Place(after=(id, port.name)), sentence % {"name": name}


def before(graph: Graph, node_ids: Sequence[str]) -> str:
    """The node before those, where the keyboard goes on when they are removed; else the one after."""
    gone = set(node_ids)
    for id in node_ids:
        near = [edge.source for edge in graph.incoming(id)] + [edge.target for edge in graph.outgoing(id)]
        for other in near:
            if other not in gone:
                return other
    return next((id for id in graph.nodes if id not in gone), "")


def context(
    campaign: Campaign, version: CampaignVersion, node_ids: Sequence[str], data: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What the forms for moving and pasting show."""
    graph = version.graph
    names = canvas.names_of(graph, node_ids)
    return {
        "campaign": campaign,
        "version": version,
        "revision": str(version.revision),
        "nodes": node_ids,
        "node": graph.nodes[node_ids[0]] if len(node_ids) == 1 else None,
        "name": names[0] if len(names) == 1 else "",
        "count": len(names),
        "choices": choices(graph, set(node_ids)),
        "alone": ALONE,
        "chosen": value(read(graph, data)) if data else "",
    }
