"""What the canvas shows of a version: cards, outlets and transitions, with the states and counts of its last run.

Numbers that go into SVG are strings here: a template would give them thousands separators.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from activities import catalogue
from activities.base import Activity, Context, Port
from activities.check import Problem
from activities.graph import Edge, Graph, Node
from orchcamp.web.errors import Refused
from orchcamp.web.templatetags.ui import thousands

from . import layout
from .counts import Count
from .models import NodeRun

DASH = "—"
PLUS = 13.0  # half the room of a + button
LABEL_HEIGHT = 40.0
COUNT_WIDTH = 54.0
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

    @property
    def is_open(self) -> bool:
        return not self.targets

    @property
    def key(self) -> str:
        return f"{self.node_id}-{self.port}"


@dataclass(frozen=True)
class Card:
    """One node as it is drawn, on the canvas and in the outline."""

    id: str
    name: str
    kind: str
    group: str
    icon: str
    summary: str
    disabled: bool
    state: State
    arrived: str
    problems: tuple[Problem, ...]
    exits: tuple[Exit, ...]
    x: str
    y: str
    width: str
    height: str
    inbound: tuple[str, str] | None  # None: takes no transition
    wanting: bool  # nothing arrives where something must

    @property
    def severity(self) -> str:
        severities = {problem.severity for problem in self.problems}
        return "error" if "error" in severities else "warning" if severities else ""

    @property
    def sentences(self) -> str:
        return " ".join(problem.sentence for problem in self.problems)


@dataclass(frozen=True)
class Outlet:
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
class Wire:
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
    width: str = "0"
    height: str = "0"


def ports_of(node: Node) -> tuple[Port, ...]:
    """A node's outputs; none for a type that this version does not know."""
    try:
        return catalogue.of(node).outputs()
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
) -> Drawing:
    """Everything the canvas template needs, in one value."""
    exits = {exit.key: exit for id in graph.nodes for exit in exits_of(graph, id, counts)}
    labelled = {exit.node_id for exit in exits.values() if exit.label or len(exit.count) > LONG_COUNT}
    placed = layout.place(graph, ports(graph), labelled)
    by_node: dict[str, list[Problem]] = {}
    for problem in problems:
        by_node.setdefault(problem.node_id or "", []).append(problem)
    cards = [
        _card(graph, place, ctx, counts, rows.get(place.id), by_node.get(place.id, []), exits)
        for place in sorted(placed.places.values(), key=lambda place: (place.column, place.row))
    ]
    outlets = [
        _outlet(outlet, exits[key]) for outlet in placed.outlets if (key := f"{outlet.node_id}-{outlet.port}") in exits
    ]
    wires = [_wire(graph, wire, rows.get(wire.edge.source)) for wire in placed.wires]
    return Drawing(cards, outlets, wires, f"{placed.width:.0f}", f"{placed.height:.0f}")


def exits_of(graph: Graph, node_id: str, counts: Mapping[tuple[str, str], Count]) -> list[Exit]:
    """The outputs of one node, with those that only a transition knows."""
    node = graph.nodes[node_id]
    labels = {port.name: str(port.label) for port in ports_of(node)}
    for edge in graph.outgoing(node_id):
        labels.setdefault(edge.source_port, edge.source_port)
    found = []
    for port, label in labels.items():
        count, title, stale = count_words(counts.get((node_id, port)))
        targets = tuple(graph.outgoing(node_id, port))
        found.append(Exit(node_id, port, node.name, label, count, title, targets, stale))
    return found


def count_words(count: Count | None) -> tuple[str, str, bool]:
    """A count as it is shown, why it looks so, and whether it is out of date."""
    if count is None or count.rows is None:
        return "", _("No count: not tested yet, or behind a message, where a test ends."), False
    if count.stale:
        shown = thousands(count.rows)
        return DASH, _("Changed since the last run, which counted %(rows)s. Test again.") % {"rows": shown}, True
    return str(thousands(count.rows)), _("Exact count of the last run."), False


def state_of(node: Node, row: NodeRun | None, stale: bool) -> State:
    """The state icon of a node (reference 5.9)."""
    if node.disabled:
        return State(_("Disabled: this node and what follows are not executed"), "block", "gray")
    if row is None or row.status == S.PENDING or (stale and row.status in NodeRun.SETTLED):
        return State(_("Not started"), "radio_button_unchecked", "gray")
    if row.status == S.WAITING and row.waiting_for == NodeRun.WaitingFor.CONFIRMATION:
        return State(_("Waits for somebody to confirm the sending"), "front_hand", "orange")
    label = str(S(row.status).label)
    if row.status == S.FAILED:
        return State(f"{label}: {row.error}" if row.error else label, "error", "red")
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


def is_stale(graph: Graph, node_id: str, counts: Mapping[tuple[str, str], Count]) -> bool:
    """Whether a node, or what leads to it, is no more as the last run saw it."""
    own = [count for (id, _port), count in counts.items() if id == node_id]
    leading = [counts.get((edge.source, edge.source_port)) for edge in graph.incoming(node_id)]
    return any(count.stale for count in [*own, *leading] if count is not None)


def _arrived(graph: Graph, node_id: str, counts: Mapping[tuple[str, str], Count]) -> str:
    """The rows that came in; for a node without inbound, those it found."""
    edges = graph.incoming(node_id)
    keys = {(e.source, e.source_port) for e in edges} or {key for key in counts if key[0] == node_id}
    found = [counts[key] for key in keys if key in counts]
    known = [count.rows for count in found if count.rows is not None and not count.stale]
    return str(thousands(sum(known))) if known and len(known) == len(found) else ""


def _card(
    graph: Graph,
    place: layout.Place,
    ctx: Context,
    counts: Mapping[tuple[str, str], Count],
    row: NodeRun | None,
    problems: list[Problem],
    exits: Mapping[str, Exit],
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
        state=state_of(node, row, is_stale(graph, node.id, counts)),
        arrived=_arrived(graph, node.id, counts),
        problems=tuple(problems),
        exits=tuple(exit for exit in exits.values() if exit.node_id == node.id),
        x=f"{place.x:g}",
        y=f"{place.y:g}",
        width=f"{place.width:g}",
        height=f"{place.height:g}",
        inbound=(f"{place.inbound[0]:g}", f"{place.inbound[1]:g}") if inputs or group == "unknown" else None,
        wanting=any(port.required and not graph.incoming(node.id, port.name) for port in inputs),
    )


def _outlet(outlet: layout.Outlet, exit: Exit) -> Outlet:
    return Outlet(
        exit,
        f"{outlet.x:g}",
        f"{outlet.y:g}",
        outlet.path,
        f"{outlet.x + 7:g}",
        f"{outlet.y - LABEL_HEIGHT / 2:g}",
        f"{max(outlet.length - 10, COUNT_WIDTH):g}",
        f"{outlet.end:g}",
        f"{outlet.y - PLUS:g}",
    )


def _wire(graph: Graph, wire: layout.Wire, row: NodeRun | None) -> Wire:
    names = {"source": graph.nodes[wire.edge.source].name, "target": graph.nodes[wire.edge.target].name}
    return Wire(
        wire.edge,
        wire.path,
        f"{wire.middle[0] - PLUS:g}",
        f"{wire.middle[1] - PLUS:g}",
        _("from “%(source)s” to “%(target)s”") % names,
        row is not None and wire.edge.source_port in row.follows,
    )
