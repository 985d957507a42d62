"""Which activities fit at a place of the canvas, and which place is meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from activities import catalogue
from activities.base import Activity
from activities.fields import OfferedField
from activities.graph import Edge, Graph

from .drawing import ports_of

GROUPS = {
    "data": _("Data"),
    "targeting": _("Targeting"),
    "flow": _("Flow"),
    "channel": _("Channels"),
}
# What whoever adds an activity here most likely wants, where a file that says nothing means something else.
NEW: dict[str, dict[str, Any]] = {"split": {"complement": True}}


@dataclass(frozen=True)
class Place:
    """Behind a port, on a transition, or (neither) at the beginning."""

    after: tuple[str, str] | None = None
    edge: Edge | None = None

    def fits(self, cls: type[Activity]) -> bool:
        """Whether an activity can stand here."""
        if self.edge is not None:
            return bool(cls.inputs) and bool(cls(cls.form_class.fresh()).ports())
        if self.after is not None:
            return bool(cls.inputs)
        return may_begin(cls)


@dataclass(frozen=True)
class Item:
    """An activity type as a template can show it (a class would be called there)."""

    key: str
    label: str
    help: str
    icon: str
    group: str
    inbound: bool  # can stand behind something
    outbound: bool  # something can follow
    begins: bool  # can stand first


@dataclass(frozen=True)
class Group:
    label: str
    types: list[Item]


def may_begin(cls: type[Activity]) -> bool:
    """Whether an activity needs nothing before it."""
    return not any(port.required for port in cls.inputs)


def fresh(
    cls: type[Activity], dimension: str, offered: Mapping[str, Sequence[tuple[str, str]]] | None = None
) -> dict[str, Any]:
    """The settings of a node that was just put on a canvas about ``dimension``; the only configuration is chosen."""
    settings = cls.form_class.fresh() | NEW.get(cls.key, {})
    if "dimension" in settings:
        settings["dimension"] = dimension
    field = cls.form_class.base_fields.get("configuration")
    if isinstance(field, OfferedField) and len(ways := (offered or {}).get(field.offer, ())) == 1:
        settings["configuration"] = ways[0][0]
    return settings


def groups(place: Place | None = None) -> list[Group]:
    """The palette: everything, or what fits at a place."""
    found: dict[str, list[Item]] = {}
    for cls in catalogue.all_types():
        if place is None or place.fits(cls):
            between = bool(cls.inputs), bool(cls(cls.form_class.fresh()).ports()), may_begin(cls)
            item = Item(cls.key, str(cls.label), str(cls.help), cls.icon, cls.group, *between)
            found.setdefault(cls.group, []).append(item)
    return [Group(str(GROUPS.get(key, key)), types) for key, types in found.items()]


def edge(data: Mapping[str, str]) -> Edge:
    """The transition that a form names."""
    names = ("source", "source_port", "target")
    return Edge(*(data.get(name, "") for name in names), data.get("target_port") or "in")


def named_outlet(data: Mapping[str, str]) -> dict[str, str]:
    """A form's transition, also where a select names a node and its port in one."""
    source, _colon, port = data.get("outlet", "").rpartition(":")
    target, _colon, inlet = data.get("inlet", "").rpartition(":")
    found = {name: data.get(name, "") for name in ("source", "source_port", "target", "target_port")}
    found |= {"source": source, "source_port": port} if source else {}
    return found | ({"target": target, "target_port": inlet} if target else {})


def place(graph: Graph, data: Mapping[str, str]) -> Place | None:
    """The place that a + button names; None when it leaves the choice to us."""
    if data.get("source"):
        return Place(edge=edge(data))
    if data.get("after") and data.get("port"):
        return Place(after=(data["after"], data["port"]))
    return None if graph.nodes and not data.get("begin") else Place()


def nearest(graph: Graph, cls: type[Activity], selected: str) -> Place:
    """Where a click in the palette puts an activity: behind the selected node, else at the last open end."""
    if cls.inputs:
        for id in (selected, *reversed(graph.order())) if not may_begin(cls) else (selected,):
            if id in graph.nodes and (open := _open_port(graph, id)):
                return Place(after=(id, open))
    return Place()


def open_input(graph: Graph, node_id: str) -> str:
    """The inbound port of a node that takes one transition more; "" where there is none."""
    try:
        inputs = catalogue.get(graph.nodes[node_id].type).inputs
    except catalogue.UnknownActivity:
        return ""
    return next((port.name for port in inputs if port.many or not graph.incoming(node_id, port.name)), "")


def _open_port(graph: Graph, node_id: str) -> str:
    taken = {edge.source_port for edge in graph.outgoing(node_id)}
    return next((port.name for port in ports_of(graph.nodes[node_id]) if port.name not in taken), "")
