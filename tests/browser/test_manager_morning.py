"""A manager's morning: from what waits to a request for approval, most of it by keyboard."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns import comments
from campaigns.comments import Subject
from campaigns.models import Approval, Comment, Mention, Run, Task
from campaigns.work import writing
from tests.campaigns.desk_stage import make_stage
from tests.campaigns.work.stage import give, make_team

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]


@pytest.fixture
def morning(mark, anna, ada) -> Task:
    """A team's task about the mail, one that is late, and a question by a colleague."""
    campaign = make_stage(mark)
    team = make_team(mark, anna)
    yesterday = timezone.localdate() - timedelta(days=2)
    give(campaign, ada, title="Book the printer", assignee=mark, due_on=yesterday)
    comments.write(Subject(campaign, version=campaign.latest_version()), "@mark, is this final?", by=anna)
    return writing.create_task(campaign, by=ada, title="Check the mail", group=team, node_id="mail")


def test_a_manager_s_morning(page: Page, live_server, sign_in, problems, morning, mark, anna):
    sign_in(mark)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="My work").click()
    lines = page.locator(".work-lines > li")
    expect(lines).to_have_count(3)
    expect(lines.first).to_contain_text("Book the printer")
    expect(lines.first).to_contain_text("overdue")
    page.get_by_role("link", name=re.compile("^Mentions")).click()
    expect(lines).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Noted")).click()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    page.get_by_role("link", name="Waits for me").click()

    take_the_task(page)
    change_the_node(page)
    ask_anna(page)
    tick_and_move(page, live_server, morning)
    ask_for_approval(page, live_server)

    page.get_by_role("navigation", name="Main").get_by_role("link", name="My work").click()
    expect(lines).to_have_count(1)
    expect(lines.first).to_contain_text("Book the printer")
    page.get_by_role("button", name=re.compile("^Done.*Book the printer")).click()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()

    sign_in(anna)
    page.goto(f"{live_server.url}/work")
    expect(page.get_by_role("link", name=re.compile("Decide about Spring mail"))).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Mark mentions you on a node"))).to_be_visible()
    assert problems == []


def take_the_task(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Take it.*Check the mail")).click()
    expect(page.get_by_role("button", name=re.compile("^Done.*Check the mail"))).to_be_visible()
    page.locator(".work-lines").get_by_role("link", name=re.compile("Check the mail")).click()
    expect(page.get_by_role("heading", name="Check the mail", level=1)).to_be_visible()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("In progress").first).to_be_visible()


def change_the_node(page: Page) -> None:
    page.locator("dl.facts").get_by_role("link", name="Mail", exact=True).click()
    panel = page.locator("#panel")
    panel.get_by_label("Name", exact=True).fill("Spring letter")
    panel.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator("a.node", has_text="Spring letter")).to_be_visible()


def ask_anna(page: Page) -> None:
    panel = page.locator("#panel")
    panel.locator("#node-talk > summary").click()
    text = panel.get_by_label("Your comment")
    text.click()
    page.keyboard.type("Is the subject right, @a")
    expect(panel.get_by_role("option", name=re.compile("Ada"))).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(panel.get_by_role("option", name=re.compile("Anna"))).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(text).to_have_value("Is the subject right, @anna ")
    page.keyboard.type("please?")
    page.keyboard.press("Control+Enter")
    expect(panel.locator(".mention")).to_have_text("@anna")
    expect(page.locator("a.node", has_text="Spring letter").locator(".node-talk")).to_contain_text("1")
    assert Comment.objects.get(node_id="mail").text == "Is the subject right, @anna please?"
    assert Mention.objects.filter(person__username="anna").exists()


def tick_and_move(page: Page, live_server, task: Task) -> None:
    page.goto(f"{live_server.url}/tasks/{task.pk}/")
    step = page.get_by_label("A further step")
    for text in ("Read it aloud", "Look at it on a phone"):
        step.fill(text)
        page.keyboard.press("Enter")
        expect(page.get_by_role("checkbox", name=text)).to_be_visible()
    box = page.get_by_role("checkbox", name="Read it aloud")
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    expect(page.get_by_text("1 of 2 steps")).to_be_visible()

    page.get_by_role("link", name="Board of Content").click()
    card = page.get_by_role("link", name="Check the mail")
    expect(page.get_by_role("region", name=re.compile("In progress"))).to_contain_text("Check the mail")
    expect(page.locator(".board-card")).to_contain_text("1 of 2 steps")
    card.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("region", name=re.compile("^Done"))).to_contain_text("Check the mail")
    expect(card).to_be_focused()
    task.refresh_from_db()
    assert task.status == "done"


def ask_for_approval(page: Page, live_server) -> None:
    page.goto(f"{live_server.url}/campaigns/spring/")
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#dry-panel").get_by_text("Would be sent")).to_be_visible(timeout=60_000)
    assert Run.objects.get().mode == "dry"
    page.goto(f"{live_server.url}/campaigns/spring/submit")
    page.get_by_role("textbox", name="Message").fill("Ready")
    page.get_by_role("button", name="Ask for approval").click()
    expect(page.get_by_text("Sent for approval.")).to_be_visible()
    assert Approval.objects.get().message == "Ready"


def test_a_card_is_dragged_to_another_column(page: Page, live_server, sign_in, problems, mark):
    campaign = make_stage(mark)
    team = make_team(mark)
    task = give(campaign, mark, title="Check the mail", group=team)
    sign_in(mark)
    page.goto(f"{live_server.url}/boards/{team.pk}/")
    page.locator(".board-card").drag_to(page.get_by_role("region", name=re.compile("^Done")))
    expect(page.get_by_role("region", name=re.compile("^Done"))).to_contain_text("Check the mail")
    task.refresh_from_db()
    assert task.status == "done"
    assert problems == []
