"""Versions in a real browser: the next one begun, looked at beside the one in force, and compared; all keep WCAG."""

from __future__ import annotations

import pytest
from django.urls import reverse

from campaigns import canvas, execution, lifecycle
from campaigns.models import Campaign, Run
from campaigns.versions import drafting
from tests.browser.eye import Eye, expect
from tests.builders import make_shop
from tests.campaigns.builders import PARIS, audience, email, make_configuration, simple_graph
from tests.campaigns.lifecycle_stage import campaign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]


@pytest.fixture
def live(mark) -> Campaign:
    make_shop()
    make_configuration()
    campaign = campaign_in("live", author=mark, canvas=simple_graph(), schedule={"frequency": "signal"})
    execution.run_to_end(execution.start(campaign.published_version(), mode=Run.Mode.TEST))
    return campaign


def test_a_next_version_is_begun_looked_at_and_compared(page, live_server, sign_in, problems, live, mark):
    sign_in(mark)
    eye = Eye(page)
    page.goto(f"{live_server.url}{reverse('campaigns:canvas', args=['spring'])}")
    page.get_by_role("button", name="Edit as version 2").click()
    expect(page.get_by_text("Version 2 is open as a draft")).to_be_visible()
    draft = live.draft()
    canvas.configure_node(draft, "people", revision=draft.revision, by=mark, settings=audience(PARIS))
    canvas.configure_node(draft, "mail", revision=draft.revision, by=mark, settings=email(subject="Hi {{ name }}"))
    canvas.remove_node(draft, "end", revision=draft.revision, by=mark)
    page.get_by_role("link", name="see version 1 (In force)").click()
    page.locator("#node-people").click()
    expect(page.locator("#panel")).to_contain_text("This version is frozen")
    assert "version=1" in page.url
    page.goto(f"{live_server.url}{reverse('campaigns:versions', args=['spring'])}")
    eye.look("versions")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Compare the two that are ticked").click()
    expect(page.locator(".differences")).to_contain_text("who is in it every row → City is Paris")
    expect(page.locator(".overlay-removed .overlay-box")).to_have_count(1)
    eye.look("versions compared")
    eye.tell()
    assert not problems


def test_the_way_to_a_publication_is_looked_at(page, live_server, sign_in, problems, live, mark, anna):
    drafting.begin_next(live, by=mark)
    lifecycle.approve(lifecycle.submit(live.draft(), by=mark), by=anna)
    sign_in(anna)
    eye = Eye(page)
    page.goto(f"{live_server.url}{reverse('campaigns:publish', args=['spring'])}")
    eye.look("publish")
    page.get_by_label("Why").fill("Everybody now")
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text("Published, and in force: When a signal comes.")).to_be_visible()
    page.goto(f"{live_server.url}{reverse('campaigns:govern', args=['spring', 'stop'])}")
    eye.look("stop")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("“Spring” is stopped")).to_be_visible()
    eye.tell()
    assert not problems
