"""Questions and signals as screens show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from activities import variables
from orchcamp.accounts.models import User

from . import questions, signals, worklist
from .models import Answer, Campaign, NodeRun, Question, Run


@dataclass(frozen=True)
class Item:
    """One question, for one reader."""

    question: Question
    campaign: Campaign
    node_name: str
    may_answer: bool
    waits: bool  # the run still wants the answer
    given: list[tuple[Answer, str]]  # with its label
    decided: str  # in words
    mine: str  # the code that the reader gave

    @property
    def who(self) -> str:
        return str(self.question.person or self.question.group or "")


def item(question: Question, user: User) -> Item:
    node_run = question.node_run
    run = node_run.run
    node = run.graph.nodes.get(node_run.node_id)
    waits = question.answered_at is None and run.is_open and node_run.waiting_for == NodeRun.WaitingFor.ANSWER
    given = [(answer, questions.label(question, answer.code)) for answer in question.given.select_related("by")]
    return Item(
        question=question,
        campaign=run.campaign,
        node_name=node.name if node else node_run.node_id,
        may_answer=waits and questions.may_answer(user, question),
        waits=waits,
        given=given,
        decided=questions.said(question) if question.answered_at else "",
        mine=next((answer.code for answer, _label in given if answer.by_id == user.pk), ""),
    )


def of_run(run: Run, user: User, node_id: str | None = None) -> list[Item]:
    """The questions of a run that are open, or those of one of its nodes whatever became of them."""
    found = Question.objects.filter(node_run__run=run).select_related("node_run__run__campaign", "group", "person")
    if node_id is not None:
        return [item(question, user) for question in found.filter(node_run__node_id=node_id)]
    return [shown for question in found.filter(answered_at=None) if (shown := item(question, user)).waits]


def put_to(user: User) -> list[Item]:
    """The open questions that the person is to answer, in campaigns that they may see."""
    return [item(question, user) for question in worklist.asked(user)]


@dataclass(frozen=True)
class Awaited:
    """The signal that a campaign would take now."""

    parameters: list[Mapping[str, Any]]
    key: str  # one form, one signal, however often it is sent


def awaited(campaign: Campaign) -> Awaited | None:
    """What a “Send signal” form asks for; None when the campaign takes none now."""
    expected = signals.expected(campaign)
    if expected is None:
        return None
    rows = [{**row, "example": variables.shown(row.get("value"))} for row in expected]
    return Awaited(rows, uuid4().hex)
