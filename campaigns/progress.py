"""How far a run is, for people: its steps and its sendings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import catalogue
from activities.base import Activity
from activities.graph import Graph, Node
from orchcamp.messaging import content, plan
from orchcamp.messaging.models import Delivery
from orchcamp.web.errors import Refused

from . import rates, reporting
from .contexts import is_channel
from .models import Batch, NodeRun, Run
from .rates import Rate
from .reporting import Books

S = NodeRun.Status


@dataclass(frozen=True)
class Outbound:
    port: str
    label: str
    rows: int | None
    followed: bool


@dataclass(frozen=True)
class Step:
    """One node of a run, as a line of the tasks table."""

    row: NodeRun
    node: Node
    icon: str
    kind: str
    is_channel: bool
    arrived: int | None
    outputs: list[Outbound]

    @property
    def seconds(self) -> float | None:
        if self.row.started_at is None:
            return None
        return ((self.row.finished_at or timezone.now()) - self.row.started_at).total_seconds()

    @property
    def status_sentence(self) -> str:
        if self.row.status != S.WAITING:
            return ""
        if self.row.waiting_for == NodeRun.WaitingFor.BREAKPOINT:
            return _("Its breakpoint holds the run: resume to go on.")
        if self.row.waiting_for == NodeRun.WaitingFor.CONFIRMATION:
            return _("Waits for a person to confirm.")
        if self.row.waiting_for == NodeRun.WaitingFor.ANSWER:
            return _("Waits for an answer; until") if self.row.resume_at else _("Waits for an answer.")
        if self.row.waiting_for == NodeRun.WaitingFor.SIGNAL:
            return _("Waits for a signal; until") if self.row.resume_at else _("Waits for a signal.")
        return _("Goes on")


def port_labels(node: Node) -> dict[str, str]:
    """What a node calls its ports; nothing for a type that this version does not know."""
    try:
        ports = catalogue.build(node.type, node.settings).ports()
    except catalogue.UnknownActivity:
        return {}
    return {port.name: str(port.label) for port in ports}


def arrived(graph: Graph, node_id: str, counts: dict[str, dict[str, int]]) -> int | None:
    """How many rows came in: None when nothing has yet, or the node takes no inbound."""
    found = [counts.get(edge.source, {}).get(edge.source_port) for edge in graph.incoming(node_id)]
    known = [rows for rows in found if rows is not None]
    return sum(known) if known else None


def type_of(node: Node) -> type[Activity] | None:
    """The activity of a node; None for a type that this version does not know."""
    try:
        return catalogue.get(node.type)
    except catalogue.UnknownActivity:
        return None


def describe(node: Node) -> tuple[str, str]:
    """The icon of a node and the name of its type."""
    cls = type_of(node)
    return (cls.icon, str(cls.label)) if cls else ("help", node.type)


def steps(run: Run) -> list[Step]:
    """Every node of the run in the order of the canvas, in one query."""
    graph = run.graph
    rows = {row.node_id: row for row in run.nodes.select_related("confirmed_by")}
    counts = {
        id: {port: output["rows"] for port, output in row.outputs.items() if port in row.follows}
        for id, row in rows.items()
    }
    result = []
    for id in graph.order():
        if id not in rows:
            continue
        node, row = graph.nodes[id], rows[id]
        icon, kind = describe(node)
        labels = port_labels(node)
        outputs = [
            Outbound(port, labels.get(port) or port, output["rows"], port in row.follows)
            for port, output in row.outputs.items()
        ]
        result.append(Step(row, node, icon, kind, is_channel(node), arrived(graph, id, counts), outputs))
    return result


def sample(delivery: Delivery) -> content.Rendered | None:
    """The message of the first recipient of a planned sending; None when nobody is left or a field is missing."""
    rows = plan.batch(delivery.plan, 0)[:1] if delivery.prepared else []
    try:
        written = content.Content.from_settings(delivery.content)
        return content.compile(written).render(plan.fields(rows[0]) | {content.UNSUBSCRIBE: "#"})
    except (Refused, IndexError):
        return None


@dataclass(frozen=True)
class Sending:
    """One delivery of a run, as it goes."""

    delivery: Delivery
    row: NodeRun | None
    node: Node | None
    books: Books
    rate: Rate = field(default_factory=Rate)
    next_due: datetime | None = None  # until when the server has put off all that is left

    @property
    def waits(self) -> bool:
        return (
            self.row is not None
            and self.row.status == S.WAITING
            and self.row.waiting_for == NodeRun.WaitingFor.CONFIRMATION
        )

    @property
    def written_subject(self) -> str:
        return str(self.delivery.content.get("subject", ""))

    @property
    def subject(self) -> str:
        """As the first of the recipients will read it; as written when nobody is left or a field is missing."""
        rendered = sample(self.delivery)
        return rendered.subject if rendered else self.written_subject

    @property
    def stopped(self) -> int:
        """Those that were not handed over before the run was stopped."""
        return self.books.excluded.get("stopped", 0)

    @property
    def meant(self) -> int:
        """Everybody for whom there is a message, the stopped ones among them."""
        return self.books.prepared + self.stopped

    @property
    def handled(self) -> int:
        return self.books.prepared - self.books.pending

    @property
    def moves(self) -> bool:
        """Whether messages of it are on their way."""
        return self.row is not None and self.row.status == S.SENDING


def sendings(run: Run, rows: Iterable[NodeRun]) -> list[Sending]:
    """The deliveries of a run, in a few queries however many there are."""
    deliveries = list(reporting.deliveries_of(run.campaign, run))
    kept = reporting.books(deliveries)
    by_reference = {f"{run.pk}-{row.node_id}": row for row in rows}
    on = [d.pk for d in deliveries if (row := by_reference.get(d.reference)) and row.status == S.SENDING]
    recent, due = (rates.recent(on), _put_off(on)) if on else ({}, {})
    graph = run.graph
    result = []
    for delivery in deliveries:
        row = by_reference.get(delivery.reference)
        node = graph.nodes.get(row.node_id) if row else None
        books = kept[delivery.pk]
        rate = Rate(
            recent.get(delivery.pk, 0.0),
            _average(row, books),
            books.pending,
            delivery.configuration.throttle,
            delivery.pk in on and run.status == Run.Status.RUNNING,
        )
        result.append(Sending(delivery, row, node, books, rate, due.get(delivery.pk)))
    return result


def _average(row: NodeRun | None, books: Books) -> float:
    """Messages a second since the sending began."""
    begun = row and (row.confirmed_at or row.started_at)
    if not row or not begun or row.waiting_for:
        return 0.0
    return books.sent / max(((row.finished_at or timezone.now()) - begun).total_seconds(), 1.0)


def _put_off(deliveries: list[int]) -> dict[int, datetime]:
    """Delivery → when the first of its messages is tried again; only where nothing else is to be done until then."""
    left = Batch.objects.filter(delivery__in=deliveries, status__in=reporting.OPEN).order_by()
    now, found = timezone.now(), {}
    at_work = set(left.exclude(status=Batch.Status.PENDING, not_before__gt=now).values_list("delivery_id", flat=True))
    for row in left.values("delivery_id").annotate(at=Min("not_before")):
        if row["delivery_id"] not in at_work and row["at"]:
            found[row["delivery_id"]] = row["at"]
    return found
