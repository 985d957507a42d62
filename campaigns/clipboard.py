"""Copying nodes and pasting them: into the same canvas, into another campaign, in another window."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from activities import catalogue
from activities.graph import MAX_EDGES, SCHEMA, Edge, Graph, GraphError, Node
from activities.notes import Note
from orchcamp.accounts.models import User
from orchcamp.web import documents

from . import arranging, canvas
from .drawing import ports_of
from .errors import CampaignError
from .models import CampaignVersion
from .palette import Place
from .portable import NODE_ID

KIND = "nodes"
MAX_TEXT = 5_000_000
NUMBERED = re.compile(r" \d+$")


class BadClipboard(CampaignError):
    """What was pasted is nothing that was copied here."""


@dataclass(frozen=True)
class Piece:
    """Nodes cut out of a canvas, with the transitions between them and the notes that are pinned to them."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    notes: Mapping[str, Note]

    @classmethod
    def of(cls, graph: Graph, node_ids: Collection[str]) -> Piece:
        ids = set(node_ids)
        return cls(
            {id: graph.node(id) for id in graph.nodes if id in ids} | {id: graph.node(id) for id in ids},
            tuple(edge for edge in graph.edges if edge.source in ids and edge.target in ids),
            {id: note for id, note in graph.notes.items() if note.node in ids},
        )

    @property
    def graph(self) -> Graph:
        return Graph(self.nodes, self.edges, self.notes)


# --- Out --------------------------------------------------------------------------------------------


def copy(version: CampaignVersion, node_ids: Sequence[str]) -> dict[str, Any]:
    """What the clipboard takes. Raises Refused for a node that is gone."""
    if not node_ids:
        raise CampaignError(_("Choose an activity first."))
    document = Piece.of(version.graph, node_ids).graph.to_json()
    return {"schema": SCHEMA, "kind": KIND, "dimension": version.planned().dimension} | document


def duplicate(
    version: CampaignVersion, node_ids: Sequence[str], *, revision: int, by: User | None
) -> tuple[Graph, list[str]]:
    """Put copies of nodes on the canvas, on their own: two messages on one population are nobody's wish."""
    if not node_ids:
        raise CampaignError(_("Choose an activity first."))
    piece = Piece.of(version.graph, node_ids)
    return _graft(version, piece, Place(), revision=revision, by=by, verb="duplicated nodes", deed="duplicate")


# --- In ---------------------------------------------------------------------------------------------


def paste(
    version: CampaignVersion, text: str, place: Place, *, revision: int, by: User | None
) -> tuple[Graph, list[str]]:
    """Put what was copied at a place, under new ids and free names; the ids in their order."""
    return _graft(version, read(text), place, revision=revision, by=by, verb="pasted nodes", deed="paste")


def read(text: str) -> Piece:
    """What a clipboard holds. Raises Refused with one sentence for everything that was not copied here."""
    if not text.strip():
        raise BadClipboard(_("The clipboard is empty: copy activities first."))
    if len(text) > MAX_TEXT:
        raise BadClipboard(_("The clipboard holds too much; copy fewer activities."))
    try:
        document = documents.from_text(text, _("The clipboard"))
    except documents.BadDocument as error:
        raise BadClipboard(
            _("The clipboard holds no activities; copy some on a canvas first. (%(why)s)") % {"why": error}
        ) from None
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise BadClipboard(_("The clipboard holds no activities; copy some on a canvas first."))
    if document.get("schema") is True or document.get("schema") != SCHEMA:
        raise BadClipboard(_("The clipboard comes from another version of Orchcamp; copy the activities again."))
    graph = Graph.from_json(document)
    if not graph.nodes:
        raise BadClipboard(_("The clipboard holds no activities; copy some on a canvas first."))
    for id, node in graph.nodes.items():
        if not NODE_ID.fullmatch(id):
            raise BadClipboard(_("The clipboard names a node “%(id)s”, which no canvas has.") % {"id": id[:80]})
        catalogue.get(node.type)
        canvas.demand_name(node.name)
    return Piece.of(graph, graph.nodes)


def _graft(
    version: CampaignVersion, piece: Piece, place: Place, *, revision: int, by: User | None, verb: str, deed: str
) -> tuple[Graph, list[str]]:
    try:
        fresh = renamed(piece, version.graph)
    except RecursionError:
        raise BadClipboard(_("The settings of what was copied are nested too deeply.")) from None
    order = fresh.graph.order()

    def change(graph: Graph) -> Graph:
        for node in fresh.nodes.values():
            graph = graph.with_node(node)
        for note in fresh.notes.values():
            graph = graph.with_note(note)
        if len(graph.edges) + len(fresh.edges) > MAX_EDGES:
            raise GraphError(_("A canvas holds at most %(most)s transitions.") % {"most": MAX_EDGES})
        graph = replace(graph, edges=(*graph.edges, *fresh.edges))  # between new nodes: no circle can come of them
        return arranging.attached(graph, order, place)

    names = [node.name for node in piece.nodes.values()]
    graph = canvas.edit(version, change, revision=revision, by=by, verb=verb, deed=deed, names=names, nodes=order)
    return graph, order


def renamed(piece: Piece, graph: Graph) -> Piece:
    """The same nodes under ids and names that the canvas does not have; what they say of each other is kept."""
    taken, ids = graph, {}
    nodes, edges, notes = {}, [], {}
    for id, node in piece.nodes.items():
        ids[id] = taken.new_id()
        name = canvas.free_name(taken, _base_of(node.name, taken))
        nodes[ids[id]] = replace(node, id=ids[id], name=name)
        taken = replace(taken, nodes={**taken.nodes, ids[id]: nodes[ids[id]]})
    places = {
        f"{id}:{port.name}": f"{ids[id]}:{port.name}" for id, node in piece.nodes.items() for port in ports_of(node)
    }
    for node in list(nodes.values()):
        nodes[node.id] = replace(node, settings=referring(node.settings, ids, places))
    for edge in piece.edges:
        edges.append(replace(edge, source=ids[edge.source], target=ids[edge.target]))
    for note in piece.notes.values():
        id = taken.new_id()
        notes[id] = replace(note, id=id, node=ids[note.node])
        taken = replace(taken, notes={**taken.notes, id: notes[id]})
    return Piece(nodes, tuple(edges), notes)


def _base_of(name: str, graph: Graph) -> str:
    """The name, or without its number when another node is called so: “Email 2” becomes “Email 3”, not “Email 2 2”."""
    if name not in {node.name for node in graph.nodes.values()}:
        return name
    return NUMBERED.sub("", name)[: canvas.MAX_NAME - 5] or name


def referring(value: Any, ids: Mapping[str, str], places: Mapping[str, str]) -> Any:
    """Settings whose references to copied nodes follow the new ids: ``{"node": …, "port": …}``, or ``node:port``."""
    if isinstance(value, Mapping):
        if set(value) == {"node", "port"} and isinstance(value["node"], str):
            return {**value, "node": ids.get(value["node"], value["node"])}
        return {key: referring(item, ids, places) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [referring(item, ids, places) for item in value]
    return places.get(value, value) if isinstance(value, str) else value
