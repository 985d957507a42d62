"""The canvas through the browser's requests: what is drawn, every change, and who is too late."""

from __future__ import annotations

import json
import re

import pytest
from django.urls import reverse

from activities.graph import Edge
from campaigns import execution
from campaigns.models import Campaign
from orchcamp.accounts import access
from tests.builders import make_shop
from tests.campaigns.builders import (
    audience,
    graph,
    make_campaign,
    make_configuration,
    simple_graph,
    targeting_graph,
)

HTMX = {"HX-Request": "true"}


@pytest.fixture
def shop(db):
    make_shop()
    make_configuration()


@pytest.fixture
def spring(shop, mark) -> Campaign:
    return make_campaign(targeting_graph(), owner=mark)


@pytest.fixture
def manager(client, mark):
    client.force_login(mark)
    return client


def address(name: str, *args: str) -> str:
    return reverse(f"campaigns:{name}", args=["spring", *args])


def draft(campaign: Campaign):
    return campaign.latest_version()


def post(client, name: str, *args: str, **data):
    return client.post(address(name, *args), data, headers=HTMX)


def event(response) -> dict:
    return json.loads(response.headers.get("HX-Trigger-After-Settle", "{}")).get("canvas-changed", {})


# --- What is drawn ---------------------------------------------------------------------------


def test_the_page_draws_every_node_and_transition(manager, spring):
    page = manager.get(address("canvas")).content.decode()
    assert {f'id="node-{id}"' for id in ("paris", "split", "yes", "rest")} <= set(re.findall(r'id="node-\w+"', page))
    assert page.count('class="wire"') == 3
    assert "Consents" in page and "Rest" in page
    assert "style=" not in page and "onclick" not in page


def test_an_empty_canvas_says_how_to_begin(manager, shop, mark):
    make_campaign(graph({}), owner=mark)
    page = manager.get(address("canvas")).content.decode()
    assert "This canvas is empty" in page and 'value="build_audience"' in page
    assert "The canvas is empty: add an activity first." in page


def test_counts_of_the_last_test_are_drawn(manager, spring, mark):
    execution.run_to_end(execution.start(draft(spring), mode="test", by=mark))
    page = manager.get(address("canvas_fragment"), headers=HTMX).content.decode()
    counts = dict(re.findall(r'id="exit-([\w-]+)".*?exit-count">([^<]*)<', page))
    assert counts == {"paris-out": "3", "split-yes": "2", "split-complement": "1"}
    assert page.count("check_circle") >= 4


def test_a_count_behind_a_changed_node_is_a_dash_that_says_why(manager, spring, mark):
    version = draft(spring)
    execution.run_to_end(execution.start(version, mode="test", by=mark))
    post(manager, "node", "paris", node_name="Paris", dimension="people", rule="{}", revision=0)
    page = manager.get(address("canvas_fragment"), headers=HTMX).content.decode()
    counts = dict(re.findall(r'id="exit-([\w-]+)".*?exit-count">([^<]*)<', page))
    assert counts == {"paris-out": "—", "split-yes": "—", "split-complement": "—"}
    assert "Changed since the last run, which counted 3." in page


def test_numbers_of_the_drawing_have_no_thousands_separators(manager, shop, mark):
    nodes = {f"n{n}": ("wait", {}) for n in range(6)}
    make_campaign(graph(nodes, *(f"n{n}>n{n + 1}" for n in range(5))), owner=mark)
    page = manager.get(address("canvas")).content.decode()
    numbers = re.findall(r'(?:x|y|cx|cy|width|height|viewBox|d)="([\d ,.MHC-]+)"', page)
    assert len(numbers) > 20 and not [number for number in numbers if "," in number]


def test_a_type_that_is_gone_is_drawn_grey(manager, shop, mark):
    make_campaign(graph({"a": ("build_audience", audience()), "b": ("teleport", {})}, "a>b"), owner=mark)
    page = manager.get(address("canvas")).content.decode()
    assert "node-unknown" in page and "no activity “teleport”" in page
    assert "no activity “teleport”" in manager.get(address("node", "b"), headers=HTMX).content.decode()


def test_polling_goes_on_while_a_run_is_open_and_then_stops(manager, spring, mark):
    run = execution.start(draft(spring), mode="test", by=mark)
    response = manager.get(address("canvas_fragment"), {"poll": ""}, headers=HTMX)
    assert response.status_code == 200 and "every 1s" in response.content.decode()
    execution.run_to_end(run)
    response = manager.get(address("canvas_fragment"), {"poll": ""}, headers=HTMX)
    assert response.status_code == 286 and "every 1s" not in response.content.decode()


