"""Copying and pasting nodes: new ids, free names, references that follow, and text that is nothing of ours."""

from __future__ import annotations

import json

import pytest

from activities.graph import Edge, Graph, Node
from activities.notes import Note
from campaigns import canvas, clipboard
from campaigns.models import CampaignVersion
from campaigns.palette import Place
from orchcamp.web.errors import Refused
from tests.builders import make_shop
from tests.campaigns.builders import audience, graph, make_campaign, simple_graph, targeting_graph

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(mark) -> CampaignVersion:
    make_shop()
    return make_campaign(simple_graph(), owner=mark).draft()


def copied(version: CampaignVersion, *ids: str) -> str:
    return json.dumps(clipboard.copy(version, list(ids)))


def test_a_copy_holds_the_nodes_and_the_transitions_between_them_only(version):
    document = clipboard.copy(version, ["people", "mail"])
    assert (document["kind"], document["schema"], document["dimension"]) == ("nodes", 1, "people")
    assert set(document["nodes"]) == {"people", "mail"}
    assert [edge["target"] for edge in document["edges"]] == ["mail"]
    assert "notes" not in document


def test_pasting_gives_new_ids_and_free_names_and_keeps_the_transitions(version, mark):
    pasted, ids = clipboard.paste(version, copied(version, "people", "mail"), Place(), revision=0, by=mark)
    assert not set(ids) & {"people", "mail", "end"} and len(pasted.nodes) == 5
    assert [pasted.nodes[id].name for id in ids] == ["People 2", "Mail 2"]
    assert Edge(ids[0], "out", ids[1], "in") in pasted.edges


def test_pasting_twice_counts_the_names_on(version, mark):
    text = copied(version, "mail")
    clipboard.paste(version, text, Place(), revision=0, by=mark)
    clipboard.paste(version, text, Place(), revision=1, by=mark)
    again, ids = clipboard.duplicate(version, [version.graph.order()[-1]], revision=2, by=mark)
    assert sorted(node.name for node in again.nodes.values() if node.type == "email") == ["Mail", "Mail 2", "Mail 3"]
    assert len(ids) == 1


def test_what_is_pasted_behind_a_port_hangs_there_by_its_first_node(version, mark):
    pasted, ids = clipboard.paste(version, copied(version, "mail"), Place(after=("mail", "out")), revision=0, by=mark)
    assert Edge("mail", "out", ids[0], "in") in pasted.edges


def test_what_is_pasted_on_a_transition_goes_on_to_where_it_led(version, mark):
    text = json.dumps({"schema": 1, "kind": "nodes", **graph({"a": ("wait", {}), "b": ("wait", {})}, "a>b").to_json()})
    edge = Edge("people", "out", "mail", "in")
    pasted, ids = clipboard.paste(version, text, Place(edge=edge), revision=0, by=mark)
    assert edge not in pasted.edges
    first, last = ids
    assert {Edge("people", "out", first, "in"), Edge(first, "out", last, "in"), Edge(last, "out", "mail", "in")} <= set(
        pasted.edges
    )


def test_what_has_no_open_end_cannot_be_pasted_in_the_middle_of_a_path(version, mark):
    with pytest.raises(Refused, match="no open end"):
        clipboard.paste(
            version, copied(version, "end"), Place(edge=Edge("people", "out", "mail", "in")), revision=0, by=mark
        )
    assert CampaignVersion.objects.get(pk=version.pk).revision == 0


def test_pasting_into_another_campaign_keeps_what_nodes_say_of_each_other(version, mark):
    combine = {"operation": "exclusion", "primary": {"node": "a", "port": "out"}, "also": "b:out"}
    nodes = {"a": ("build_audience", audience()), "b": ("build_audience", audience()), "c": ("combine", combine)}
    other = make_campaign(graph(nodes, "a>c", "b>c"), owner=mark, slug="summer").draft()
    text = copied(other, "a", "b", "c")
    pasted, _ids = clipboard.paste(version, text, Place(), revision=0, by=mark)
    new = {node.name: id for id, node in pasted.nodes.items()}
    settings = pasted.nodes[new["C"]].settings
    assert settings["primary"] == {"node": new["A"], "port": "out"}
    assert settings["also"] == f"{new['B']}:out"


def test_a_reference_to_what_was_not_copied_stays_for_the_alerts(version, mark):
    nodes = {
        "a": ("build_audience", audience()),
        "c": ("combine", {"operation": "union", "primary": {"node": "a", "port": "out"}}),
    }
    other = make_campaign(graph(nodes, "a>c"), owner=mark, slug="summer").draft()
    pasted, ids = clipboard.paste(version, copied(other, "c"), Place(), revision=0, by=mark)
    assert pasted.nodes[ids[0]].settings["primary"] == {"node": "a", "port": "out"}


