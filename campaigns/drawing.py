"""What the canvas shows of a version: cards, outlets and transitions, with the states and counts of its last run.

Numbers that go into SVG are strings here: a template would give them thousands separators.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, ClassVar, Self

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from activities import catalogue
from activities.base import Activity, Port
from activities.check import Problem
from activities.graph import Edge, Graph, Node
from activities.populations import Context
from orchcamp.web.errors import Refused
from orchcamp.web.templatetags.ui import thousands

from . import changes, layout
from .counts import Count
from .models import NodeRun
from .note_drawing import NoteCard
from .note_drawing import cards as notes_of

DASH = "—"
PLUS = layout.BUTTON / 2
LONG_COUNT = 7  # characters of a count that needs as much room as a label
S = NodeRun.Status


@dataclass(frozen=True)
class State:
    """Where a node stands in the last run: a colour, a word and an icon."""

    label: str
    icon: str
    tone: str
    moving: bool = False


@dataclass(frozen=True)
class Moving:
    """How far a sending is, on its card."""

    percent: int
    text: str
    title: str


@dataclass(frozen=True)
class Exit:
    """One output port: its label, its count, and where it leads."""

    node_id: str
    port: str
    name: str  # of the node
    label: str
    count: str
    title: str  # why there is no count, or how old it is
    targets: tuple[Edge, ...]
    stale: bool = False
    delta: str = ""  # against the run before

    @property
    def is_open(self) -> bool:
        return not self.targets

    @property
    def key(self) -> str:
        return f"{self.node_id}-{self.port}"


class Placed:
    """A piece of the drawing: how it looks, and where it is. An edit moves many pieces and changes the looks of few."""

    where: ClassVar[tuple[str, ...]]  # the fields that are numbers or paths of its place

    @cached_property
    def face(self) -> Self:
        """How it looks, with a mark in the place of each coordinate (``{% placed %}`` puts them in)."""
        face = object.__new__(type(self))  # as ``replace`` would make it, in a tenth of the time
        face.__dict__.update(self.__dict__)
        face.__dict__.update(marks(self.where))
        return face

    @property
    def at(self) -> list[str]:
        return [getattr(self, name) for name in self.where]


@cache
def marks(names: tuple[str, ...]) -> dict[str, Any]:
    """What stands for the coordinates of a piece; no text of a person holds it."""
    return {name: f"\0{number}\0" for number, name in enumerate(names)}


@dataclass(frozen=True)
class Card(Placed):
    """One node as it is drawn, on the canvas and in the outline."""

    where = ("x", "y", "width", "height", "in_x", "in_y")

    id: str
    name: str
    kind: str
    group: str
    icon: str
    summary: str
    disabled: bool
    breakpoint: bool
    state: State
    arrived: str
    problems: tuple[Problem, ...]
    exits: tuple[Exit, ...]
    x: str
    y: str
    width: str
    height: str
    in_x: str
    in_y: str
    inbound: bool  # whether it takes a transition
    wanting: bool  # nothing arrives where something must
    room: str  # the inbound port that takes one more transition, if there is one
    moving: Moving | None = None
    remarks: int = 0  # comments in open threads

    @property
    def severity(self) -> str:
        severities = {problem.severity for problem in self.problems}
        return "error" if "error" in severities else "warning" if severities else ""

    @property
    def sentences(self) -> str:
        return " ".join(problem.sentence for problem in self.problems)


@dataclass(frozen=True)
class Outlet(Placed):
    where = ("x", "y", "path", "label_x", "label_y", "label_width", "plus_x", "plus_y")

    exit: Exit
    x: str
    y: str
    path: str
    label_x: str
    label_y: str
    label_width: str
    plus_x: str
    plus_y: str


@dataclass(frozen=True)
class Wire(Placed):
    where = ("path", "plus_x", "plus_y")

    edge: Edge
    path: str
    plus_x: str
    plus_y: str
    label: str  # "from A to B", for those who do not see
    followed: bool

    @property
    def key(self) -> str:
        return f"{self.edge.source}-{self.edge.source_port}-{self.edge.target}"


@dataclass(frozen=True)
class Drawing:
    cards: list[Card] = field(default_factory=list)
    outlets: list[Outlet] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    notes: list[NoteCard] = field(default_factory=list)
    width: str = "0"
    height: str = "0"
    flow: str = layout.RIGHT.key


def with_remarks(drawing: Drawing, numbers: Mapping[str, int]) -> Drawing:
    """The same drawing with the number of comments on its nodes."""
    cards = [replace(card, remarks=numbers[card.id]) if card.id in numbers else card for card in drawing.cards]
    return replace(drawing, cards=cards)


@dataclass(frozen=True)
class Words:
    """What is said of hundreds of pieces, in one language."""

    uncounted: str
    counted: str
    between: str
    not_started: State


@cache
def words(language: str | None) -> Words:
    return Words(
        _("No count: not tested yet, or behind a message, where a test ends."),
        _("Exact count of the last run."),
        _("from “%(source)s” to “%(target)s”"),
        State(_("Not started"), "radio_button_unchecked", "gray"),
    )


def ports_of(node: Node) -> tuple[Port, ...]:
    """A node's outputs; none for a type that this version does not know."""
    try:
        return catalogue.of(node).ports()
    except catalogue.UnknownActivity:
        return ()


