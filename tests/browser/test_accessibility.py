"""Every page and every state of it that matters keeps WCAG 2.2 AA: light and dark, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page

from activities import catalogue
from activities.graph import Graph, Node
from campaigns import execution
from tests import access_stage
from tests.browser.eye import Eye, expect
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, simple_graph, targeting_graph
from tests.test_access import TABLE, address_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,  # some four minutes of looking
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]


@pytest.fixture
def things(mark, settings) -> dict[str, object]:
    settings.DEMO = True
    return access_stage.build(mark)


@pytest.fixture
def eye(page: Page) -> Eye:
    return Eye(page)


@pytest.fixture
def visit(page: Page, live_server) -> Callable[[str], None]:
    def go(address: str) -> None:
        page.goto(f"{live_server.url}{address}")
        page.wait_for_load_state()

    return go


def pages(user: Any, things: dict[str, object]) -> list[str]:
    """The addresses that answer this person with a whole page, by the names of the URLconf."""
    client, found = Client(), []
    if user:
        client.force_login(user)
    for name, route in TABLE.items():
        if route.get == "-":
            continue
        response = client.get(address_of(name, things))
        whole = response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html")
        if whole and b"orchcamp/shell.css" in b"".join(response):
            found.append(address_of(name, things))
    return found


def test_every_page_keeps_wcag_for_who_administers(visit, sign_in, problems, things, ada, eye):
    sign_in(ada)
    addresses = pages(ada, things)
    assert len(addresses) > 50
    for address in addresses:
        visit(address)
        eye.look(address)
    assert problems == []
    eye.tell()


def test_what_a_viewer_may_only_read_keeps_wcag(visit, sign_in, problems, things, vera, eye):
    sign_in(vera)
    for address in ("/", "/campaigns/", "/campaigns/spring/?node=mail", "/campaigns/spring/properties", "/nowhere"):
        visit(address)
        eye.look(f"{address} as a viewer", phone=False)
    eye.tell()


def test_pages_with_nothing_on_them_and_signing_in_keep_wcag(page, visit, sign_in, mallory, ada, eye, settings):
    settings.DEMO = True
    visit("/login")
    eye.look("signing in")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    eye.look("signing in with a wrong password", phone=False)
    for user in (mallory, ada):
        sign_in(user)
        for address in (
            "/",
            "/campaigns/",
            "/approvals/",
            "/tasks/",
            "/calendar/",
            "/reports/",
            "/data/",
            "/data/loads",
        ):
            visit(address)
            eye.look(f"{address}, with nothing on it, as {user.username}", phone=False)
    eye.tell()


@pytest.fixture
def canvases(mark) -> None:
    """One with the counts of a test, one with mistakes, one that was run dry, one with nothing on it."""
    make_shop()
    make_configuration()
    autumn = make_campaign(targeting_graph(), owner=mark, slug="autumn")
    for _turn in range(2):
        execution.run_to_end(execution.start(autumn.draft(), mode="test"))
    mistaken = targeting_graph().with_node(Node("lost", "split", "Lost", {})).with_node(Node("old", "gone", "Old", {}))
    make_campaign(mistaken, owner=mark, slug="mistaken")
    execution.run_to_end(execution.start(make_campaign(simple_graph(), owner=mark, slug="dry").draft(), mode="dry"))
    make_campaign(Graph(), owner=mark, slug="blank")


def settled(page: Page) -> None:
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


@pytest.fixture
def opens(page: Page, eye) -> Callable[..., None]:
    """Press something, and look at what it opens."""

    def go(what: str, sign: str, within: str = "#panel") -> None:
        page.locator(what).first.click()
        expect(page.locator(sign).first).to_be_visible()
        settled(page)
        eye.look(f"canvas, {what}", within)

    return go


def test_the_panels_of_a_canvas_keep_wcag(page, visit, sign_in, problems, canvases, mark, eye, opens):
    sign_in(mark)
    visit("/campaigns/mistaken/")
    opens("#alerts-button", "#panel .alert", "body")
    visit("/campaigns/dry/")
    opens("#dry-result-link", "#dry-panel")
    page.locator("#dry-panel").get_by_role("link", name="Messages, samples and time").click()
    page.wait_for_load_state()
    eye.look("result of a dry run")
    visit("/campaigns/blank/")
    eye.look("empty canvas")
    visit("/campaigns/autumn/")
    opens("#explain-button", "#explain-q")
    page.locator("#explain-q").fill("cid@example.org")
    opens(".explain-ask button", ".explain-headline", "body")
    page.locator("#exit-paris-out .exit-count").click(position={"x": 4, "y": 8})
    for part in ("rows", "columns", "changes", "export"):
        opens(f"#part-{part}", f"#part-{part}[aria-current]")
    page.locator("#more-button").click()
    opens("#add-note", "#note-words")
    page.locator("#note-words").fill("Ask Anna")
    page.locator("#note-save").click()
    expect(page.locator(".note[data-note]")).to_be_visible()
    opens("#history-button", "#panel .history-step", "body")
    assert problems == []
    eye.tell()


def test_what_opens_over_a_page_keeps_wcag(page, visit, sign_in, problems, canvases, mark, eye, opens):
    sign_in(mark)
    visit("/campaigns/autumn/?node=paris")
    opens("#more-button", "#add-note", ".canvas-bar")
    page.keyboard.press("Escape")
    opens(".drawing .plus", "#palette-popover .palette-item", "#palette-popover")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Condition").first.click()
    expect(page.get_by_label("Search columns")).to_be_focused()
    eye.look("picker of columns", "#panel")
    page.keyboard.press("Escape")
    page.locator("#node-paris").focus()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    eye.look("keys and gestures", "#shortcuts")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.locator("#finder [role=option]").first).to_be_visible()
    settled(page)
    eye.look("finder", "#finder")
    page.keyboard.press("Escape")
    visit("/campaigns/mistaken/?view=outline&node=split")
    eye.look("outline")
    opens("#menu-split", "#node-menu button", "#node-menu")
    assert problems == []
    eye.tell()


def test_the_settings_of_every_activity_keep_wcag(page, visit, sign_in, problems, db, mark, eye):
    make_shop()
    make_configuration()
    kinds = {cls.key: Node(cls.key, cls.key, cls.key.title(), {}) for cls in catalogue.all_types()}
    make_campaign(Graph(kinds), owner=mark)
    sign_in(mark)
    visit("/campaigns/spring/?view=outline")
    for key in kinds:
        page.locator(f"#outline-{key}").click()
        expect(page.locator(f"#panel [data-node={key}]")).to_be_visible()
        settled(page)
        eye.look(f"settings of {key}", "#panel")
        if page.locator("#node-save").count():
            page.locator("#node-save").click()
            settled(page)
            eye.look(f"settings of {key} after saving nothing", "#panel", dark=False, phone=False)
    eye.tell()
