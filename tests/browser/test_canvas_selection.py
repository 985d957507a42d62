"""The selection of the canvas, what is done to it, and the view: by mouse and keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from campaigns import notes
from tests.campaigns.builders import audience, graph, make_campaign

from .canvas_hands import (
    CHAIN,
    chain,
    drag,
    drawn,
    empty_ground,
    middle,
    name_of,
    node,
    on_line,
    targets,
    view_box,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]


# --- the selection ---------------------------------------------------------------------------------


def test_nodes_are_selected_by_box_by_shift_and_all_of_them(page: Page, open_canvas, problems, shop, mark):
    open_canvas(chain(owner=mark))
    first, third = node(page, "a").bounding_box(), node(page, "c").bounding_box()
    page.keyboard.down("Shift")
    drag(page, (first["x"] - 12, first["y"] - 20), (third["x"] + 30, third["y"] + 130))
    page.keyboard.up("Shift")
    expect(page.locator("#selection-said")).to_have_text("3 selected")
    expect(page.locator("a.node.chosen")).to_have_count(3)
    node(page, "b").click(modifiers=["Shift"])
    expect(page.locator("#selection-count")).to_have_text("2 selected")
    expect(page.locator("#panel")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#selection-bar")).to_be_hidden()
    page.keyboard.press("Control+a")
    expect(page.locator("#selection-count")).to_have_text("5 selected")
    page.get_by_role("toolbar").get_by_role("button", name="Disable").click()
    expect(page.locator("a.node[data-disabled]")).to_have_count(5)
    expect(page.get_by_role("toolbar").get_by_role("button", name="Enable")).to_be_visible()  # still selected
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    drag(page, (first["x"] - 12, first["y"] - 20), (first["x"] + 60, first["y"] + 130))
    expect(page.locator("#selection-count")).to_have_text("1 selected")
    assert problems == []


def test_the_keyboard_selects_disables_and_sets_breakpoints(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    open_canvas(campaign)
    node(page, "b").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#selection-count")).to_have_text("2 selected")
    page.keyboard.press("b")
    expect(page.locator("a.node[data-breakpoint]")).to_have_count(2)
    page.keyboard.press("d")
    expect(page.locator("a.node[data-disabled][data-breakpoint]")).to_have_count(2)
    expect(node(page, "c")).to_be_focused()
    expect(page.locator("#panel")).to_be_hidden()
    assert [id for id, one in drawn(campaign).nodes.items() if one.disabled] == ["b", "c"]
    page.keyboard.press("d")
    expect(page.locator("a.node[data-disabled]")).to_have_count(0)
    assert problems == []


def test_keys_leave_those_alone_who_type(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    open_canvas(campaign)
    node(page, "b").click()
    field = page.get_by_label("Name", exact=True)
    field.fill("Do b")
    field.press("Control+a")
    field.press("Delete")
    field.press("d")
    expect(field).to_have_value("d")
    expect(page.locator("#selection-bar")).to_be_hidden()
    page.keyboard.press("Escape")
    assert set(drawn(campaign).nodes) == set(CHAIN)
    assert not any(one.disabled for one in drawn(campaign).nodes.values())
    assert problems == []


# --- removing ----------------------------------------------------------------------------------------


def test_a_node_is_removed_alone_or_with_all_behind_it(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    open_canvas(campaign)
    node(page, "b").focus()
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="This node; join its neighbours")).to_be_focused()
    page.keyboard.press("Escape")
    expect(node(page, "b")).to_be_focused()
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(node(page, "b")).to_have_count(0)
    expect(node(page, "a")).to_be_focused()
    assert targets(campaign, "a") == ["c"]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+Delete")
    expect(page.locator("a.node")).to_have_count(1)
    assert set(drawn(campaign).nodes) == {"a"}
    page.keyboard.press("Control+z")
    expect(page.locator("a.node")).to_have_count(4)
    assert problems == []


# --- the clipboard -----------------------------------------------------------------------------------


def test_activities_are_copied_to_another_campaign_in_another_tab(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    other = make_campaign(graph({"x": ("build_audience", audience())}), owner=mark, slug="autumn")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_canvas(campaign)
    node(page, "b").click(modifiers=["Shift"])
    node(page, "c").click(modifiers=["Shift"])
    page.keyboard.press("Control+c")
    expect(page.get_by_text("2 activities copied.")).to_be_visible()

    tab = page.context.new_page()
    tab.goto(page.url.replace("spring", "autumn"))
    tab.wait_for_load_state()
    node(tab, "x").focus()
    tab.keyboard.press("Control+v")
    expect(tab.locator("a.node")).to_have_count(3)
    first = targets(other, "x")
    assert len(first) == 1
    assert [drawn(other).nodes[id].type for id in (*first, *targets(other, first[0]))] == ["wait", "wait"]

    tab.keyboard.press("0")
    tab.locator(".drawing .plus:not(.plus-between)").first.click()
    tab.locator("#palette-popover").get_by_role("button", name="Paste 2 activities").click()
    expect(tab.locator("a.node")).to_have_count(5)
    assert len(drawn(other).edges) == 4
    assert problems == []


def test_without_a_clipboard_the_browser_remembers_and_cut_takes_away(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    open_canvas(campaign)
    node(page, "b").focus()
    page.keyboard.press("Control+x")
    expect(node(page, "b")).to_have_count(0)
    node(page, "d").focus()
    page.keyboard.press("Control+v")
    expect(page.locator("a.node")).to_have_count(5)
    (pasted,) = targets(campaign, "d")
    assert drawn(campaign).nodes[pasted].type == "wait"
    assert targets(campaign, pasted) == ["e"]
    page.keyboard.press("Control+d")
    expect(page.locator("a.node")).to_have_count(6)
    assert problems == []


# --- names, notes, view --------------------------------------------------------------------------------


def test_a_node_is_renamed_where_it_stands(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    open_canvas(campaign)
    node(page, "b").dblclick()
    box = page.locator(".node-rename")
    expect(page.locator("#panel-title")).to_have_text("B")  # the first click opened it, and did not take the focus
    expect(box).to_be_focused()
    page.keyboard.type("Until Monday")
    page.keyboard.press("Enter")
    expect(node(page, "b").locator("strong")).to_have_text("Until Monday")
    expect(page.locator("#panel-title")).to_have_text("Until Monday")
    assert drawn(campaign).nodes["b"].name == "Until Monday"
    node(page, "c").focus()
    page.keyboard.press("F2")
    page.keyboard.type("Nothing")
    page.keyboard.press("Escape")
    expect(node(page, "c")).to_be_focused()
    expect(box).to_have_count(0)
    assert drawn(campaign).nodes["c"].name == "C"
    assert problems == []


def test_a_drawing_that_comes_while_a_name_is_typed_takes_no_key_away(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    open_canvas(campaign)
    node(page, "c").click()
    expect(page.locator("#panel-title")).to_have_text("C")
    node(page, "c").focus()
    page.keyboard.press("F2")
    page.keyboard.type("Noth")
    # The moment after the swap, before htmx has settled it: the next key is pressed right then.
    page.evaluate("""() => document.body.addEventListener("htmx:afterSwap", ({target}) => {
      if (target.id !== "canvas") return;
      const typed = new KeyboardEvent("keydown", {key: "Escape", bubbles: true, cancelable: true});
      document.activeElement.dispatchEvent(typed);
    }, {once: true})""")
    page.evaluate("htmx.trigger(document.body, 'canvas-changed', {})")
    expect(page.locator(".node-rename")).to_have_count(0)
    expect(node(page, "c")).to_be_focused()
    expect(page.locator("#panel-title")).to_have_text("C")  # the key was the name's, not the panel's
    assert drawn(campaign).nodes["c"].name == "C"
    assert problems == []


def test_a_note_is_dragged_and_opened(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    notes.add(campaign.latest_version(), revision=0, by=mark, text="Ask Anna", x=60, y=240, node="")
    open_canvas(campaign)
    note = page.locator(".note")
    start = middle(note)
    drag(page, start, (start[0] + 120, start[1] + 40))
    expect(note).not_to_have_attribute("data-x", "60")
    scale = 1 / float(view_box(page).split()[2]) * page.locator("#stage").bounding_box()["width"]
    (moved,) = drawn(campaign).notes.values()
    assert moved.x == pytest.approx(60 + 120 / scale, abs=3)
    note.dblclick()
    expect(page.locator("#note-words")).to_have_value("Ask Anna")
    assert problems == []


def test_zoom_and_place_stay_after_a_change_and_the_map_moves_the_view(page: Page, open_canvas, problems, shop, mark):
    open_canvas(chain(owner=mark))
    map_ = page.locator("#canvas-map")
    page.keyboard.press("0")
    expect(map_).to_be_hidden()  # all is in view
    for _ in range(4):
        page.keyboard.press("+")
    expect(map_).to_be_visible()
    expect(map_.locator(".map-node")).to_have_count(5)
    node(page, "c").focus()
    before = view_box(page)
    page.keyboard.press("b")
    expect(page.locator("a.node[data-breakpoint]")).to_have_count(1)
    assert view_box(page) == before
    box = map_.bounding_box()
    page.mouse.click(box["x"] + 20, box["y"] + box["height"] / 2)
    expect(page.locator("#drawing")).not_to_have_attribute("viewBox", before)
    left = float(view_box(page).split()[0])
    page.mouse.click(box["x"] + box["width"] - 20, box["y"] + box["height"] / 2)
    expect(page.locator("#drawing")).to_have_attribute("viewBox", re.compile(r"^\d{3}"))
    assert float(view_box(page).split()[0]) > left
    page.get_by_role("button", name="Map", exact=True).click()
    expect(map_).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="Map", exact=True)).to_have_attribute("aria-pressed", "false")
    assert problems == []


def test_the_view_moves_by_wheel_by_dragging_and_with_the_space_bar(page: Page, open_canvas, problems, shop, mark):
    campaign = chain(owner=mark)
    open_canvas(campaign)
    ground = empty_ground(page)
    start = page.locator("#drawing").get_attribute("viewBox")
    drag(page, ground, (ground[0] - 90, ground[1] - 30))
    expect(page.locator("#drawing")).not_to_have_attribute("viewBox", start)
    dragged = view_box(page)
    page.mouse.wheel(0, 120)
    expect(page.locator("#drawing")).not_to_have_attribute("viewBox", dragged)
    wheeled = view_box(page)
    page.mouse.move(*middle(node(page, "b")))
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(middle(node(page, "b"))[0] + 60, 400, steps=5)
    page.mouse.up()
    page.keyboard.up(" ")
    expect(page.locator("#drawing")).not_to_have_attribute("viewBox", wheeled)
    expect(page.locator("#panel")).to_be_hidden()
    at = middle(node(page, "b"))
    page.mouse.move(*at)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -60)
    page.keyboard.up("Control")
    expect(page.locator("#zoom-percent")).not_to_have_text("85 %")
    assert middle(node(page, "b")) == pytest.approx(at, abs=2)  # the zoom keeps what is under the pointer
    assert [targets(campaign, id) for id in "abcd"] == [["b"], ["c"], ["d"], ["e"]]
    assert problems == []


def test_the_list_of_shortcuts_opens_by_key_and_button(page: Page, open_canvas, problems, shop, mark):
    open_canvas(chain(owner=mark))
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys and gestures")
    expect(sheet.get_by_role("row", name="disable or enable")).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.get_by_role("button", name="Keys and gestures").click()
    expect(sheet).to_be_visible()
    assert problems == []


def test_a_viewer_looks_and_copies_but_changes_nothing(page: Page, live_server, sign_in, problems, shop, mark, vera):
    campaign = chain(owner=mark)
    sign_in(vera)
    page.goto(f"{live_server.url}/campaigns/spring/")
    page.wait_for_load_state()
    node(page, "b").focus()
    page.keyboard.press("d")
    page.keyboard.press("Delete")
    drag(page, name_of(page, "b"), on_line(page, "d", "e"))
    expect(page.locator("#remove-choice")).to_be_hidden()
    page.keyboard.press("Control+a")
    expect(page.get_by_role("toolbar").get_by_role("button")).to_have_count(2)
    page.get_by_role("toolbar").get_by_role("button", name="Copy").click()
    expect(page.get_by_text("5 activities copied.")).to_be_visible()
    assert campaign.latest_version().revision == 0
    assert problems == []
