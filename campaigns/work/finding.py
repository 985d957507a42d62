"""The tasks that a person sees, narrowed as an address asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import Group
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, ChecklistItem, Task
from orchcamp.accounts import access
from orchcamp.accounts.models import User
from orchcamp.web.numbers import whole

from .telling import overdue

MINE, TEAMS, CREATED, ALL = "mine", "teams", "created", "all"
WHOSE = {MINE: _("Mine"), TEAMS: _("My teams'"), CREATED: _("Created by me"), ALL: _("Everybody's")}
STATUSES = {"": _("Not done yet"), **dict(Task.Status.choices), "all": _("Any status")}
PEOPLE = ("assignee", "group", "team", "created_by")


@dataclass(frozen=True)
class Asked:
    """What an address asks for; nonsense asks for nothing."""

    whose: str
    status: str = ""
    campaign: str = ""
    team: int | None = None
    overdue: bool = False

    @property
    def narrows(self) -> bool:
        return bool(self.status or self.team or self.overdue)


def asked(parameters: Mapping[str, str]) -> Asked:
    campaign = parameters.get("campaign", "")[:80]
    team = whole(parameters.get("team"))
    whose = parameters.get("whose", "")
    status = parameters.get("status", "")
    return Asked(
        whose=whose if whose in WHOSE else ALL if campaign or team else MINE,
        status=status if status in STATUSES else "",
        campaign=campaign,
        team=team,
        overdue=parameters.get("overdue") == "1",
    )


def visible(user: User) -> QuerySet[Task]:
    """The tasks of every campaign that the person sees, the urgent ones first."""
    seen = Task.objects.filter(access.reached(user, "view", Campaign, "campaign"))
    return urgent_first(seen).select_related("campaign", *PEOPLE)


def urgent_first(tasks: QuerySet[Task]) -> QuerySet[Task]:
    return tasks.order_by(F("due_on").asc(nulls_last=True), "priority", "pk")


def count_steps(tasks: Iterable[Task]) -> list[Task]:
    """The tasks of a page, each with how many ``steps`` it has and how many are done (``steps_done``): one query."""
    page = list(tasks)
    rows = ChecklistItem.objects.filter(task__in=[task.pk for task in page]).order_by().values("task")
    counted = rows.annotate(steps=Count("pk"), done=Count("done_at")).values_list("task", "steps", "done")
    numbers = {pk: (steps, done) for pk, steps, done in counted}
    for task in page:
        task.steps, task.steps_done = numbers.get(task.pk, (0, 0))  # type: ignore[attr-defined]
    return page


def given_to(user: User) -> Q:
    """What is for the person, or for a team of theirs and taken by nobody."""
    return Q(assignee=user) | Q(group__in=user.groups.values("pk"))


def narrowed(user: User, wish: Asked, now: datetime | None = None) -> QuerySet[Task]:
    """The tasks that an address asks for."""
    tasks = visible(user)
    if wish.whose == MINE:
        tasks = tasks.filter(given_to(user))
    elif wish.whose == TEAMS:
        tasks = tasks.filter(team__in=user.groups.values("pk"))
    elif wish.whose == CREATED:
        tasks = tasks.filter(created_by=user)
    if wish.campaign:
        tasks = tasks.filter(campaign__slug=wish.campaign)
    if wish.team:
        tasks = tasks.filter(team=wish.team)
    if wish.status == "":
        tasks = tasks.filter(status__in=Task.ACTIVE)
    elif wish.status != "all":
        tasks = tasks.filter(status=wish.status)
    return tasks.filter(overdue(now)) if wish.overdue else tasks


def teams(user: User) -> list[Group]:
    """The teams on whose boards the person may look."""
    groups = Group.objects.order_by("name")
    return list(groups if access.administers(user) else groups.filter(pk__in=user.groups.values("pk")))