def test_the_queries_of_the_canvas_do_not_grow_with_its_nodes(
    manager, shop, mark, django_assert_max_num_queries, django_assert_num_queries
):
    make_campaign(simple_graph(), owner=mark)
    manager.get(address("canvas_fragment"), headers=HTMX)  # from here on the shapes of the data are known
    with django_assert_max_num_queries(40) as small:
        manager.get(address("canvas_fragment"), headers=HTMX)
    nodes = {"a": ("build_audience", audience())} | {f"n{n}": ("wait", {}) for n in range(20)}
    make_campaign(graph(nodes, "a>n0", *(f"n{n}>n{n + 1}" for n in range(19))), owner=mark, slug="long")
    with django_assert_num_queries(len(small)):
        manager.get(reverse("campaigns:canvas_fragment", args=["long"]), headers=HTMX)


# --- Changes ---------------------------------------------------------------------------------


def test_adding_at_an_open_end_connects_and_opens_the_panel(manager, shop, mark):
    campaign = make_campaign(graph({"a": ("build_audience", audience())}), owner=mark)
    response = post(manager, "add_node", type="split", after="a", port="out", revision=0)
    canvas = draft(campaign).graph
    (added,) = set(canvas.nodes) - {"a"}
    assert canvas.edges == (Edge("a", "out", added, "in"),)
    assert f'data-node="{added}"' in response.content.decode()
    assert event(response)["revision"] == 1


def test_inserting_on_a_transition_joins_both_sides(manager, spring):
    edge = {"source": "paris", "source_port": "out", "target": "split", "target_port": "in"}
    post(manager, "add_node", type="deduplication", revision=0, **edge)
    canvas = draft(spring).graph
    (added,) = set(canvas.nodes) - {"paris", "split", "yes", "rest"}
    assert [e.target for e in canvas.outgoing("paris")] == [added]
    assert [e.target for e in canvas.outgoing(added)] == ["split"]


def test_the_first_activity_begins_with_the_campaigns_dimension(manager, shop, mark):
    campaign = make_campaign(graph({}), owner=mark)
    post(manager, "add_node", type="build_audience", revision=0)
    (node,) = draft(campaign).graph.nodes.values()
    assert node.settings["dimension"] == "people"


def test_a_click_in_the_palette_appends_to_the_selected_node(manager, shop, mark):
    canvas = graph({"a": ("build_audience", audience()), "b": ("build_audience", audience())})
    campaign = make_campaign(canvas, owner=mark)
    post(manager, "add_node", type="wait", after="a", revision=0)
    assert [edge.source for edge in draft(campaign).graph.edges] == ["a"]


def test_the_palette_at_a_plus_offers_only_what_fits(manager, spring):
    first = manager.get(address("add_node"), {"begin": "1"}, headers=HTMX).content.decode()
    behind = manager.get(address("add_node"), {"after": "yes", "port": "out"}, headers=HTMX).content.decode()
    edge = {"source": "paris", "source_port": "out", "target": "split"}
    between = manager.get(address("add_node"), edge, headers=HTMX).content.decode()
    offered = [set(re.findall(r'name="type" value="(\w+)"', text)) for text in (first, behind, between)]
    assert "build_audience" in offered[0] and not offered[0] & {"combine", "split", "email", "end"}
    assert {"split", "email", "end", "combine"} <= offered[1]
    assert "split" in offered[2] and "end" not in offered[2]


def test_removing_a_node_heals_its_path(manager, spring):
    response = post(manager, "remove_node", "split", revision=0)
    canvas = draft(spring).graph
    assert {edge.target for edge in canvas.outgoing("paris")} == {"yes", "rest"}
    assert event(response)["revision"] == 1


def test_removing_a_branch_takes_what_only_it_leads_to(manager, spring):
    post(manager, "remove_node", "split", branch="1", revision=0)
    assert set(draft(spring).graph.nodes) == {"paris"}


