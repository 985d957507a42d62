"""A schedule by clicks: fields follow the frequency, and the launches follow what is typed, without a reload."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.models import Campaign, Launch
from tests.browser.eye import Eye
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def shot(page: Page, name: str) -> None:
    """A picture to look at, where ORCHCAMP_SHOTS names a folder."""
    if folder := os.environ.get("ORCHCAMP_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_weekly_schedule_is_put_together_and_said_on_the_canvas(page: Page, live_server, sign_in, problems, mark):
    make_shop()
    make_configuration()
    make_campaign(owner=mark, timezone="Europe/Paris")
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    expect(page.locator("#schedule-link")).to_have_text("event_repeatAs soon as possible")
    shot(page, "canvas")
    page.locator("#schedule-link").click()
    page.locator("#id_frequency").focus()
    page.locator("#id_frequency").select_option("weekly")
    expect(page.locator("#id_frequency")).to_be_focused()
    ahead = page.locator("#schedule-launches")
    expect(ahead).to_contain_text("Choose at least one weekday")
    page.get_by_label("Monday").check()
    page.get_by_label("Thursday").check()
    expect(ahead).to_contain_text("Every Monday and Thursday at 09:00, Paris time")
    expect(ahead.locator("tbody tr")).to_have_count(10)
    page.locator("#id_at").fill("10:30")
    expect(ahead).to_contain_text("at 10:30, Paris time")
    expect(page.get_by_label("Monday")).to_be_checked()
    until = timezone.now() + timedelta(days=14)
    page.get_by_label("Valid until").fill(until.strftime("%Y-%m-%dT23:59"))
    expect(ahead.locator("tbody tr")).to_have_count(4)
    shot(page, "weekly")
    page.get_by_role("button", name="Save the schedule").click()
    page.wait_for_url("**/campaigns/spring/")
    expect(page.locator("#schedule-link")).to_contain_text("Every Monday and Thursday at 10:30, Paris time, until")
    assert Campaign.objects.get().schedule["weekdays"] == ["monday", "thursday"]
    assert problems == []


def test_every_frequency_shows_its_fields(page: Page, live_server, sign_in, problems, mark):
    make_shop()
    make_campaign(owner=mark, timezone="Australia/Lord_Howe")
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/schedule")
    page.locator("#id_frequency").select_option("monthly")
    page.locator("#id_on").select_option("nth")
    expect(page.get_by_label("Which")).to_be_visible()
    shot(page, "monthly")
    page.locator("#id_frequency").select_option("several")
    page.get_by_label("How often").select_option("periodic")
    expect(page.get_by_label("Not before")).to_be_visible()
    page.locator("#id_days").select_option("period")
    expect(page.get_by_role("group", name="First day")).to_be_visible()
    page.get_by_label("Unit").select_option("minutes")
    page.locator("#id_every").fill("5")
    expect(page.locator("#schedule-launches")).to_contain_text("Write a day of the year")
    page.locator("#id_days").select_option("weekdays")
    expect(page.locator("#schedule-launches")).to_contain_text("less than 15 minutes")
    shot(page, "periodic")
    page.set_viewport_size({"width": 390, "height": 844})
    shot(page, "periodic_mobile")
    page.get_by_role("button", name="Save the schedule").click()
    page.wait_for_url("**/campaigns/spring/")
    assert problems == []


@pytest.mark.parametrize("frequency", ["monthly", "several"])
def test_the_fields_their_errors_and_what_did_not_run_keep_wcag(
    page: Page, live_server, sign_in, problems, mark, frequency
):
    make_shop()
    campaign = make_campaign(owner=mark, timezone="Europe/Paris")
    Launch.objects.create(campaign=campaign, slot=timezone.now(), status="missed", reason="No worker was there.")
    sign_in(mark)
    eye = Eye(page)
    page.goto(f"{live_server.url}/campaigns/spring/schedule")
    page.locator("#id_frequency").select_option(frequency)
    if frequency == "several":
        page.locator("#id_days").select_option("period")
        expect(page.locator("[name=first_day_day]")).to_be_visible()
    expect(page.locator("#id_overlap")).to_be_visible()
    eye.look(f"fields of {frequency}")
    page.locator("#id_valid_until").fill("2020-01-01T09:00")
    page.get_by_role("button", name="Save the schedule").click()
    expect(page.get_by_role("alert")).to_be_visible()
    shot(page, f"errors_{frequency}")
    eye.look(f"errors of {frequency}")
    page.goto(f"{live_server.url}/campaigns/spring/runs/")
    eye.look("what did not run")
    shot(page, "runs")
    assert problems == []
    eye.tell()
