"""What an approver sees of a version: exact counts of every transition, rendered messages, problems."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from activities import catalogue, wording
from activities.base import Channel
from activities.check import Problem
from activities.graph import Graph, Node
from activities.populations import Context, Population
from orchcamp.datasets import engine
from orchcamp.messaging import content
from orchcamp.messaging.models import ChannelConfiguration
from orchcamp.web.errors import Refused

from . import contexts, lifecycle, planning, previewing, progress, reporting, worklist
from .approvals import samples
from .models import Approval, CampaignVersion, Run
from .store import RunStore

Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Headline:
    """One line of the queue."""

    approval: Approval
    targeted: int | None
    channels: int
    mine: bool = False  # whether the reader may sign something of it now
    overdue: bool = False

    @property
    def may_tick(self) -> bool:
        """Whether it may be approved together with others."""
        return self.mine and self.approval.bulk


@dataclass(frozen=True)
class Flow:
    """One node with what leaves it."""

    node: Node
    icon: str
    kind: str
    is_channel: bool
    arrived: int | None
    outputs: list[progress.Outbound]


@dataclass(frozen=True)
class Message:
    """One channel node: how many it reaches, and what one of them would read."""

    node: Node
    targeted: int | None
    configuration: str
    subject: str  # rendered for one person where somebody is known, else as written
    refusal: str
    without_confirmation: bool
    excluded: list[tuple[str, int]] | None = None
    prepared: int | None = None
    failing: int = 0  # of the messages that a dry run put together
    rendered: int = 0
    run: int | None = None  # the dry run
    read: samples.Read | None = None  # of a dry run: the waterfall and the messages to read


@dataclass(frozen=True)
class Review:
    flow: list[Flow] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def named_problems(self) -> list[tuple[str, str]]:
        """The name of the node (or nothing) and the sentence; errors first."""
        ordered = sorted(self.problems, key=lambda problem: problem.severity != "error")
        return [(self.names.get(problem.node_id or "", ""), problem.sentence) for problem in ordered]


def is_own(approval: Approval, user: Any) -> bool:
    """Whether the person asked for it or wrote any of it: then somebody else must decide."""
    version = approval.version
    return user.pk in (approval.requested_by_id, version.author_id) or version.editors.filter(pk=user.pk).exists()


def own_of(user: Any, approvals: QuerySet[Approval]) -> QuerySet[Approval]:
    """Those among some requests that are the person's own."""
    mine = Q(requested_by=user) | Q(version__author=user) | Q(version__in=worklist.user_versions(user))
    return approvals.filter(mine)


def _targeted(graph: Graph, counts: Counts) -> list[int]:
    channels = [node for node in graph.nodes.values() if contexts.is_channel(node) and not node.disabled]
    found = [progress.arrived(graph, node.id, counts) for node in channels]
    return [rows for rows in found if rows is not None]


def headline(approval: Approval, *, mine: bool = False) -> Headline:
    """From the stored counts: no query beside the approval's own."""
    graph = approval.version.graph
    found = _targeted(graph, approval.counts)
    channels = sum(contexts.is_channel(node) for node in graph.nodes.values())
    return Headline(approval, sum(found) if found else None, channels, mine, is_overdue(approval))


def is_overdue(approval: Approval) -> bool:
    """Whether somebody should have decided by now."""
    waiting = approval.status == Approval.Status.WAITING
    return waiting and approval.due_at is not None and approval.due_at < timezone.now()


def flow(graph: Graph, counts: Counts) -> list[Flow]:
    """Every node in the order of the canvas with the rows of its transitions."""
    result = []
    for id in graph.order():
        node = graph.nodes[id]
        icon, kind = progress.describe(node)
        labels = progress.port_labels(node)
        ports = list(labels) or list(counts.get(id, {}))
        outputs = [
            progress.Outbound(port, labels.get(port) or port, counts.get(id, {}).get(port), True)
            for port in ports
            if port in counts.get(id, {}) or graph.outgoing(id, port)
        ]
        arrived = progress.arrived(graph, id, counts)
        result.append(Flow(node, icon, kind, contexts.is_channel(node), arrived, outputs))
    return result


