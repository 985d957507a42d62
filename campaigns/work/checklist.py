"""The steps of a task: added, ticked, put in order, removed."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.errors import CampaignError, NotAllowed, StaleTask
from campaigns.models import ChecklistItem, Task
from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from . import transitions

MOST = 50


def add(task: Task, text: str, *, by: User) -> ChecklistItem:
    """A step more, at the end."""
    _demand(task, by)
    text = " ".join(text.split())
    if not text:
        raise CampaignError(_("Say what the step is; nothing was added."))
    if len(text) > 200:
        raise CampaignError(_("A step has at most 200 characters; this one has %(n)s.") % {"n": len(text)})
    with transaction.atomic():
        Task.objects.select_for_update().get(pk=task.pk)
        found = task.items.aggregate(last=Max("position"))["last"]
        if task.items.count() >= MOST:
            raise CampaignError(_("A task has at most %(n)s steps; begin a second task.") % {"n": MOST})
        item = ChecklistItem.objects.create(task=task, text=text, position=0 if found is None else found + 1)
        _record(item, "added step", by)
    return item


def tick(item: ChecklistItem, *, done: bool, by: User) -> None:
    """Say that a step is done, or that it is not; a second tick changes nothing of the first."""
    _demand(item.task, by)
    facts = {"done_at": timezone.now(), "done_by": by} if done else {"done_at": None, "done_by": None}
    with transaction.atomic():
        if ChecklistItem.objects.filter(pk=item.pk, done_at__isnull=done).update(**facts):
            _record(item, "ticked step" if done else "unticked step", by)


def shift(item: ChecklistItem, *, by: User, up: bool) -> None:
    """Have a step change places with the one before or after it; at the end of the list nothing happens."""
    _demand(item.task, by)
    with transaction.atomic():
        Task.objects.select_for_update().get(pk=item.task_id)
        order = list(item.task.items.values_list("pk", flat=True))
        if item.pk not in order:
            raise StaleTask(_("This step is no longer in the list; somebody removed it."))
        here = order.index(item.pk)
        there = here - 1 if up else here + 1
        if not 0 <= there < len(order):
            return
        order[here], order[there] = order[there], order[here]
        for position, pk in enumerate(order):
            ChecklistItem.objects.filter(pk=pk).exclude(position=position).update(position=position)
        _record(item, "moved step", by)


def remove(item: ChecklistItem, *, by: User) -> None:
    """Take a step out of the list."""
    _demand(item.task, by)
    with transaction.atomic():
        if ChecklistItem.objects.filter(pk=item.pk).delete()[0]:
            _record(item, "removed step", by)


def _demand(task: Task, by: User) -> None:
    if not transitions.reader(by, [task.campaign]).may_work(task):
        raise NotAllowed(transitions.refusal(task, transitions.WORKERS))


def _record(item: ChecklistItem, verb: str, by: User) -> None:
    audit.record(by, verb, item.task, campaign=item.task.campaign.slug, step=item.text)
