"""Without a mouse: everything is reached, the focus is seen, nothing holds it, and it comes back to where it was."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests import access_stage
from tests.browser.eye import expect
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, targeting_graph

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const [style, box] = [getComputedStyle(one), one.getBoundingClientRect()];
  const at = (x, y) => document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
  const ours = (there) => there && (one.contains(there) || there.contains(one) || there.closest("label")?.control === one);
  const shown = [[0.5, 0.5], [0.1, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.8]].some((place) => ours(at(...place)));
  const ring = one.localName === "iframe" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
  one.dataset.reached ??= String(Math.random());
  const name = `${one.localName}${one.id ? `#${one.id}` : ""} “${(one.getAttribute("aria-label") ?? one.textContent).trim().slice(0, 40)}”`;
  return {name, key: one.dataset.reached, shown, ring};
}"""
STOPS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((one) => one.tabIndex >= 0 && !one.disabled && one.type !== "hidden" && one.checkVisibility({visibilityProperty: true})
    && !(one.type === "radio" && !one.checked) && !one.closest("dialog:not([open]), [popover]:not(:popover-open)"))
  .map((one) => `${one.localName}${one.id ? `#${one.id}` : ""} “${(one.getAttribute("aria-label") ?? one.textContent).trim().slice(0, 40)}”`)"""
MOST = 400


def reached(page: Page, found: list[str]) -> set[str]:
    """Goes by the tab key through the whole page; what the focus does not show is added to what was found."""
    names, seen, last = set(), set(), ""
    page.evaluate("document.activeElement?.blur()")
    for _stop in range(MOST):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused and focused["key"] == last:
            continue  # from the day to the month within one field
        if focused is None or focused["key"] in seen:
            return names
        last = focused["key"]
        seen.add(last)
        names.add(focused["name"])
        if not focused["ring"]:
            found.append(f"no ring around {focused['name']}")
        if not focused["shown"]:
            found.append(f"something lies over {focused['name']}")
    found.append("the focus never came round")
    return names


def wrong(page: Page) -> list[str]:
    """What is wrong on the way through a page. It is gone a second time if something was missed: what the page asks the
    server for may come, and be drawn anew, while the focus is on its way."""
    found: list[str] = []
    names = reached(page, found)
    if set(page.evaluate(STOPS)) - names:
        names |= reached(page, found)
    return found + [f"never reached {name}" for name in page.evaluate(STOPS) if name not in names]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_tab_key_reaches_everything_and_shows_where_it_is(page: Page, live_server, sign_in, mark, theme, settings):
    settings.DEMO = True
    things = access_stage.build(mark)
    page.add_init_script(f"localStorage.setItem('adminTheme', '\"{theme}\"')")
    sign_in(mark)
    places = ["/", "/campaigns/", "/campaigns/spring/?node=mail", f"/campaigns/spring/runs/{things['run']}/"]
    places += ["/approvals/", "/tasks/", "/calendar/", "/campaigns/spring/properties", "/data/explore?dataset=people"]
    found = {}
    for place in places if theme == "light" else places[1:3]:
        page.goto(f"{live_server.url}{place}")
        page.wait_for_load_state("networkidle")
        if complaints := wrong(page):
            found[place] = complaints
    assert not found, "\n".join(f"{place}: {one}" for place, all in found.items() for one in all)


def test_what_opens_gives_the_focus_back_when_it_closes(page: Page, live_server, sign_in, problems, mark):
    make_shop()
    make_campaign(targeting_graph(), owner=mark, slug="autumn")
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/autumn/")
    page.wait_for_load_state()
    panel = page.locator("#panel")
    for opener in ("#alerts-button", "#history-button", "#explain-button", "#node-split"):
        page.locator(opener).focus()
        page.keyboard.press("Enter")
        expect(panel.locator(".side")).to_be_visible()
        expect(page.locator("#panel:focus, #panel :focus")).to_have_count(1)
        if opener == "#explain-button":
            panel.locator("[data-close-panel]").press("Enter")
        else:
            page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
        expect(page.locator(opener)).to_be_focused()

    page.locator(".drawing .plus").first.press("Enter")
    expect(page.locator("#palette-popover").get_by_label("Search activities")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".drawing .plus").first).to_be_focused()
    page.locator("#more-button").press("Enter")
    page.locator("#add-note").press("Enter")
    expect(page.locator("#note-words")).to_be_focused()
    panel.locator("[data-close-panel]").press("Enter")
    expect(page.locator("#more-button")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#more-button")).to_be_focused()

    page.goto(f"{live_server.url}/campaigns/autumn/?view=outline")
    page.wait_for_load_state()
    page.locator("#outline-split").press("Enter")
    expect(page.locator("#panel:focus, #panel :focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#outline-split")).to_be_focused()
    page.locator("#menu-split").press("Enter")
    expect(page.locator("#node-menu button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#menu-split")).to_be_focused()
    assert problems == []


def test_the_focus_outlives_what_is_drawn_anew(page: Page, live_server, sign_in, problems, mark, anna):
    things = access_stage.build(mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/")
    page.wait_for_load_state()
    star = page.locator("#star-spring")
    star.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    page.locator("#sort-name").press("Enter")
    expect(page.locator("[aria-sort]:has(#sort-name)")).not_to_have_attribute("aria-sort", "none")
    expect(page.locator("#sort-name")).to_be_focused()

    sign_in(anna)
    page.goto(f"{live_server.url}/approvals/")
    page.wait_for_load_state("networkidle")
    expect(page.locator(f"#approval-{things['approval']} .approval-body")).to_be_visible()
    page.get_by_role("button", name="Approve").first.press("Enter")
    expect(page.locator(f"#approval-{things['approval']}")).to_contain_text("pproved")
    expect(page.locator("body:focus")).to_have_count(0)
    assert problems == []


def test_keys_of_a_single_letter_can_be_switched_off(page: Page, live_server, sign_in, problems, mark):
    make_shop()
    make_campaign(targeting_graph(), owner=mark, slug="autumn")
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/autumn/")
    page.wait_for_load_state()
    page.locator("#node-split").focus()
    page.keyboard.press("?")
    page.locator("#shortcuts [data-single-keys]").uncheck()
    page.keyboard.press("Escape")
    percent = page.locator("#zoom-percent")
    before = percent.inner_text()
    page.locator("#node-split").focus()
    page.keyboard.press("+")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_hidden()
    assert percent.inner_text() == before
    page.goto(f"{live_server.url}/account/")
    page.get_by_label("Shortcuts of a single letter").check()
    page.goto(f"{live_server.url}/campaigns/autumn/")
    page.wait_for_load_state()
    page.locator("#node-split").focus()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    assert problems == []