def test_outputs_are_joined_to_a_combine_and_taken_away_again(manager, shop, mark):
    nodes = {id: ("build_audience", audience()) for id in "ab"} | {"c": ("combine", {"operation": "union"})}
    campaign = make_campaign(graph(nodes, "a>c"), owner=mark)
    assert 'value="b:out"' in manager.get(address("node", "c"), headers=HTMX).content.decode()
    post(manager, "connect", outlet="b:out", target="c", target_port="in", panel="c", revision=0)
    assert {edge.source for edge in draft(campaign).graph.incoming("c")} == {"a", "b"}
    post(manager, "disconnect", source="a", source_port="out", target="c", target_port="in", revision=1)
    assert {edge.source for edge in draft(campaign).graph.incoming("c")} == {"b"}


def test_a_circle_is_refused_in_words_and_changes_nothing(manager, shop, mark):
    nodes = {"a": ("build_audience", audience()), "b": ("combine", {}), "c": ("wait", {})}
    campaign = make_campaign(graph(nodes, "a>b", "b>c"), owner=mark)
    response = post(manager, "connect", source="c", source_port="out", target="b", revision=0)
    assert response.status_code == 204 and "circle" in response.headers["HX-Trigger"]
    assert len(draft(campaign).graph.edges) == 2


def test_without_javascript_a_change_leads_back_to_the_canvas(manager, spring):
    response = manager.post(address("remove_node", "split"), {"revision": 0})
    assert response.status_code == 302 and response.headers["Location"] == address("canvas")


# --- Too late, or not allowed ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "args", "data"),
    [
        ("add_node", (), {"type": "end", "after": "paris", "port": "out"}),
        ("remove_node", ("split",), {}),
        ("connect", (), {"source": "paris", "source_port": "out", "target": "yes"}),
        ("disconnect", (), {"source": "paris", "source_port": "out", "target": "split"}),
        ("node", ("paris",), {"node_name": "X", "dimension": "people", "rule": "{}"}),
    ],
)
def test_a_stale_canvas_is_409_and_says_who_was_faster(manager, spring, mark, anna, name, args, data):
    from campaigns import canvas

    canvas.configure_node(draft(spring), "yes", revision=0, by=anna, name="Anna's end")
    before = draft(spring).document
    response = post(manager, name, *args, revision=0, **data)
    assert response.status_code == 409
    text = response.content.decode()
    assert "Anna" in text and "Load their version" in text
    assert draft(spring).document == before


def test_a_frozen_canvas_can_be_read_but_not_changed(manager, spring):
    from django.utils import timezone

    spring.versions.update(frozen_at=timezone.now())
    page = manager.get(address("canvas")).content.decode()
    assert 'id="plus-' not in page and "palette-column" not in page
    panel = manager.get(address("node", "paris"), headers=HTMX).content.decode()
    assert "<fieldset disabled" in panel and "node-save" not in panel
    assert post(manager, "remove_node", "split", revision=0).status_code == 409


def test_a_viewer_sees_the_canvas_and_changes_nothing(client, spring, vera):
    client.force_login(vera)
    page = client.get(address("canvas")).content.decode()
    assert 'id="plus-' not in page
    control = re.search(r'id="control-test"[^>]*title="([^"]*)"', page)
    assert control and "test campaigns" in control[1]
    assert post(client, "add_node", type="end", after="paris", port="out", revision=0).status_code == 403
    assert client.get(address("add_node"), headers=HTMX).status_code == 403


def test_a_stranger_does_not_learn_that_the_campaign_exists(client, spring, mallory):
    client.force_login(mallory)
    for name in ("canvas", "canvas_fragment", "alerts"):
        assert client.get(address(name)).status_code == 404


def test_whom_the_campaign_is_shared_with_may_edit_it(client, spring, mallory):
    from django.contrib.auth.models import Group

    mallory.groups.add(Group.objects.get(profile__slug="manager"))
    mallory.groups.get().profile.__class__.objects.filter(slug="manager").update(everywhere=False)
    client.force_login(mallory)
    assert client.get(address("canvas")).status_code == 404
    access.grant(mallory, ["view", "change"], spring)
    assert client.get(address("canvas")).status_code == 200


# --- Alerts ----------------------------------------------------------------------------------


def test_errors_are_counted_listed_and_block_the_request_for_approval(manager, shop, mark):
    make_campaign(graph({"a": ("build_audience", audience()), "mail": ("email", {})}, "a>mail"), owner=mark)
    page = manager.get(address("canvas")).content.decode()
    control = re.search(r'id="control-submit"[^>]*aria-disabled="true"[^>]*title="([^"]*)"', page)
    assert control and re.fullmatch(r"Mend \d+ errors? first: see the alerts\.", control[1])
    panel = manager.get(address("alerts"), headers=HTMX).content.decode()
    assert 'data-jump="mail"' in panel
    assert "Mail" in panel


