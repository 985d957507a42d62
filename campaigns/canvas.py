"""Editing a draft: every change is one conditional update on the revision, and names itself in the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from activities import catalogue
from activities.base import Activity
from activities.graph import Edge, Graph, GraphError, Node
from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from . import audience_rights, drafts, history
from .errors import CampaignError
from .models import CampaignVersion

MAX_NAME = 120  # as much as the label of a delivery holds


def edit(
    version: CampaignVersion,
    change: Callable[[Graph], Graph],
    *,
    revision: int,
    by: User | None,
    verb: str = "edited canvas",
    deed: str = "change",
    names: Iterable[str] = (),
    automatic: bool = False,
    **facts: Any,
) -> Graph:
    """Apply ``change`` if nobody else saved since ``revision``; otherwise raise StaleCanvas and change nothing.

    ``deed`` and the ``names`` of the nodes it is done to are what undo calls it.
    """
    drafts.demand(version, revision)
    graph = change(version.graph)
    audience_rights.demand(version.graph, graph, by=by)
    document = graph.to_json()
    with transaction.atomic():
        drafts.save(version, document, revision=revision, by=by)
        if document != version.document:
            node_id = str(facts.get("node", ""))
            history.record(version, by=by, deed=deed, names=names, node_id=node_id, automatic=automatic)
        audit.record(by, verb, version.campaign, version=version.number, **facts)
    version.hold(graph, document)
    version.revision = revision + 1
    return graph


def add_node(
    version: CampaignVersion,
    type: str,
    *,
    revision: int,
    by: User | None,
    after: tuple[str, str] | None = None,
    edge: Edge | None = None,
    settings: Mapping[str, Any] | None = None,
) -> tuple[Graph, str]:
    """Add a node on its own, behind a port (``after``), or on a transition (``edge``)."""
    cls = catalogue.get(type)
    id = version.graph.new_id()
    node = Node(
        id, type, free_name(version.graph, str(cls.label)), cls.form_class.fresh() if settings is None else settings
    )

    def change(graph: Graph) -> Graph:
        grown = graph.with_node(node)
        if edge is not None:
            if edge not in graph.edges:
                raise GraphError(_("That transition is gone; insert the activity somewhere else."))
            return _between(grown, edge, node)
        if after is not None:
            return joined(grown, Edge(after[0], after[1], id, first_input(cls)))
        return grown

    deed = "add" if edge is None else "insert"
    graph = edit(
        version, change, revision=revision, by=by, verb="added node", deed=deed, names=[node.name], node=id, type=type
    )
    return graph, id


def configure_node(
    version: CampaignVersion,
    node_id: str,
    *,
    revision: int,
    by: User | None,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    disabled: bool | None = None,
    automatic: bool = False,
) -> Graph:
    """Change a node's label, settings or switch; transitions of ports that are gone are dropped."""
    demand_name(name or "")

    def change(graph: Graph) -> Graph:
        node = graph.node(node_id)
        node = replace(
            node,
            name=(name or "").strip() or node.name,
            settings=node.settings if settings is None else dict(settings),
            disabled=node.disabled if disabled is None else disabled,
        )
        ports = [port.name for port in catalogue.build(node.type, node.settings).ports()]
        return graph.with_node(node).with_ports(node_id, ports)

    names, who = names_of(version.graph, [node_id]), {"revision": revision, "by": by}
    told = {"node": node_id, "changes": _told(version.graph.nodes.get(node_id), name, settings, disabled)}
    return edit(version, change, **who, verb="configured node", names=names, automatic=automatic, **told)


def _told(
    node: Node | None, name: str | None, settings: Mapping[str, Any] | None, disabled: bool | None
) -> dict[str, list[Any]]:
    """What the audit trail tells of a node that is changed: each setting before and after."""
    if node is None:
        return {}
    before = {**node.settings, "name": node.name, "disabled": node.disabled}
    after = {**(node.settings if settings is None else settings), "name": name or node.name}
    after["disabled"] = node.disabled if disabled is None else disabled
    return audit.differences(before, {**dict.fromkeys(before), **after})


def rename_node(version: CampaignVersion, node_id: str, name: str, *, revision: int, by: User | None) -> Graph:
    """Give a node another name; its settings stay as they are."""
    demand_name(name)
    if not name.strip():
        raise CampaignError(_("An activity needs a name: type one."))
    return edit(
        version,
        lambda graph: graph.with_node(replace(graph.node(node_id), name=name.strip())),
        revision=revision,
        by=by,
        verb="renamed node",
        deed="rename",
        names=names_of(version.graph, [node_id]),
        node=node_id,
    )


def remove_node(version: CampaignVersion, node_id: str, *, revision: int, by: User | None, heal: bool = True) -> Graph:
    """Remove a node; its predecessor is joined to what came after where that is possible."""
    return edit(
        version,
        lambda graph: graph.without_node(node_id, heal=heal),
        revision=revision,
        by=by,
        verb="removed node",
        deed="remove",
        names=names_of(version.graph, [node_id]),
        node=node_id,
    )