def test_a_note_is_copied_with_its_node(version, mark):
    canvas.edit(version, lambda graph: graph.with_note(Note("m", "Ask Anna", node="mail", x=5)), revision=0, by=mark)
    pasted, ids = clipboard.duplicate(version, ["mail"], revision=1, by=mark)
    assert {note.node: (note.text, note.x) for note in pasted.notes.values()} == {
        "mail": ("Ask Anna", 5),
        ids[0]: ("Ask Anna", 5),
    }


def test_a_breakpoint_and_a_switch_are_copied(version, mark):
    from campaigns import arranging

    arranging.switch(version, ["mail"], breakpoint=True, disabled=True, revision=0, by=mark)
    pasted, ids = clipboard.duplicate(version, ["mail"], revision=1, by=mark)
    assert (pasted.nodes[ids[0]].breakpoint, pasted.nodes[ids[0]].disabled) == (True, True)


MANY = {f"n{number}": {"type": "end", "name": "End", "settings": {}} for number in range(501)}
CIRCLE = [{"source": "a", "target": "b"}, {"source": "b", "target": "a"}]
DEEP = json.dumps({"kind": "nodes", "schema": 1, "nodes": {"a": {"type": "wait", "settings": {"x": "DEEP"}}}}).replace(
    '"DEEP"', "[" * 900 + "]" * 900
)
WAITS = {"a": {"type": "wait"}, "b": {"type": "wait"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("Dear Anna,", "holds no activities"),
        ("[1, 2]", "holds no activities"),
        ("null", "holds no activities"),
        ('{"kind": "campaign", "schema": 1}', "holds no activities"),
        ('{"kind": "nodes", "schema": 2}', "another version"),
        ('{"kind": "nodes", "schema": 1, "nodes": {}}', "holds no activities"),
        ('{"kind": "nodes", "schema": 1, "nodes": []}', "must be an object"),
        (json.dumps({"kind": "nodes", "schema": 1, "nodes": {"a": {"type": "teleport"}}}), "teleport"),
        (json.dumps({"kind": "nodes", "schema": 1, "nodes": MANY}), "501 nodes"),
        (json.dumps({"kind": "nodes", "schema": 1, "nodes": WAITS, "edges": CIRCLE}), "circle"),
        (json.dumps({"kind": "nodes", "schema": 1, "nodes": {"a b": {"type": "end"}}}), "no canvas has"),
        (json.dumps({"kind": "nodes", "schema": 1, "nodes": {"a": {"type": "end", "name": "x" * 121}}}), "at most 120"),
        ('{"kind": "nodes", "schema": 1, "nodes": {"a": {"type": "end", "name": "\\u0000"}}}', "zero character"),
        ('{"kind": "nodes", "schema": 1, "nodes": {"a": {"type": "end", "name": "\\ud800"}}}', "cannot hold"),
        ('{"kind": "nodes", "schema": 1, "x": NaN}', "NaN"),
        ("[" * 100_000, "nested too deeply"),
        (DEEP, "nested too deeply"),
        ("x" * 6_000_000, "too much"),
    ],
)
def test_hostile_text_is_one_sentence_and_changes_nothing(version, mark, text, words):
    with pytest.raises(Refused, match=words) as refusal:
        clipboard.paste(version, text, Place(), revision=0, by=mark)
    assert "\n" not in str(refusal.value)
    assert CampaignVersion.objects.get(pk=version.pk).revision == 0


def test_a_canvas_never_holds_more_nodes_than_it_may(mark):
    make_shop()
    full = Graph({f"n{n}": Node(f"n{n}", "end", f"End {n}") for n in range(499)})
    version = make_campaign(full, owner=mark).draft()
    text = copied(version, "n1", "n2")
    with pytest.raises(Refused, match="at most 500"):
        clipboard.paste(version, text, Place(), revision=0, by=mark)


def test_a_copy_of_a_node_that_is_gone_is_refused(version):
    with pytest.raises(Refused, match="no node"):
        clipboard.copy(version, ["nobody"])


def test_a_duplicate_stands_on_its_own(mark):
    make_shop()
    version = make_campaign(targeting_graph(), owner=mark).draft()
    grown, ids = clipboard.duplicate(version, ["split", "yes"], revision=0, by=mark)
    split, end = ids
    assert not grown.incoming(split)
    assert grown.edges[-1] == Edge(split, "yes", end, "in")
