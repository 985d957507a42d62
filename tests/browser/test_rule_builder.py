"""The rule builder by keyboard and by mouse, as a marketer uses it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.builders import make_shop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def explore(page: Page, live_server, sign_in, mark) -> Page:
    make_shop()
    sign_in(mark)
    page.goto(f"{live_server.url}/data/explore?dataset=people")
    return page


def test_a_rule_is_built_with_the_keyboard(explore: Page, problems):
    add = explore.get_by_role("button", name="Condition").first
    add.focus()
    explore.keyboard.press("Enter")
    search = explore.get_by_label("Search columns")
    expect(search).to_be_focused()
    explore.keyboard.type("cit")
    expect(explore.locator("[data-entry]")).to_have_count(1)
    explore.keyboard.press("ArrowDown")
    expect(explore.locator("[data-entry]")).to_be_focused()
    explore.keyboard.press("Enter")
    expect(explore.get_by_label("Operator")).to_be_focused()
    explore.get_by_label("Value", exact=True).focus()
    explore.keyboard.type("Paris")
    explore.keyboard.press("Enter")  # says so, and sends no form
    expect(explore.locator(".rule-sentence")).to_contain_text("City is Paris.")
    explore.get_by_role("button", name="Count", exact=True).focus()
    explore.keyboard.press("Enter")
    expect(explore.locator(".rule-count strong")).to_have_text("3")
    explore.get_by_label("Value", exact=True).fill("Lyon")
    expect(explore.locator(".rule-answer")).to_have_class("rule-answer rule-stale")
    assert problems == []


def test_escape_closes_the_picker_and_gives_the_focus_back(explore: Page):
    add = explore.get_by_role("button", name="Condition").first
    add.click()
    expect(explore.get_by_label("Search columns")).to_be_focused()
    explore.keyboard.press("Escape")
    expect(explore.locator("[data-picker]")).to_have_count(0)
    expect(add).to_be_focused()


def test_a_box_is_built_with_the_mouse(explore: Page, problems):
    explore.get_by_role("button", name="Condition").first.click()
    explore.get_by_role("button", name="has purchases where").click()
    explore.get_by_label("What is asked of the linked rows").select_option(label="has at least")
    count = explore.locator(".rule-link .rule-number")
    count.fill("1")
    explore.locator(".rule-link").get_by_role("button", name="Condition").click()
    explore.locator(".rule-branch summary", has_text="product").click()
    explore.locator(".rule-branch-list").locator("[data-entry][title='product.brand']").click()
    explore.get_by_label("Values in the data").click()
    explore.get_by_role("button", name="BrewMaster").click()
    expect(explore.locator(".rule-sentence")).to_contain_text(
        "Has at least 1 purchases where product’s Brand is BrewMaster."
    )
    explore.get_by_role("button", name="Count", exact=True).click()
    expect(explore.locator(".rule-count strong")).to_have_text("2")
    explore.get_by_role("button", name="View rows").click()
    expect(explore.locator(".rule-sample tbody tr")).to_have_count(2)
    explore.get_by_role("button", name="SQL").click()
    expect(explore.locator(".rule-sql pre")).to_contain_text("'BrewMaster'")
    assert problems == []


def test_parts_are_moved_and_taken_out(explore: Page, problems):
    for column in ("City", "Consent"):
        explore.locator("#rule_root_add").click()
        explore.locator("[data-entry]", has_text=column).first.click()
        expect(explore.locator(".rule-attribute", has_text=column)).to_be_visible()
    explore.get_by_label("Move, group").nth(1).click()
    explore.get_by_role("button", name="Move up").click()
    expect(explore.locator(".rule-attribute").first).to_have_text("Consent")
    explore.get_by_label("How the parts go together").select_option(label="Any of these")
    expect(explore.locator(".rule-joint")).to_have_text("or")
    explore.get_by_role("button", name="Remove", exact=True).first.click()
    expect(explore.locator(".rule-attribute")).to_have_count(1)
    expect(explore.locator(".rule-attribute")).to_have_text("City")
    assert problems == []


def test_a_mistake_stands_beside_its_condition_and_nothing_is_lost(explore: Page):
    explore.locator("#rule_root_add").click()
    explore.locator("[data-entry][title='id']").click()
    explore.get_by_label("Value", exact=True).fill("twelve")
    explore.get_by_role("button", name="Count", exact=True).click()
    expect(explore.locator(".rule-condition .field-error")).to_contain_text("expects a number, not “twelve”.")
    expect(explore.get_by_label("Value", exact=True)).to_have_value("twelve")
    explore.get_by_label("Value", exact=True).fill("2")
    explore.get_by_role("button", name="Count", exact=True).click()
    expect(explore.locator(".rule-count strong")).to_have_text("1")


def test_the_builder_fits_a_phone(explore: Page):
    explore.set_viewport_size({"width": 390, "height": 844})
    explore.locator("#rule_root_add").click()
    explore.get_by_role("button", name="has purchases where").click()
    expect(explore.locator(".rule-link")).to_be_visible()
    assert explore.evaluate("document.documentElement.scrollWidth") <= 390
