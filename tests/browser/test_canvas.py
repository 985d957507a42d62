"""Building a campaign by clicks: from an empty canvas to exact counts, as a newcomer does it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from campaigns import canvas
from campaigns.models import Campaign
from tests.builders import make_shop
from tests.campaigns.builders import audience, graph, make_campaign, make_configuration, targeting_graph
from tests.campaigns.large_canvas import large_graph

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]


@pytest.fixture
def shop(db):
    make_shop()
    make_configuration()


def count(page: Page, name: str):
    return page.locator(f'a.exit[id^="exit-"][title*="{name}"] .exit-count')


def test_a_campaign_is_built_from_nothing_and_counted(page: Page, live_server, sign_in, problems, shop, mark):
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/new")
    page.get_by_label("Name").fill("Tea time")
    page.get_by_role("button", name="Create and open the canvas").click()

    page.get_by_role("button", name="Build an audience").click()
    expect(page.locator("#panel").get_by_role("heading", name="Build audience")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("All people")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("a.node", has_text="All people")).to_be_visible()

    page.locator(".drawing").get_by_role("button", name="Add after All people").click()
    page.locator("#palette-popover").get_by_label("Search activities").fill("subsets")
    page.keyboard.press("Enter")
    expect(page.locator("a.node", has_text="Split")).to_be_visible()
    page.locator("[name=subsets-0-label]").fill("Half")
    page.locator("[name=subsets-0-limit-type]").select_option("percent")
    page.locator("[name=subsets-0-limit-value]").fill("50")
    page.get_by_label("Keep the rest").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".exit-label", has_text="Half")).to_be_visible()

    page.locator(".palette-column").get_by_role("button", name="Email").click()
    expect(page.locator("a.node", has_text="Email")).to_be_visible()
    expect(page.locator("#alerts-button .count-red")).to_be_visible()
    page.get_by_label("Channel configuration").select_option("newsletter")
    page.get_by_label("Subject").fill("Tea for {{ name }}")
    page.get_by_label("Format").select_option("html")
    page.get_by_label("Body").fill("<p>Hello {{ name }}</p>")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#alerts-button .count-red")).to_have_count(0)

    page.locator("#control-test").click()
    expect(count(page, "Half")).to_contain_text("3")
    expect(count(page, "Rest")).to_contain_text("3")
    expect(page.locator("a.node", has_text="All people").locator(".node-rows")).to_contain_text("6")
    assert problems == []
    nodes = Campaign.objects.get().latest_version().graph.nodes.values()
    assert sorted(node.type for node in nodes) == ["build_audience", "email", "split"]


def test_two_paths_are_joined_by_dragging_and_by_the_panel(page: Page, live_server, sign_in, problems, shop, mark):
    nodes = {id: ("build_audience", audience()) for id in ("one", "two", "three")} | {"all": ("combine", {})}
    campaign = make_campaign(graph(nodes, "one>all"), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    page.locator('.port-out[data-source="two"]').drag_to(page.locator("#node-all"))
    expect(page.locator("path.wire:not(.wire-open):not(.wire-pull)")).to_have_count(2)
    page.get_by_label("Which path").select_option("three:out")
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page.locator("path.wire:not(.wire-open):not(.wire-pull)")).to_have_count(3)
    assert {edge.source for edge in campaign.latest_version().graph.incoming("all")} == {"one", "two", "three"}
    assert problems == []


def test_an_activity_is_dropped_on_a_transition(page: Page, live_server, sign_in, problems, shop, mark):
    campaign = make_campaign(targeting_graph(), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    palette = page.locator(".palette-column")
    palette.get_by_role("button", name="Wait").drag_to(page.locator("#insert-paris-out-split"))
    expect(page.locator("a.node", has_text="Wait")).to_be_visible()
    canvas_now = campaign.latest_version().graph
    (wait,) = [id for id, node in canvas_now.nodes.items() if node.type == "wait"]
    assert [edge.target for edge in canvas_now.outgoing("paris")] == [wait]
    assert [edge.target for edge in canvas_now.outgoing(wait)] == ["split"]
    assert problems == []


def test_own_changes_do_not_make_an_open_form_stale_but_those_of_others_do(
    page: Page, live_server, sign_in, shop, mark, anna
):
    campaign = make_campaign(targeting_graph(), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/?node=split")
    page.get_by_label("Name", exact=True).fill("Mine")
    canvas.configure_node(campaign.latest_version(), "yes", revision=0, by=anna, name="Anna's")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Anna changed the canvas")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Mine")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("a.node", has_text="Mine")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Mine again")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("a.node", has_text="Mine again")).to_be_visible()
    assert campaign.latest_version().graph.nodes["yes"].name == "Anna's"


def test_the_canvas_is_walked_by_keyboard(page: Page, live_server, sign_in, problems, shop, mark):
    make_campaign(targeting_graph(), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    page.locator("#node-paris").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#node-split")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#panel").get_by_role("heading", name="Split")).to_be_visible()
    page.locator("#node-split").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#node-split")).to_be_focused()
    before = page.locator("#drawing").get_attribute("viewBox")
    page.keyboard.press("+")
    assert page.locator("#drawing").get_attribute("viewBox") != before
    assert problems == []


def test_a_phone_shows_the_outline_with_the_same_actions(page: Page, live_server, sign_in, shop, mark):
    campaign = make_campaign(targeting_graph(), owner=mark)
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    expect(page.locator("#stage")).to_be_hidden()
    page.locator("#outline-yes").click()
    page.locator("#node-remove").click()
    page.get_by_role("button", name="This node; join its neighbours").click()
    expect(page.locator("#outline-yes")).to_have_count(0)
    assert "yes" not in campaign.latest_version().graph.nodes
    page.locator("#outline-plus-split-yes").click()
    page.locator("#palette-popover button[value=end]").click()
    expect(page.locator("#panel").get_by_role("heading", name="End")).to_be_visible()


@pytest.mark.parametrize("flow", ["right", "down"])
def test_a_canvas_too_large_to_read_opens_where_it_begins(page: Page, live_server, sign_in, problems, shop, mark, flow):
    make_campaign(large_graph(130), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/?flow={flow}")
    page.wait_for_load_state()
    expect(page.locator("#zoom-percent")).to_have_text("85 %")
    stage = page.locator("#stage").bounding_box()
    begins = [card.bounding_box() for card in page.locator("a.node", has_text="Who").all()]
    assert any(
        stage["x"] <= box["x"] <= stage["x"] + stage["width"] - box["width"]
        and stage["y"] <= box["y"] <= stage["y"] + stage["height"] - box["height"]
        for box in begins
    )
    assert problems == []
