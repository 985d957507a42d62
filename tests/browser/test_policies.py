"""An administrator makes a policy by keyboard alone, looks at what it would have held for, and sets it to work."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from campaigns.models import ApprovalPolicy
from tests.campaigns.desk_stage import make_stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_policy_is_made_by_keyboard_and_activated(page, live_server, sign_in, problems, mark, ada, anna):
    make_stage(mark)
    sign_in(ada)
    page.goto(f"{live_server.url}/policies/")
    page.get_by_role("link", name="New policy").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Large ones")
    page.get_by_role("button", name="Add group of conditions").focus()
    page.keyboard.press("Enter")
    row = page.get_by_role("region", name="Condition 1")
    expect(row).to_be_visible()
    row.get_by_label("What", exact=True).select_option("size")
    expect(row.get_by_label("Channel", exact=False)).to_be_hidden()
    row.get_by_label("Messages, by the dry run").fill("5")
    page.get_by_role("button", name="Add condition").press("Enter")
    second = page.get_by_role("region", name="Condition 2")
    expect(second).to_be_visible()
    expect(page.get_by_role("region", name="Condition 1").get_by_label("Messages, by the dry run")).to_have_value("5")
    expect(page.locator(":focus")).to_have_count(1)
    second.get_by_label("Channel", exact=False).select_option("email")
    page.get_by_label("Anna (anna)").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page).to_have_url(re.compile(r"/policies/\d+/$"))
    expect(page.get_by_role("heading", name="The last campaigns")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Spring"))).to_be_visible()
    page.get_by_role("button", name="Activate").press("Enter")
    expect(page.get_by_role("button", name="Deactivate")).to_be_visible()
    assert ApprovalPolicy.objects.get().is_active
    assert not problems
