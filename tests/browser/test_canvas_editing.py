"""Editing without a mouse: undo outlives a reload, the outline does everything, what is typed is not lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from campaigns import canvas
from campaigns.models import CampaignVersion
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, targeting_graph

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]


@pytest.fixture
def shop(transactional_db):
    make_shop()
    make_configuration()


def graph_of(campaign):
    return CampaignVersion.objects.get(campaign=campaign).graph


def test_undo_by_keyboard_survives_a_reload(page: Page, live_server, sign_in, problems, shop, mark):
    campaign = make_campaign(targeting_graph(), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/?node=split")
    page.locator("#node-remove").click()
    page.get_by_role("button", name="This node; join its neighbours").click()
    expect(page.locator("#node-split")).to_have_count(0)
    page.reload()
    page.wait_for_load_state()
    expect(page.get_by_role("button", name="Undo: remove Split")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.locator("#node-split")).to_be_visible()
    expect(page.get_by_text("Undone: remove Split")).to_be_visible()
    expect(page.get_by_role("button", name="Redo: remove Split")).to_be_visible()
    page.keyboard.press("Control+y")
    expect(page.locator("#node-split")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo: remove Split")).to_be_visible()
    assert "split" not in graph_of(campaign).nodes
    assert problems == []


def menu(page: Page, id: str, name: str) -> None:
    """Do something by the menu of a node, with the keyboard only."""
    page.locator(f"#menu-{id}").focus()
    page.keyboard.press("Enter")
    button = page.locator("#node-menu").get_by_role("button", name=name, exact=False)
    expect(page.locator("#node-menu button").first).to_be_focused()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#node-menu")).to_be_hidden()


def test_a_newcomer_does_every_action_in_the_outline_by_keyboard(
    page: Page, live_server, sign_in, problems, shop, mark
):
    campaign = make_campaign(targeting_graph(), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/?view=outline")
    page.wait_for_load_state()

    page.locator("#outline-yes").focus()
    page.keyboard.press("F2")
    expect(page.locator("#rename-name")).to_be_focused()
    page.keyboard.type("Goes out")
    page.keyboard.press("Enter")
    expect(page.locator("#outline-yes")).to_contain_text("Goes out")

    menu(page, "split", "Set a breakpoint")
    expect(page.locator("#outline-split")).to_have_attribute("data-breakpoint", "")
    menu(page, "yes", "Duplicate")
    expect(page.locator(".outline-card", has_text="Goes out 2")).to_be_visible()
    menu(page, "rest", "Copy")
    expect(page.get_by_text("1 activity copied.")).to_be_visible()

    menu(page, "split", "Move to…")
    place = page.locator("#place-choice")
    expect(place).to_be_focused()
    place.select_option(label="On its own, connected to nothing")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.locator("#move-now").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#saved-at")).to_be_visible()
    expect(page.locator("#outline-plus-paris-out")).to_be_visible()

    menu(page, "paris", "Connect, disconnect…")
    target = page.locator("#lead-target")
    expect(target).to_be_focused()
    target.select_option(label="Split")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#leads").get_by_role("button", name="Disconnect from Split")).to_be_visible()

    menu(page, "rest", "Add a note…")
    expect(page.locator("#note-words")).to_be_focused()
    page.keyboard.type("Nobody writes to them")
    page.locator("#note-save").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".outline-note")).to_contain_text("Nobody writes to them")

    page.locator("#outline-rest").focus()
    page.keyboard.press("Delete")
    expect(page.locator("#outline-rest")).to_have_count(0)
    expect(page.locator("#outline-split")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(page.locator("#outline-rest")).to_be_visible()
    expect(page.locator(".outline-note")).to_be_visible()
    graph = graph_of(campaign)
    assert graph.nodes["split"].breakpoint and graph.outgoing("paris")[0].target == "split"
    assert problems == []


def test_what_is_typed_is_kept_when_another_node_is_opened(page: Page, live_server, sign_in, problems, shop, mark):
    campaign = make_campaign(targeting_graph(), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/?node=yes")
    page.wait_for_load_state()
    page.get_by_label("Name", exact=True).fill("Typed and not saved")
    expect(page.locator("#node-discard")).to_be_visible()
    page.locator("#node-rest").click()
    expect(page.locator("#panel").get_by_role("heading", name="Rest")).to_be_visible()
    expect(page.locator("a.node", has_text="Typed and not saved")).to_be_visible()
    expect(page.get_by_role("button", name="Undo: change Yes")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Given up")
    page.locator("#node-discard").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Rest")
    page.locator("#node-split").click()
    expect(page.locator("#panel").get_by_role("heading", name="Split")).to_be_visible()
    assert graph_of(campaign).nodes["rest"].name == "Rest"
    assert problems == []


def test_who_is_too_late_does_it_again_in_one_press(page: Page, live_server, sign_in, shop, mark, anna):
    campaign = make_campaign(targeting_graph(), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/?node=yes")
    page.wait_for_load_state()
    canvas.rename_node(campaign.latest_version(), "rest", "Hers", revision=0, by=anna)
    page.locator("#node-remove").click()
    page.get_by_role("button", name="This node; join its neighbours").click()
    conflict = page.locator("#conflict")
    expect(conflict).to_contain_text("Anna was faster")
    expect(conflict).to_contain_text("rename Rest")
    expect(page.locator("a.node", has_text="Hers")).to_be_visible()
    page.locator("#repeat").click()
    expect(page.locator("#node-yes")).to_have_count(0)
    expect(conflict).to_be_empty()
    assert graph_of(campaign).nodes["rest"].name == "Hers"
