"""The health of the installation and the settings of a campaign, as people see and use them."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure
from playwright.sync_api import Page, expect

from campaigns.models import Campaign, NodeRun, RemovedCampaign, Run
from tests import access_stage
from tests.browser.eye import Eye

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]


def trouble(things: dict[str, object]) -> None:
    """A node in error, a task that broke, and a campaign that was removed."""
    NodeRun.objects.filter(run=things["run"]).update(
        status="failed", error="The mail server is away; mend its address."
    )
    Run.objects.filter(pk=things["run"]).update(status="failed")
    Campaign.objects.filter(slug="spring").update(status="live")
    now = timezone.now()
    facts = {"name": "one", "func": "campaigns.tasks.purge", "started": now, "stopped": now, "success": False}
    Failure.objects.create(id="f" * 32, result="ValueError: a task that broke : Traceback", **facts)
    line = {"label": "Mail", "targeted": 6, "accepted": 2, "opened": 1, "clicked": 0}
    RemovedCampaign.objects.create(slug="old", name="Old", archived_at=now - timedelta(days=31), runs=1, totals=[line])


def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("ORCHCAMP_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_an_administrator_mends_what_failed_and_sets_the_retention(page, live_server, sign_in, problems, ada, mark):
    things, eye = access_stage.build(mark), Eye(page)
    trouble(things)
    sign_in(ada)
    page.goto(f"{live_server.url}{reverse('campaigns:health')}")
    shot(page, "health")
    eye.look("the health with failures")
    expect(page.get_by_role("status").filter(has_text="Something is broken")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Tasks of the queue that broke")).to_have_count(0)
    page.get_by_label("History in days").fill("60")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("History in days")).to_have_value("60")
    page.get_by_role("link", name="Clean up…").click()
    shot(page, "clean")
    eye.look("the clean-up")
    expect(page.get_by_text("Nothing is past its time.")).to_be_visible()
    assert problems == []
    eye.tell()


def test_how_a_campaign_runs_is_set_with_a_node_of_its_own(page, live_server, sign_in, problems, mark):
    access_stage.build(mark)
    eye = Eye(page)
    sign_in(mark)
    page.goto(f"{live_server.url}{reverse('campaigns:properties', args=['spring'])}")
    page.get_by_role("link", name="Settings…").click()
    page.get_by_label("When a node fails").select_option("ignore")
    page.get_by_label("Errors in a row that may be ignored").fill("2")
    page.get_by_text("Nodes that differ").click()
    page.get_by_label("When “Mail” fails").select_option("abort")
    page.get_by_label("Minutes for “Mail”").fill("15")
    shot(page, "running")
    eye.look("how a campaign runs")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Settings saved.")).to_be_visible()
    kept = Campaign.objects.get(slug="spring").settings
    assert (kept["on_error"], kept["nodes"]) == ("ignore", {"mail": {"on_error": "abort", "max_minutes": 15}})
    assert problems == []
    eye.tell()
