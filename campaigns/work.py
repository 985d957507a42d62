"""Tasks: pieces of work that people give each other on a campaign."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from .errors import CampaignError
from .models import Campaign, Task


def create_task(campaign: Campaign, *, by: User | None, title: str, **more: Any) -> Task:
    """Note a task; ``more`` may give description, assignee, due_on, node_id and status."""
    with transaction.atomic():
        task = Task.objects.create(campaign=campaign, title=title, created_by=by, **more)
        audit.record(by, "created task", campaign, task=task.pk, title=title)
    return task


def change_task(task: Task, *, by: User | None, **changes: Any) -> Task:
    """Change what a task says."""
    for name, value in changes.items():
        setattr(task, name, value)
    if "status" in changes:
        task.done_at = _done_at(task.status, task)
    with transaction.atomic():
        task.save(update_fields=[*changes, "done_at"])
        audit.record(by, "changed task", task.campaign, task=task.pk, fields=sorted(changes))
    return task


def set_status(task: Task, *, status: str, by: User | None) -> Task:
    """Move a task on: open, in progress, done, and back."""
    if status not in Task.Status.values:
        raise CampaignError(_("“%(status)s” is not a status of a task.") % {"status": status})
    with transaction.atomic():
        task.done_at = _done_at(status, task)
        task.status = status
        task.save(update_fields=["status", "done_at"])
        audit.record(by, "moved task", task.campaign, task=task.pk, status=status)
    return task


def _done_at(status: str, task: Task) -> Any:
    return (task.done_at or timezone.now()) if status == Task.Status.DONE else None
