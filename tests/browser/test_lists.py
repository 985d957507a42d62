"""Finding and planning with a mouse and with keys: the palette, many rows at once, a launch on another day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.models import Campaign, Folder
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, targeting_graph

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_palette_opens_by_key_finds_and_goes(page: Page, live_server, sign_in, problems, mark):
    make_shop()
    make_campaign(targeting_graph(), owner=mark, name="Été en ville", slug="ete")
    sign_in(mark)
    page.wait_for_load_state()
    opener = page.get_by_role("link", name="New campaign")
    opener.focus()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search everything, or say what to do")
    expect(box).to_be_focused()
    expect(page.get_by_role("option", name="Calendar Page")).to_be_visible()
    box.fill("ete")
    first = page.get_by_role("option", name="Été en ville")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(opener).to_be_focused()

    page.keyboard.press("Control+k")
    box.fill("pari")
    expect(page.get_by_role("option", name="Paris")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/campaigns/ete/?node=paris")
    page.wait_for_load_state()

    page.keyboard.press("Control+k")
    box.fill("fit whole")
    expect(page.get_by_role("option", name="Fit the whole canvas")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(box).to_be_hidden()
    assert problems == []


def test_rows_are_ticked_and_moved_and_columns_chosen(page: Page, live_server, sign_in, problems, mark):
    make_shop()
    folder = Folder.objects.create(name="Season")
    for slug in ("alpha", "beta", "gamma"):
        make_campaign(owner=mark, slug=slug)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/?status=all&sort=name")
    page.wait_for_load_state()
    bar = page.get_by_role("form", name="With the ticked campaigns")
    expect(bar).to_be_hidden()
    page.get_by_label("Tick Alpha").check()
    page.get_by_label("Tick Gamma").check()
    expect(bar.get_by_text("2 ticked")).to_be_visible()
    bar.get_by_label("Folder to move to").select_option("Season")
    bar.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("2 campaigns moved.")).to_be_visible()
    assert set(folder.campaigns.values_list("slug", flat=True)) == {"alpha", "gamma"}

    page.get_by_role("button", name="Beta is a favourite of mine").click()
    expect(page.get_by_role("button", name="Beta is a favourite of mine")).to_have_attribute("aria-pressed", "true")
    page.locator("#columns-menu").click()
    page.locator("#column-channels").uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="Channels")).to_have_count(0)
    expect(page.get_by_role("columnheader", name="Owner")).to_be_visible()
    page.locator("#campaign-search").fill("bet")
    expect(page.get_by_role("link", name="Alpha")).to_have_count(0)
    expect(page.get_by_role("link", name="Beta", exact=True)).to_be_visible()
    assert problems == []


def test_a_draft_is_dragged_to_another_day_and_moved_on_by_keys(page: Page, live_server, sign_in, problems, mark):
    make_shop()
    today = timezone.localdate()
    first = today.replace(day=1) + timedelta(days=40)
    day, other = first.replace(day=10), first.replace(day=18)
    make_campaign(owner=mark, schedule={"frequency": "once", "at": f"{day.isoformat()}T09:00"}, name="Spring")
    sign_in(mark)
    page.goto(f"{live_server.url}/calendar/?day={day.isoformat()}")
    page.wait_for_load_state()
    at = page.locator(f'[data-day="{day.isoformat()}"]')
    target = page.locator(f'[data-day="{other.isoformat()}"]')
    at.locator(".launch").drag_to(target)
    expect(page.get_by_text("“Spring” launches on")).to_be_visible()
    expect(target.locator(".launch")).to_be_visible()
    assert Campaign.objects.get().schedule["at"] == f"{other.isoformat()}T09:00"

    target.get_by_label("Move Spring").press("Enter")
    page.get_by_role("button", name="A day later").press("Enter")
    later = other + timedelta(days=1)
    expect(page.locator(f'[data-day="{later.isoformat()}"] .launch')).to_be_visible()
    expect(page.get_by_role("button", name="A day later")).to_be_focused()
    assert problems == []
