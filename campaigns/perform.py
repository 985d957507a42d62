"""What one node does: wait, compute and keep its populations, write, or prepare a sending."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities import catalogue
from activities.base import Activity, Channel, Context, Gate, Population, Writer
from activities.compiler import Compiler

from . import sending
from .contexts import context
from .errors import NodeFailed
from .models import NodeRun, Run
from .store import RunStore

S = NodeRun.Status


@dataclass(frozen=True)
class Outcome:
    """What came of a node, and the sentence for the log."""

    status: str
    outputs: dict[str, Any] = field(default_factory=dict)
    follows: list[str] = field(default_factory=list)
    waiting_for: str = ""
    resume_at: datetime | None = None
    error: str = ""
    sentence: str = ""

    def fields(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "outputs": self.outputs,
            "follows": self.follows,
            "waiting_for": self.waiting_for,
            "resume_at": self.resume_at,
            "error": self.error,
        }


def perform(node: NodeRun) -> Outcome:
    """Do what a node does; doing it twice is doing it once. Raises Refused with the sentence for the log."""
    run = node.run
    graph = run.graph
    if run.mode == Run.Mode.TEST and not catalogue.get(graph.node(node.node_id).type).runs_in_test:
        return Outcome(S.SKIPPED, sentence=_("left out in a test."))
    ctx, store = context(run), RunStore(run)
    compiler = Compiler(graph, ctx, store.read, store.open)
    activity = _activity(compiler, node.node_id)
    if isinstance(activity, Gate) and run.mode == Run.Mode.LIVE and (closed := _closed(activity, node, ctx)):
        return closed
    populations = compiler.outputs(node.node_id)
    # a bare start (a fork without inbound) has no rows to keep
    outputs = {port: store.keep(node.node_id, port, part) for port, part in populations.items() if part.dimension}
    rows = {port: kept["rows"] for port, kept in outputs.items()}
    follows = list(activity.follows({port: rows.get(port, 0) for port in populations}))
    parts = {port: store.kept(node.node_id, port, kept) for port, kept in outputs.items()}
    if isinstance(activity, Writer):
        for population in parts.values():
            activity.write(population, f"{run.pk}-{node.node_id}")
    if isinstance(activity, Channel):
        return _prepared(activity, node, parts["out"], outputs, follows, ctx)
    return Outcome(S.SUCCEEDED, outputs, follows, resume_at=node.resume_at, sentence=_counted(activity, rows, follows))


def _activity(compiler: Compiler, node_id: str) -> Activity:
    """The node's activity with settings that its form has read, so that what was left out has its default."""
    node = compiler.graph.node(node_id)
    cls = catalogue.get(node.type)
    form = cls.form_class(node.settings, scope=compiler.scope(node_id), draft=True)
    if not form.is_valid():
        raise NodeFailed(next(iter(form.sentences())))
    return cls(form.cleaned_data)


def _closed(activity: Gate, node: NodeRun, ctx: Context) -> Outcome | None:
    """The wait that a gate still asks for; None when it is open."""
    now = timezone.now()
    if node.resume_at is not None and node.resume_at <= now:
        return None
    opens = activity.opens_at(ctx.at(node.node_id), node.started_at or now)
    if opens is None or opens <= now:
        return None
    moment = date_format(timezone.localtime(opens), "j F Y, H:i:s")
    sentence = _("waits until %(moment)s.") % {"moment": moment}
    return Outcome(S.WAITING, waiting_for=NodeRun.WaitingFor.TIME, resume_at=opens, sentence=sentence)


def _prepared(
    activity: Channel,
    node: NodeRun,
    population: Population,
    outputs: dict[str, Any],
    follows: list[str],
    ctx: Context,
) -> Outcome:
    """The plan is made; it goes out now, or when a person has looked at its numbers."""
    delivery = sending.prepare(node, population, activity, ctx)
    numbers = {"targeted": f"{delivery.targeted:,}", "prepared": f"{delivery.prepared:,}"}
    sentence = _("%(targeted)s targeted, %(prepared)s to be sent") % numbers
    if not delivery.prepared:
        return Outcome(S.SUCCEEDED, outputs, follows, sentence=sentence + _("; nothing goes out."))
    if node.confirmed_at or activity.settings.get("without_confirmation"):
        return Outcome(S.SENDING, outputs, follows, sentence=sentence + ".")
    return Outcome(
        S.WAITING,
        outputs,
        follows,
        waiting_for=NodeRun.WaitingFor.CONFIRMATION,
        sentence=sentence + _("; waits for a person to confirm."),
    )


def _counted(activity: Activity, rows: dict[str, int], follows: list[str]) -> str:
    labels = {port.name: str(port.label) for port in activity.outputs()}
    parts = []
    for port, count in rows.items():
        text = ngettext("%(n)s row", "%(n)s rows", count) % {"n": f"{count:,}"}
        label = f"{labels.get(port) or port}: " if len(rows) > 1 else ""
        parts.append(
            f"{label}{text}"
            if port in follows
            else _("%(label)s%(text)s, the path ends") % {"label": label, "text": text}
        )
    return (", ".join(parts) or _("done")) + "."
