"""An approver's morning: what waits is seen, decided by keyboard, several at once, published, sent, and proven."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from campaigns import execution, lifecycle
from campaigns.models import Approval, Campaign, Delegation, Run
from orchcamp.messaging.models import Delivery
from tests.browser.eye import WIDE, Eye
from tests.campaigns.desk_stage import ask, mail_server, make_stage, publish
from tests.campaigns.sending_stage import balanced
from tests.conftest import person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]
NAMES = ("Autumn", "Birthday", "Coupon", "Discount", "Evening")


@pytest.fixture
def morning(mark, anna):
    """Five requests of Mark's, and a campaign of his whose sending waits."""
    with mail_server() as port:
        first = make_stage(mark, port=port)
        for name in NAMES:
            ask(lifecycle.duplicate(first, by=mark, name=name), mark, f"{name}, please")
        execution.run_to_end(publish(first, author=mark, approver=person("otto", "approver")))
        yield


def status(name: str) -> str:
    return Approval.objects.get(version__campaign__name=name).status


def test_an_approvers_morning(page: Page, live_server, sign_in, problems, morning, anna, tmp_path: Path):
    sign_in(anna)
    for name in NAMES:
        expect(page.get_by_text(f"Decide about {name}")).to_be_visible()
    expect(page.get_by_text("Confirm “Mail” of Spring mail")).to_be_visible()
    menu = page.get_by_role("complementary", name="Menu")
    menu.get_by_role("link", name="Approvals").click()
    expect(page.get_by_text("5 requests wait for you")).to_be_visible()
    expect(menu.get_by_role("link", name="Approvals 5 waiting for you")).to_be_visible()

    # the first opens by itself; from here on the keyboard does it all
    card = page.get_by_role("article", name="Autumn")
    expect(card.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    expect(card.get_by_text("Would be sent")).to_be_visible()
    expect(card.frame_locator("iframe").first.get_by_text("Hello")).to_be_visible()
    eye = Eye(page)
    eye.look("the queue")
    expect(page.get_by_role("link", name="Autumn", exact=True)).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Birthday", exact=True)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("a")
    expect(page.get_by_text("4 requests wait for you")).to_be_visible()
    expect(menu.get_by_role("link", name="Approvals 4 waiting for you")).to_be_visible()
    expect(page.get_by_role("link", name="Birthday", exact=True)).to_be_focused()
    assert status("Autumn") == "approved"

    card = page.get_by_role("article", name="Birthday")
    expect(card.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    page.keyboard.press("b")
    expect(card.get_by_label("What must change?")).to_be_focused()
    page.keyboard.type("A shorter subject")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 requests wait for you")).to_be_visible()
    expect(page.get_by_role("link", name="Coupon", exact=True)).to_be_focused()
    assert status("Birthday") == "sent_back"

    card = page.get_by_role("article", name="Coupon")
    expect(card.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    page.keyboard.press("g")
    expect(card.get_by_label("Who decides in your place?")).to_be_focused()
    page.keyboard.type("Otto")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Delegated to Otto.")).to_be_visible()
    expect(page.get_by_text("2 requests wait for you")).to_be_visible()
    assert Delegation.objects.get().to.username == "otto"

    # the two that are left, together
    expect(page.get_by_role("link", name="Discount", exact=True)).to_be_focused()
    page.keyboard.press("Enter")  # closed again: what is open is decided by itself
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("2 ticked")).to_be_visible()
    page.get_by_role("button", name="Approve together").click()
    expect(page.locator(".outcome-done")).to_have_count(2)
    expect(page.get_by_text("0 requests wait for you")).to_be_visible()
    assert status("Discount") == status("Evening") == "approved"

    # what is approved is published, what waits is sent
    page.goto(f"{live_server.url}/approvals/?show=decided")
    page.get_by_role("link", name="Autumn", exact=True).click()
    page.get_by_role("article", name="Autumn").get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text("Published: the run has begun.")).to_be_visible()
    assert Run.objects.live().filter(campaign__name="Autumn").count() == 1
    page.goto(live_server.url)
    page.get_by_role("link", name="Confirm “Mail” of Spring mail").click()
    page.get_by_role("button", name="Confirm and send 2 messages").click()
    expect(page.get_by_text("Books balance")).to_be_visible()
    books = balanced(Delivery.objects.get(campaign="spring"))
    assert (books["targeted"], books["accepted"]) == (6, 2)

    # and the proof of it, which opens by itself
    page.goto(f"{live_server.url}/approvals/?show=decided")
    page.get_by_role("link", name="Birthday", exact=True).click()
    with page.expect_download() as taken:
        page.get_by_role("article", name="Birthday").get_by_role("link", name="Evidence pack").click()
    file = tmp_path / taken.value.suggested_filename
    taken.value.save_as(file)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    expect(page.get_by_text("A shorter subject").first).to_be_visible()
    expect(page.get_by_role("heading", name="Counts of every transition")).to_be_visible()
    assert asked == [file.as_uri()]
    eye.tell()
    assert problems == []


def test_single_keys_can_be_switched_off(page: Page, live_server, sign_in, problems, mark, anna):
    ask(make_stage(mark), mark)
    sign_in(anna)
    page.goto(f"{live_server.url}/approvals/")
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Shortcuts of a single letter or sign").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("b")
    expect(page.get_by_label("What must change?")).to_be_hidden()
    assert Approval.objects.get().status == "waiting"
    assert problems == []


def test_two_tabs_decide_once_and_the_second_is_told(page: Page, live_server, sign_in, mark, anna):
    ask(make_stage(mark), mark)
    sign_in(anna)
    page.goto(f"{live_server.url}/approvals/")
    other = page.context.new_page()
    other.goto(f"{live_server.url}/approvals/")
    for tab in (page, other):
        expect(tab.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("0 requests wait for you")).to_be_visible()
    other.get_by_role("button", name="Approve", exact=True).click()
    expect(other.get_by_text("decided already: approved")).to_be_visible()


def test_an_approval_on_a_phone(page: Page, live_server, sign_in, problems, mark, anna):
    ask(make_stage(mark), mark, "On the way to work")
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(anna)
    page.goto(f"{live_server.url}/approvals/")
    approve = page.get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_in_viewport()
    box = approve.bounding_box()
    assert box["height"] >= 44 and box["y"] > 844 / 2  # within reach of the thumb
    assert page.evaluate(WIDE) == []
    page.locator("summary", has_text="Send back").click()
    expect(page.get_by_label("What must change?")).to_be_in_viewport()
    assert page.evaluate(WIDE) == []
    page.locator("summary", has_text="Send back").click()
    approve.click()
    expect(page.get_by_text("0 requests wait for you")).to_be_visible()
    assert Campaign.objects.get().status == Campaign.Status.APPROVED
    assert problems == []
