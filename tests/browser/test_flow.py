"""The flow by clicks: a test node and an approval node are put on the canvas, and a question is answered."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect

from campaigns import execution
from campaigns.models import Campaign, Question
from tests.builders import make_shop
from tests.campaigns.builders import audience, graph, make_campaign, make_configuration
from tests.campaigns.runs_stage import publish
from tests.campaigns.test_flow import asking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stage(db):
    make_shop()
    make_configuration()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#panel .saved")).to_be_visible()


def test_a_test_and_an_approval_are_built_by_clicks(page: Page, live_server, sign_in, problems, stage, mark, anna):
    campaign = make_campaign(graph({"a": ("build_audience", audience())}), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/{campaign.slug}/")
    page.locator("a.node", has_text="A").first.click()
    page.locator(".palette-column").get_by_role("button", name="Test", exact=False).first.click()
    expect(page.locator("#panel").get_by_role("heading", name="Test")).to_be_visible()
    page.locator("[name=conditions-0-label]").fill("Enough")
    page.locator("[name=conditions-0-value]").fill("4")
    save(page)
    expect(page.locator("a.node", has_text="Test")).to_contain_text("population > 4 → Enough")

    page.locator(".palette-column").get_by_role("button", name="Approval").click()
    expect(page.locator("#panel").get_by_role("heading", name="Approval")).to_be_visible()
    page.get_by_label("Title").fill("Send to {{ rows }}?")
    page.locator("#panel").get_by_label("Group", exact=False).first.select_option(anna.groups.get().name)
    page.locator("[name=answers-edit][value=add]").click()
    expect(page.locator("[name=answers-2-code]")).to_be_visible()
    page.locator("[name=answers-2-label]").fill("Later")
    save(page)
    page.locator("#control-test").click()
    expect(page.locator("a.node", has_text="Approval").locator(".node-rows")).to_contain_text("6")
    assert problems == []
    nodes = {node.type: node for node in Campaign.objects.get().latest_version().graph.nodes.values()}
    assert nodes["test"].settings["conditions"][0]["value"] == 4
    assert [row["label"] for row in nodes["approval"].settings["answers"]] == ["Yes", "No", "Later"]


def test_a_question_is_answered_by_keyboard(page: Page, live_server, sign_in, problems, stage, mark, anna):
    group = Group.objects.get(profile__slug="approver")
    execution.run_to_end(publish(asking(group=group.name), owner=mark))
    sign_in(anna)
    page.get_by_role("link", name="Send to 6?").click()
    page.wait_for_load_state()  # until then Chromium goes on looking for the #question of the address and moves the focus
    question = Question.objects.get()
    page.locator(f"#comment-{question.pk}").focus()
    page.keyboard.type("Too many of them")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Decided: No")).to_be_visible()
    question.refresh_from_db()
    assert (question.answer, question.given.get().comment) == ("no", "Too many of them")
    assert problems == []
