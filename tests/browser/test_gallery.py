"""The gallery by clicks: a campaign begins with a ready canvas, and becomes a template itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.builders import make_shop
from tests.campaigns.builders import make_configuration

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_campaign_begins_with_a_template_and_becomes_one(page: Page, live_server, sign_in, problems, mark):
    make_shop()
    make_configuration()
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/")
    page.get_by_role("link", name="Templates").click()
    page.locator("#template-win-back").get_by_role("button", name="Use this template").click()
    page.wait_for_url("**/campaigns/win-back/")
    expect(page.locator("a.node", has_text="Lapsed households")).to_be_visible()
    expect(page.locator("a.node")).to_have_count(8)

    page.locator("#more-button").click()
    page.get_by_role("link", name="Save as template…").click()
    page.get_by_label("Name of the template").fill("Our win back")
    page.get_by_label("In a sentence").fill("The house's own.")
    page.get_by_role("button", name="Save as template").click()
    card = page.locator("#template-our-win-back")
    expect(card).to_contain_text("The house's own.")
    card.get_by_role("button", name="Remove Our win back").click()
    page.get_by_role("dialog").get_by_role("button", name="Continue").click()
    expect(page.locator("#template-our-win-back")).to_have_count(0)
    assert problems == []