def remove_branch(version: CampaignVersion, node_id: str, *, revision: int, by: User | None) -> Graph:
    """Remove a node with everything that can only be reached through it."""
    return edit(
        version,
        lambda graph: without(graph, behind(graph, [node_id])),
        revision=revision,
        by=by,
        verb="removed branch",
        deed="remove_branch",
        names=names_of(version.graph, [node_id]),
        node=node_id,
    )


def behind(graph: Graph, node_ids: Iterable[str]) -> set[str]:
    """Nodes with everything that can only be reached through them."""
    found = {graph.node(id).id for id in node_ids}
    for id in graph.order():
        edges = graph.incoming(id)
        if edges and all(edge.source in found for edge in edges):
            found.add(id)
    return found


def without(graph: Graph, node_ids: Iterable[str], *, heal: bool = False) -> Graph:
    for id in node_ids:
        graph = graph.without_node(id, heal=heal)
    return graph


def names_of(graph: Graph, node_ids: Iterable[str]) -> list[str]:
    """What the canvas calls nodes, for the name of a step."""
    return [graph.nodes[id].name for id in node_ids if id in graph.nodes]


def demand_name(name: str) -> None:
    if len(name.strip()) > MAX_NAME:
        raise CampaignError(_("The name of an activity has at most %(most)s characters.") % {"most": MAX_NAME})


def connect(
    version: CampaignVersion,
    source: str,
    source_port: str,
    target: str,
    target_port: str = "in",
    *,
    revision: int,
    by: User | None,
) -> Graph:
    """Draw a transition from a port to a node."""
    edge = Edge(source, source_port, target, target_port)
    return edit(
        version,
        lambda graph: joined(graph, edge),
        revision=revision,
        by=by,
        verb="connected nodes",
        deed="connect",
        names=names_of(version.graph, [target]),
        source=source,
        target=target,
    )


def disconnect(
    version: CampaignVersion,
    source: str,
    source_port: str,
    target: str,
    target_port: str = "in",
    *,
    revision: int,
    by: User | None,
) -> Graph:
    """Take a transition away; twice is once."""
    edge = Edge(source, source_port, target, target_port)
    return edit(
        version,
        lambda graph: graph.without_edge(edge),
        revision=revision,
        by=by,
        verb="disconnected nodes",
        deed="disconnect",
        names=names_of(version.graph, [target]),
        source=source,
        target=target,
    )


def activity_of(graph: Graph, node_id: str) -> Activity:
    """The node's activity with its settings. Raises UnknownActivity."""
    node = graph.node(node_id)
    return catalogue.build(node.type, node.settings)


def free_name(graph: Graph, label: str) -> str:
    names = {node.name for node in graph.nodes.values()}
    candidates = (label if n == 1 else f"{label} {n}" for n in range(1, len(names) + 2))
    return next(name for name in candidates if name not in names)


def first_input(cls: type[Activity]) -> str:
    if not cls.inputs:
        raise CampaignError(_("“%(type)s” has no inbound transition; add it on its own.") % {"type": cls.label})
    return cls.inputs[0].name


def joined(graph: Graph, edge: Edge) -> Graph:
    """The graph with one transition more, if both ports exist and the inbound port has room."""
    source, target = graph.node(edge.source), graph.node(edge.target)
    if edge.source_port not in {port.name for port in activity_of(graph, edge.source).ports()}:
        raise CampaignError(
            _("“%(name)s” has no outbound “%(port)s”.") % {"name": source.name, "port": edge.source_port}
        )
    ports = {port.name: port for port in catalogue.get(target.type).inputs}
    if edge.target_port not in ports:
        raise CampaignError(_("“%(name)s” takes no inbound transition here.") % {"name": target.name})
    taken = [other for other in graph.incoming(edge.target, edge.target_port) if other != edge]
    if taken and not ports[edge.target_port].many:
        raise CampaignError(
            _("“%(name)s” already has an inbound transition; remove it first, or join the paths with a Combine.")
            % {"name": target.name}
        )
    return graph.with_edge(edge)


def _between(graph: Graph, edge: Edge, node: Node) -> Graph:
    """Put a node that is already on the canvas into the middle of a transition."""
    outputs = catalogue.build(node.type, node.settings).ports()
    if not outputs:
        raise CampaignError(
            _("“%(name)s” ends a path and cannot stand in the middle of one; add it at the end.") % {"name": node.name}
        )
    entry = first_input(catalogue.get(node.type))
    there = Edge(edge.source, edge.source_port, node.id, entry)
    return graph.opened(edge, there, Edge(node.id, outputs[0].name, edge.target, edge.target_port))
