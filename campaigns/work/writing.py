"""Making tasks and changing what they say: conditional on what the person saw, with before and after in the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from campaigns.errors import CampaignError, NotAllowed, StaleTask
from campaigns.models import Campaign, Task
from orchcamp.accounts import access, audit
from orchcamp.accounts.models import User
from orchcamp.web.errors import Refused

from . import telling, transitions

FIELDS = ("title", "description", "assignee", "group", "due_on", "priority", "node_id")


def create_task(campaign: Campaign, *, by: User | None, title: str, **more: Any) -> Task:
    """Note a task; ``more`` may give description, assignee or group, due_on, priority and node_id."""
    facts = _given({"assignee": None, "group": None, **more}, None)
    _demand_sees(campaign, facts["assignee"])
    with transaction.atomic():
        task = Task.objects.create(campaign=campaign, title=title, created_by=by, **facts)
        audit.record(by, "created task", task, campaign=campaign.slug, title=title, given_to=transitions.whose(task))
        telling.assigned(task, by=by)
    return task


def change_task(task: Task, *, by: User, revision: int | None = None, **changes: Any) -> Task:
    """Change what a task says; ``revision`` is the one whose text the person saw."""
    if not transitions.reader(by, [task.campaign]).may_give(task):
        raise NotAllowed(transitions.refusal(task, transitions.GIVERS))
    before = _said(Task.objects.select_related("assignee", "group").get(pk=task.pk))
    facts = _given(changes, task)
    if facts.get("assignee") != before["assignee"]:
        _demand_sees(task.campaign, facts.get("assignee"))
    with transaction.atomic():
        rows = Task.objects.filter(pk=task.pk, revision=task.revision if revision is None else revision)
        if not rows.update(**facts, revision=F("revision") + 1):
            task.refresh_from_db()
            raise StaleTask(
                _("Somebody else changed “%(task)s” meanwhile; look at what it says now, and save again.")
                % {"task": task}
            )
        task.refresh_from_db()
        after = _said(task)
        audit.record(by, "changed task", task, campaign=task.campaign.slug, changes=audit.differences(before, after))
        (telling.assigned if _handed_over(before, after) else telling.changed)(task, by=by)
    return task


def _said(task: Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in FIELDS}


def _handed_over(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return any(before[name] != after[name] for name in ("assignee", "group"))


def _given(facts: Mapping[str, Any], task: Task | None) -> dict[str, Any]:
    """What a task is to say, with the team on whose board it stands then."""
    found = {name: value for name, value in facts.items() if name in (*FIELDS, "status")}
    if "assignee" not in found and "group" not in found:
        return found
    person: User | None = found.get("assignee")
    team: Group | None = found.get("group")
    if person and team:
        raise CampaignError(_("A task is for a person or for a team: choose one of the two."))
    found |= {"assignee": person, "group": team, "team": team}
    if person and task and task.team_id and person.groups.filter(pk=task.team_id).exists():
        found["team"] = task.team  # one of the team does it: it stays on the team's board
    return found


def _demand_sees(campaign: Campaign, person: User | None) -> None:
    """Raise CampaignError where a task would go to a person who cannot see its campaign."""
    if person is not None and not access.may(person, "view", campaign):
        raise CampaignError(
            _("%(person)s cannot see “%(campaign)s”: share the campaign first, or choose somebody else.")
            % {"person": person, "campaign": campaign}
        )


def finish_many(tasks: Iterable[Task], *, by: User) -> tuple[int, list[str]]:
    """Mark tasks done, each for itself: how many were, and a sentence for each that was not."""
    done, refused = 0, []
    for task in tasks:
        try:
            transitions.move(task, to=Task.Status.DONE, by=by)
            done += 1
        except Refused as refusal:
            refused.append(str(refusal))
    return done, refused
