"""The life of a task: who may move it where, and who is told that somebody was faster."""

from __future__ import annotations

import pytest

from campaigns.errors import CampaignError, NotAllowed, StaleTask
from campaigns.models import Campaign, Task
from campaigns.work import past, transitions, writing
from orchcamp.accounts.models import AuditEntry, Notification
from tests.campaigns.builders import make_campaign

from .stage import give, make_team


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_campaign(owner=mark)


def told(person, kind: str) -> list[str]:
    return list(Notification.objects.filter(person=person, kind=kind).values_list("sentence", flat=True))


def test_the_person_it_is_for_moves_it_although_they_only_view(campaign, mark, vera):
    task = give(campaign, mark, assignee=vera)
    transitions.move(task, to="doing", by=vera)
    transitions.move(task, to="done", by=vera)
    assert task.done_at is not None
    transitions.move(task, to="open", by=vera)
    assert (task.status, task.done_at) == ("open", None)


def test_a_viewer_whom_it_does_not_concern_cannot_move_it(campaign, mark, vera, anna):
    task = give(campaign, mark, assignee=anna)
    with pytest.raises(NotAllowed, match="You need the right “change campaigns”"):
        transitions.move(task, to="done", by=vera)


def test_only_who_gives_a_task_cancels_it(campaign, mark, vera):
    task = give(campaign, mark, assignee=vera)
    with pytest.raises(NotAllowed):
        transitions.move(task, to="cancelled", by=vera)
    transitions.move(task, to="cancelled", by=mark)
    with pytest.raises(CampaignError, match="cannot become “Done”; open it again first"):
        transitions.move(task, to="done", by=vera)
    with pytest.raises(CampaignError, match="is not a status"):
        transitions.move(task, to="burnt", by=mark)


def test_a_member_takes_a_team_s_task_and_it_stays_on_the_board(campaign, mark, vera, anna):
    team = make_team(vera)
    task = give(campaign, mark, group=team)
    with pytest.raises(NotAllowed):
        transitions.take(task, by=anna)
    transitions.take(task, by=vera)
    assert (task.assignee, task.group, task.team) == (vera, None, team)
    transitions.hand_back(task, by=vera)
    assert (task.assignee, task.group, task.team) == (None, team, team)


def test_who_begins_a_task_of_their_team_takes_it(campaign, mark, vera):
    task = give(campaign, mark, group=make_team(vera))
    transitions.move(task, to="doing", by=vera)
    assert (task.assignee, task.status) == (vera, "doing")


def test_of_two_members_who_take_it_one_is_told(campaign, mark, vera, anna):
    task = give(campaign, mark, group=make_team(vera, anna))
    seen_by_anna = Task.objects.get(pk=task.pk)
    transitions.take(task, by=vera)
    with pytest.raises(StaleTask, match="Somebody was faster: “Write the text” is “Open” now, with Vera"):
        transitions.take(seen_by_anna, by=anna)
    assert seen_by_anna.assignee == vera


def test_of_two_who_move_it_one_is_told(campaign, mark, anna):
    task = give(campaign, mark, assignee=anna)
    seen_by_mark = Task.objects.get(pk=task.pk)
    transitions.move(task, to="done", by=anna)
    with pytest.raises(StaleTask, match="is “Done” now"):
        transitions.move(seen_by_mark, to="doing", by=mark, seen="open")
    assert AuditEntry.objects.filter(verb="moved task").count() == 1


def test_a_task_is_for_a_person_or_for_a_team(campaign, mark, vera):
    with pytest.raises(CampaignError, match="choose one of the two"):
        give(campaign, mark, assignee=vera, group=make_team(vera))


def test_a_task_goes_to_nobody_who_cannot_see_the_campaign(campaign, mark, mallory):
    with pytest.raises(CampaignError, match="Mallory cannot see “Spring”"):
        give(campaign, mark, assignee=mallory)


def test_what_somebody_else_changed_is_not_written_over(campaign, mark, ada):
    task = give(campaign, mark)
    seen = Task.objects.get(pk=task.pk)
    writing.change_task(task, by=mark, title="Write it well")
    with pytest.raises(StaleTask, match="Somebody else changed “Write it well” meanwhile"):
        writing.change_task(seen, by=ada, revision=seen.revision, title="Write it badly")
    assert Task.objects.get().title == "Write it well"


def test_a_task_that_goes_to_a_member_of_its_team_stays_on_the_board(campaign, mark, vera, anna):
    team = make_team(vera)
    task = give(campaign, mark, group=team)
    writing.change_task(task, by=mark, assignee=vera, group=None)
    assert task.team == team
    writing.change_task(task, by=mark, assignee=anna, group=None)
    assert task.team is None


def test_its_past_tells_who_did_what_with_before_and_after(campaign, mark, vera):
    task = give(campaign, mark, assignee=vera)
    writing.change_task(task, by=mark, title="Write it well")
    transitions.move(task, to="done", by=vera)
    lines = past.lines(task)
    assert [(line.who, line.did) for line in lines] == [
        ("Vera", "moved it from “Open” to “Done”"),
        ("Mark", "changed it"),
        ("Mark", "created it for Vera"),
    ]
    assert lines[1].details == ["title: Write the text → Write it well"]


def test_those_it_is_for_are_told_and_who_gave_it_hears_of_it(campaign, mark, vera, anna, mallory):
    team = make_team(vera, mallory)
    task = give(campaign, mark, group=team)
    assert told(vera, "task_assigned") == ["“Write the text” on “Spring” is given to you or to your team."]
    assert told(mallory, "task_assigned") == []  # who cannot see the campaign hears nothing of it
    transitions.take(task, by=vera)
    transitions.move(task, to="done", by=vera)
    assert len(told(mark, "task_changed")) == 2
    assert told(vera, "task_changed") == []
