"""Editing the canvas through the browser's requests: several nodes, undo, notes, who else is here."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from activities.graph import Edge
from campaigns import canvas, execution, history
from campaigns.models import Campaign, Presence
from orchcamp.accounts.models import AuditEntry
from tests.builders import make_shop
from tests.campaigns.builders import (
    audience,
    graph,
    make_campaign,
    make_configuration,
    targeting_graph,
)

HTMX = {"HX-Request": "true"}
FORK = {"transitions": [{"code": "one", "label": "One"}, {"code": "two", "label": "Two"}]}


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
    version = campaign.latest_version()
    version.campaign = campaign
    return version


def post(client, way: str, /, *args: str, **data):
    return client.post(address(way, *args), data, headers=HTMX)


def get(client, name: str, *args: str, **data) -> str:
    return client.get(address(name, *args), data, headers=HTMX).content.decode()


def event(response) -> dict:
    return json.loads(response.headers.get("HX-Trigger-After-Settle", "{}")).get("canvas-changed", {})


def said(response) -> str:
    return json.loads(response.headers.get("HX-Trigger", "{}")).get("toast", {}).get("message", "")


# --- Several nodes ---------------------------------------------------------------------------


def test_nodes_are_removed_and_the_keyboard_goes_on_before_them(manager, spring):
    response = post(manager, "remove_nodes", node=["yes", "rest"], revision=0)
    assert event(response) == {"revision": 1, "focus": "split"}
    assert set(draft(spring).graph.nodes) == {"paris", "split"}


def test_a_node_is_moved_to_a_place_of_the_list(manager, spring):
    form = get(manager, "move_nodes", node="split")
    places = dict(re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)<', form))
    assert places["alone"] == "On its own, connected to nothing"
    assert not any("Split" in words for words in places.values())
    response = post(manager, "move_nodes", node="split", place="alone", following="1", revision=0)
    assert 'data-node="split"' in response.content.decode()
    moved = draft(spring).graph
    assert not moved.incoming("split") and len(moved.outgoing("split")) == 2


def test_a_move_that_is_refused_is_a_toast_and_changes_nothing(manager, spring):
    response = post(manager, "move_nodes", node="paris", after="split", port="yes", following="1", revision=0)
    assert response.status_code == 204 and "moved itself" in said(response)
    assert draft(spring).revision == 0


def test_copy_paste_and_duplicate(manager, spring):
    copied = manager.get(address("copy_nodes"), {"node": ["split", "yes"]})
    assert copied["Content-Type"] == "application/json" and copied.json()["kind"] == "nodes"
    response = post(manager, "paste_nodes", clipboard=copied.content.decode(), revision=0)
    assert said(response) == "2 activities pasted." and len(draft(spring).graph.nodes) == 6
    response = post(manager, "duplicate_nodes", node="rest", revision=1)
    assert "Rest 2" in response.content.decode()


def test_pasted_nonsense_is_one_toast(manager, spring):
    response = post(manager, "paste_nodes", clipboard="Dear Anna", revision=0)
    assert response.status_code == 204 and "holds no activities" in said(response)


def test_a_text_larger_than_a_request_may_be_is_one_sentence(manager, spring):
    response = post(manager, "paste_nodes", clipboard="x" * 11_000_000, revision=0)
    assert response.status_code == 400 and "too large" in response.content.decode()
    assert "<" not in response.content.decode()


def test_switching_shows_on_the_card_and_in_the_panel(manager, spring):
    panel = post(manager, "switch_nodes", node="split", breakpoint="1", revision=0).content.decode()
    assert "has a breakpoint" in panel and "Take the breakpoint away" in panel
    page = get(manager, "canvas_fragment")
    assert re.search(r'id="node-split"[^>]*data-breakpoint', page)
    assert post(manager, "switch_nodes", node="split", revision=1).status_code == 204


def test_renaming_in_place_answers_the_panel(manager, spring):
    panel = post(manager, "rename_node", "split", name="Consents or not", revision=0).content.decode()
    assert '<h2 id="panel-title">Consents or not</h2>' in panel
    assert said(post(manager, "rename_node", "split", name=" ", revision=1)) == "An activity needs a name: type one."


def test_the_menu_of_a_node_is_for_who_may_change_it(manager, client, spring, vera):
    menu = get(manager, "node_menu", "split")
    for words in (
        "Rename",
        "Move to…",
        "Copy",
        "Cut",
        "Duplicate",
        "Disable",
        "Set a breakpoint",
        "Remove with what follows",
    ):
        assert words in menu
    client.force_login(vera)
    assert client.get(address("node_menu", "split"), headers=HTMX).status_code == 403
    assert 'id="menu-split"' not in get(client, "canvas_fragment")


# --- The panel: connections ------------------------------------------------------------------


def test_a_node_is_connected_to_a_join_from_its_own_panel(manager, shop, mark):
    nodes = {"a": ("build_audience", audience()), "b": ("build_audience", audience()), "c": ("combine", {})}
    spring = make_campaign(graph(nodes, "a>c"), owner=mark)
    panel = get(manager, "node", "b")
    assert '<option value="c:in">C</option>' in panel
    post(manager, "connect", outlet="b:out", inlet="c:in", panel="b", revision=0)
    assert Edge("b", "out", "c", "in") in draft(spring).graph.edges
    panel = get(manager, "node", "b")
    assert "Disconnect from C" in panel and 'id="lead-target"' in panel


# --- Undo and redo ---------------------------------------------------------------------------


def test_the_bar_names_what_undo_and_redo_would_do(manager, spring):
    assert "nothing to undo yet" in get(manager, "canvas_fragment")
    post(manager, "remove_node", "split", revision=0)
    assert 'aria-label="Undo: remove Split"' in get(manager, "canvas_fragment")
    response = post(manager, "undo", revision=1)
    assert said(response) == "Undone: remove Split" and "split" in draft(spring).graph.nodes
    assert 'aria-label="Redo: remove Split"' in get(manager, "canvas_fragment")
    assert said(post(manager, "redo", revision=2)) == "Done again: remove Split"
    assert "split" not in draft(spring).graph.nodes


def test_undo_answers_the_panel_that_is_open(manager, spring):
    post(manager, "rename_node", "split", name="Other", revision=0)
    panel = post(manager, "undo", revision=1, panel="split").content.decode()
    assert '<h2 id="panel-title">Split</h2>' in panel
    _graph, id = canvas.add_node(draft(spring), "wait", revision=2, by=None)
    gone = post(manager, "undo", revision=3, panel=id)
    assert gone.status_code == 200 and gone.content == b""
    assert post(manager, "redo", revision=4).status_code == 204


def test_the_history_lists_steps_and_jumps(manager, spring, anna):
    canvas.rename_node(draft(spring), "split", "One", revision=0, by=anna)
    post(manager, "rename_node", "split", name="Two", revision=1)
    panel = get(manager, "history")
    assert "rename Split (Anna)" in panel and "rename One" in panel
    post(manager, "history", step="0", revision=2)
    assert draft(spring).graph.nodes["split"].name == "Split"
    response = post(manager, "history", step="77", revision=3)
    assert response.status_code == 204 and "not kept" in said(response)
    assert post(manager, "history", step="x", revision=3).status_code == 204


def test_undo_of_a_stale_canvas_does_not_offer_to_undo_what_the_other_did(manager, spring, anna):
    post(manager, "rename_node", "split", name="One", revision=0)
    canvas.rename_node(draft(spring), "paris", "Hers", revision=1, by=anna)
    response = post(manager, "undo", revision=1)
    assert response.status_code == 409 and 'id="repeat"' not in response.content.decode()
    assert draft(spring).graph.nodes["split"].name == "One"


# --- Too late --------------------------------------------------------------------------------


def test_who_comes_too_late_sees_what_was_done_and_can_do_theirs_again(manager, spring, anna):
    canvas.rename_node(draft(spring), "yes", "Hers", revision=0, by=anna)
    response = post(manager, "remove_nodes", node=["split"], branch="1", revision=0)
    text = response.content.decode()
    assert response.status_code == 409 and response["HX-Retarget"] == "#conflict"
    assert "Anna was faster" in text and "rename Yes" in text
    assert 'action="/campaigns/spring/nodes/remove"' in text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', text))
    fields.pop("csrfmiddlewaretoken", None)
    assert fields == {"node": "split", "branch": "1", "revision": "1"}
    assert post(manager, "remove_nodes", **fields).status_code == 200
    assert set(draft(spring).graph.nodes) == {"paris"}


def test_a_race_with_oneself_is_not_blamed_on_another(manager, spring):
    post(manager, "rename_node", "yes", name="One", revision=0)
    text = post(manager, "rename_node", "rest", name="Two", revision=0).content.decode()
    assert "a change of your own" in text and "was faster" not in text and 'id="repeat"' in text


def test_what_is_gone_cannot_be_done_again(manager, spring, anna):
    canvas.remove_node(draft(spring), "yes", revision=0, by=anna)
    text = post(manager, "rename_node", "yes", name="Mine", revision=0).content.decode()
    assert "Anna was faster" in text and 'id="repeat"' not in text


# --- What is typed ---------------------------------------------------------------------------


def test_panels_that_are_left_save_themselves_as_one_step(manager, spring, mark):
    settings = {"dimension": "people", "rule": json.dumps({"group": "and", "items": []}), "auto": "1"}
    for revision, name in enumerate(("A", "AB", "ABC")):
        assert post(manager, "node", "paris", node_name=name, revision=revision, **settings).status_code == 200
    assert [history.label(step) for step in history.steps(draft(spring))] == ["change Paris"]


def test_a_form_that_could_not_be_saved_says_that_it_is_unsaved(manager, spring):
    panel = post(manager, "node", "paris", node_name="x" * 121, dimension="people", rule="{}", revision=0)
    assert "data-unsaved" in panel.content.decode()
    assert "data-unsaved" not in get(manager, "node", "paris")


# --- Notes -----------------------------------------------------------------------------------


def test_a_note_is_written_changed_moved_and_removed(manager, spring):
    assert "note-form" in get(manager, "add_note")
    response = post(manager, "add_note", text="Ask Anna <b>first</b>", colour="blue", revision=0)
    assert event(response)["revision"] == 1
    (note,) = draft(spring).graph.notes.values()
    assert (note.text, note.colour, note.node) == ("Ask Anna <b>first</b>", "blue", "")
    page = get(manager, "canvas_fragment")
    assert f'data-note="{note.id}"' in page and "Ask Anna &lt;b&gt;first&lt;/b&gt;" in page
    assert post(manager, "change_note", note.id, x="120.4", y="-30", revision=1).status_code == 204
    moved = draft(spring).graph.notes[note.id]
    assert (moved.x, moved.y, moved.text) == (120, -30, note.text)
    post(manager, "change_note", note.id, text="Asked", colour="green", revision=2)
    assert draft(spring).graph.notes[note.id].text == "Asked"
    post(manager, "remove_note", note.id, revision=3)
    assert draft(spring).graph.notes == {}
    assert [history.label(step) for step in history.steps(draft(spring))] == [
        "remove a note",
        "change a note",
        "move a note",
        "add a note",
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"text": ""}, "needs words"),
        ({"text": "x" * 2001}, "at most 2000"),
        ({"text": "a", "colour": "mauve"}, "four colours"),
        ({"text": "a", "x": "1e9"}, "too far"),
        ({"text": "a", "x": "nan"}, "two numbers"),
        ({"text": "a", "x": "inf"}, "two numbers"),
        ({"text": "a", "node": "ghost"}, "no node"),
    ],
)
def test_a_note_that_cannot_be_is_a_sentence(manager, spring, data, words):
    response = post(manager, "add_note", revision=0, **data)
    assert response.status_code == 204 and words in said(response)
    assert draft(spring).revision == 0


def test_a_pinned_note_shows_at_its_node_and_in_its_panel(manager, spring):
    post(manager, "add_note", text="Legal has seen it", node="split", revision=0)
    page = get(manager, "canvas_fragment")
    assert re.search(r'class="note note-yellow"[^>]*data-pinned="split"', page)
    assert "Legal has seen it" in get(manager, "node", "split")


# --- Who else is here ------------------------------------------------------------------------


def test_others_are_shown_with_the_node_they_are_at(client, spring, mark, anna, vera):
    client.force_login(anna)
    get(client, "presence", node="split")
    client.force_login(vera)
    get(client, "presence", node="yes")
    client.force_login(mark)
    shown = get(client, "presence")
    assert "Anna is editing Split" in shown and "Vera is looking at Yes" in shown and "Mark" not in shown


def test_who_gives_no_sign_for_half_a_minute_is_gone(client, spring, mark, anna):
    client.force_login(anna)
    get(client, "presence")
    Presence.objects.update(seen_at=timezone.now() - timedelta(seconds=31))
    client.force_login(mark)
    assert "Anna" not in get(client, "presence")
    assert list(Presence.objects.values_list("user__username", flat=True)) == ["mark"]


def test_a_sign_of_life_is_no_edit(manager, spring):
    before = AuditEntry.objects.count()
    for _poll in range(3):
        get(manager, "presence", node="nobody")
    assert draft(spring).revision == 0 and AuditEntry.objects.count() == before
    assert Presence.objects.get().node_id == ""


# --- The outline -----------------------------------------------------------------------------


def test_the_outline_nests_branches_and_shows_a_join_once(manager, shop, mark):
    nodes = {
        "a": ("build_audience", audience()),
        "s": ("fork", FORK),
        "b": ("wait", {}),
        "c": ("combine", {}),
        "d": ("end", {}),
    }
    canvas_ = graph(nodes, "a>s")
    ports = [port.name for port in canvas.activity_of(canvas_, "s").ports()]
    for edge in (Edge("s", ports[0], "b"), Edge("s", ports[1], "c"), Edge("b", "out", "c"), Edge("c", "out", "d")):
        canvas_ = canvas_.with_edge(edge)
    make_campaign(canvas_, owner=mark)
    outline = get(manager, "canvas_fragment").split('class="outline-view"')[1]
    for id in nodes:
        assert outline.count(f'id="outline-{id}"') == 1
    assert outline.count("joins in C") == 2
    assert re.search(
        r'Joins\s+<a class="link" href="#outline-s">S</a>,\s*<a class="link" href="#outline-b">B</a>', outline
    )
    for tag in ("ol", "ul", "li"):
        assert len(re.findall(rf"<{tag}[ >]", outline)) == outline.count(f"</{tag}>")


def test_a_canvas_of_branches_in_branches_is_drawn_without_calling_itself(manager, shop, mark):
    nodes = {f"s{n}": ("fork", FORK) for n in range(120)}
    canvas_ = graph(nodes)
    for n in range(119):
        port = canvas.activity_of(canvas_, f"s{n}").ports()[0].name
        canvas_ = canvas_.with_edge(Edge(f"s{n}", port, f"s{n + 1}"))
    make_campaign(canvas_, owner=mark)
    assert 'id="outline-s119"' in get(manager, "canvas_fragment")


# --- A test that stands at a breakpoint ------------------------------------------------------


def test_a_paused_test_offers_to_go_on_and_is_not_asked_after_every_second(manager, spring, mark):
    post(manager, "switch_nodes", node="split", breakpoint="1", revision=0)
    run = execution.run_to_end(execution.start(draft(spring), mode="test", by=mark))
    page = get(manager, "canvas_fragment")
    assert 'id="control-resume"' in page and 'id="control-stop"' in page and "every 1s" not in page
    assert "Its breakpoint holds the run" in page
    response = manager.post(reverse("campaigns:control", args=["spring", run.pk]), {"action": "resume"}, headers=HTMX)
    assert response.status_code == 204 and "canvas-changed" in response["HX-Trigger"]
    run.refresh_from_db()
    assert run.status == "running"
