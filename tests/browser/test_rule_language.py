"""What the rule builder can do beside conditions: by mouse and by keyboard, as a marketer does it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from orchcamp.datasets import predefined
from tests.builders import make_shop

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CITY = {"attribute": "city", "operator": "equals", "value": "Paris"}
NAME = {"attribute": "name", "operator": "equals", "value": "Ann"}
CONSENT = {"attribute": "consent", "operator": "equals", "value": True}


@pytest.fixture
def explore(page: Page, live_server, sign_in, mark):
    """Opens the builder with a rule."""
    make_shop()
    sign_in(mark)

    def go(rule: Any = None) -> Page:
        page.goto(f"{live_server.url}/data/explore?dataset=people&rule={quote(json.dumps(rule or {}))}")
        return page

    return go


def group(*items: Any, kind: str = "and") -> dict[str, Any]:
    return {"group": kind, "items": list(items)}


def tree(page: Page) -> Any:
    return json.loads(page.locator("[data-tree]").input_value())


def said(page: Page):
    return page.locator(".rule-sentence")


def add_column(page: Page, title: str, within: str = "#rule_root_add") -> None:
    page.locator(within).click()
    page.locator(f"[data-entry][title='{title}']").click()
    expect(page.locator("[data-picker]")).to_have_count(0)


def test_everyone_but_the_buyers_of_a_brand_is_built_by_clicks(explore, problems):
    page = explore(group(CITY))
    page.locator("#rule_root_add").click()
    page.get_by_role("button", name="has purchases where").click()
    page.get_by_label("What is asked of the linked rows").select_option(label="has at least")
    page.locator(".rule-link .rule-number").fill("1")
    add_column(page, "amount", "#rule_1_w_add")
    page.locator("#rule_1_w_0_operator").select_option(label="is at least")
    page.locator("#rule_1_w_0_value").fill("100")
    page.get_by_label("How the parts go together").first.select_option(label="The first, but none of the others")
    expect(page.locator("#rule_root > .rule-items > li > .rule-joint")).to_have_text("but not")
    expect(said(page)).to_contain_text(
        "City is Paris, except where has at least 1 purchases where Amount is at least 100."
    )
    page.get_by_role("button", name="Count", exact=True).click()
    expect(page.locator(".rule-count strong")).to_have_text("2")  # Cid and Fay, not Ann
    page.get_by_role("button", name="Count each").click()
    expect(page.locator("#rule_0_figures")).to_contain_text("alone 3")
    expect(page.locator("#rule_1_figures")).to_contain_text("alone 2")
    expect(page.locator("#rule_1_figures")).to_contain_text("together 2")
    expect(page.locator("#rule_1_w_0_figures")).to_contain_text("alone 2")
    assert problems == []


def test_a_value_is_taken_from_the_distribution_of_its_column(explore, problems):
    page = explore()
    page.locator("#rule_root_add").click()
    row = page.locator(".rule-entry-row", has=page.locator("[title='city']"))
    row.get_by_label("Favourite").click()
    expect(row.get_by_label("Favourite")).to_have_attribute("aria-pressed", "true")
    row.get_by_role("button", name="About City").click()
    about = page.locator(".rule-about")
    expect(about).to_contain_text("16.7 %")  # empty
    expect(about.locator(".rule-use").first).to_contain_text("Paris")
    about.get_by_label("Search values").fill("ly")
    expect(about.locator(".rule-use")).to_have_count(1)
    about.get_by_role("button", name="Lyon").click()
    expect(said(page)).to_contain_text("City is Lyon.")
    page.locator("#rule_root_add").click()
    page.get_by_text("Favourites and recent").click()
    expect(page.locator("[data-entry]")).to_have_count(1)
    page.get_by_text("All", exact=True).click()
    expect(page.locator("[data-entry][title='name']")).to_be_visible()
    page.get_by_label("Type").select_option("date")
    expect(page.locator("[data-entry]")).to_have_count(2)
    assert problems == []


def test_deeds_are_undone_and_done_again_with_the_keyboard(explore, problems):
    page = explore(group(CITY))
    add_column(page, "consent")
    page.get_by_label("Value", exact=True).first.fill("Nice")
    page.keyboard.press("Tab")
    expect(said(page)).to_contain_text("City is Nice and Consent is yes.")
    page.locator("#rule_0_operator").focus()
    page.keyboard.press("Control+z")
    expect(said(page)).to_contain_text("City is Paris and Consent is yes.")
    page.get_by_role("button", name="Undo").click()
    expect(said(page)).to_have_text("format_quoteCity is Paris.")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.get_by_role("button", name="Redo").click()
    expect(said(page)).to_contain_text("City is Paris and Consent is yes.")
    page.get_by_role("button", name="Remove all").click()
    page.locator("dialog button[value=yes]").click()
    expect(said(page)).to_contain_text("Every row.")
    page.locator("#rule_root_add").focus()
    page.keyboard.press("Control+z")
    expect(said(page)).to_contain_text("City is Paris and Consent is yes.")
    assert problems == []


def test_a_part_is_dragged_into_a_group_and_out_again_with_the_keyboard(explore, problems):
    page = explore(group(CITY, group(CONSENT, kind="or")))
    grip, target = page.locator("#rule_0 [data-grip]"), page.locator("#rule_1_0")
    box = target.bounding_box()
    grip.hover()
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + box["height"] - 4, steps=5)
    expect(page.locator(".rule-drop")).to_have_count(1)
    page.mouse.up()
    expect(page.locator("#rule_0_1")).to_contain_text("City")
    assert tree(page) == group(group(CONSENT, CITY, kind="or"))
    page.locator("#rule_0_1_menu").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#rule_0_0_menu")).to_be_focused()
    page.keyboard.press("Alt+ArrowLeft")
    expect(page.locator("#rule_1_menu")).to_be_focused()
    assert tree(page) == group(group(CONSENT, kind="or"), CITY)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Move into…").click()
    expect(page.locator("[data-picker] [data-entry]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#rule_0_1")).to_be_visible()
    assert tree(page) == group(group(CONSENT, CITY, kind="or"))
    assert problems == []


def test_what_was_copied_is_pasted_into_another_rule_where_it_fits(explore):
    page = explore(group(group(CITY, CONSENT, kind="or")))
    page.locator("#rule_0_menu").focus()
    page.keyboard.press("Control+c")
    expect(page.locator(".rule-notice")).to_contain_text("Copied")
    page = explore(group(NAME, {"link": "purchases", "exists": True}))
    page.locator("#rule_root_more").click()
    page.get_by_role("button", name="Paste").click()
    expect(page.locator("#rule_2")).to_contain_text("City")
    assert tree(page)["items"][2] == group(CITY, CONSENT, kind="or")
    page.locator("#rule_1_w_more").click()
    page.locator("#rule_1_w").get_by_role("button", name="Paste").click()
    expect(page.get_by_role("alert")).to_contain_text("does not fit Purchases: Purchases has no column “city”")


def test_an_expression_is_put_together_and_checked_while_it_is_typed(explore, problems):
    page = explore(group(CITY))
    page.locator("#rule_root_more").click()
    page.get_by_role("button", name="Expression").click()
    text = page.get_by_label("Expression", exact=True)
    expect(text).to_be_focused()
    page.get_by_label("Fields and functions").click()
    page.get_by_label("Search functions").fill("upper")
    page.keyboard.press("Enter")
    expect(text).to_have_value("Upper(")
    page.get_by_label("Search fields").fill("name")
    page.locator(".formula-item", has_text="Name").first.click()
    expect(text).to_have_value("Upper([name]")
    expect(page.locator(".formula-wrong")).to_contain_text("Line 1, column 6")
    page.keyboard.type(")")
    expect(page.locator(".formula-right")).to_contain_text("Text")
    expect(page.locator(".formula-value").first).to_have_text("ANN")
    text.fill("Upper([nam])")
    expect(page.locator(".formula-wrong")).to_contain_text("column 7")
    page.get_by_role("button", name="Go there").click()
    assert text.evaluate("input => input.selectionStart") == 6
    text.fill("Upper([name])")
    page.keyboard.press("Escape")
    expect(page.locator("[data-formula-editor]")).to_have_count(0)
    page.locator("#rule_1_value").fill("ANN")
    page.get_by_role("button", name="Count", exact=True).click()
    expect(page.locator(".rule-count strong")).to_have_text("1")
    assert problems == []


def test_a_predefined_filter_is_used_looked_at_and_copied_into_the_rule(explore, problems, mark):
    page = explore()
    predefined.create(
        label="Lives in", dataset="people", rule={**CITY, "value": {"parameter": "town"}},
        parameters={"town": {"type": "text", "default": "Nice", "label": "Town"}}, by=mark,
    )  # fmt: skip
    page.locator("#rule_root_more").click()
    page.get_by_role("button", name="Predefined filter").click()
    page.get_by_text("Mine", exact=True).click()
    page.locator("[data-entry]", has_text="Lives in").click()
    town = page.get_by_label("Town")
    expect(town).to_be_focused()
    page.keyboard.type("Paris")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".rule-preview")).to_contain_text("City is Paris.")
    page.get_by_role("button", name="Count", exact=True).click()
    expect(page.locator(".rule-count strong")).to_have_text("3")
    page.locator("#rule_0_menu").click()
    page.get_by_role("button", name="Switch to editing").click()
    expect(page.get_by_label("Value", exact=True)).to_have_value("Paris")
    assert tree(page) == group(CITY)
    assert problems == []


def test_boxes_are_folded_and_the_columns_of_the_rows_chosen(explore, problems):
    page = explore(
        group(
            {"link": "purchases", "exists": True, "where": group({"attribute": "amount", "operator": "is_not_empty"})}
        )
    )
    page.get_by_role("button", name="Fold every box", exact=True).click()
    expect(page.locator(".rule-folded")).to_contain_text("has purchases where Amount is not empty")
    page.get_by_role("button", name="View rows").click()
    expect(page.locator(".rule-sample thead th")).to_have_count(7)
    page.locator(".rule-columns summary").click()
    for label in ("Name", "Email", "Consent", "Born", "Joined"):
        page.locator(".rule-columns").get_by_label(label).uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".rule-sample thead th")).to_have_count(2)
    page.locator(".rule-unfold").click()
    expect(page.locator("#rule_0_w_0")).to_be_visible()
    assert problems == []
