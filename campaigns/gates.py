"""Gates that are closed: a wait until a moment, a question to people, a signal that has to come."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from activities.base import Gate
from activities.compiler import Compiler
from orchcamp.datasets import engine

from . import questions
from .models import NodeRun
from .outcome import Outcome

KINDS = {
    "time": NodeRun.WaitingFor.TIME,
    "answer": NodeRun.WaitingFor.ANSWER,
    "signal": NodeRun.WaitingFor.SIGNAL,
}


def closed(activity: Gate, node: NodeRun, compiler: Compiler) -> Outcome | None:
    """What a gate still waits for; None when it is open."""
    ctx, now = compiler.ctx.at(node.node_id), timezone.now()
    arrived = node.started_at or now
    kind = KINDS[activity.waits_for]
    if kind == NodeRun.WaitingFor.TIME:
        if node.resume_at is not None and node.resume_at <= now:
            return None
        opens = activity.opens_at(ctx, arrived)
        return None if opens is None or opens <= now else _waiting(kind, opens)
    if node.answer:
        return None
    limit = activity.opens_at(ctx, arrived)
    if kind == NodeRun.WaitingFor.ANSWER:
        population = compiler.inputs(node.node_id).one()
        rows = engine.count(population.table) if population.dimension else 0
        questions.ask(node, activity.asks(rows, ctx, arrived), expires_at=limit)
    return _waiting(kind, limit)


def _waiting(kind: str, until: datetime | None) -> Outcome:
    moment = date_format(timezone.localtime(until), "j F Y, H:i:s") if until else ""
    sentence = {
        NodeRun.WaitingFor.TIME: _("waits until %(moment)s."),
        NodeRun.WaitingFor.ANSWER: _("waits for an answer until %(moment)s.") if until else _("waits for an answer."),
        NodeRun.WaitingFor.SIGNAL: _("waits for a signal until %(moment)s.") if until else _("waits for a signal."),
    }[NodeRun.WaitingFor(kind)]
    return Outcome(NodeRun.Status.WAITING, waiting_for=kind, resume_at=until, sentence=sentence % {"moment": moment})