def ports(graph: Graph) -> dict[str, list[str]]:
    return {id: [port.name for port in ports_of(node)] for id, node in graph.nodes.items()}


def draw(
    graph: Graph,
    *,
    ctx: Context,
    counts: Mapping[tuple[str, str], Count],
    rows: Mapping[str, NodeRun],
    problems: Iterable[Problem],
    flow: layout.Measures = layout.RIGHT,
    moving: Mapping[str, Moving] | None = None,
) -> Drawing:
    """Everything the canvas template needs, in one value."""
    exits = {(id, exit.port): exit for id in graph.nodes for exit in exits_of(graph, id, counts)}
    by_card: dict[str, list[Exit]] = {}
    for exit in exits.values():
        by_card.setdefault(exit.node_id, []).append(exit)
    labelled = {exit.node_id for exit in exits.values() if exit.label or exit.delta or len(exit.count) > LONG_COUNT}
    outputs = {id: [exit.port for exit in found] for id, found in by_card.items()}
    placed = layout.place(graph, outputs, labelled, flow)
    by_node: dict[str, list[Problem]] = {}
    for problem in problems:
        by_node.setdefault(problem.node_id or "", []).append(problem)
    own: dict[str, list[Count]] = {}
    for (id, _port), count in counts.items():
        own.setdefault(id, []).append(count)
    cards = []
    for place in sorted(placed.places.values(), key=lambda place: (place.column, place.row)):
        of_it = by_node.get(place.id, []), by_card.get(place.id, []), own.get(place.id, [])
        cards.append(_card(graph, place, ctx, counts, rows.get(place.id), *of_it))
    cards = [replace(card, moving=moving[card.id]) if moving and card.id in moving else card for card in cards]
    outlets = [
        _outlet(outlet, exits[key]) for outlet in placed.outlets if (key := (outlet.node_id, outlet.port)) in exits
    ]
    wires = [_wire(graph, wire, rows.get(wire.edge.source)) for wire in placed.wires]
    stuck = notes_of(graph, placed.places)
    width = max([placed.width, *(note.left + note.wide for note in stuck)])
    height = max([placed.height, *(note.top + note.high for note in stuck)])
    return Drawing(cards, outlets, wires, stuck, f"{width:.0f}", f"{height:.0f}", flow.key)


def exits_of(graph: Graph, node_id: str, counts: Mapping[tuple[str, str], Count]) -> list[Exit]:
    """The outputs of one node, with those that only a transition knows."""
    node = graph.nodes[node_id]
    labels = {port.name: str(port.label) for port in ports_of(node)}
    for edge in graph.outgoing(node_id):
        labels.setdefault(edge.source_port, edge.source_port)
    found = []
    for port, label in labels.items():
        found_rows = counts.get((node_id, port))
        count, title, stale = count_words(found_rows)
        delta, compared = changes.against(found_rows)
        targets = tuple(graph.outgoing(node_id, port))
        title = f"{title} {compared}" if compared else title
        found.append(Exit(node_id, port, node.name, label, count, title, targets, stale, delta))
    return found


def count_words(count: Count | None) -> tuple[str, str, bool]:
    """A count as it is shown, why it looks so, and whether it is out of date."""
    if count is None or count.rows is None:
        return "", words(get_language()).uncounted, False
    if count.stale:
        shown = thousands(count.rows)
        return DASH, _("Changed since the last run, which counted %(rows)s. Test again.") % {"rows": shown}, True
    return str(thousands(count.rows)), words(get_language()).counted, False


