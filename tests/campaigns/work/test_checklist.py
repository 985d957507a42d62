"""The steps of a task."""

from __future__ import annotations

import pytest

from campaigns.errors import CampaignError, NotAllowed
from campaigns.models import Task
from campaigns.work import checklist
from orchcamp.accounts.models import AuditEntry
from tests.campaigns.builders import make_campaign

from .stage import give


@pytest.fixture
def task(mark, vera) -> Task:
    return give(make_campaign(owner=mark), mark, assignee=vera)


def steps(task: Task) -> list[str]:
    return [item.text for item in task.items.all()]


def test_steps_are_added_put_in_order_and_removed(task, mark, vera):
    first, second, third = (checklist.add(task, text, by=vera) for text in ("  One ", "Two", "Three"))
    checklist.shift(third, up=True, by=mark)
    checklist.shift(first, up=True, by=mark)  # it is the first already
    assert steps(task) == ["One", "Three", "Two"]
    checklist.remove(third, by=vera)
    checklist.shift(second, up=True, by=vera)
    assert steps(task) == ["Two", "One"]
    with pytest.raises(CampaignError, match="no longer in the list"):
        checklist.shift(third, up=True, by=vera)


def test_the_first_tick_stays(task, mark, vera):
    item = checklist.add(task, "One", by=mark)
    checklist.tick(item, done=True, by=vera)
    checklist.tick(item, done=True, by=mark)
    item.refresh_from_db()
    assert item.done_by == vera
    assert AuditEntry.objects.filter(verb="ticked step").count() == 1
    checklist.tick(item, done=False, by=mark)
    item.refresh_from_db()
    assert (item.done_by, item.done_at) == (None, None)


@pytest.mark.parametrize(("text", "why"), [("  ", "Say what"), ("x" * 201, "at most 200")])
def test_a_step_says_something_short(task, mark, text, why):
    with pytest.raises(CampaignError, match=why):
        checklist.add(task, text, by=mark)


def test_a_task_has_so_many_steps_and_no_more(task, mark, monkeypatch):
    monkeypatch.setattr(checklist, "MOST", 1)
    checklist.add(task, "One", by=mark)
    with pytest.raises(CampaignError, match="begin a second task"):
        checklist.add(task, "Two", by=mark)


def test_who_takes_no_part_ticks_nothing(task, mark):
    from tests.conftest import person

    item = checklist.add(task, "One", by=mark)
    with pytest.raises(NotAllowed):
        checklist.tick(item, done=True, by=person("vic", "viewer"))
