"""The bell by keyboard, the page behind it, following a campaign, and what one chooses to hear of."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from campaigns import following
from campaigns.models import Following
from orchcamp.accounts.models import DigestTime, Notification, NotificationPreference
from orchcamp.accounts.notifying import tell
from tests.browser.eye import Eye
from tests.campaigns.builders import make_campaign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def say(people, *sentences: str) -> None:
    for sentence in sentences:
        tell(people, "campaign_state", sentence, address="/campaigns/spring/followers", key=sentence)


def test_the_bell_opens_by_keyboard_gives_the_focus_back_and_leads_to_what_happened(
    page, live_server, sign_in, problems, one_at_a_time, mark, vera
):
    eye = Eye(page)
    make_campaign(owner=mark)
    say([vera], "“Spring” is approved.", "“Spring” is live.")
    sign_in(vera)
    bell = page.locator("#bell > summary")
    expect(bell).to_contain_text("2")
    bell.focus()
    page.keyboard.press("Enter")
    latest = page.locator(".bell-entry").first
    expect(latest).to_contain_text("“Spring” is live.")
    eye.look("the bell", ".topbar")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(latest).to_be_hidden()
    expect(bell).to_be_focused()
    page.keyboard.press("Enter")
    latest.click()
    expect(page).to_have_url(f"{live_server.url}/campaigns/spring/followers")
    expect(page.locator("#bell-count")).to_contain_text("1")
    page.locator("#follow > summary").click()
    eye.look("followers, with the menu of the button")
    page.goto(f"{live_server.url}/notifications")
    eye.look("notifications")
    page.goto(f"{live_server.url}/account/notifications")
    eye.look("what one hears of")
    assert problems == []
    eye.tell()


def test_the_number_follows_what_is_read_and_stands_still_in_a_tab_that_nobody_sees(
    page, live_server, sign_in, problems, one_at_a_time, mark, vera
):
    make_campaign(owner=mark)
    say([vera], "One.", "Two.")
    sign_in(vera)
    page.goto(f"{live_server.url}/notifications")
    page.get_by_role("button", name="Mark as read").first.click()
    expect(page.locator("#bell-count")).to_contain_text("1 unread")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/count" in request.url else None)
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.evaluate("htmx.trigger('#bell-count', 'bell-due')")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: false, configurable: true })")
    assert asked == []
    say([vera], "Three.")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#bell-count")).to_contain_text("2 unread")
    page.get_by_role("button", name="Mark all as read").first.click()
    expect(page.locator("#bell-number")).to_have_count(0)
    expect(page.locator("#bell-count")).to_be_empty()
    assert not Notification.objects.unread().exists()
    assert problems == []


def test_a_viewer_follows_a_campaign_and_chooses_how_to_hear_of_it(
    page, live_server, sign_in, problems, one_at_a_time, mark, vera
):
    campaign = make_campaign(owner=mark)
    sign_in(vera)
    page.goto(f"{live_server.url}/campaigns/spring/runs")
    page.locator("#follow > summary").click()
    page.get_by_role("button", name="Only failures and approvals").click()
    expect(page.locator("#follow > summary")).to_contain_text("Following")
    assert following.extent(campaign, vera) == Following.Extent.IMPORTANT
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/account/notifications")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("E-mail: A campaign you follow moves on").select_option("now")
    page.get_by_label("Bell: A comment").uncheck()
    page.get_by_label("At", exact=True).select_option("17")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: this is how you hear of things")).to_be_visible()
    assert NotificationPreference.objects.get(person=vera, kind="campaign_state").mail == "now"
    assert not NotificationPreference.objects.get(person=vera, kind="comment").bell
    assert DigestTime.objects.get(person=vera).hour == 17
    assert problems == []
