"""Calling people to what a run waits for: its questions, and its sendings that somebody has to confirm."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from orchcamp.accounts import access, notifying

from .advance import name_of
from .models import NodeRun, Question, Run


def to_answer(question: Question) -> None:
    """Tell those to whom a question is put, as far as they may see its campaign."""
    run = question.node_run.run
    people = access.who_may("view", run.campaign)
    asked = Q(pk=question.person_id) | Q(groups=question.group_id) if question.group_id else Q(pk=question.person_id)
    facts = {"campaign": run.campaign.name, "title": question.title}
    notifying.tell(
        people.filter(asked).distinct(),
        "question",
        _("“%(campaign)s” waits for your answer: %(title)s") % facts,
        address=_page(run),
        key=f"question:{question.pk}",
        title=_("%(campaign)s: a question") % facts,
    )


def to_confirm(node: NodeRun, warning: str = "") -> None:
    """Tell those who may confirm the sendings of a campaign that one is prepared, and what they are warned of."""
    run = node.run
    facts = {"campaign": run.campaign.name, "node": name_of(run, node.node_id)}
    said = _("%(node)s of “%(campaign)s” is prepared and waits until somebody confirms it.") % facts
    notifying.tell(
        access.who_may("confirm", run.campaign),
        "sending_waits",
        f"{said} {warning[:1].upper()}{warning[1:]}".strip(),
        address=_page(run),
        key=f"sending:{node.pk}:{node.attempts}",
        title=_("%(campaign)s: a sending waits") % facts,
    )


def _page(run: Run) -> str:
    return reverse("campaigns:run", args=[run.campaign.slug, run.pk])
