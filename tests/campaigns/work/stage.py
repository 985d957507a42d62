"""A team and what it has to do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group

from campaigns.models import Campaign, Task
from campaigns.work import writing
from orchcamp.accounts.models import User


def make_team(*people: User, name: str = "Content") -> Group:
    team = Group.objects.create(name=name)
    for person in people:
        person.groups.add(team)
    return team


def give(campaign: Campaign, by: User, *, title: str = "Write the text", **more: Any) -> Task:
    """A task that ``by`` gives."""
    return writing.create_task(campaign, by=by, title=title, **more)
