"""The canvas as a value: nodes, edges, and edits that return a new graph. Knows no activity type."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from orchcamp.web.errors import Refused

from . import notes
from .notes import Note

SCHEMA = 1
MAX_NODES = 500
MAX_EDGES = 2000


class GraphError(Refused):
    """An edit that would leave a canvas that cannot be drawn or run."""


@dataclass(frozen=True)
class Node:
    id: str
    type: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    disabled: bool = False
    breakpoint: bool = False  # every run pauses before it, until somebody resumes it

    @cached_property
    def digest(self) -> str:
        """Tells whether another node does the same: type and settings, in few characters."""
        text = json.dumps([self.type, self.settings], default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {"type": self.type, "name": self.name, "settings": dict(self.settings)}
        switches = {"disabled": self.disabled, "breakpoint": self.breakpoint}
        return document | {name: True for name, on in switches.items() if on}


@dataclass(frozen=True, order=True)
class Edge:
    source: str
    source_port: str
    target: str
    target_port: str = "in"

    def to_json(self) -> dict[str, str]:
        return {
            "source": self.source,
            "source_port": self.source_port,
            "target": self.target,
            "target_port": self.target_port,
        }


@dataclass(frozen=True)
class Graph:
    nodes: Mapping[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    notes: Mapping[str, Note] = field(default_factory=dict)

    # --- JSON ------------------------------------------------------------------------------

    @classmethod
    def from_json(cls, document: Any) -> Graph:
        """Read a stored or imported canvas. Raises GraphError that names the place."""
        if not isinstance(document, dict):
            raise GraphError("The canvas must be an object with “nodes” and “edges”.")
        nodes: dict[str, Node] = {}
        raw_nodes = document.get("nodes", {})
        if not isinstance(raw_nodes, dict):
            raise GraphError("“nodes” must be an object: node id → node.")
        if len(raw_nodes) > MAX_NODES:
            raise GraphError(f"The canvas has {len(raw_nodes)} nodes; at most {MAX_NODES} are allowed.")
        for id, node in raw_nodes.items():
            if not isinstance(node, dict) or not isinstance(node.get("type"), str):
                raise GraphError(f"Node “{id}” must be an object with a “type”.")
            settings = node.get("settings", {})
            if not isinstance(settings, dict):
                raise GraphError(f"“settings” of node “{id}” must be an object.")
            switches = bool(node.get("disabled")), bool(node.get("breakpoint"))
            nodes[id] = Node(id, node["type"], str(node.get("name") or node["type"]), settings, *switches)
        found = notes.read(document.get("notes", {}), nodes)
        graph = cls(nodes, cls._edges_from_json(document.get("edges", [])), found)
        for edge in graph.edges:
            for end in (edge.source, edge.target):
                graph.node(end)
        graph.order()
        return graph

    @staticmethod
    def _edges_from_json(raw: Any) -> tuple[Edge, ...]:
        if not isinstance(raw, list):
            raise GraphError("“edges” must be a list of transitions.")
        if len(raw) > MAX_EDGES:
            raise GraphError(f"The canvas has {len(raw)} transitions; at most {MAX_EDGES} are allowed.")
        edges: dict[Edge, None] = {}
        for place, edge in enumerate(raw, start=1):
            if not isinstance(edge, dict):
                raise GraphError(f"Edge {place} needs to be an object with “source” and “target”.")
            ends = {"source_port": "out", "target_port": "in"} | edge
            names = ("source", "source_port", "target", "target_port")
            if wrong := [name for name in names if not isinstance(ends.get(name), str)]:
                raise GraphError(f"Edge {place} needs “{wrong[0]}”, and it must be a text.")
            edges[Edge(*(ends[name] for name in names))] = None
        return tuple(edges)

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "nodes": {id: node.to_json() for id, node in self.nodes.items()},
            "edges": [edge.to_json() for edge in self.edges],
        }
        return document | {"notes": {id: note.to_json() for id, note in self.notes.items()}} if self.notes else document

    # --- Reading ---------------------------------------------------------------------------

    def node(self, id: str) -> Node:
        try:
            return self.nodes[id]
        except KeyError:
            raise GraphError(f"There is no node “{id}” on this canvas; it may have been removed.") from None

    @cached_property
    def _arriving(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return found

    @cached_property
    def _leaving(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return found

    def incoming(self, id: str, port: str | None = None) -> list[Edge]:
        return [e for e in self._arriving.get(id, ()) if port is None or e.target_port == port]

    def outgoing(self, id: str, port: str | None = None) -> list[Edge]:
        return [e for e in self._leaving.get(id, ()) if port is None or e.source_port == port]

    def order(self) -> list[str]:
        """Node ids so that every node comes after those that lead to it; stable."""
        return list(self._order)

    @cached_property
    def _order(self) -> list[str]:
        sorter = TopologicalSorter({id: [e.source for e in self.incoming(id)] for id in self.nodes})
        try:
            return list(sorter.static_order())
        except CycleError as error:
            raise GraphError(f"The canvas runs in a circle: {' → '.join(error.args[1])}.") from None

    def note(self, id: str) -> Note:
        try:
            return self.notes[id]
        except KeyError:
            raise GraphError(f"There is no note “{id}” on this canvas; it may have been removed.") from None

    def ancestors(self, id: str) -> set[str]:
        """Every node from which one can come to this one; not itself."""
        found: set[str] = set()
        waiting = [id]
        while waiting:
            for edge in self.incoming(waiting.pop()):
                if edge.source not in found:
                    found.add(edge.source)
                    waiting.append(edge.source)
        return found

    # --- Editing: each returns a new graph ---------------------------------------------------

    def new_id(self) -> str:
        """A short, random, permanent node id."""
        while (id := "n" + secrets.token_hex(3)) in self.nodes or id in self.notes:
            pass
        return id

    def with_node(self, node: Node) -> Graph:
        """Add or replace a node."""
        if node.id not in self.nodes and len(self.nodes) >= MAX_NODES:
            raise GraphError(f"A canvas holds at most {MAX_NODES} nodes.")
        return replace(self, nodes={**self.nodes, node.id: node})

    def with_edge(self, edge: Edge) -> Graph:
        """Add a transition. Refuses unknown ends and circles; twice is once."""
        for end in (edge.source, edge.target):
            self.node(end)
        if edge in self.edges:
            return self
        if edge.source == edge.target or edge.target in self.ancestors(edge.source):
            raise GraphError("That connection would make the canvas run in a circle.")
        if len(self.edges) >= MAX_EDGES:
            raise GraphError(f"A canvas holds at most {MAX_EDGES} transitions.")
        return replace(self, edges=(*self.edges, edge))

    def without_edge(self, edge: Edge) -> Graph:
        return replace(self, edges=tuple(e for e in self.edges if e != edge))

    def opened(self, edge: Edge, *between: Edge) -> Graph:
        """The graph with other transitions in the place of one: their order says which branch is drawn first."""
        changed = self.without_edge(edge)
        for each in between:
            changed = changed.with_edge(each)
        place = self.edges.index(edge)
        added = changed.edges[len(self.edges) - 1 :]
        return replace(changed, edges=(*self.edges[:place], *added, *self.edges[place + 1 :]))

    def without_node(self, id: str, *, heal: bool = True) -> Graph:
        """Remove a node; with ``heal`` its single predecessor is joined to what came after."""
        self.node(id)
        before, after = self.incoming(id), self.outgoing(id)
        rest = replace(
            self,
            nodes={key: node for key, node in self.nodes.items() if key != id},
            edges=tuple(e for e in self.edges if id not in (e.source, e.target)),
            notes={key: note for key, note in self.notes.items() if note.node != id},
        )
        if not heal or len(before) != 1:
            return rest
        healed = rest
        for edge in after:
            healed = healed.with_edge(Edge(before[0].source, before[0].source_port, edge.target, edge.target_port))
        place = sum(id not in (e.source, e.target) for e in self.edges[: self.edges.index(before[0])])
        added = healed.edges[len(rest.edges) :]  # where the way to the node was, so that branches keep their order
        return replace(healed, edges=(*rest.edges[:place], *added, *rest.edges[place:]))

    def with_note(self, note: Note) -> Graph:
        """Add or replace a note."""
        if note.node:
            self.node(note.node)
        if note.id not in self.notes and len(self.notes) >= notes.MAX_NOTES:
            raise GraphError(f"A canvas holds at most {notes.MAX_NOTES} notes.")
        return replace(self, notes={**self.notes, note.id: note})

    def without_note(self, id: str) -> Graph:
        self.note(id)
        return replace(self, notes={key: note for key, note in self.notes.items() if key != id})

    def with_ports(self, id: str, ports: Iterable[str]) -> Graph:
        """Drop the transitions of ports that a node no longer has."""
        kept = set(ports)
        return replace(self, edges=tuple(e for e in self.edges if e.source != id or e.source_port in kept))
