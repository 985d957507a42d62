"""What is done to several nodes at once: remove, move, switch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from activities import catalogue
from activities.graph import Edge, Graph, GraphError
from orchcamp.accounts.models import User

from . import canvas
from .drawing import ports_of
from .errors import CampaignError
from .models import CampaignVersion
from .palette import Place


def remove(
    version: CampaignVersion, node_ids: Sequence[str], *, revision: int, by: User | None, branch: bool = False
) -> Graph:
    """Remove nodes: their neighbours are joined, or with ``branch`` everything goes that only they lead to."""
    ids = _existing(version.graph, node_ids)

    def change(graph: Graph) -> Graph:
        return canvas.without(graph, canvas.behind(graph, ids)) if branch else canvas.without(graph, ids, heal=True)

    return canvas.edit(
        version,
        change,
        revision=revision,
        by=by,
        verb="removed branch" if branch else "removed nodes",
        deed="remove_branch" if branch else "remove",
        names=canvas.names_of(version.graph, ids),
        nodes=ids,
    )


def switch(
    version: CampaignVersion,
    node_ids: Sequence[str],
    *,
    revision: int,
    by: User | None,
    disabled: bool | None = None,
    breakpoint: bool | None = None,
) -> Graph:
    """Switch nodes off or on, or let runs pause before them."""
    ids = _existing(version.graph, node_ids)
    if disabled is None and breakpoint is None:
        raise CampaignError(_("Say what to switch: “disabled” or “breakpoint”, 1 or 0."))
    deed = ("disable" if disabled else "enable") if disabled is not None else ("hold" if breakpoint else "release")

    def change(graph: Graph) -> Graph:
        for id in ids:
            node = graph.node(id)
            graph = graph.with_node(
                replace(
                    node,
                    disabled=node.disabled if disabled is None else disabled,
                    breakpoint=node.breakpoint if breakpoint is None else breakpoint,
                )
            )
        return graph

    names = canvas.names_of(version.graph, ids)
    return canvas.edit(
        version, change, revision=revision, by=by, verb="switched nodes", deed=deed, names=names, nodes=ids
    )


def move(
    version: CampaignVersion,
    node_ids: Sequence[str],
    place: Place,
    *,
    revision: int,
    by: User | None,
    following: bool = False,
) -> Graph:
    """Move connected nodes to another place: alone, so that the old place heals, or with everything that follows."""
    ids = _existing(version.graph, node_ids)
    return canvas.edit(
        version,
        lambda graph: moved(graph, ids, place, following=following),
        revision=revision,
        by=by,
        verb="moved nodes",
        deed="move_branch" if following else "move",
        names=canvas.names_of(version.graph, ids),
        nodes=ids,
    )


def moved(graph: Graph, node_ids: Iterable[str], place: Place, *, following: bool = False) -> Graph:
    """The graph with some nodes at another place. Raises Refused in words where they cannot stand there."""
    group = canvas.behind(graph, node_ids) if following else set(node_ids)
    order = [id for id in graph.order() if id in group]
    _demand_connected(graph, order)
    root = order[0]
    coming = [edge for edge in graph.incoming(root) if edge.source not in group]
    leaving = [] if following else [e for e in graph.edges if e.source in group and e.target not in group]
    _demand_elsewhere(graph, group, place, coming)
    cut = {*coming, *leaving}
    rest = replace(graph, edges=tuple(edge for edge in graph.edges if edge not in cut))
    if len(coming) == 1:
        for edge in leaving:
            healed = Edge(coming[0].source, coming[0].source_port, edge.target, edge.target_port)
            rest = rest.with_edge(healed)
    return attached(rest, order, place)


def attached(graph: Graph, order: Sequence[str], place: Place) -> Graph:
    """Join nodes that hang nowhere to a place: the first to its port, and on a transition their last end goes on."""
    root = graph.node(order[0])
    if place.edge is None and place.after is None:
        return graph
    entry = canvas.first_input(catalogue.get(root.type))
    if place.after is not None:
        return canvas.joined(graph, Edge(*place.after, root.id, entry))
    edge = place.edge
    if edge not in graph.edges:
        raise GraphError(_("That transition is gone; choose another place."))
    end = last_end(graph, order)
    if end is None:
        raise CampaignError(
            _(
                "“%(name)s” has no open end to go on from, so it cannot stand in the middle of a path; add it at the end."
            )
            % {"name": graph.node(order[-1]).name}
        )
    opened = canvas.joined(graph.without_edge(edge), Edge(edge.source, edge.source_port, root.id, entry))
    return canvas.joined(opened, Edge(*end, edge.target, edge.target_port))


def last_end(graph: Graph, order: Sequence[str]) -> tuple[str, str] | None:
    """The first port of the last node that leads nowhere yet."""
    for id in reversed(order):
        taken = {edge.source_port for edge in graph.outgoing(id)}
        for port in ports_of(graph.node(id)):
            if port.name not in taken:
                return id, port.name
    return None


def _existing(graph: Graph, node_ids: Sequence[str]) -> list[str]:
    """The ids, each once. Raises Refused for none at all, and for one that is gone."""
    ids = list(dict.fromkeys(node_ids))
    if not ids:
        raise CampaignError(_("Choose an activity first."))
    return [graph.node(id).id for id in ids]


def _demand_connected(graph: Graph, ids: Sequence[str]) -> None:
    group, found, waiting = set(ids), {ids[0]}, [ids[0]]
    while waiting:
        id = waiting.pop()
        near = [edge.target for edge in graph.outgoing(id)] + [edge.source for edge in graph.incoming(id)]
        new = (set(near) & group) - found
        found |= new
        waiting.extend(new)
    if found != group:
        raise CampaignError(_("These activities are not connected with each other; move them one after the other."))


def _demand_elsewhere(graph: Graph, group: set[str], place: Place, coming: Sequence[Edge]) -> None:
    ends = (place.edge.source, place.edge.target) if place.edge else (place.after[0],) if place.after else ()
    if group & set(ends):
        name = graph.nodes[next(id for id in ends if id in group)].name
        raise CampaignError(
            _("“%(name)s” is moved itself, so nothing can be moved beside or behind it; choose another place.")
            % {"name": name}
        )
    if place.after is not None and place.after in {(edge.source, edge.source_port) for edge in coming}:
        raise CampaignError(_("It stands there already; choose another place."))
