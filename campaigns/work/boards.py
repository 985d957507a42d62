"""The board of a team: what is open, what is being done, and what was done in the last two weeks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.db.models import Q
from django.utils import timezone

from campaigns.models import Task
from orchcamp.accounts.models import User

from . import finding, transitions
from .transitions import Move, Reader

DONE_FOR = timedelta(days=14)
MOST = 60  # cards of one column; the list has the rest
COLUMNS = (Task.Status.OPEN, Task.Status.DOING, Task.Status.DONE)


@dataclass(frozen=True)
class BoardCard:
    task: Task
    moves: list[Move]  # those that lead to another column
    may_take: bool

    @property
    def left(self) -> Move | None:
        return self._to(-1)

    @property
    def right(self) -> Move | None:
        return self._to(1)

    def _to(self, step: int) -> Move | None:
        there = COLUMNS.index(Task.Status(self.task.status)) + step
        target = COLUMNS[there] if 0 <= there < len(COLUMNS) else None
        return next((move for move in self.moves if move.target == target), None)


@dataclass(frozen=True)
class Column:
    status: Task.Status
    cards: list[BoardCard] = field(default_factory=list)
    more: bool = False


@dataclass(frozen=True)
class Board:
    team: Group
    columns: list[Column]
    people: list[User]  # by whom it can be filtered


def of(team: Group, user: User, *, person: str = "", now: datetime | None = None) -> Board:
    """A team's board as one person sees it: only tasks of campaigns that they may see."""
    since = (now or timezone.now()) - DONE_FOR
    tasks = finding.visible(user).filter(team=team)
    if person:
        tasks = tasks.filter(assignee__username=person)
    lately = Q(status=Task.Status.DONE, done_at__gte=since)
    found: dict[str, list[Task]] = {}
    for status in COLUMNS:
        where = lately if status == Task.Status.DONE else Q(status=status)
        found[status] = list(tasks.filter(where)[: MOST + 1])
    shown = finding.count_steps(task for rows in found.values() for task in rows[:MOST])
    reader = transitions.reader(user, [task.campaign for task in shown])
    columns = [
        Column(status, [_card(task, reader) for task in found[status][:MOST]], len(found[status]) > MOST)
        for status in COLUMNS
    ]
    return Board(team, columns, _people(team))


def _card(task: Task, reader: Reader) -> BoardCard:
    moves = [move for move in reader.moves(task) if move.target in COLUMNS]
    return BoardCard(task, moves, reader.may_take(task))


def _people(team: Group) -> list[User]:
    people = User.objects.filter(Q(groups=team) | Q(tasks__team=team), is_active=True)
    return list(people.distinct().order_by("first_name", "username"))
