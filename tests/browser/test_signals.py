"""A token is made and a call is copied in a real browser, and what is copied works; both pages keep WCAG."""

from __future__ import annotations

import shlex

import pytest
from django.test import Client
from playwright.sync_api import Page

from campaigns import signals
from campaigns.models import Run
from orchcamp.accounts.models import ApiToken
from tests.browser.eye import Eye, expect
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign
from tests.campaigns.test_flow import listening

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("one_at_a_time")]
READ = "() => navigator.clipboard.readText()"


@pytest.fixture
def second(mark, anna):
    make_shop()
    campaign = listening(mark, anna)
    with pytest.raises(signals.BadParameters):
        signals.send(campaign, {}, key="early", source="the till", by=anna)
    return campaign


def test_a_token_and_a_command_are_copied_and_set_the_campaign_going(
    page: Page, live_server, sign_in, problems, second, anna
):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    eye = Eye(page)
    sign_in(anna)
    page.goto(f"{live_server.url}/campaigns/second/")
    page.get_by_role("link", name="Signals").click()
    expect(page.get_by_role("heading", name="Begin a run")).to_be_visible()
    eye.look("signals")
    page.get_by_role("button", name="Copy as cURL").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    words = shlex.split(page.evaluate(READ))
    page.get_by_role("link", name="Make a token for this campaign").click()
    page.get_by_label("Name", exact=True).fill("The till")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_text("The token “The till” is made.")).to_be_visible()
    eye.look("a token, just made")
    page.get_by_role("button", name="Copy", exact=True).click()
    secret = page.evaluate(READ)
    assert ApiToken.objects.get().campaigns == ["second"]
    headers = {"Authorization": f"Bearer {secret}"}
    answer = Client().post("/api/v1/campaigns/second/signal", words[-1], "application/json", headers=headers)
    assert (answer.status_code, Run.objects.live().get().variables) == (202, {"town": "Paris"})
    page.get_by_role("button", name="Revoke The till").click()
    expect(page.get_by_text("it opens nothing any more")).to_be_visible()
    eye.tell()
    assert problems == []


def test_parameters_are_declared_row_by_row(page: Page, live_server, sign_in, problems, mark):
    make_shop()
    make_campaign(owner=mark, slug="draft", schedule={"frequency": "signal"})
    eye = Eye(page)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/draft/signals")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Name").fill("town")
    page.get_by_label("Test value").fill("Lyon")
    eye.look("what a signal brings")
    page.get_by_label("Test value").press("Enter")  # saves, and does not press the button of a row
    expect(page.get_by_text("Saved: what the signal brings")).to_be_visible()
    expect(page.get_by_text('{"parameters": {"town": "Lyon"}}').first).to_be_visible()
    eye.tell()
    assert problems == []
