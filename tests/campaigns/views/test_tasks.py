"""Tasks: given, seen, moved on by one click."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, Task
from tests.campaigns.builders import make_campaign

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


def test_a_task_is_given_to_somebody_about_a_node(campaign, mark, anna, client):
    client.force_login(mark)
    data = {"title": "Check the audience", "assignee": anna.pk, "due_on": "2030-01-31", "node_id": "people"}
    assert client.post(reverse("campaigns:create_task", args=["spring"]), data).status_code == 302
    task = Task.objects.get()
    assert (task.assignee, task.node_id, task.created_by) == (anna, "people", mark)


def test_a_task_needs_a_title_and_an_active_assignee(campaign, mark, anna, client):
    anna.is_active = False
    anna.save()
    client.force_login(mark)
    response = client.post(reverse("campaigns:create_task", args=["spring"]), {"title": "", "assignee": anna.pk})
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
    response = signed_in(vera).post(reverse("campaigns:task", args=[task.pk]), {"status": "done"})
    assert f'id="task-{task.pk}"' in text(response)
    assert "Open again" in text(response)
    task.refresh_from_db()
    assert task.status == "done"
    assert task.done_at is not None


def test_somebody_elses_task_cannot_be_moved_by_a_viewer(task, vera, anna):
    task.assignee = anna
    task.save()
    assert signed_in(vera).post(reverse("campaigns:task", args=[task.pk]), {"status": "done"}).status_code == 403
    assert signed_in(vera).get(reverse("campaigns:task", args=[task.pk])).status_code == 403


def test_an_unknown_status_is_refused(task, mark, client):
    client.force_login(mark)
    client.post(reverse("campaigns:task", args=[task.pk]), {"status": "burnt"})
    task.refresh_from_db()
    assert task.status == "open"
    assert "is not a status" in text(client.get(reverse("campaigns:tasks")))


def test_a_task_is_changed_in_its_form(task, mark, client):
    client.force_login(mark)
    address = reverse("campaigns:task", args=[task.pk])
    assert "Write the text" in text(client.get(address))
    client.post(address, {"title": "Write it better", "assignee": mark.pk, "due_on": ""})
    task.refresh_from_db()
    assert (task.title, task.assignee, task.due_on) == ("Write it better", mark, None)


def test_many_tasks_cost_the_same_queries(task, campaign, mark, client, django_assert_max_num_queries):
    Task.objects.bulk_create(Task(campaign=campaign, title=f"Task {n}", assignee=mark) for n in range(20))
    client.force_login(mark)
    with django_assert_max_num_queries(14):
        client.get(reverse("campaigns:tasks"))
