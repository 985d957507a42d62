"""A piece of work on a campaign, for a person or a team, and the steps it is done in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .campaign import Campaign


def _person(**more: Any) -> models.ForeignKey:
    return models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, **more)


class Task(models.Model):
    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        DOING = "doing", _("In progress")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    class Priority(models.IntegerChoices):
        HIGH = 1, _("High")
        NORMAL = 2, _("Normal")
        LOW = 3, _("Low")

    ACTIVE = (Status.OPEN, Status.DOING)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tasks")
    node_id = models.CharField(max_length=60, blank=True)
    title = models.CharField(_("title"), max_length=160)
    description = models.TextField(_("description"), blank=True)
    assignee = _person(blank=True, related_name="tasks", verbose_name=_("person"))
    group = models.ForeignKey(  # whom it is given to, until one of them takes it
        Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("team")
    )
    team = models.ForeignKey(  # on whose board it stands, also when a member has taken it
        Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    due_on = models.DateField(_("due"), null=True, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OPEN)
    revision = models.PositiveIntegerField(default=0)  # goes up with every change, so that nobody writes over another
    created_by = _person(related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)
    told_overdue = models.DateField(null=True, blank=True)  # the day for which people were told that it is over

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(assignee=None) | Q(group=None), name="a_task_is_for_a_person_or_for_a_team"
            ),
            models.CheckConstraint(
                condition=Q(group=None) | Q(team=None) | Q(team=F("group")),  # a group that is removed leaves both
                name="a_task_for_a_team_stands_on_its_board",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(status__in=["open", "doing"]), name="active_tasks_by_due"),
            models.Index(fields=["team", "status"], name="tasks_by_team"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    def is_overdue(self, now: datetime | None = None) -> bool:
        """Whether its day is over where its campaign is, and it is not done."""
        return self.is_active and self.due_on is not None and self.due_on < self.today(now)

    @property
    def overdue(self) -> bool:
        return self.is_overdue()

    def today(self, now: datetime | None = None) -> date:
        """What day it is where the campaign is."""
        return (now or timezone.now()).astimezone(self.campaign.zone).date()


class ChecklistItem(models.Model):
    """One step of a task, ticked by whoever did it."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="items")
    text = models.CharField(max_length=200)
    position = models.PositiveIntegerField(default=0)
    done_by = _person(related_name="+")
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.text
