"""What differs between two canvases: activities, transitions, notes and settings, as values and in words.

Where something stands makes no difference: neither the order of what is listed nor the place of a note.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from activities import catalogue
from activities.forms import NOWHERE, Scope
from activities.graph import Edge, Graph, Node

from . import saying

ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"
Place = Callable[[str], Scope]  # node -> where it stands


def nowhere(_node_id: str) -> Scope:
    """The place of a node of which nothing is known: its rules are said as they are written."""
    return NOWHERE


@dataclass(frozen=True)
class NodeChange:
    """One activity that came, went, or is another: what is to be said of it."""

    node: Node  # as it is in the later canvas, or was in the earlier
    kind: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    nodes: tuple[NodeChange, ...] = ()
    edges_added: frozenset[Edge] = frozenset()
    edges_removed: frozenset[Edge] = frozenset()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.nodes or self.edges_added or self.edges_removed or self.notes)

    def kind_of(self, node_id: str) -> str:
        """How an activity differs."""
        return next((change.kind for change in self.nodes if change.node.id == node_id), SAME)

    def of_kind(self, kind: str) -> set[str]:
        return {change.node.id for change in self.nodes if change.kind == kind}


def diff(before: Graph, after: Graph, places: tuple[Place, Place] = (nowhere, nowhere)) -> Difference:
    """What one has to do to the first canvas to have the second."""
    found = []
    for id in after.order():
        node, was = after.nodes[id], before.nodes.get(id)
        if was is None:
            found.append(NodeChange(node, ADDED))
        elif sentences := of_node(was, node, places):
            found.append(NodeChange(node, CHANGED, tuple(sentences)))
    found += [NodeChange(before.nodes[id], REMOVED) for id in before.order() if id not in after.nodes]
    edges = frozenset(before.edges), frozenset(after.edges)
    return Difference(tuple(found), edges[1] - edges[0], edges[0] - edges[1], tuple(_notes(before, after)))


def of_node(was: Node, node: Node, places: tuple[Place, Place] = (nowhere, nowhere)) -> list[str]:
    """What is otherwise with one activity, a sentence each."""
    found = []
    if was.type != node.type:
        found.append(_("another activity: %(old)s → %(new)s") % {"old": label_of(was), "new": label_of(node)})
    if was.name != node.name:
        found.append(_("renamed: “%(old)s” → “%(new)s”") % {"old": was.name, "new": node.name})
    if was.disabled != node.disabled:
        found.append(_("switched off") if node.disabled else _("switched on"))
    if was.breakpoint != node.breakpoint:
        found.append(_("breakpoint set") if node.breakpoint else _("breakpoint taken away"))
    if was.type == node.type and dict(was.settings) != dict(node.settings):
        found += settings(was, node, places)
    return found


def settings(was: Node, node: Node, places: tuple[Place, Place] = (nowhere, nowhere)) -> list[str]:
    """What is set otherwise in an activity of one type."""
    try:
        kind = catalogue.get(node.type).form_class
    except catalogue.UnknownActivity:
        return [_("set otherwise")]
    return saying.differences(kind, was.settings, node.settings, (places[0](was.id), places[1](node.id)))


def label_of(node: Node) -> str:
    """What people call an activity's type."""
    try:
        return str(catalogue.get(node.type).label)
    except catalogue.UnknownActivity:
        return node.type


def _notes(before: Graph, after: Graph) -> list[str]:
    """Notes that came, went or say something else; one that was only moved is the same."""
    old, new = ({id: note.text for id, note in graph.notes.items()} for graph in (before, after))
    found = [_("note added: “%(text)s”") % {"text": _short(new[id])} for id in new if id not in old]
    found += [_("note removed: “%(text)s”") % {"text": _short(old[id])} for id in old if id not in new]
    return found + [
        _("note: “%(old)s” → “%(new)s”") % {"old": _short(old[id]), "new": _short(new[id])}
        for id in new
        if id in old and old[id] != new[id]
    ]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def properties(before: Mapping[str, Any], after: Mapping[str, Any], labels: Mapping[str, Any]) -> list[str]:
    """What differs in the properties that runs depend on, by their labels; variables and the like one by one."""
    found: list[str] = []
    for name, label in labels.items():
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            keys = [key for key in {**old, **new} if not saying.same(old.get(key), new.get(key))]
            found += [f"{label}, {key}: {saying.plain(old.get(key))} → {saying.plain(new.get(key))}" for key in keys]
        elif not saying.same(old, new):
            found.append(f"{label}: {saying.plain(old)} → {saying.plain(new)}")
    return found