def test_a_canvas_without_errors_can_be_sent_for_approval(manager, spring):
    page = manager.get(address("canvas")).content.decode()
    assert re.search(r'<a [^>]*id="control-submit" href="/campaigns/spring/submit"', page)


# --- Transitions -----------------------------------------------------------------------------


def test_a_transition_shows_count_columns_and_first_rows(manager, spring, mark):
    execution.run_to_end(execution.start(draft(spring), mode="test", by=mark))
    panel = manager.get(address("transition", "split", "yes"), headers=HTMX).content.decode()
    assert 'class="stat-value">2<' in panel and "?part=rows" in panel
    columns = manager.get(address("transition", "split", "yes"), {"part": "columns"}, headers=HTMX).content.decode()
    assert "segment code" in columns and "added by “Split”" in columns and "People" in columns
    rows = manager.get(address("transition", "split", "yes"), {"part": "rows"}, headers=HTMX).content.decode()
    assert "ann@example.org" in rows and "masked" not in rows


def test_personal_columns_are_masked_for_those_who_may_not_see_them(client, spring, mark):
    from django.contrib.auth.models import Permission

    execution.run_to_end(execution.start(draft(spring), mode="test", by=mark))
    mark.groups.get().permissions.remove(Permission.objects.get(codename="view_personal"))
    client.force_login(mark)
    rows = client.get(address("transition", "split", "yes"), {"part": "rows"}, headers=HTMX).content.decode()
    assert "ann@example.org" not in rows and "•••" in rows and "Paris" in rows


def test_a_viewer_gets_counts_but_no_rows(client, spring, vera, mark):
    execution.run_to_end(execution.start(draft(spring), mode="test", by=mark))
    client.force_login(vera)
    panel = client.get(address("transition", "split", "yes"), headers=HTMX).content.decode()
    assert 'class="stat-value">2<' in panel and "?part=rows" not in panel
    assert client.get(address("transition", "split", "yes"), {"part": "rows"}, headers=HTMX).status_code == 403
    assert client.get(address("transition", "split", "yes"), {"part": "count"}, headers=HTMX).status_code == 403


def test_the_draft_is_counted_without_a_run(manager, spring):
    query = {"part": "count", "ticket": "t1"}
    answer = manager.get(address("transition", "paris", "out"), query, headers=HTMX).content.decode()
    assert 'class="stat-value">3<' in answer
    rows = manager.get(address("transition", "paris", "out"), {"part": "rows", "live": ""}, headers=HTMX)
    assert "Cid" in rows.content.decode()


def test_a_count_that_was_called_off_says_so(manager, spring, mark, monkeypatch):
    from orchcamp.datasets import counting

    assert manager.post(address("transition", "paris", "out"), {"ticket": "t1"}).status_code == 204
    with pytest.raises(counting.Cancelled):
        counting.asked(lambda: _slow(), f"{mark.pk}-t1")


def _slow() -> int:
    import ibis

    from orchcamp.datasets import engine

    numbers = ibis.range(0, 2_000_000).unnest().name("n").as_table()
    return engine.count(numbers.cross_join(numbers.view()).filter(lambda t: (t.n + t.n_right) % 7 == 3))


def test_a_copy_of_a_personal_column_is_masked_too(client, shop, mark):
    from django.contrib.auth.models import Permission

    items = [{"kind": "attribute", "attribute": "email", "alias": "contact"}]
    items += [{"kind": "expression", "expression": "Upper([email])", "alias": "city"}]
    nodes = {"who": ("build_audience", audience()), "more": ("enrichment", {"data": items}), "end": ("end", {})}
    campaign = make_campaign(graph(nodes, "who>more", "more>end"), owner=mark)
    execution.run_to_end(execution.start(draft(campaign), mode="test", by=mark))
    mark.groups.get().permissions.remove(Permission.objects.get(codename="view_personal"))
    client.force_login(mark)
    rows = client.get(address("transition", "more", "out"), {"part": "rows"}, headers=HTMX).content.decode()
    assert "•••" in rows and "ann@example.org" not in rows.lower()
