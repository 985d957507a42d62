"""The life of a task: every way from status to status, who may go it, and the conditional update that goes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.errors import CampaignError, NotAllowed, StaleTask
from campaigns.models import Campaign, Task
from orchcamp.accounts import access, audit
from orchcamp.accounts.models import User

from . import telling

S = Task.Status
ASSIGNEE, MEMBER, CREATOR, CHANGER = "assignee", "member", "creator", "changer"
WORKERS = frozenset({ASSIGNEE, MEMBER, CREATOR, CHANGER})
GIVERS = frozenset({CREATOR, CHANGER})


@dataclass(frozen=True)
class Move:
    """One way from status to status; ``who`` are the parts in a task of which a person must play one."""

    key: str
    sources: frozenset[str]
    target: str
    who: frozenset[str]
    label: Any
    icon: str


MOVES = (
    Move("begin", frozenset({S.OPEN}), S.DOING, WORKERS, gettext_lazy("Begin"), "play_arrow"),
    Move("put_back", frozenset({S.DOING}), S.OPEN, WORKERS, gettext_lazy("Put back"), "undo"),
    Move("finish", frozenset({S.OPEN, S.DOING}), S.DONE, WORKERS, gettext_lazy("Done"), "check"),
    Move("resume", frozenset({S.DONE}), S.DOING, WORKERS, gettext_lazy("Go on with it"), "play_arrow"),
    Move("reopen", frozenset({S.DONE}), S.OPEN, WORKERS, gettext_lazy("Open again"), "undo"),
    Move("cancel", frozenset({S.OPEN, S.DOING}), S.CANCELLED, GIVERS, gettext_lazy("Cancel the task"), "cancel"),
    Move("restore", frozenset({S.CANCELLED}), S.OPEN, GIVERS, gettext_lazy("Open again"), "undo"),
)


@dataclass(frozen=True)
class Reader:
    """What decides about one person's part in tasks, asked once for a page."""

    user: User
    teams: frozenset[int]
    changeable: frozenset[int]  # the campaigns of the page that they may change

    def parts(self, task: Task) -> frozenset[str]:
        """The parts that the person plays in a task; whoever does not see its campaign never gets here."""
        plays = {
            ASSIGNEE: task.assignee_id is not None and task.assignee_id == self.user.pk,
            MEMBER: task.team_id in self.teams,
            CREATOR: task.created_by_id is not None and task.created_by_id == self.user.pk,
            CHANGER: task.campaign_id in self.changeable,
        }
        return frozenset(part for part, played in plays.items() if played)

    def may_work(self, task: Task) -> bool:
        return bool(self.parts(task))

    def may_give(self, task: Task) -> bool:
        """Whether they may change what the task says, and whom it is for."""
        return bool(self.parts(task) & GIVERS)

    def may_take(self, task: Task) -> bool:
        return task.is_active and task.group_id is not None and task.group_id in self.teams

    def may_hand_back(self, task: Task) -> bool:
        """Whether they may give a task that was taken back to its team."""
        return (
            task.is_active
            and task.assignee_id is not None
            and task.team_id is not None
            and bool(self.parts(task) & {ASSIGNEE, CREATOR, CHANGER})
        )

    def moves(self, task: Task) -> list[Move]:
        plays = self.parts(task)
        return [move for move in MOVES if task.status in move.sources and plays & move.who]


def reader(user: User, campaigns: list[Campaign]) -> Reader:
    """One person before a page of tasks: two questions, however many tasks."""
    teams = frozenset(user.groups.values_list("pk", flat=True))
    return Reader(user, teams, frozenset(access.among(user, "change", dict.fromkeys(campaigns))))


def way(source: str, target: str) -> Move:
    """The move between two statuses. Raises CampaignError where there is none."""
    if target not in S.values:
        raise CampaignError(_("“%(status)s” is not a status of a task.") % {"status": target[:40]})
    for move in MOVES:
        if source in move.sources and move.target == target:
            return move
    raise CampaignError(
        _("A task that is “%(source)s” cannot become “%(target)s”; open it again first.")
        % {"source": S(source).label, "target": S(target).label}
    )


def move(task: Task, *, to: str, by: User, seen: str | None = None) -> Task:
    """Move a task on. ``seen`` is the status that the person saw: if it is another by now, they are told.

    Who begins a task of their team that nobody has taken, takes it.
    """
    seen = seen or task.status
    if seen not in S.values:
        raise CampaignError(_("“%(status)s” is not a status of a task.") % {"status": seen[:40]})
    step, person = way(seen, to), reader(by, [task.campaign])
    if not person.parts(task) & step.who:
        raise NotAllowed(refusal(task, step.who))
    facts: dict[str, Any] = {"status": to, "done_at": timezone.now() if to == S.DONE else None}
    if step.key == "begin" and person.may_take(task):
        facts |= {"assignee": by, "group": None}
    with transaction.atomic():
        _update(task, {"status": seen, "group": task.group_id, "assignee": task.assignee_id}, facts)
        audit.record(by, "moved task", task, campaign=task.campaign.slug, status=[seen, to])
        telling.moved(task, by=by)
    return task


def take(task: Task, *, by: User) -> Task:
    """Take a task that was given to a team of the person."""
    if task.group_id is None or not by.groups.filter(pk=task.group_id).exists():
        raise NotAllowed(
            _("“%(task)s” is not given to a team of yours, or somebody has taken it already.") % {"task": task}
        )
    with transaction.atomic():
        _update(task, {"group": task.group_id, "status__in": Task.ACTIVE}, {"assignee": by, "group": None})
        audit.record(by, "took task", task, campaign=task.campaign.slug)
        telling.moved(task, by=by)
    return task


def hand_back(task: Task, *, by: User) -> Task:
    """Give a task that somebody has taken back to its team."""
    if not reader(by, [task.campaign]).may_hand_back(task):
        raise NotAllowed(_("“%(task)s” was not taken from a team, or it is not yours to give back.") % {"task": task})
    team: Group | None = task.team
    with transaction.atomic():
        _update(
            task,
            {"assignee": task.assignee_id, "team": task.team_id, "status__in": Task.ACTIVE},
            {"assignee": None, "group": team},
        )
        audit.record(by, "handed task back", task, campaign=task.campaign.slug, team=str(team))
        telling.assigned(task, by=by)
    return task


def _update(task: Task, seen: dict[str, Any], facts: dict[str, Any]) -> None:
    """Change a task if it is still as it was seen; else say what it is now."""
    rows = Task.objects.filter(pk=task.pk, **seen)
    if not rows.update(**facts, revision=F("revision") + 1):
        task.refresh_from_db()
        raise StaleTask(
            _("Somebody was faster: “%(task)s” is “%(status)s” now, with %(person)s.")
            % {"task": task, "status": task.get_status_display(), "person": whose(task)}
        )
    task.refresh_from_db()


def whose(task: Task) -> str:
    """Whom a task is for, in words."""
    return str(task.assignee or task.group or _("nobody yet"))


def refusal(task: Task, who: frozenset[str]) -> str:
    """Why a person may not do this to a task, and which right would do."""
    if who == GIVERS:
        sentence = _("“%(task)s” is changed by who created it, and by those who may change its campaign.")
    else:
        sentence = _(
            "“%(task)s” is moved by the person or team it is for, by who created it, and by those who may change its campaign."
        )
    return f"{sentence % {'task': task}} {access.refusal(Campaign, 'change')}"