@dataclass(frozen=True)
class _Tested:
    """A test run with what is needed to read its populations."""

    run: Run
    store: RunStore
    ctx: Context
    personal: bool  # whether the reader may see personal data

    def arrived(self, graph: Graph, node: Node) -> Population | None:
        """The rows that a channel node would write to."""
        incoming = graph.incoming(node.id)
        return self.store.read(incoming[0]) if incoming else None

    def expected(
        self, population: Population, node: Node, configuration: ChannelConfiguration
    ) -> dict[str | None, int]:
        """Reason (None: would be sent) -> rows, by the plan that a sending would make; one query."""
        activity = catalogue.of(node)
        if not isinstance(activity, Channel):
            return {}
        reference = f"review-{node.id}"
        planned = planning.planned(
            activity, population, self.ctx, configuration, reference=reference, checked=False
        ).table
        grouped = engine.rows(planned.group_by("reason").agg(rows=planned.count()))
        return {row["reason"]: row["rows"] for row in grouped}

    def someone(self, population: Population, names: set[str]) -> dict[str, Any]:
        """The person whose message is shown as a sample; nothing when it is empty, or when the reader may not know."""
        if not self.personal or not engine.count(population.table):
            return {}
        return previewing.row_of(population, self.ctx, 1, names=names, masked=False)


def _message(
    tested: _Tested | None, graph: Graph, node: Node, counts: Counts, configurations: dict[str, ChannelConfiguration]
) -> Message:
    """A message by a test run, or by none: its plan is counted, and it is put together for one person."""
    configuration = configurations.get(node.settings.get("configuration", ""))
    variables = wording.variables(tested.ctx.variables) if tested else {}
    written = content.Content.from_settings({**node.settings, content.VARIABLES: variables})
    subject, refusal, excluded, prepared = written.subject, "", None, None
    try:
        population = tested.arrived(graph, node) if tested else None
        if tested is not None and population is not None and configuration is not None:
            found = tested.expected(population, node, configuration)
            prepared = found.pop(None, 0)
            excluded = reporting.Books(excluded={reason: rows for reason, rows in found.items() if reason}).reasons
            if node.type == "email" and (person := tested.someone(population, written.fields)):
                subject = content.compile(written).render(person | {content.UNSUBSCRIBE: "#"}).subject
    except Refused as error:
        refusal = str(error)
    return Message(
        node,
        progress.arrived(graph, node.id, counts),
        str(configuration or node.settings.get("configuration", "")),
        subject,
        refusal,
        bool(node.settings.get("without_confirmation")),
        excluded,
        prepared,
    )


def _rehearsed(read: samples.Read) -> Message:
    """A message by a dry run: its sealed plan says how many, its samples what they read."""
    node, sealed = read.channel.node, read.channel.sealed
    return Message(
        node,
        sealed.targeted,
        str(sealed.configuration or node.settings.get("configuration", "")),
        str(node.settings.get("subject", "")),
        "",
        bool(node.settings.get("without_confirmation")),
        read.channel.books.reasons,
        sealed.prepared,
        sealed.failing,
        sealed.rendered,
        sealed.run_id,
        read,
    )


def _review(version: CampaignVersion, counts: Counts, run: Run | None, personal: bool) -> Review:
    graph = version.graph
    if run is not None:
        run.campaign = version.campaign
    read = {one.channel.node.id: one for one in samples.read(run, masked=not personal)}
    tested = _Tested(run, RunStore(run), contexts.context(run), personal) if run else None
    configurations = {found.slug: found for found in ChannelConfiguration.objects.all()}
    channels = [node for id in graph.order() if contexts.is_channel(node := graph.nodes[id]) and not node.disabled]
    messages = [
        _rehearsed(read[node.id]) if node.id in read else _message(tested, graph, node, counts, configurations)
        for node in channels
    ]
    names = {id: node.name for id, node in graph.nodes.items()}
    return Review(flow(graph, counts), messages, contexts.problems(version), names)


def review(approval: Approval, *, personal: bool) -> Review:
    """Everything that an approver needs to decide, from the frozen version and its dry run."""
    return _review(approval.version, approval.counts, approval.test_run, personal)


def before_submission(version: CampaignVersion, run: Run | None, *, personal: bool) -> Review:
    """What an approval of this draft would show, with the dry run that it would carry."""
    return _review(version, lifecycle.counts_of(run) if run else {}, run, personal)
