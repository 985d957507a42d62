"""Questions, alerts and signals on the screens."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from campaigns import execution
from campaigns.models import Alert, NodeRun, Question
from tests.campaigns.builders import audience, graph
from tests.campaigns.runs_stage import node, publish, shop  # noqa: F401
from tests.campaigns.test_flow import alarming, asking, held, listening

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(anna, mark):
    group, _made = Group.objects.get_or_create(name="Approver")
    anna.groups.add(group)
    return execution.run_to_end(publish(asking(), owner=mark))


def page(client, person, name, *args) -> str:
    client.force_login(person)
    address = reverse(f"campaigns:{name}", args=args)
    later = client.get(address, headers={"HX-Request": "true"}).text if name == "home" else ""  # it asks for it itself
    return client.get(address).text + later


def test_a_question_stands_wherever_people_look(client, asked, anna, mark, vera):
    for address in (("home",), ("approvals",), ("run", "spring", asked.pk)):
        assert "Send to 6?" in page(client, anna, *address)
    client.force_login(anna)
    panel = client.get(reverse("campaigns:node", args=["spring", "q"]), headers={"HX-Request": "true"}).content.decode()
    assert 'name="answer" value="yes"' in panel
    seen = page(client, vera, "run", "spring", asked.pk)
    assert "Send to 6?" in seen and 'name="answer"' not in seen and "put to Approver" in seen
    assert "Send to 6?" not in page(client, vera, "home")


def test_an_answer_by_htmx_shows_what_was_decided(client, asked, anna):
    client.force_login(anna)
    question = Question.objects.get()
    address = reverse("campaigns:answer", args=[question.pk])
    answered = client.post(address, {"answer": "no", "comment": "Too many"}, headers={"HX-Request": "true"})
    assert answered.status_code == 200 and "Decided: No" in answered.content.decode()
    assert "Too many" in answered.content.decode()
    late = client.post(address, {"answer": "yes"}, headers={"HX-Request": "true"})
    assert late.status_code == 409 and Question.objects.get().answer == "no"
    assert node(execution.run_to_end(asked), "q").follows == ["no"]
    assert "Send to 6?" not in page(client, anna, "home")


def test_alerts_are_shown_until_they_are_read(client, anna, vera, mallory):
    run = execution.run_to_end(publish(alarming(severity="error"), variables={"town": "Paris"}))
    assert "3 in Paris" in page(client, anna, "run", "spring", run.pk)
    assert "3 in Paris" in page(client, vera, "home") and "3 in Paris" not in page(client, mallory, "home")
    client.force_login(vera)
    client.post(reverse("campaigns:read_alert", args=[Alert.objects.get().pk]))
    assert "3 in Paris" not in page(client, vera, "home")
    assert "3 in Paris" in page(client, anna, "home")


def test_a_signal_is_sent_from_the_run_by_those_who_publish(client, anna, mark):
    run = execution.run_to_end(publish(held(), owner=mark))
    assert 'name="parameter-town"' not in page(client, mark, "run", "spring", run.pk)
    assert 'name="parameter-town"' in page(client, anna, "run", "spring", run.pk)
    client.post(reverse("campaigns:signal", args=["spring"]), {"key": "1", "parameter-town": "Lyon"})
    assert node(run, "s").status == NodeRun.Status.PENDING
    assert execution.run_to_end(run).status == "succeeded"


def test_a_campaign_by_signal_is_set_going_and_stopped_by_hand(client, anna, mark):
    campaign = listening(mark, anna)
    assert "A run begins when a signal comes" in page(client, anna, "runs", campaign.slug)
    for _twice in range(2):
        client.post(reverse("campaigns:signal", args=[campaign.slug]), {"key": "1", "parameter-town": "Lyon"})
    assert campaign.runs.live().count() == 1
    execution.run_to_end(campaign.runs.live().get())
    assert reverse("campaigns:govern", args=[campaign.slug, "stop"]) in page(client, anna, "canvas", campaign.slug)
    client.post(reverse("campaigns:govern", args=[campaign.slug, "stop"]))
    campaign.refresh_from_db()
    assert campaign.status == "stopped"


def test_lost_rows_and_processed_errors_are_shown(client, anna):
    nodes = {"a": ("build_audience", audience()), "z": ("end", {})}
    run = execution.run_to_end(publish(graph(nodes, "a>z")))
    lost = [{"reason": "without a counterpart", "rows": 12}]
    NodeRun.objects.filter(run=run, node_id="a").update(lost=lost, error="The server said no.")
    shown = page(client, anna, "run", "spring", run.pk)
    assert "12 lost: without a counterpart" in shown and "Processed: what arrived went on" in shown
    panel = client.get(reverse("campaigns:node", args=["spring", "a"]), headers={"HX-Request": "true"}).content.decode()
    assert "12 lost: without a counterpart" in panel and "The server said no." in panel