def state_of(node: Node, row: NodeRun | None, stale: bool) -> State:
    """The state icon of a node (reference 5.9)."""
    if node.disabled:
        return State(_("Disabled: this node and what follows are not executed"), "block", "gray")
    if row is None or row.status == S.PENDING or (stale and row.status in NodeRun.SETTLED):
        return words(get_language()).not_started
    if row.status == S.WAITING and row.waiting_for == NodeRun.WaitingFor.BREAKPOINT:
        return State(_("Its breakpoint holds the run: resume to go on"), "pause_circle", "orange")
    if row.status == S.WAITING and row.waiting_for == NodeRun.WaitingFor.CONFIRMATION:
        return State(_("Waits for somebody to confirm the sending"), "front_hand", "orange")
    label = _("Failed, and gone on without") if row.ignored else str(S(row.status).label)
    if row.status == S.FAILED:
        return State(f"{label}: {row.error}" if row.error else label, "error", "orange" if row.ignored else "red")
    icon, tone = {
        S.QUEUED: ("schedule", "blue"),
        S.RUNNING: ("progress_activity", "blue"),
        S.WAITING: ("hourglass_top", "blue"),
        S.SENDING: ("progress_activity", "blue"),
        S.SUCCEEDED: ("check_circle", "green"),
        S.SKIPPED: ("skip_next", "gray"),
        S.STOPPED: ("stop_circle", "gray"),
    }[S(row.status)]
    return State(label, icon, tone, moving=row.status in {S.RUNNING, S.SENDING})


def describe(node: Node, ctx: Context | None) -> tuple[str, str, str, str]:
    """Icon, type, group and summary of a node; grey words for a type that is gone."""
    try:
        activity: Activity = catalogue.of(node)
    except catalogue.UnknownActivity as error:
        return "help", node.type, "unknown", str(error)
    try:
        summary = activity.summary(ctx)
    except Refused as error:
        summary = str(error)
    return activity.icon, str(activity.label), activity.group, str(summary)


def is_stale(
    graph: Graph, node_id: str, counts: Mapping[tuple[str, str], Count], own: list[Count] | None = None
) -> bool:
    """Whether a node, or what leads to it, is no more as the last run saw it; ``own`` are its counts, if at hand."""
    found = [count for (id, _port), count in counts.items() if id == node_id] if own is None else own
    leading = [counts.get((edge.source, edge.source_port)) for edge in graph.incoming(node_id)]
    return any(count.stale for count in [*found, *leading] if count is not None)


def _arrived(graph: Graph, node_id: str, counts: Mapping[tuple[str, str], Count], own: list[Count]) -> str:
    """The rows that came in; for a node without inbound, those it found."""
    keys = {(edge.source, edge.source_port) for edge in graph.incoming(node_id)}
    found = [counts[key] for key in keys if key in counts] if keys else own
    known = [count.rows for count in found if count.rows is not None and not count.stale]
    return str(thousands(sum(known))) if known and len(known) == len(found) else ""


def _card(
    graph: Graph,
    place: layout.Place,
    ctx: Context,
    counts: Mapping[tuple[str, str], Count],
    row: NodeRun | None,
    problems: list[Problem],
    exits: list[Exit],
    own: list[Count],
) -> Card:
    node = graph.nodes[place.id]
    icon, kind, group, summary = describe(node, ctx)
    inputs = () if group == "unknown" else catalogue.get(node.type).inputs
    return Card(
        id=node.id,
        name=node.name,
        kind=kind,
        group=group,
        icon=icon,
        summary=summary,
        disabled=node.disabled,
        breakpoint=node.breakpoint,
        state=state_of(node, row, is_stale(graph, node.id, counts, own)),
        arrived=_arrived(graph, node.id, counts, own),
        problems=tuple(problems),
        exits=tuple(exits),
        x=f"{place.x:g}",
        y=f"{place.y:g}",
        width=f"{place.width:g}",
        height=f"{place.height:g}",
        in_x=f"{place.inbound[0]:g}",
        in_y=f"{place.inbound[1]:g}",
        inbound=bool(inputs) or group == "unknown",
        wanting=any(port.required and not graph.incoming(node.id, port.name) for port in inputs),
        room=next((port.name for port in inputs if port.many or not graph.incoming(node.id, port.name)), ""),
    )


def _outlet(outlet: layout.Outlet, exit: Exit) -> Outlet:
    end_x, end_y = outlet.end
    along = (end_x, end_y - PLUS) if end_y == outlet.y else (end_x - PLUS, end_y)
    places = (outlet.x, outlet.y, *outlet.label, *along)
    x, y, label_x, label_y, label_width, plus_x, plus_y = (f"{place:g}" for place in places)
    return Outlet(exit, x, y, outlet.path, label_x, label_y, label_width, plus_x, plus_y)


def _wire(graph: Graph, wire: layout.Wire, row: NodeRun | None) -> Wire:
    names = {"source": graph.nodes[wire.edge.source].name, "target": graph.nodes[wire.edge.target].name}
    return Wire(
        wire.edge,
        wire.path,
        f"{wire.middle[0] - PLUS:g}",
        f"{wire.middle[1] - PLUS:g}",
        words(get_language()).between % names,
        row is not None and wire.edge.source_port in row.follows,
    )
