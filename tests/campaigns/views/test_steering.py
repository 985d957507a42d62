"""The buttons of a run: who may press them, why they cannot be pressed, and what the second person reads."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import execution, steering
from campaigns.models import Campaign, Run
from orchcamp.messaging.models import ChannelConfiguration
from tests.campaigns.builders import targeting_graph
from tests.campaigns.desk_stage import make_stage, publish, until_confirmation

HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_stage(mark)


@pytest.fixture
def live(campaign, mark, anna) -> Run:
    return publish(campaign, author=mark, approver=anna)


@pytest.fixture
def failed(live) -> Run:
    ChannelConfiguration.objects.update(active=False)
    return execution.run_to_end(live)


def browser(user) -> Client:
    client = Client(headers=HTMX)
    client.force_login(user)
    return client


def at(name, run, *more):
    return reverse(f"campaigns:{name}", args=[run.campaign.slug, run.pk, *more])


def text(response) -> str:
    return response.content.decode()


def test_a_button_changes_the_run_and_the_page_follows(live, anna):
    response = browser(anna).post(at("control", live), {"action": "pause"})
    assert response.status_code == 204
    assert {"run-changed", "canvas-changed", "toast"} <= set(response["HX-Trigger"].replace('"', " ").split())
    live.refresh_from_db()
    assert live.status == Run.Status.PAUSED


def test_the_second_of_two_who_press_is_told_who_was_first(live, anna, ada):
    browser(anna).post(at("control", live), {"action": "pause"})
    response = browser(ada).post(at("control", live), {"action": "pause"})
    assert response.status_code == 204
    assert "Paused by Anna" in response["HX-Trigger"]
    assert live.log.filter(message__startswith="Paused").count() == 1


def test_a_button_that_may_not_be_pressed_says_which_right_is_missing(live, mark):
    page = text(browser(mark).get(at("run_progress", live)))
    assert 'aria-disabled="true"' in page
    assert "You need the right “publish" in page or "You need the right" in page
    assert browser(mark).post(at("step_control", live, "mail"), {"action": "retry"}).status_code == 403


def test_a_manager_steers_a_test(mark):
    campaign = make_stage(mark, targeting_graph())
    run = execution.start(campaign.draft(), mode=Run.Mode.TEST, by=mark)
    page = text(browser(mark).get(at("run_progress", run)))
    assert "Restart" in page and "Pause" in page
    client = Client()
    client.force_login(mark)
    response = client.post(at("control", run), {"action": "restart"})
    again = Run.objects.latest("pk")
    assert again.pk != run.pk and response["Location"] == at("run", again)
    response = client.post(at("control", run), {"action": "restart"}, follow=True)
    assert f"Run {again.pk} is a newer test" in text(response)


def test_the_page_of_a_failed_run_leads_with_the_error_and_the_mend(failed, anna):
    client = Client()
    client.force_login(anna)
    page = text(client.get(at("run", failed)))
    assert page.index("“Mail” is in error") < page.index('id="run-progress"')
    assert "Channel configuration “Newsletter” is switched off. Switch it on under Channels" in page
    assert "Try the failed step again" in page
    ChannelConfiguration.objects.update(active=True)
    assert browser(anna).post(at("step_control", failed, "mail"), {"action": "retry"}).status_code == 204
    failed.refresh_from_db()
    assert failed.status == Run.Status.RUNNING
    response = browser(anna).get(at("run_progress", failed), {"seen": "failed"})
    assert "attention-changed" in response["HX-Trigger"]


def test_a_step_that_does_not_exist_or_an_unknown_deed_changes_nothing(live, anna):
    assert browser(anna).post(at("step_control", live, "nothing"), {"action": "retry"}).status_code == 404
    assert "nothing else was asked for" in browser(anna).post(at("step_control", live, "mail"))["HX-Trigger"]


def test_stopping_and_taking_up_say_what_it_costs(campaign, mark, anna):
    run = until_confirmation(campaign, author=mark, approver=anna).run
    client = Client()
    client.force_login(anna)
    client.post(at("control", run), {"action": "stop"})
    page = text(client.get(at("control", run), {"action": "take_up"}))
    assert "2 messages that were stopped go on" in page and "0 that were accepted stay sent" in page
    client.post(at("control", run), {"action": "take_up"})
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING
    assert "can be taken up again" in text(client.get(at("control", run), {"action": "take_up"}))


# --- On the canvas ------------------------------------------------------------------------------------


def panel(user, node="mail", **query) -> str:
    return text(browser(user).get(reverse("campaigns:node_live", args=["spring", node]), query))


def test_the_panel_of_a_node_shows_what_its_run_does(campaign, mark, anna):
    row = until_confirmation(campaign, author=mark, approver=anna)
    page = panel(anna)
    assert "Look and confirm" in page and "every 15s" in page and "Log of this node" in page
    execution.confirm(row, by=anna)
    page = panel(anna)
    assert "of 2 messages" in page and "every 2s" in page
    assert browser(anna).get(reverse("campaigns:node_live", args=["spring", "nothing"])).status_code == 404


def test_the_card_of_a_sending_shows_how_far_it_is(campaign, mark, anna):
    row = until_confirmation(campaign, author=mark, approver=anna)
    execution.confirm(row, by=anna)
    page = text(browser(anna).get(reverse("campaigns:canvas_fragment", args=["spring"])))
    assert "0 / 2" in page and "node-progress" in page and "every 2s" in page


def test_the_canvas_says_by_itself_that_nothing_was_sent(campaign, mark, anna):
    canvas = reverse("campaigns:canvas", args=["spring"])
    assert "Nothing has been sent yet" not in text(browser(mark).get(canvas))
    until_confirmation(campaign, author=mark, approver=anna)
    assert "Nothing has been sent yet" in text(browser(mark).get(canvas))
    why = text(browser(mark).get(reverse("campaigns:why", args=["spring"])))
    assert "Waits for somebody to confirm: Mail." in why and "This is why" in why
    client = Client()
    client.force_login(mark)
    response = client.get(reverse("campaigns:why", args=["spring"]), follow=True)
    assert "Waits for somebody to confirm: Mail." in text(response)


def test_the_canvas_of_a_run_that_is_over_has_no_buttons_and_asks_no_more(live, anna):
    steering.stop(live, by=anna)
    page = text(browser(anna).get(reverse("campaigns:canvas_fragment", args=["spring"])))
    assert "run-turn" not in page and "every" not in page.split("hx-trigger", 1)[1][:80]
