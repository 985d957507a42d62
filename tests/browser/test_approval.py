"""From the author's request to the mail that is on its way, as two people do it in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from campaigns import lifecycle
from campaigns.models import Approval, Campaign
from orchcamp.messaging.models import Delivery
from tests.campaigns.desk_stage import mail_server, make_stage
from tests.campaigns.sending_stage import balanced

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_campaign_is_asked_for_approved_published_and_confirmed(
    page: Page, live_server, sign_in, problems, mark, anna
):
    with mail_server() as port:
        make_stage(mark, port=port)

        sign_in(mark)
        page.goto(f"{live_server.url}/campaigns/spring/submit")
        page.get_by_role("button", name="Dry run now").click()
        page.get_by_role("textbox", name="Message").fill("Please before Friday")
        page.get_by_role("button", name="Ask for approval").click()
        expect(page.get_by_text("Sent for approval.")).to_be_visible()

        sign_in(anna)
        page.goto(f"{live_server.url}/approvals/")
        card = page.get_by_role("article", name="Spring mail")
        expect(card.get_by_text("Would be sent")).to_be_visible()
        expect(card.get_by_text("Please before Friday")).to_be_visible()
        sample = card.frame_locator("iframe").first
        expect(sample.get_by_text("Hello")).to_be_visible()
        card.get_by_role("button", name="Approve", exact=True).click()
        expect(page.get_by_text("0 requests wait for you")).to_be_visible()
        assert Approval.objects.get().decided_by == anna

        page.get_by_role("link", name="Publish").click()
        expect(page.get_by_text("This is what happens")).to_be_visible()
        page.get_by_role("button", name="Publish now").click()
        page.get_by_role("button", name="Confirm and send 2 messages").click()
        expect(page.get_by_text("Books balance")).to_be_visible()
        expect(page.get_by_role("status").get_by_text("Succeeded")).to_be_visible()

    books = balanced(Delivery.objects.get())
    assert (books["targeted"], books["accepted"]) == (6, 2)
    assert Campaign.objects.get().status == Campaign.Status.COMPLETED
    assert problems == []


def test_the_queue_is_worked_through_by_keyboard(page: Page, live_server, sign_in, problems, mark, anna):
    first = make_stage(mark)
    second = lifecycle.duplicate(first, by=mark, name="Second thoughts")
    for campaign in (first, second):
        lifecycle.submit(campaign.latest_version(), by=mark)
    sign_in(anna)
    page.goto(f"{live_server.url}/approvals/")
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Second thoughts")).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Spring mail")).to_be_focused()
    page.locator("summary", has_text="Send back").first.click()
    page.get_by_label("What must change?").fill("The subject")
    page.get_by_role("button", name="Send back to its author").click()
    expect(page.get_by_role("link", name="Second thoughts")).to_be_focused()
    expect(
        page.get_by_role("article", name="Second thoughts").get_by_role("button", name="Approve", exact=True)
    ).to_be_visible()
    assert problems == []
