"""How far a run is, for people: its steps, its sendings, and why nothing was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities import catalogue
from activities.graph import Graph, Node
from orchcamp.messaging import content, plan
from orchcamp.messaging.models import Delivery
from orchcamp.web.errors import Refused

from . import reporting
from .contexts import is_channel
from .controls import worker_silent
from .models import NodeRun, Run
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
        if self.row.waiting_for == NodeRun.WaitingFor.CONFIRMATION:
            return _("Waits for a person to confirm.")
        return _("Goes on")


def port_labels(node: Node) -> dict[str, str]:
    """What a node calls its ports; nothing for a type that this version does not know."""
    try:
        ports = catalogue.build(node.type, node.settings).outputs()
    except catalogue.UnknownActivity:
        return {}
    return {port.name: str(port.label) for port in ports}


def arrived(graph: Graph, node_id: str, counts: dict[str, dict[str, int]]) -> int | None:
    """How many rows came in: None when nothing has yet, or the node takes no inbound."""
    found = [counts.get(edge.source, {}).get(edge.source_port) for edge in graph.incoming(node_id)]
    known = [rows for rows in found if rows is not None]
    return sum(known) if known else None


def describe(node: Node) -> tuple[str, str]:
    """The icon of a node and the name of its type."""
    try:
        cls = catalogue.get(node.type)
    except catalogue.UnknownActivity:
        return "help", node.type
    return cls.icon, str(cls.label)


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
    def handled(self) -> int:
        return self.books.prepared - self.books.pending

    @property
    def per_second(self) -> float:
        """Messages a second since the sending began."""
        begun = self.row and (self.row.confirmed_at or self.row.started_at)
        if not begun or self.waits:
            return 0.0
        until = (self.row.finished_at if self.row else None) or timezone.now()
        return self.handled / max((until - begun).total_seconds(), 1.0)

    @property
    def remaining(self) -> float | None:
        """Seconds until the last message at the present rate."""
        return self.books.pending / self.per_second if self.per_second and self.books.pending else None


def sendings(run: Run, rows: Iterable[NodeRun]) -> list[Sending]:
    """The deliveries of a run, in two queries."""
    deliveries = list(reporting.deliveries_of(run.campaign, run))
    kept = reporting.books(deliveries)
    by_reference = {f"{run.pk}-{row.node_id}": row for row in rows}
    graph = run.graph
    result = []
    for delivery in deliveries:
        row = by_reference.get(delivery.reference)
        node = graph.nodes.get(row.node_id) if row else None
        result.append(Sending(delivery, row, node, kept[delivery.pk]))
    return result


@dataclass(frozen=True)
class Check:
    """One possible reason why nothing was sent, and whether it is the one."""

    title: str
    guilty: bool
    sentence: str


def _confirmation(channels: list[Step]) -> Check:
    waiting = [
        step.node.name
        for step in channels
        if step.row.status == S.WAITING and step.row.waiting_for == NodeRun.WaitingFor.CONFIRMATION
    ]
    names = ", ".join(waiting)
    return Check(
        _("Confirmation"),
        bool(waiting),
        _("Waits for somebody to confirm: %(names)s.") % {"names": names}
        if waiting
        else _("No sending waits for confirmation."),
    )


def _start(run: Run, found: list[Step]) -> Check:
    title = _("Start")
    if run.scheduled_for > timezone.now():
        return Check(title, True, _("The run starts in the future."))
    held = [s for s in found if s.row.status == S.WAITING and s.row.waiting_for == NodeRun.WaitingFor.TIME]
    if held:
        return Check(title, True, _("“%(name)s” holds the run back until its moment.") % {"name": held[0].node.name})
    return Check(title, False, _("The start lies in the past and nothing waits for a moment."))


def _audience(found: list[Step]) -> Check:
    title = _("Saved audience")
    saving = [step for step in found if step.node.type == "save_audience"]
    busy = [step for step in saving if step.row.status not in NodeRun.SETTLED]
    if busy:
        return Check(title, True, _("“%(name)s” is not saved yet; messages wait for it.") % {"name": busy[0].node.name})
    return Check(title, False, _("No message waits for an audience to be saved."))


def _population(channels: list[Step]) -> Check:
    title = _("Population")
    unreached = [step for step in channels if step.row.status == S.SKIPPED or step.arrived == 0]
    if unreached:
        return Check(title, True, _("Nobody arrived at “%(name)s”.") % {"name": unreached[0].node.name})
    if all(step.arrived is None for step in channels):
        return Check(title, False, _("Not counted yet: the run has not come to a sending."))
    return Check(title, False, _("Every sending that was reached has people in it."))


def _consent(found: list[Sending]) -> Check:
    title = _("Consent and suppression")
    empty = [sending for sending in found if sending.books.targeted and not sending.books.prepared]
    if not empty:
        return Check(title, False, _("Somebody may be written to in every planned sending."))
    reasons = ", ".join(f"{label.lower()}: {rows:,}" for label, rows in empty[0].books.reasons)
    return Check(
        title,
        True,
        _("“%(name)s” leaves out everybody it targets (%(reasons)s).")
        % {"name": empty[0].delivery.label, "reasons": reasons},
    )


def _errors(run: Run, found: list[Step]) -> Check:
    title = _("Errors")
    failed = [step for step in found if step.row.status == S.FAILED]
    if failed:
        return Check(title, True, _("“%(name)s” is in error; the log says why.") % {"name": failed[0].node.name})
    if run.status == Run.Status.FAILED:
        return Check(title, True, run.error or _("The run failed."))
    return Check(title, False, _("No node is in error."))


def _pace(found: list[Sending]) -> Check:
    title = _("Rate control")
    slow = [s for s in found if s.books.pending and not s.waits and s.delivery.configuration.throttle]
    if slow:
        rate, pending = slow[0].delivery.configuration.throttle, slow[0].books.pending
        return Check(
            title,
            True,
            ngettext(
                "At most %(rate)s message a second: %(pending)s are still to go.",
                "At most %(rate)s messages a second: %(pending)s are still to go.",
                rate,
            )
            % {"rate": rate, "pending": f"{pending:,}"},
        )
    return Check(title, False, _("Nothing is held back by a rate limit."))


def _worker(run: Run) -> Check:
    title = _("Worker")
    if run.status == Run.Status.PAUSED:
        return Check(title, True, _("The run is paused; resume it to go on."))
    if run.status == Run.Status.STOPPED:
        return Check(title, True, _("The run was stopped; what was pending will not be sent."))
    if run.is_open and worker_silent():
        return Check(title, True, _("No worker has been heard of for two minutes; start one with “manage.py worker”."))
    return Check(title, False, _("The run is neither paused nor stopped, and work is being taken up."))


def why_nothing_was_sent(run: Run, found: list[Step], deliveries: list[Sending]) -> list[Check]:
    """The seven usual reasons and the worker, each with its verdict; in the order in which to look."""
    channels = [step for step in found if step.is_channel]
    return [
        _confirmation(channels),
        _start(run, found),
        _audience(found),
        _population(channels),
        _consent(deliveries),
        _errors(run, found),
        _pace(deliveries),
        _worker(run),
    ]
