"""A canvas for every group of the palette: built by clicks, configured in the panel, tried, and its counts read."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from campaigns.models import Campaign
from tests.builders import make_dataset, make_shop
from tests.campaigns.builders import graph, make_campaign, make_configuration

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("one_at_a_time"),
]
CLIENTS = "mail,gift,spent\nann@example.org,tea,12\nnobody@example.org,mug,7\nbob@example.org,pot,many\n"


class Canvas:
    """The canvas of a campaign in a browser, and what hands do there."""

    def __init__(self, page: Page):
        self.page = page
        self.panel = page.locator("#panel")

    def put(self, type: str, after: str = "", port: str = "out", name: str = "") -> str:
        """Take an activity from the + behind a port, else from the palette while nothing is selected."""
        before = set(self.nodes())
        self.still()
        if after:
            self.page.locator(f"#plus-{after}-{port}").click()
            self.page.locator(f"#palette-popover button[value={type}]").click()
        else:
            self.close()
            self.page.locator(f".palette-column button[value={type}]").click()
        expect(self.page.locator("a.node")).to_have_count(len(before) + 1)
        (added,) = set(self.nodes()) - before
        expect(self.panel.locator(f"[data-node={added}]")).to_be_visible()
        if name:
            self.panel.locator("#node-name").fill(name)
        return added

    def still(self) -> None:
        """Wait until nothing is on its way."""
        self.page.wait_for_timeout(150)
        expect(self.page.locator(".htmx-request, .htmx-settling, .htmx-swapping")).to_have_count(0)

    def close(self) -> None:
        if self.panel.is_visible():
            self.panel.locator("[data-close-panel]").click()
            expect(self.panel).to_be_hidden()

    def nodes(self) -> list[str]:
        return [
            id.removeprefix("node-") for id in self.page.locator("a.node").evaluate_all("all => all.map(n => n.id)")
        ]

    def field(self, name: str) -> Locator:
        return self.panel.locator(f"[name='{name}']")

    def fill(self, **fields: str | bool) -> None:
        """``a__0__b`` is the field “a-0-b”."""
        for name, value in fields.items():
            field = self.field(name.replace("__", "-"))
            if isinstance(value, bool):
                field.set_checked(value)
            elif field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
                self.still()  # other choices may depend on this one
            else:
                field.fill(value)

    def tick(self, name: str, *values: str) -> None:
        for value in values:
            self.panel.locator(f"[name='{name}'][value='{value}']").check()

    def row(self, name: str) -> None:
        """Press “add” under a list of rows."""
        rows = self.panel.locator(f"[name='{name}-edit'][value^='remove:']")
        before = rows.count()
        self.panel.locator(f"[name='{name}-edit'][value=add]").click()
        expect(rows).to_have_count(before + 1)

    def condition(self, column: str, value: str, rule: str = "rule") -> None:
        """Add “column is value” to a rule in the panel."""
        self.panel.locator(f"#{rule}_root_add").click()
        self.page.locator(f"[data-entry][title='{column}']").click()
        entry = self.panel.locator(f"#{rule}_0_value")
        (entry.select_option if entry.evaluate("field => field.tagName") == "SELECT" else entry.fill)(value)
        self.page.keyboard.press("Tab")
        expect(self.panel.locator(".rule-sentence").first).to_contain_text(value)

    def save(self) -> None:
        self.panel.locator("#node-save").click()
        expect(self.panel.locator(".saved")).to_be_visible()

    def join(self, outlet: str, target: str) -> None:
        self.page.locator(f"#node-{target}").click()
        expect(self.panel.locator(f"[data-node={target}]")).to_be_visible()
        self.panel.get_by_label("Which path").select_option(outlet)
        self.panel.get_by_role("button", name="Join").click()
        expect(self.panel.locator(f"[name='source'][value='{outlet.partition(':')[0]}']")).to_have_count(1)

    def test(self) -> None:
        self.still()
        expect(self.page.locator("#alerts-button .count-red")).to_have_count(0)
        self.page.locator("#control-test").click()

    def leaves(self, node: str, port: str, rows: int) -> None:
        """How many rows the canvas says leave a port."""
        expect(self.page.locator(f"#exit-{node}-{port} .exit-count")).to_contain_text(
            re.compile(rf"^\s*{rows}(?!\d)"), timeout=15_000
        )


@pytest.fixture
def canvas(page: Page, live_server, sign_in, mark) -> Canvas:
    make_shop()
    make_campaign(graph({}), owner=mark)
    sign_in(mark)
    page.goto(f"{live_server.url}/campaigns/spring/")
    return Canvas(page)


def types() -> set[str]:
    return {node.type for node in Campaign.objects.get().latest_version().graph.nodes.values()}


def test_data_are_chosen_loaded_and_written(canvas, page, problems, tmp_path):
    who = canvas.put("build_audience", name="Parisians")
    canvas.condition("city", "Paris")
    canvas.save()
    file = canvas.put("extract_file", who, name="For the printer")
    canvas.row("columns")
    canvas.fill(columns__0__source="id")
    canvas.row("columns")
    canvas.fill(columns__1__expression="Upper([city])", columns__1__label="town", file_name="people-{{ date }}")
    canvas.save()
    new = canvas.put("incremental_query", name="New ones")
    canvas.fill(mode="date", date_column="joined")
    canvas.save()
    (tmp_path / "clients.csv").write_text(CLIENTS)
    load = canvas.put("load_file", name="Clients")
    canvas.panel.locator("#file-upload-input").set_input_files(tmp_path / "clients.csv")
    canvas.panel.locator("button[value=upload]").click()
    expect(canvas.field("columns-2-name")).to_have_value("spent")
    canvas.fill(columns__2__type="integer")
    canvas.panel.get_by_text("Rejects and afterwards").click()
    canvas.fill(errors_allowed="1")
    canvas.save()
    canvas.test()
    canvas.leaves(who, "out", 3)
    canvas.leaves(file, "out", 3)
    canvas.leaves(new, "out", 6)
    canvas.leaves(load, "out", 2)
    canvas.leaves(load, "rejects", 1)
    assert types() == {"build_audience", "extract_file", "incremental_query", "load_file"}
    assert problems == []


def test_an_audience_is_shaped(canvas, page, problems):
    paris = canvas.put("build_audience", name="Parisians")
    canvas.condition("city", "Paris")
    canvas.save()
    all = canvas.put("build_audience", name="Everyone")
    canvas.save()
    both = canvas.put("combine", paris, name="Either")
    canvas.join(f"{all}:out", both)
    canvas.fill(operation="union")
    canvas.save()
    once = canvas.put("deduplication", both, name="Once")
    canvas.fill(expressions="Lower([email])", method="expression", sort__by="id", complement=True)
    canvas.save()
    more = canvas.put("enrichment", once, name="Bought")
    canvas.row("data")
    canvas.fill(
        data__0__kind="aggregate", data__0__link="purchases", data__0__aggregate="count", data__0__alias="bought"
    )
    canvas.save()
    split = canvas.put("split", more, name="By purchases")
    canvas.fill(subsets__0__label="Buyers", complement=True)
    canvas.condition("bought", "2", "subsets-0-rule")
    canvas.save()
    rows = canvas.put("change_dimension", split, "a", name="Their purchases")
    canvas.fill(dimension="purchases")
    canvas.save()
    canvas.test()
    for node, port, count in [
        (paris, "out", 3), (all, "out", 6), (both, "out", 6), (once, "out", 5), (once, "complement", 1),
        (more, "out", 5), (split, "a", 2), (split, "complement", 3), (rows, "out", 4),
    ]:  # fmt: skip
        canvas.leaves(node, port, count)
    assert problems == []


def test_the_flow_is_directed(canvas, page, problems):
    fork = canvas.put("fork")
    canvas.fill(
        transitions__0__label="At once",
        transitions__0__code="one",
        transitions__1__label="Later",
        transitions__1__code="two",
    )
    canvas.save()
    paris = canvas.put("build_audience", fork, "one", name="Parisians")
    canvas.condition("city", "Paris")
    canvas.save()
    all = canvas.put("build_audience", fork, "two", name="Everyone")
    canvas.save()
    wait = canvas.put("wait", all)
    canvas.fill(type="duration", value="1", unit="seconds")
    canvas.save()
    joined = canvas.put("and_join", wait)
    canvas.join(f"{paris}:out", joined)
    enough = canvas.put("test", joined, name="Enough?")
    canvas.fill(conditions__0__label="Enough", conditions__0__code="enough", conditions__0__value="4")
    canvas.save()
    few = canvas.put("alert", enough, "false", name="Too few")
    canvas.fill(title="Only {{ rows }}", message="Nobody is written to.", severity="warning")
    canvas.save()
    canvas.put("end", few)
    signal = canvas.put("external_signal", enough, "enough")
    canvas.row("parameters")
    canvas.fill(parameters__0__name="season", parameters__0__value="spring")
    canvas.save()
    canvas.test()
    canvas.leaves(wait, "out", 6)
    canvas.leaves(joined, "out", 6)
    canvas.leaves(enough, "enough", 6)
    canvas.leaves(signal, "out", 6)
    assert problems == []


def test_every_channel_is_planned(canvas, page, problems, mark, live_server):
    columns = {"id": "integer", "name": "string", "phone": "string", "email": "string"}
    rows = [{"id": n, "name": f"P{n}", "phone": f"+3361234567{n}", "email": f"p{n}@example.org"} for n in range(1, 5)]
    make_dataset("folk", ["id"], columns, rows, target={"email": "email"})
    for channel in ("email", "sms", "push", "direct_mail"):
        make_configuration(channel.replace("_", "-"), channel=channel, consent_column="")
    page.reload()
    who = canvas.put("build_audience", name="Folk")
    canvas.fill(dimension="folk")
    canvas.save()
    fork = canvas.put("split", who)
    for place, channel in enumerate(["email", "sms", "push", "direct_mail"]):
        if place:
            canvas.row("subsets")
        canvas.fill(
            **{
                f"subsets-{place}-label": channel,
                f"subsets-{place}-limit-type": "number",
                f"subsets-{place}-limit-value": "1",
            }
        )
    canvas.save()
    content = {
        "email": {"configuration": "email", "subject": "Hello {{ name }}", "format": "html", "body": "<p>Hi</p>"},
        "sms": {"configuration": "sms", "text": "Hello {{ name }}", "address": "phone"},
        "push": {"configuration": "push", "title": "Hello", "body": "{{ name }}", "address": "name"},
        "direct_mail": {"configuration": "direct-mail"},
    }
    made = {}
    for port, (channel, fields) in zip("abcd", content.items(), strict=True):
        made[channel] = canvas.put(channel, fork, port)
        canvas.fill(**fields)
        if channel == "direct_mail":
            canvas.tick("address", "name", "email")
        canvas.save()
    canvas.test()
    for port in "abcd":
        canvas.leaves(fork, port, 1)
    assert problems == []
