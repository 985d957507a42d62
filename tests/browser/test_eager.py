"""Who presses before htmx has bound what was swapped in stays on the page, and is served."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, targeting_graph

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Put the panel of a node in its place without htmx, as it is in the moment before it is bound; then press at once.
PRESS = """async ([address, press]) => {
  const answer = await fetch(address, {headers: {"HX-Request": "true"}});
  const panel = document.getElementById("panel");
  panel.innerHTML = await answer.text();
  const place = panel.querySelector("#place-choice");
  if (place) place.value = [...place.options].find(({text}) => text.startsWith("On its own")).value;
  panel.querySelector(press).click();
}"""


@pytest.fixture
def campaign(transactional_db, mark):
    make_shop()
    make_configuration()
    return make_campaign(targeting_graph(), owner=mark)


def test_a_form_sent_before_it_is_bound_does_not_leave_the_page(
    page: Page, live_server, sign_in, problems, campaign, mark
):
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/?view=outline")
    page.wait_for_load_state()
    page.evaluate("window.same = true")
    page.evaluate(PRESS, [f"{live_server.url}/campaigns/spring/nodes/move?node=yes", "#move-now"])
    expect(page.get_by_role("button", name="Undo: move")).to_be_visible()
    assert page.evaluate("window.same")
    assert problems == []


def test_a_button_pressed_before_it_is_bound_asks_all_the_same(
    page: Page, live_server, sign_in, problems, campaign, mark
):
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    page.wait_for_load_state()
    page.evaluate(PRESS, [f"{live_server.url}/campaigns/spring/nodes/yes/menu", "[data-to-rename]"])
    expect(page.locator("#node-form, #rename-name").first).to_be_visible()
    assert problems == []


def test_closing_a_message_of_the_page_gives_the_focus_back(page: Page, live_server, sign_in, problems, campaign, mark):
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    page.wait_for_load_state()
    page.locator("#undo").focus()
    page.evaluate("htmx.trigger(document.body, 'toast', {message: 'One', tone: 'red'})")
    page.evaluate("htmx.trigger(document.body, 'toast', {message: 'Two', tone: 'red'})")
    page.locator("#toasts button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#undo")).to_be_focused()
    assert problems == []


def test_a_choice_made_before_the_scripts_are_there_is_heard(
    page: Page, live_server, sign_in, problems, campaign, mark
):
    sign_in(mark)
    held: list[Route] = []
    page.route("**/htmx*.js", lambda route: held.append(route))
    page.goto(f"{live_server.url}/campaigns/spring/schedule", wait_until="commit")
    page.locator("#id_frequency").select_option("weekly")
    for route in held:
        route.continue_()
    expect(page.locator("#schedule-launches")).to_contain_text("Choose at least one weekday")
    expect(page.get_by_label("Monday")).to_be_visible()
    assert problems == []
