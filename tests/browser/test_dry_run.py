"""A dry run in a browser: one press on the canvas, the panel that follows, the page with waterfall and samples."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from campaigns.models import Batch, Run
from orchcamp.messaging.models import Delivery
from tests.campaigns.builders import audience, email, graph
from tests.campaigns.desk_stage import make_stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def two_mails():
    """Everyone gets a mail, and those of whom nothing else is known a second; its body fails for both of them."""
    nodes = {
        "people": ("build_audience", audience()),
        "mail": ("email", email(body="<p>Dear {{ name }} of {{ city }}</p>")),
        "wait": ("wait", {"type": "duration", "value": 2, "unit": "days"}),
        "again": ("email", email(subject="Once more", body="<p>{{ name|number }}</p>")),
        "end": ("end", {}),
    }
    return graph(nodes, "people>mail", "mail>wait", "wait>again", "again>end")


def test_one_press_shows_who_would_get_what_and_sends_nothing(page: Page, live_server, sign_in, problems, mark):
    make_stage(mark, two_mails())
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    page.get_by_role("button", name="Dry run").click()
    panel = page.locator("#dry-panel")
    expect(panel.get_by_text("Would be sent")).to_have_count(2, timeout=60_000)  # the run itself, on a busy machine
    expect(panel.get_by_text("2 of 2 messages put together fail.")).to_be_visible()
    expect(page.locator("a.node", has_text="End").locator(".node-rows")).to_contain_text("6")
    expect(page.get_by_text("last dry run")).to_be_visible()

    panel.get_by_role("link", name="Messages, samples and time").click()
    page.wait_for_load_state()
    mail = page.locator("#dry-mail")
    expect(mail.get_by_text("Books balance: all 6 are accounted for.")).to_be_visible()
    for cause in ("No address", "Malformed address", "Duplicate address", "No consent", "Would be sent"):
        expect(mail.get_by_role("rowheader", name=cause)).to_be_visible()
    expect(mail.frame_locator("iframe").get_by_text("Dear ")).to_be_visible()
    first = mail.locator(".message-subject").inner_text()
    longest = mail.get_by_role("link", name="Longest")
    longest.click()
    expect(longest).to_have_attribute("aria-current", "true")
    expect(longest).to_be_focused()
    expect(mail.locator(".message-subject")).not_to_have_text(first)

    again = page.locator("#dry-again")
    expect(again.get_by_text("2 fail.")).to_be_visible()
    again.get_by_role("link", name="Show").click()
    expect(again.get_by_text("could not convert string to float: 'Ann'", exact=False).or_(
        again.get_by_text("could not convert string to float: 'Bob'", exact=False))).to_be_visible()  # fmt: skip
    expect(page.get_by_text("On its longest way, at least")).to_be_visible()
    assert Run.objects.get().mode == "dry"
    assert not Delivery.objects.exists() and not Batch.objects.exists()
    assert problems == []
