"""Editing a draft: every change is one conditional update on the revision, and names itself in the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import catalogue
from activities.base import Activity
from activities.graph import Edge, Graph, GraphError, Node
from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from .errors import CampaignError, StaleCanvas
from .models import Campaign, CampaignVersion

MAX_NAME = 120  # as much as the label of a delivery holds


def edit(
    version: CampaignVersion,
    change: Callable[[Graph], Graph],
    *,
    revision: int,
    by: User | None,
    verb: str = "edited canvas",
    **facts: Any,
) -> Graph:
    """Apply ``change`` if nobody else saved since ``revision``; otherwise raise StaleCanvas and change nothing."""
    if version.revision != revision:
        raise StaleCanvas(_("Someone else changed this canvas in the meantime, so your change was not saved."))
    graph = change(version.graph)
    with transaction.atomic():
        drafts = CampaignVersion.objects.filter(pk=version.pk, revision=revision, frozen_at=None)
        now = timezone.now()
        if not drafts.update(document=graph.to_json(), revision=F("revision") + 1, modified_at=now):
            raise StaleCanvas(_stale(version))
        Campaign.objects.filter(pk=version.campaign_id).update(modified_at=now)
        if by is not None:
            version.editors.add(by)
        audit.record(by, verb, version.campaign, version=version.number, **facts)
    version.document, version.revision = graph.to_json(), revision + 1
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
        id, type, _free_name(version.graph, str(cls.label)), cls.form_class.fresh() if settings is None else settings
    )

    def change(graph: Graph) -> Graph:
        grown = graph.with_node(node)
        if edge is not None:
            if edge not in graph.edges:
                raise GraphError(_("That transition is gone; insert the activity somewhere else."))
            return _between(grown, edge, node)
        if after is not None:
            return _joined(grown, Edge(after[0], after[1], id, _first_input(cls)))
        return grown

    graph = edit(version, change, revision=revision, by=by, verb="added node", node=id, type=type)
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
) -> Graph:
    """Change a node's label, settings or switch; transitions of ports that are gone are dropped."""
    if len((name or "").strip()) > MAX_NAME:
        raise CampaignError(_("The name of an activity has at most %(most)s characters.") % {"most": MAX_NAME})

    def change(graph: Graph) -> Graph:
        node = graph.node(node_id)
        node = replace(
            node,
            name=(name or "").strip() or node.name,
            settings=node.settings if settings is None else dict(settings),
            disabled=node.disabled if disabled is None else disabled,
        )
        ports = [port.name for port in catalogue.build(node.type, node.settings).outputs()]
        return graph.with_node(node).with_ports(node_id, ports)

    return edit(version, change, revision=revision, by=by, verb="configured node", node=node_id)


def remove_node(version: CampaignVersion, node_id: str, *, revision: int, by: User | None, heal: bool = True) -> Graph:
    """Remove a node; its predecessor is joined to what came after where that is possible."""
    return edit(
        version,
        lambda graph: graph.without_node(node_id, heal=heal),
        revision=revision,
        by=by,
        verb="removed node",
        node=node_id,
    )


def remove_branch(version: CampaignVersion, node_id: str, *, revision: int, by: User | None) -> Graph:
    """Remove a node with everything that can only be reached through it."""
    return edit(
        version,
        lambda graph: _without_branch(graph, node_id),
        revision=revision,
        by=by,
        verb="removed branch",
        node=node_id,
    )


def _without_branch(graph: Graph, node_id: str) -> Graph:
    graph.node(node_id)
    gone = {node_id}
    for id in graph.order():
        edges = graph.incoming(id)
        if edges and all(edge.source in gone for edge in edges):
            gone.add(id)
    for id in gone:
        graph = graph.without_node(id, heal=False)
    return graph


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
        lambda graph: _joined(graph, edge),
        revision=revision,
        by=by,
        verb="connected nodes",
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
        source=source,
        target=target,
    )


def activity_of(graph: Graph, node_id: str) -> Activity:
    """The node's activity with its settings. Raises UnknownActivity."""
    node = graph.node(node_id)
    return catalogue.build(node.type, node.settings)


def _stale(version: CampaignVersion) -> str:
    if CampaignVersion.objects.filter(pk=version.pk, frozen_at=None).exists():
        return _("Someone else changed this canvas in the meantime, so your change was not saved.")
    return _("This version is frozen and cannot be changed any more; withdraw the approval or edit the campaign again.")


def _free_name(graph: Graph, label: str) -> str:
    names = {node.name for node in graph.nodes.values()}
    candidates = (label if n == 1 else f"{label} {n}" for n in range(1, len(names) + 2))
    return next(name for name in candidates if name not in names)


def _first_input(cls: type[Activity]) -> str:
    if not cls.inputs:
        raise CampaignError(_("“%(type)s” has no inbound transition; add it on its own.") % {"type": cls.label})
    return cls.inputs[0].name


def _joined(graph: Graph, edge: Edge) -> Graph:
    """The graph with one transition more, if both ports exist and the inbound port has room."""
    source, target = graph.node(edge.source), graph.node(edge.target)
    if edge.source_port not in {port.name for port in activity_of(graph, edge.source).outputs()}:
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
    outputs = catalogue.build(node.type, node.settings).outputs()
    if not outputs:
        raise CampaignError(
            _("“%(name)s” ends a path and cannot stand in the middle of one; add it at the end.") % {"name": node.name}
        )
    entry = _first_input(catalogue.get(node.type))
    opened = graph.without_edge(edge).with_edge(Edge(edge.source, edge.source_port, node.id, entry))
    return opened.with_edge(Edge(node.id, outputs[0].name, edge.target, edge.target_port))
