"""A saved audience by clicks: made by a rule, refreshed, looked at, and read in a canvas."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from campaigns.models import Campaign
from orchcamp.datasets.models import Audience
from tests.builders import make_shop
from tests.campaigns.builders import make_configuration

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(db):
    make_shop()
    make_configuration()


def test_an_audience_is_made_refreshed_and_read_in_a_canvas(page: Page, live_server, sign_in, problems, shop, mark):
    sign_in(mark)
    page.get_by_role("link", name="Audiences").click()
    page.locator(".empty").get_by_role("link", name="New audience").click()
    page.get_by_label("Label").fill("Parisians")
    page.get_by_role("button", name="Condition").first.click()
    page.get_by_label("Search columns").fill("cit")
    page.locator("[data-entry][title='city']").click()
    page.get_by_label("Value", exact=True).fill("Paris")
    page.get_by_role("button", name="Count", exact=True).click()
    expect(page.locator(".rule-count strong")).to_have_text("3")
    page.get_by_role("button", name="Create and save who is in it").click()

    expect(page.get_by_role("heading", name="Parisians")).to_be_visible()
    expect(page.locator(".audience-sample tbody tr")).to_have_count(3)
    expect(page.locator(".audience-sample")).to_contain_text("ann@example.org")
    page.get_by_role("button", name="Refresh now").click()
    expect(page.locator("#change-2")).to_be_visible()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#change-2")).to_contain_text("3 stayed")

    page.goto(f"{live_server.url}/campaigns/new")
    page.get_by_label("Name").fill("Paris again")
    page.get_by_role("button", name="Create and open the canvas").click()
    page.locator(".palette-column").get_by_role("button", name="Read audience").click()
    page.locator("#panel").get_by_label("Audience").select_option("parisians")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("a.node", has_text="Parisians: 3 rows")).to_be_visible()
    page.locator("#control-test").click()
    expect(page.locator("a.node", has_text="Parisians").locator(".node-rows")).to_contain_text("3")
    assert problems == []
    (node,) = Campaign.objects.get().latest_version().graph.nodes.values()
    assert node.settings["audience"] == "parisians"
    assert Audience.objects.get().versions.count() == 2


def test_a_list_is_uploaded_and_its_rows_found(page: Page, live_server, sign_in, problems, shop, mark, tmp_path):
    (tmp_path / "guests.csv").write_text("mail,tier\nBOB@example.org,gold\nnobody@example.org,none\n")
    sign_in(mark)
    page.goto(f"{live_server.url}/data/audiences/")
    page.get_by_role("link", name="Upload a list").click()
    page.get_by_label("File").set_input_files(tmp_path / "guests.csv")
    page.get_by_role("button", name="Look into it").click()
    page.get_by_label("Column 1 of the file").select_option("mail")
    page.get_by_label("Is found in, 1").select_option("email")
    page.get_by_label("tier").check()
    page.get_by_role("button", name="Find and save").click()
    expect(page.locator(".audience-facts")).to_contain_text("Not found")
    expect(page.locator(".audience-sample tbody tr")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="The rows that were not found").click()
    assert "nobody@example.org" in download.value.path().read_text()
    assert problems == []


def test_saving_and_asking_for_news_by_clicks(page: Page, live_server, sign_in, problems, shop, mark):
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/new")
    page.get_by_label("Name").fill("News")
    page.get_by_role("button", name="Create and open the canvas").click()
    palette = page.locator(".palette-column")
    palette.get_by_role("button", name="Incremental query").click()
    page.locator("#panel").get_by_label("Date column").select_option("joined")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("a.node", has_text="People with a new “Joined”")).to_be_visible()
    palette.get_by_role("button", name="Save audience").click()
    page.locator("#panel").get_by_label("Audience").fill("newcomers")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("a.node", has_text="Saves “newcomers”")).to_be_visible()
    page.locator("#control-test").click()
    expect(page.locator("a.node", has_text="People with a new").locator(".node-rows")).to_contain_text("6")
    assert problems == []
    assert not Audience.objects.exists()
