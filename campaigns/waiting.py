"""What waits for one person as lines to be shown: what it is, where it leads, what can be done about it at once.

The rows come from ``worklist``; the first page and the page "My work" show the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orchcamp.accounts.models import User
from orchcamp.web.templatetags.ui import thousands

from . import comments, review, worklist
from .models import Alert, Approval, Launch, Mention, NodeRun, Question, Run, Task

MOST = 200  # of one kind, where all kinds stand together; by itself a kind is shown whole
LONG_ALERT = 140


@dataclass(frozen=True)
class Deed:
    """What is done about a line by one click."""

    label: Any
    address: str
    name: str = ""
    value: str = ""
    icon: str = "check"


@dataclass(frozen=True)
class Line:
    kind: str
    key: str  # of its element
    title: str
    detail: str
    campaign: str
    address: str
    action: Any  # what to do there, in a word or two
    at: datetime | None  # since when it waits
    deed: Deed | None = None
    due: str = ""
    overdue: bool = False

    @property
    def look(self) -> Kind:
        return KINDS[self.kind]


@dataclass(frozen=True)
class Kind:
    """A kind of line; those further up in the table are more urgent."""

    label: Any
    icon: str
    tone: str
    rows: Callable[[User], QuerySet]
    line: Callable[[Any], Line]


def _run(run: Run) -> str:
    return reverse("campaigns:run", args=[run.campaign.slug, run.pk])


def _failed_run(run: Run) -> Line:
    title = _("The run of %(name)s failed") % {"name": run.campaign.name}
    at = run.finished_at or run.started_at
    return Line(
        "failed_runs", f"run-{run.pk}", title, run.error[:300], run.campaign.name, _run(run), _("Look at the run"), at
    )


def _failed_launch(launch: Launch) -> Line:
    title = _("%(name)s could not be launched") % {"name": launch.campaign.name}
    address = reverse("campaigns:runs", args=[launch.campaign.slug]) + "#launches"
    name = launch.campaign.name
    what = _("See what stopped it")
    return Line("failed_launches", f"launch-{launch.pk}", title, launch.reason[:300], name, address, what, launch.slot)


def _sending(row: NodeRun) -> Line:
    node, name = row.run.graph.nodes.get(row.node_id), row.run.campaign.name
    title = _("Confirm “%(name)s” of %(campaign)s") % {"name": node.name if node else row.node_id, "campaign": name}
    address = f"{_run(row.run)}#run-attention"
    detail = _("The messages are prepared; nothing goes out before somebody confirms.")
    return Line("sendings", f"sending-{row.pk}", title, detail, name, address, _("Look and confirm"), row.started_at)


def _doubts(run: Run) -> Line:
    title = ngettext(
        "%(shown)s message of %(name)s is in doubt", "%(shown)s messages of %(name)s are in doubt", run.in_doubt
    ) % {"shown": thousands(run.in_doubt), "name": run.campaign.name}
    detail = _("Say what became of it; nothing is sent again by itself.")
    address = f"{_run(run)}#run-attention"
    what, since = _("Say what became of it"), run.doubtful_since
    return Line("doubtful", f"doubts-{run.pk}", title, detail, run.campaign.name, address, what, since)


def _question(question: Question) -> Line:
    campaign = question.node_run.run.campaign
    address = f"{reverse('campaigns:approvals')}#question-{question.pk}"
    late = question.reminded_at is not None
    due = _("until %(moment)s") % {"moment": _moment(question.expires_at)} if question.expires_at else ""
    return Line(
        "questions", f"asked-{question.pk}", question.title, question.message[:300], campaign.name, address,
        _("Answer"), question.asked_at, due=due, overdue=late,
    )  # fmt: skip


def _approval(approval: Approval) -> Line:
    headline, campaign = review.headline(approval), approval.version.campaign
    title = _("Decide about %(name)s") % {"name": campaign.name}
    parts = [str(approval.requested_by)] if approval.requested_by else []
    if headline.targeted is not None:
        parts.append(_("%(rows)s targeted") % {"rows": thousands(headline.targeted)})
    due_at = getattr(approval, "due_at", None)
    due = _("due %(moment)s") % {"moment": _moment(due_at)} if due_at else ""
    late = bool(due_at and due_at < timezone.now())
    return Line(
        "approvals", f"approval-{approval.pk}", title, " · ".join(parts), campaign.name,
        reverse("campaigns:approval", args=[approval.pk]), _("Look and decide"), approval.requested_at,
        due=due, overdue=late,
    )  # fmt: skip


def _task(task: Task) -> Line:
    address = reverse("campaigns:move_task", args=[task.pk])
    deed = Deed(gettext_lazy("Done"), address, "status", Task.Status.DONE)
    if task.group_id:
        deed = Deed(gettext_lazy("Take it"), reverse("campaigns:take_task", args=[task.pk]), icon="back_hand")
    detail = _("for the team %(team)s") % {"team": task.group} if task.group else task.get_status_display()
    due = _("due %(moment)s") % {"moment": formats.date_format(task.due_on)} if task.due_on else ""
    return Line(
        "tasks", f"task-{task.pk}", task.title, detail, task.campaign.name,
        reverse("campaigns:task", args=[task.pk]), _("Open the task"), task.created_at,
        deed=deed, due=due, overdue=task.overdue,
    )  # fmt: skip


def _mention(mention: Mention) -> Line:
    comment = mention.comment
    title = _("%(who)s mentions you on %(what)s") % {"who": comment.author, "what": comments.about(comment).short}
    text = comment.text if len(comment.text) <= LONG_ALERT else f"{comment.text[:LONG_ALERT]}…"
    deed = Deed(gettext_lazy("Noted"), reverse("campaigns:note_mention", args=[mention.pk]), icon="done")
    return Line(
        "mentions", f"mention-{mention.pk}", title, text, comment.campaign.name, comments.address(comment),
        _("Read and answer"), comment.written_at, deed=deed,
    )  # fmt: skip


def _alert(alert: Alert) -> Line:
    deed = Deed(gettext_lazy("Read"), reverse("campaigns:read_alert", args=[alert.pk]), icon="done")
    return Line(
        "alerts", f"told-{alert.pk}", alert.title, alert.message[:300], alert.run.campaign.name, _run(alert.run),
        _("Look at the run"), alert.at, deed=deed,
    )  # fmt: skip


def _moment(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


KINDS = {
    "failed_runs": Kind(gettext_lazy("Failed runs"), "error", "red", worklist.failed_runs, _failed_run),
    "failed_launches": Kind(
        gettext_lazy("Failed launches"), "event_busy", "red", worklist.failed_launches, _failed_launch
    ),
    "doubtful": Kind(gettext_lazy("In doubt"), "help", "orange", worklist.doubtful_runs, _doubts),
    "sendings": Kind(gettext_lazy("To confirm"), "pan_tool", "orange", worklist.sendings, _sending),
    "questions": Kind(gettext_lazy("Questions"), "how_to_reg", "orange", worklist.asked, _question),
    "approvals": Kind(gettext_lazy("Approvals"), "approval", "blue", worklist.approvals, _approval),
    "tasks": Kind(gettext_lazy("Tasks"), "task_alt", "gray", worklist.tasks, _task),
    "mentions": Kind(gettext_lazy("Mentions"), "alternate_email", "gray", worklist.mentioned, _mention),
    "alerts": Kind(gettext_lazy("Alerts"), "notifications", "gray", worklist.alerts, _alert),
}
RANK = dict(zip(KINDS, count(), strict=False))


def lines(user: User, counts: dict[str, int], most: int = MOST, without: Iterable[str] = ()) -> list[Line]:
    """What waits for a person, the most urgent first; what there is none of is not asked for."""
    found = [
        kind.line(row)
        for name, kind in KINDS.items()
        if counts[name] and name not in without
        for row in kind.rows(user)[:most]
    ]
    return sorted(found, key=_urgency)


def _urgency(line: Line) -> tuple[Any, ...]:
    """What is overdue comes first; within a kind the rows are in its own order already."""
    return not line.overdue, RANK[line.kind]
