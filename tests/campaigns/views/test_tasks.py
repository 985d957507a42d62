"""Tasks: given, seen, moved on by one click."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Task
from tests.campaigns.builders import make_campaign
from tests.campaigns.work.stage import make_team

HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_campaign(owner=mark)


@pytest.fixture
def task(campaign, mark, vera) -> Task:
    yesterday = timezone.localdate() - timedelta(days=1)
    return Task.objects.create(campaign=campaign, title="Write the text", assignee=vera, due_on=yesterday)


def signed_in(user) -> Client:
    client = Client(headers=HTMX)
    client.force_login(user)
    return client


def text(response) -> str:
    return response.content.decode()


def move_of(task: Task) -> str:
    return reverse("campaigns:move_task", args=[task.pk])


def page_of(user, task: Task) -> str:
    client = Client()
    client.force_login(user)
    return text(client.get(reverse("campaigns:task", args=[task.pk])))


def test_a_task_is_given_to_somebody_about_a_node(campaign, mark, anna, client):
    client.force_login(mark)
    data = {
        "title": "Check the audience",
        "assignee": anna.pk,
        "due_on": "2030-01-31",
        "node_id": "people",
        "priority": "2",
    }
    assert client.post(reverse("campaigns:create_task", args=["spring"]), data).status_code == 302
    task = Task.objects.get()
    assert (task.assignee, task.node_id, task.created_by) == (anna, "people", mark)


def test_a_task_needs_a_title_and_an_active_assignee(campaign, mark, anna, client):
    anna.is_active = False
    anna.save()
    client.force_login(mark)
    response = client.post(
        reverse("campaigns:create_task", args=["spring"]), {"title": "", "assignee": anna.pk, "priority": "2"}
    )
    assert response.status_code == 200
    assert "2 things need your attention" in text(response)
    assert not Task.objects.exists()


def test_mine_is_what_i_was_given_and_all_is_what_i_see(task, mark, vera, mallory, client):
    client.force_login(vera)
    page = text(client.get(reverse("campaigns:tasks")))
    assert "Write the text" in page
    assert "overdue" in page
    client.force_login(mark)
    assert "Write the text" not in text(client.get(reverse("campaigns:tasks")))
    assert "Write the text" in text(client.get(reverse("campaigns:tasks"), {"whose": "all"}))
    assert "Write the text" in text(signed_in(mark).get(reverse("campaigns:tasks"), {"campaign": "spring"}))
    client.force_login(mallory)
    assert "Write the text" not in text(client.get(reverse("campaigns:tasks"), {"whose": "all"}))


def test_the_assignee_moves_a_task_on_by_one_click(task, vera):
    response = signed_in(vera).post(move_of(task), {"status": "done", "where": "row"})
    assert f'id="task-{task.pk}"' in text(response)
    assert "Open again" in text(response)
    task.refresh_from_db()
    assert task.status == "done"
    assert task.done_at is not None


def test_somebody_elses_task_cannot_be_moved_by_a_viewer(task, vera, anna):
    task.assignee = anna
    task.save()
    assert signed_in(vera).post(move_of(task), {"status": "done"}).status_code == 403
    assert signed_in(vera).get(reverse("campaigns:edit_task", args=[task.pk])).status_code == 403
    assert "It is moved by the person or team" in page_of(vera, task)


def test_an_unknown_status_is_refused(task, mark, client):
    client.force_login(mark)
    client.post(move_of(task), {"status": "burnt"})
    task.refresh_from_db()
    assert task.status == "open"
    assert "is not a status" in text(client.get(reverse("campaigns:tasks")))


def test_a_task_is_changed_in_its_form(task, mark, client):
    client.force_login(mark)
    address = reverse("campaigns:edit_task", args=[task.pk])
    assert "Write the text" in text(client.get(address))
    data = {"title": "Write it better", "assignee": mark.pk, "due_on": "", "priority": "1", "revision": "0"}
    client.post(address, data)
    task.refresh_from_db()
    assert (task.title, task.assignee, task.due_on, task.priority) == ("Write it better", mark, None, 1)
    answer = client.post(address, data | {"title": "Not on top of it"})
    assert "Somebody else changed" in text(answer) and "Not on top of it" in text(answer)


def test_a_task_is_for_a_person_or_a_team_and_the_form_says_so(task, mark, client):
    client.force_login(mark)
    team = make_team(mark)
    data = {"title": "x", "assignee": mark.pk, "group": team.pk, "priority": "2"}
    answer = client.post(reverse("campaigns:create_task", args=["spring"]), data)
    assert "choose “Nobody yet” for one of the two" in text(answer)
    client.post(reverse("campaigns:create_task", args=["spring"]), data | {"assignee": ""})
    assert Task.objects.get(title="x").team == team


def test_a_task_about_a_node_that_was_removed_says_so_and_can_be_kept(task, mark, client):
    Task.objects.filter(pk=task.pk).update(node_id="gone")
    assert "The node was removed from the canvas" in page_of(mark, task)
    client.force_login(mark)
    address = reverse("campaigns:edit_task", args=[task.pk])
    assert "A node that was removed" in text(client.get(address))
    client.post(address, {"title": "Kept", "priority": "2", "node_id": "gone", "revision": "0"})
    task.refresh_from_db()
    assert (task.title, task.node_id) == ("Kept", "gone")


def test_a_team_s_task_is_taken_on_its_page_and_given_back(task, vera, mark):
    team = make_team(vera)
    Task.objects.filter(pk=task.pk).update(assignee=None, group=team, team=team)
    assert "Take it" in page_of(vera, task)
    assert "Take it" not in page_of(mark, task)
    address = reverse("campaigns:take_task", args=[task.pk])
    assert "Give back to the team" in text(signed_in(vera).post(address))
    assert "Take it" in text(signed_in(vera).post(address, {"back": "1"}))


def test_who_was_slower_is_told_and_sees_what_it_is_now(task, vera, mark):
    signed_in(vera).post(move_of(task), {"status": "done", "seen": "open"})
    answer = signed_in(mark).post(move_of(task), {"status": "doing", "seen": "open"})
    assert answer.status_code == 409
    assert "Somebody was faster" in answer["HX-Trigger"]
    assert "Open again" in text(answer)


def test_filters_stand_in_the_address(task, campaign, mark, vera, client):
    team = make_team(mark, vera)
    Task.objects.create(campaign=campaign, title="For the team", group=team, team=team, created_by=mark)
    Task.objects.create(campaign=campaign, title="Long done", assignee=mark, status="done")
    client.force_login(mark)

    def titles(**asked) -> set[str]:
        return {found.title for found in client.get(reverse("campaigns:tasks"), asked).context["page"]}

    assert titles() == {"For the team"}
    assert titles(whose="teams") == {"For the team"}
    assert titles(whose="created") == {"For the team"}
    assert titles(whose="all") == {"For the team", "Write the text"}
    assert titles(status="done") == {"Long done"}
    assert titles(whose="all", overdue="1") == {"Write the text"}
    assert titles(team=str(team.pk)) == {"For the team"}
    assert titles(whose="nonsense", status="nonsense", team="x") == {"For the team"}


def test_many_are_marked_done_and_what_cannot_be_is_told(task, campaign, mark, vera, client):
    other = Task.objects.create(campaign=campaign, title="Not hers", assignee=mark)
    client.force_login(vera)
    answer = client.post(reverse("campaigns:finish_tasks"), {"task": [task.pk, other.pk, "x"]}, follow=True)
    assert "1 task is done." in text(answer)
    assert "“Not hers” is moved by" in text(answer)
    assert set(Task.objects.filter(status="done")) == {task}


def test_the_checklist_works_with_and_without_scripts(task, vera, client):
    add = reverse("campaigns:add_step", args=[task.pk])
    assert "Ask the lawyer" in text(signed_in(vera).post(add, {"text": "Ask the lawyer"}))
    item = task.items.get()
    client.force_login(vera)
    change = reverse("campaigns:change_step", args=[task.pk, item.pk])
    assert client.post(change, {"do": "tick"}).status_code == 302
    assert "1 of 1 steps" in page_of(vera, task)
    too_long = "x" * 201
    kept = text(signed_in(vera).post(add, {"text": too_long}))
    assert "at most 200 characters" in kept and too_long in kept


def test_a_campaign_shows_how_many_of_its_tasks_are_overdue(task, mark, client):
    client.force_login(mark)
    page = text(client.get(reverse("campaigns:tasks"), {"campaign": "spring"}))
    assert 'title="Overdue tasks">1' in page


def test_many_tasks_cost_the_same_queries(task, campaign, mark, vera, client, django_assert_max_num_queries):
    team = make_team(mark, vera)
    Task.objects.bulk_create(Task(campaign=campaign, title=f"Task {n}", assignee=mark, team=team) for n in range(20))
    client.force_login(mark)
    with django_assert_max_num_queries(12):
        client.get(reverse("campaigns:tasks"))
