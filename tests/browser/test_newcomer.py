"""A newcomer's first campaign by clicks alone, and how many it takes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from activities.graph import Graph
from campaigns import contexts
from campaigns.drawing import ports_of
from campaigns.models import Campaign
from orchcamp.datasets.models import Dataset
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]
MOST = 25


class Hand:
    """Acts on a page and counts: a click, a filled field, a choice and a drag are one interaction each."""

    def __init__(self, page: Page):
        self.page, self.done = page, 0

    def click(self, what: Locator) -> None:
        self.done += 1
        what.click()

    def fill(self, what: Locator, text: str) -> None:
        self.done += 1
        what.fill(text)

    def choose(self, what: Locator, label: str) -> None:
        self.done += 1
        what.select_option(label=label)
        expect(self.page.locator("#panel .htmx-request")).to_have_count(0)  # what the choice changes is drawn

    def drag(self, what: Locator, to: Locator) -> None:
        self.done += 1
        what.scroll_into_view_if_needed()
        what.drag_to(to)


@pytest.fixture
def campaign(db, mark) -> Campaign:
    make_shop()
    people = Dataset.objects.get(slug="people")
    people.target = {"email": "email", "sms": "name"}
    people.save()
    make_configuration()
    make_configuration("text", channel="sms")
    return make_campaign(Graph(), owner=mark)


def lapsed(hand: Hand, panel: Locator) -> None:
    """Who bought nothing since the spring."""
    hand.click(panel.get_by_role("button", name="Condition"))
    hand.click(panel.get_by_role("button", name="has purchases where"))
    hand.choose(panel.get_by_label("What is asked of the linked rows"), "has no")
    hand.click(panel.locator(".rule-link").get_by_role("button", name="Condition"))
    hand.click(panel.locator("[data-entry][title='bought_at']"))
    hand.choose(panel.get_by_label("Operator"), "is after")
    hand.fill(panel.get_by_label("Value", exact=True), "2025-03-01T00:00")


def by_spend(hand: Hand, panel: Locator) -> None:
    """Those who spent much, a tenth of the others as a control group, the rest."""
    hand.click(panel.get_by_role("button", name="Condition").first)
    hand.click(panel.get_by_role("button", name="has purchases where"))
    hand.choose(panel.get_by_label("What is asked of the linked rows"), "Sum")
    hand.choose(panel.get_by_label("Column", exact=False).first, "Amount")
    hand.fill(panel.locator(".rule-link .rule-number"), "100")
    hand.click(panel.get_by_role("button", name="Add subset"))
    hand.fill(panel.locator("[name=subsets-1-label]"), "Control group")
    hand.choose(panel.locator("[name=subsets-1-limit-type]"), "A percentage")
    hand.fill(panel.locator("[name=subsets-1-limit-value]"), "10")
    expect(panel.get_by_label("Keep the rest")).to_be_checked()  # nobody is lost unseen


def test_lapsed_customers_are_split_by_spend_in_few_steps(page: Page, live_server, sign_in, problems, campaign, mark):
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    page.wait_for_load_state()
    hand, panel = Hand(page), page.locator("#panel")
    palette = page.locator(".palette-column")

    hand.click(page.get_by_role("button", name="Build an audience"))
    expect(page.locator("a.node", has_text="Build audience")).to_be_visible()
    lapsed(hand, panel)
    hand.click(palette.get_by_role("button", name="Split"))
    expect(page.locator("a.node", has_text="Split")).to_be_visible()
    by_spend(hand, panel)
    hand.click(palette.get_by_role("button", name="Email"))
    rest = page.locator('.drawing .plus[data-port="complement"]')
    expect(rest).to_be_visible()
    hand.choose(panel.get_by_label("Format"), "HTML")
    hand.fill(panel.get_by_label("Subject"), "We miss you, {{ name }}")
    hand.fill(panel.get_by_label("Body"), "<p>Come back, {{ name }}: coffee is on us.</p>")
    hand.drag(palette.get_by_role("button", name="SMS"), rest)
    expect(page.locator("a.node", has_text="SMS")).to_be_visible()
    expect(page.locator("a.node", has_text="Email").locator(".flag-error")).to_have_count(0)  # it is saved by itself
    hand.fill(panel.get_by_label("Text"), "{{ name }}, coffee is on us this week.")
    hand.click(page.locator("[data-close-panel]"))  # what was typed is kept
    expect(page.locator(".exit-label", has_text="Control group")).to_be_visible()  # and nothing is sent to them
    expect(page.locator("#alerts-button .count-red")).to_have_count(0)

    assert hand.done <= MOST
    assert problems == []
    version = campaign.latest_version()
    assert [
        p.sentence for p in contexts.problems(version, contexts.draft_context(campaign)) if p.severity == "error"
    ] == []
    graph = version.graph
    (split,) = [id for id, one in graph.nodes.items() if one.type == "split"]
    behind = {edge.source_port: graph.nodes[edge.target].type for edge in graph.outgoing(split)}
    assert behind == {"a": "email", "complement": "sms"}
    assert [port.label for port in ports_of(graph.nodes[split])][1] == "Control group"
    (audience,) = [one for one in graph.nodes.values() if one.type == "build_audience"]
    assert audience.settings["rule"]["items"][0]["link"] == "purchases"
