"""Dragging on the canvas by mouse: every place where something can be dropped, and what came of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.campaigns.builders import audience, graph, make_campaign

from .canvas_hands import (
    CHAIN,
    FORKED,
    carry,
    chain,
    drag,
    drawn,
    empty_ground,
    middle,
    name_of,
    node,
    on_line,
    palette,
    targets,
    the_new,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]


# --- from the palette ----------------------------------------------------------------------------


def test_an_activity_is_dropped_on_a_line_an_output_a_node_and_on_empty_ground(
    page: Page, open_canvas, problems, shop, mark
):
    campaign = chain(owner=mark)
    open_canvas(campaign)
    line = on_line(page, "b", "c")
    carry(page, palette(page, "Split"), (line[0], line[1] + 22))
    expect(page.locator(".ghost-said")).to_have_text("Between “B” and “C”")
    expect(page.locator("path.wire-lit")).to_have_count(1)
    page.mouse.up()
    expect(page.locator("a.node", has_text="Split")).to_be_visible()
    split = the_new(campaign, "split")
    assert (targets(campaign, "b"), targets(campaign, split)) == ([split], ["c"])
    expect(page.locator("#drag-ghost")).to_be_hidden()

    page.locator("[data-close-panel]").click()
    page.keyboard.press("0")
    drag(page, palette(page, "Alert"), middle(node(page, "d")))
    expect(page.locator("a.node", has_text="Alert")).to_be_visible()
    assert targets(campaign, "d") == [the_new(campaign, "alert")]

    page.locator("[data-close-panel]").click()
    page.keyboard.press("0")
    drag(page, palette(page, "Combine"), empty_ground(page))
    expect(page.locator("a.node", has_text="Combine")).to_be_visible()
    alone = the_new(campaign, "combine")
    assert drawn(campaign).incoming(alone) == drawn(campaign).outgoing(alone) == []
    assert problems == []


def test_escape_gives_up_a_drag_and_what_does_not_fit_lights_no_line(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    open_canvas(campaign)
    line = on_line(page, "b", "c")
    carry(page, palette(page, "End"), line)
    expect(page.locator(".ghost-said")).to_be_visible()
    expect(page.locator("path.wire-lit")).to_have_count(0)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator("#drag-ghost")).to_be_hidden()
    carry(page, palette(page, "Split"), line)
    expect(page.locator("path.wire-lit")).to_have_count(1)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator("path.wire-lit")).to_have_count(0)
    page.keyboard.press("0")
    assert set(drawn(campaign).nodes) == set(CHAIN)
    assert problems == []


# --- moving nodes --------------------------------------------------------------------------------


def test_a_node_is_moved_alone_and_its_old_place_heals(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    open_canvas(campaign)
    carry(page, name_of(page, "b"), on_line(page, "d", "e"))
    expect(page.locator("#drag-ghost")).to_contain_text("Between “D” and “E”")
    page.mouse.up()
    expect(page.locator('path.wire[data-source="a"][data-target="c"]')).to_be_attached()
    assert [targets(campaign, id) for id in "acdb"] == [["c"], ["d"], ["b"], ["e"]]
    carry(page, name_of(page, "b"), on_line(page, "b", "e"))
    expect(page.locator("path.wire-lit")).to_have_count(0)  # where it stands already
    page.keyboard.press("Escape")
    page.mouse.up()
    assert problems == []


def test_a_node_is_moved_with_what_follows_by_choice_or_with_alt(page: Page, open_canvas, problems, shop, mark):
    campaign = make_campaign(graph(FORKED, "a>f", "f.left>b", "b>c", "c>d"), owner=mark)
    open_canvas(campaign)
    carry(page, name_of(page, "b"), middle(page.locator("#plus-f-right")))
    expect(page.locator("#plus-f-right")).to_have_class(re.compile("drop"))
    page.mouse.up()
    page.get_by_role("button", name="Move it with what follows").click()
    expect(page.locator("#plus-f-left")).to_be_visible()
    assert [edge.source_port for edge in drawn(campaign).incoming("b")] == ["right"]
    assert (targets(campaign, "b"), targets(campaign, "c")) == (["c"], ["d"])

    page.keyboard.press("0")
    page.keyboard.down("Alt")
    carry(page, name_of(page, "c"), middle(page.locator("#plus-f-left")))
    expect(page.locator("#drag-ghost")).to_contain_text("with what follows")
    page.mouse.up()
    page.keyboard.up("Alt")
    expect(page.locator("#plus-b-out")).to_be_visible()
    assert [edge.source_port for edge in drawn(campaign).incoming("c")] == ["left"]
    assert targets(campaign, "c") == ["d"]

    page.keyboard.down("Alt")
    carry(page, name_of(page, "f"), on_line(page, "c", "d"))  # among its own followers
    expect(page.locator("#drag-ghost")).to_have_class(re.compile("ghost-refused"))
    page.keyboard.up("Alt")
    page.keyboard.press("Escape")
    page.mouse.up()

    drag(page, name_of(page, "c"), middle(page.locator("#plus-b-out")))
    expect(page.get_by_role("button", name="Move it alone")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator('path.wire[data-source="b"][data-target="c"]')).to_be_attached()
    assert [edge.source for edge in drawn(campaign).incoming("d")] == ["f"]
    assert problems == []


def test_connecting_lights_only_what_fits_and_escape_gives_it_up(page: Page, open_canvas, problems, shop, mark):
    nodes = {id: ("build_audience", audience()) for id in ("one", "two")} | {"all": ("combine", {}), "w": ("wait", {})}
    campaign = make_campaign(graph(nodes, "one>w", "w>all"), owner=mark)
    open_canvas(campaign)
    output = page.locator('.port-out[data-source="two"]')
    carry(page, middle(output), middle(node(page, "all")))
    expect(node(page, "all")).to_have_class(re.compile("droppable"))
    expect(node(page, "w")).not_to_have_class(re.compile("can-take"))  # it has its inbound
    page.keyboard.press("Escape")
    page.mouse.up()
    assert len(drawn(campaign).edges) == 2
    target = node(page, "all").bounding_box()
    drag(page, middle(output), (target["x"] - 14, target["y"] + target["height"] / 2 + 10))  # it snaps
    expect(page.locator("path.wire[data-source]")).to_have_count(3)
    assert {edge.source for edge in drawn(campaign).incoming("all")} == {"w", "two"}
    assert problems == []


# --- transitions -----------------------------------------------------------------------------------


def test_the_end_of_a_transition_is_taken_to_another_node(page: Page, open_canvas, problems, shop, mark):
    nodes = {"one": ("build_audience", audience())} | {id: ("combine", {}) for id in ("all", "other")}
    campaign = make_campaign(graph(nodes, "one>all"), owner=mark)
    open_canvas(campaign)
    box = node(page, "all").bounding_box()
    drag(page, (box["x"] - 6, box["y"] + box["height"] / 2), middle(node(page, "other")))
    expect(page.locator('path.wire[data-source="one"][data-target="other"]')).to_be_attached()
    expect(page.locator("path.wire[data-source]")).to_have_count(1)
    assert targets(campaign, "one") == ["other"]
    assert problems == []


def test_what_is_typed_is_saved_before_anything_else_is_asked(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    open_canvas(campaign)
    node(page, "b").click()
    page.get_by_label("Name", exact=True).fill("Bide")
    drag(page, palette(page, "Alert"), on_line(page, "b", "c"))  # a change of our own
    expect(page.locator("#panel-title")).to_have_text("Alert")
    assert drawn(campaign).nodes["b"].name == "Bide"
    page.get_by_label("Name", exact=True).fill("Ring")
    page.locator("a.node.selected").click()  # the same panel anew
    expect(page.locator("#panel-title")).to_have_text("Ring")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ring")
    assert problems == []
