"""A run by clicks: paused, resumed and mended without leaving the page; its log narrowed; two runs compared."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from campaigns import execution, steering
from campaigns.models import LogEntry, NodeRun, Run
from orchcamp.messaging.models import ChannelConfiguration
from tests.builders import make_shop
from tests.campaigns.builders import audience, email, graph, make_campaign, make_configuration, simple_graph
from tests.campaigns.runs_stage import NOBODY, publish

PATIENT = 30_000  # what a press begins is done before the answer comes, on a machine that has other work

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stage(db):
    make_shop()
    make_configuration()


def test_a_run_is_paused_resumed_and_its_failed_step_tried_again(
    page: Page, live_server, sign_in, problems, stage, mark, anna
):
    nodes = {
        "a": ("build_audience", audience()),
        "m": ("email", email()),
        "w": ("wait", {"type": "duration", "value": 2, "unit": "days"}),
    }
    run = publish(graph(nodes, "a>m", "a>w"), owner=mark)
    ChannelConfiguration.objects.update(active=False)
    execution.run_to_end(run)
    sign_in(anna)
    page.goto(f"{live_server.url}/campaigns/spring/runs/{run.pk}/")
    page.wait_for_load_state()
    failure = page.get_by_role("article", name="“M” is in error")
    expect(failure).to_contain_text("switched off")

    ChannelConfiguration.objects.update(active=True)
    failure.get_by_role("button", name="Try again").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The step is tried again.")).to_be_visible(timeout=PATIENT)
    expect(failure).to_be_hidden(timeout=PATIENT)
    expect(page.locator(".confirmation")).to_be_visible(timeout=PATIENT)

    turn = page.locator("#run-turn")
    turn.press("Enter")
    expect(turn).to_have_text("play_arrowResume", timeout=PATIENT)
    expect(turn).to_be_focused()
    turn.press("Enter")
    expect(turn).to_have_text("pausePause", timeout=PATIENT)
    page.get_by_role("button", name="Do not wait").click()
    expect(page.get_by_role("row", name="W Wait").get_by_text("Succeeded")).to_be_visible(timeout=PATIENT)
    assert problems == []
    run.refresh_from_db()
    assert run.status == Run.Status.RUNNING
    assert NodeRun.objects.get(node_id="m").attempts == 2
    assert list(LogEntry.objects.filter(by=anna).values_list("message", flat=True)) == [
        "“M”: tried again by Anna.",
        "Paused by Anna.",
        "Resumed by Anna.",
        "“W”: not waited for any longer, says Anna.",
    ]


def test_a_log_is_narrowed_and_two_runs_are_compared(page: Page, live_server, sign_in, problems, stage, mark, anna):
    campaign = make_campaign(simple_graph(), owner=mark)
    execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.TEST, by=mark))
    version = campaign.draft()
    version.document = graph(
        {"people": ("build_audience", audience(NOBODY)), "mail": ("email", email())}, "people>mail"
    ).to_json()
    version.save()
    last = execution.start(campaign.draft(), mode=Run.Mode.TEST, by=anna)
    steering.pause(last, by=anna)
    steering.resume(last, by=anna)
    execution.run_to_end(last)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/log")
    page.wait_for_load_state()
    page.get_by_label("Person").select_option("Anna")
    rows = page.locator("#log-rows tbody tr")
    expect(rows).to_have_count(3, timeout=PATIENT)
    page.locator("#log-search").fill("paused")
    page.get_by_role("button", name="Filter").click()
    expect(rows).to_have_count(1, timeout=PATIENT)
    expect(rows).to_contain_text("Paused by Anna.")
    page.reload()
    expect(rows).to_have_count(1, timeout=PATIENT)

    page.get_by_role("link", name="Runs", exact=True).click()
    page.wait_for_load_state()
    for box in page.locator("[data-compare] [type=checkbox]").all():
        box.check()
    page.get_by_role("button", name="Compare the ticked runs").click()
    page.wait_for_load_state()
    first = page.locator(".compare-steps tbody").first
    expect(first).to_contain_text("only in the first")
    expect(page.get_by_role("row", name="People Build audience")).to_contain_text("−100.0 %")
    assert problems == []
