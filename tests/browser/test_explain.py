"""Why is this person here: an email typed, the way lit, a transition looked into."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from campaigns import execution
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, targeting_graph

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def spring(db, mark):
    make_shop()
    make_configuration()
    campaign = make_campaign(targeting_graph(), owner=mark)
    for _turn in range(2):
        execution.run_to_end(execution.start(campaign.latest_version(), mode="test"))
    return campaign


def test_an_email_lights_the_way_of_its_row(page: Page, live_server, sign_in, problems, spring, mark):
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    page.wait_for_load_state()
    page.locator("#explain-button").click()
    page.locator("#explain-q").fill("cid@example.org")
    page.locator(".explain-ask button").click()
    expect(page.locator(".explain-headline")).to_have_text("People 3 reached “Rest”.")
    expect(page.locator(".verdict-condition.verdict-no", has_text="Consent is yes")).to_be_visible()
    expect(page.locator("#node-split")).to_have_attribute("data-lit", "passed")
    expect(page.locator("#node-yes")).not_to_have_attribute("data-lit", "passed")
    expect(page.locator('path[data-plus="insert-split-complement-rest"]')).to_have_attribute("data-lit", "passed")
    page.locator("#node-split").click()
    expect(page.locator("#way-chip")).to_contain_text("People 3")
    expect(page.locator("#node-split")).to_have_attribute("data-lit", "passed")
    page.locator("[data-way-show]").click()
    expect(page.locator(".explain-headline")).to_be_visible()
    page.locator("[data-close-panel]").click()
    page.locator("[data-way-clear]").click()
    expect(page.locator("#node-split")).not_to_have_attribute("data-lit", "passed")
    assert problems == []


def test_a_transition_shows_the_values_of_a_column_and_what_changed(
    page: Page, live_server, sign_in, problems, spring, mark
):
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    page.wait_for_load_state()
    page.locator("#exit-paris-out .exit-count").click(position={"x": 4, "y": 8})
    expect(page.locator(".transition-part table")).to_contain_text("ann@example.org")
    page.locator("#part-columns").click()
    page.get_by_role("button", name="Values of city").click()
    expect(page.locator(".distribution table")).to_contain_text("Paris")
    page.locator("#part-changes").click()
    expect(page.locator(".change", has_text="Stayed")).to_contain_text("3")
    page.locator("#part-export").click()
    with page.expect_download() as download:
        page.locator(".export-form button").click()
    assert download.value.suggested_filename == "spring-paris-out.csv"
    assert problems == []
