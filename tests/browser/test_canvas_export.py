"""The canvas turned, and taken along as a picture."""

from __future__ import annotations

import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, targeting_graph

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def campaign(db, mark):
    make_shop()
    return make_campaign(targeting_graph(), owner=mark, name='Tea & "cakes" <3 🫖')


def saved(page: Page, entry: str, folder: Path) -> Path:
    page.locator("#more-button").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=entry).click()
    place = folder / download.value.suggested_filename
    download.value.save_as(place)
    return place


def test_the_picture_is_downloaded_as_svg_and_as_png_of_twice_its_size(
    page: Page, live_server, sign_in, problems, campaign, mark, tmp_path
):
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/{campaign.slug}/")
    page.wait_for_load_state()
    png = saved(page, "Download as PNG", tmp_path)
    expect(page.locator("details.menu[open]")).to_have_count(0)
    svg = saved(page, "Download as SVG", tmp_path)
    assert (svg.name, png.name) == ("spring-v1.svg", "spring-v1.png")
    root = ElementTree.parse(svg).getroot()
    size = struct.unpack(">II", png.read_bytes()[16:24])
    assert size == (2 * round(float(root.get("width", 0))), 2 * round(float(root.get("height", 0))))
    assert problems == []


def test_the_canvas_is_turned_in_place_and_stays_so(page: Page, live_server, sign_in, problems, campaign, mark):
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/{campaign.slug}/")
    page.wait_for_load_state()
    expect(page.locator("#drawing")).to_have_attribute("data-flow", "right")
    page.get_by_role("link", name="Draw from top to bottom").click()
    expect(page.locator("#drawing")).to_have_attribute("data-flow", "down")
    expect(page.get_by_role("link", name="Draw from left to right")).to_be_focused()
    above, below = page.locator("#node-paris").bounding_box(), page.locator("#node-split").bounding_box()
    assert above and below and above["y"] + above["height"] < below["y"]
    page.reload()
    expect(page.locator("#drawing")).to_have_attribute("data-flow", "down")
    page.locator("#node-paris").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#node-split")).to_be_focused()
    assert problems == []
