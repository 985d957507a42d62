"""The side panel of one node: its form, what is kept, what is refused, and who was faster."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from campaigns import canvas, execution
from campaigns.models import Campaign
from tests.builders import make_shop
from tests.campaigns.builders import audience, graph, make_campaign, make_configuration, simple_graph, targeting_graph

HTMX = {"HX-Request": "true"}


@pytest.fixture
def spring(db, mark) -> Campaign:
    make_shop()
    make_configuration()
    return make_campaign(targeting_graph(), owner=mark)


@pytest.fixture
def manager(client, mark):
    client.force_login(mark)
    return client


def address(node: str, slug: str = "spring") -> str:
    return reverse("campaigns:node", args=[slug, node])


def draft(campaign: Campaign):
    return campaign.latest_version()


def panel(client, node: str) -> str:
    return client.get(address(node), headers=HTMX).content.decode()


SUBSET = {"subsets-0-label": "All", "subsets-0-code": "all", "subsets-0-rule": "{}"}


def test_the_panel_shows_name_settings_and_transitions(manager, spring):
    text = panel(manager, "split")
    assert 'value="Split"' in text and 'value="Consents"' in text and 'name="revision" value="0"' in text
    assert "/nodes/split/transitions/complement" in text


def test_without_htmx_the_address_leads_to_the_canvas_with_the_panel_open(manager, spring):
    response = manager.get(address("split"))
    assert response.headers["Location"] == "/campaigns/spring/?node=split"
    assert 'id="node-form"' in manager.get(response.headers["Location"]).content.decode()


def test_saving_keeps_name_settings_and_switch(manager, spring):
    data = SUBSET | {"node_name": "Everyone", "node_disabled": "on", "revision": 0}
    response = manager.post(address("split"), data, headers=HTMX)
    node = draft(spring).graph.nodes["split"]
    assert response.status_code == 200 and "canvas-changed" in response.headers["HX-Trigger-After-Settle"]
    assert (node.name, node.disabled) == ("Everyone", True)
    assert [subset["code"] for subset in node.settings["subsets"]] == ["all"]
    assert 'name="revision" value="1"' in response.content.decode()


def test_a_port_that_is_gone_takes_its_transitions_with_it(manager, spring):
    manager.post(address("split"), SUBSET | {"node_name": "S", "revision": 0}, headers=HTMX)
    assert draft(spring).graph.outgoing("split") == []
    assert set(draft(spring).graph.nodes) == {"paris", "split", "yes", "rest"}


def test_a_wrong_form_comes_back_with_what_was_typed_and_changes_nothing(manager, spring):
    data = {"node_name": "Mine", "subsets-0-label": "My label", "subsets-0-code": "not a code!", "revision": 0}
    response = manager.post(address("split"), data, headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 200 and "HX-Trigger-After-Settle" not in response.headers
    assert 'value="Mine"' in text and 'value="My label"' in text and "not a code!" in text
    assert "Begin with a letter" in text
    assert draft(spring).revision == 0


def test_adding_a_row_shows_the_form_again_without_saving(manager, spring):
    data = SUBSET | {"node_name": "S", "subsets-edit": "add", "revision": 0}
    text = manager.post(address("split"), data, headers=HTMX).content.decode()
    assert 'name="subsets-1-code"' in text and 'value="All"' in text
    assert draft(spring).revision == 0


def test_a_half_done_node_can_be_kept(manager, spring, mark):
    make_campaign(simple_graph(), owner=mark, slug="mail")
    data = {"node_name": "Mail", "format": "html", "category": "marketing", "subject": "Only this", "revision": 0}
    response = manager.post(address("mail", "mail"), data, headers=HTMX)
    settings = Campaign.objects.get(slug="mail").latest_version().graph.nodes["mail"].settings
    assert response.status_code == 200 and settings["subject"] == "Only this"
    assert "side-problem flag-error" in response.content.decode()


def test_the_slower_of_two_editors_keeps_their_input_and_is_told(manager, spring, anna):
    canvas.configure_node(draft(spring), "split", revision=0, by=anna, name="Anna's split")
    data = SUBSET | {"node_name": "My split", "revision": 0}
    response = manager.post(address("split"), data, headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 409
    assert "Anna changed the canvas" in text and "Load their version" in text
    assert 'value="My split"' in text and 'value="All"' in text
    assert draft(spring).graph.nodes["split"].name == "Anna's split"


def test_saving_again_puts_mine_over_theirs(manager, spring, anna):
    canvas.configure_node(draft(spring), "split", revision=0, by=anna, name="Anna's split")
    data = SUBSET | {"node_name": "My split", "revision": 0}
    answer = manager.post(address("split"), data, headers=HTMX).content.decode()
    again = re.search(r'name="revision" value="(\d+)"', answer)
    assert again and manager.post(address("split"), data | {"revision": again[1]}, headers=HTMX).status_code == 200
    assert draft(spring).graph.nodes["split"].name == "My split"


def test_a_node_that_somebody_removed_is_said_to_be_gone(manager, spring, anna):
    canvas.remove_node(draft(spring), "split", revision=0, by=anna)
    response = manager.post(address("split"), SUBSET | {"node_name": "S", "revision": 0}, headers=HTMX)
    assert response.status_code == 409 and "removed" in response.content.decode()
    assert manager.get(address("split"), headers=HTMX).status_code == 409


@pytest.mark.parametrize("revision", ["", "x", "-1", "²", "99999999999999999999"])
def test_a_nonsense_revision_is_a_stale_one(manager, spring, revision):
    response = manager.post(address("paris"), {"node_name": "X", "dimension": "people", "revision": revision})
    assert response.status_code == 409 and draft(spring).revision == 0


def test_the_panel_tells_state_and_error_of_the_last_run(manager, spring, mark):
    execution.run_to_end(execution.start(draft(spring), mode="test", by=mark))
    assert "Succeeded" in panel(manager, "split")


def test_a_channel_offers_its_preview(manager, spring, mark):
    make_campaign(simple_graph(), owner=mark, slug="mail")
    text = manager.get(address("mail", "mail"), headers=HTMX).content.decode()
    assert 'href="/campaigns/mail/nodes/mail/message"' in text


def test_names_are_escaped(manager, spring, mark):
    attack = '"><script>alert(1)</script>'
    settings = audience()
    make_campaign(graph({"a": ("build_audience", settings)}), owner=mark, slug="evil")
    data = {"node_name": attack, "dimension": "people", "rule": "{}", "revision": 0}
    manager.post(reverse("campaigns:node", args=["evil", "a"]), data, headers=HTMX)
    page = manager.get("/campaigns/evil/?node=a").content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_a_viewer_reads_the_settings_and_saves_nothing(client, spring, vera):
    client.force_login(vera)
    text = panel(client, "split")
    assert "<fieldset disabled" in text and "node-save" not in text
    assert client.post(address("split"), SUBSET | {"node_name": "X", "revision": 0}).status_code == 403


def test_a_revision_that_is_no_number_is_stale(client, mark):
    make_shop()
    make_configuration()
    make_campaign(simple_graph(), owner=mark)
    client.force_login(mark)
    address = reverse("campaigns:remove_node", args=["spring", "end"])
    for revision in ("9" * 5000, "²", "-1", ""):
        assert client.post(address, {"revision": revision}, headers={"HX-Request": "true"}).status_code == 409
