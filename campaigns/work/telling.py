"""Who is told of a task: those it is for and who gave it, if they may see its campaign; each piece of news once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Task
from orchcamp.accounts import access, notifying
from orchcamp.accounts.models import User

WEST, EAST = timedelta(hours=12), timedelta(hours=14)  # how far from UTC the zones of the world reach
AT_ONCE = 100  # tasks of one pass


def address(task: Task) -> str:
    return reverse("campaigns:task", args=[task.pk])


def assigned(task: Task, *, by: User | None) -> None:
    """Tell those it is given to."""
    sentence = _("“%(task)s” on “%(campaign)s” is given to you or to your team.")
    _tell(task, "task_assigned", sentence, _given_to(task), by)


def moved(task: Task, *, by: User) -> None:
    """Tell those who take part that it was taken or has another status."""
    sentence = _("“%(task)s” on “%(campaign)s” is “%(status)s” now, with %(person)s.")
    _tell(task, "task_changed", sentence, _given_to(task) | Q(pk=task.created_by_id), by)


def changed(task: Task, *, by: User) -> None:
    """Tell those who take part that it says something else."""
    sentence = _("“%(task)s” on “%(campaign)s” was changed: look at what it says now.")
    _tell(task, "task_changed", sentence, _given_to(task) | Q(pk=task.created_by_id), by)


def _given_to(task: Task) -> Q:
    return Q(groups=task.group_id) if task.group_id else Q(pk=task.assignee_id)


def _tell(task: Task, kind: str, sentence: str, whom: Q, by: User | None) -> None:
    facts = {
        "task": task.title,
        "campaign": task.campaign.name,
        "status": task.get_status_display(),
        "person": task.assignee or task.group or _("nobody yet"),
    }
    people = access.who_may("view", task.campaign).filter(whom).distinct()
    key = f"task-{task.pk}-{kind}-{task.revision}"
    notifying.tell(people, kind, sentence % facts, address=address(task), key=key, by=by, title=task.title)


# --- Overdue ------------------------------------------------------------------------------------------------


def overdue(now: datetime | None = None) -> Q:
    """The tasks that are not done and whose day is over where their campaign is."""
    now = now or timezone.now()
    first, last = (now - WEST).date(), (now + EAST).date()
    found = Q(due_on__lt=first)
    between = Task.objects.filter(status__in=Task.ACTIVE, due_on__gte=first, due_on__lt=last)
    for name in between.order_by().values_list("campaign__timezone", flat=True).distinct():
        today = now.astimezone(Campaign(timezone=name).zone).date()
        found |= Q(campaign__timezone=name, due_on__lt=today)
    return Q(status__in=Task.ACTIVE) & found


def recover(now: datetime) -> None:
    """Tell of tasks that have become overdue, once for each day they were due on."""
    news = Task.objects.filter(overdue(now)).exclude(told_overdue=F("due_on"))
    for task in news.select_related("campaign__folder__parent__parent").order_by("due_on", "pk")[:AT_ONCE]:
        with transaction.atomic():
            _tell_overdue(task)


def _tell_overdue(task: Task) -> None:
    due = {"pk": task.pk, "due_on": task.due_on, "status__in": Task.ACTIVE}
    if not Task.objects.filter(**due).exclude(told_overdue=task.due_on).update(told_overdue=task.due_on):
        return  # another worker tells of it, or it was just done
    sentence = _("“%(task)s” on “%(campaign)s” was due on %(day)s.") % {
        "task": task.title,
        "campaign": task.campaign.name,
        "day": formats.date_format(task.due_on),
    }
    people = access.who_may("view", task.campaign).filter(_given_to(task) | Q(pk=task.created_by_id)).distinct()
    key = f"task-{task.pk}-overdue-{task.due_on}"
    notifying.tell(people, "task_overdue", sentence, address=address(task), key=key, title=task.title)
