"""Sticky notes: part of the document where there are any, with their node wherever it goes, and in files."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from activities.graph import Graph
from activities.notes import Note, NoteError
from campaigns import arranging, drawing, layout, note_drawing, notes, portable
from campaigns.errors import CampaignError
from campaigns.models import CampaignVersion
from orchcamp.web.errors import Refused
from tests.builders import make_shop
from tests.campaigns.builders import graph, make_campaign, targeting_graph

WAITS = {"a": ("wait", {}), "b": ("wait", {})}


@pytest.fixture
def version(mark) -> CampaignVersion:
    make_shop()
    return make_campaign(targeting_graph(), owner=mark).draft()


def test_a_canvas_without_notes_is_written_as_ever():
    assert set(graph(WAITS, "a>b").to_json()) == {"schema", "nodes", "edges"}


def test_notes_come_back_as_they_were():
    canvas = graph(WAITS, "a>b").with_note(Note("m", "Free", "pink", 10, -20)).with_note(Note("n", "Pinned", node="b"))
    document = json.loads(json.dumps(canvas.to_json()))
    assert document["notes"] == {
        "m": {"text": "Free", "colour": "pink", "x": 10, "y": -20},
        "n": {"text": "Pinned", "colour": "yellow", "x": 0, "y": 0, "node": "b"},
    }
    assert Graph.from_json(document) == canvas


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([], "must be an object"),
        ({"m": "Free"}, "with a “text”"),
        ({"m": {"text": 3}}, "with a “text”"),
        ({"m": {"text": "x" * 2001}}, "more than 2000"),
        ({"m": {"text": "", "colour": "mauve"}}, "must be one of"),
        ({"m": {"text": "", "x": "left"}}, "must be a number"),
        ({"m": {"text": "", "y": True}}, "must be a number"),
        ({"m": {"text": "", "y": 1e300}}, "must be a number"),
        ({"m": {"text": "", "node": "z"}}, "not on this canvas"),
        ({f"m{n}": {"text": ""} for n in range(201)}, "at most 200"),
    ],
)
def test_a_document_with_notes_that_cannot_be_names_the_place(raw, words):
    with pytest.raises(NoteError, match=words):
        Graph.from_json(graph(WAITS).to_json() | {"notes": raw})


def test_a_pinned_note_goes_with_its_node_and_a_free_one_stays():
    canvas = graph(WAITS, "a>b").with_note(Note("m", "Free")).with_note(Note("n", "Pinned", node="b"))
    assert set(canvas.without_node("b").notes) == {"m"}


def test_a_pinned_note_moves_with_its_node():
    canvas = graph(WAITS | {"c": ("wait", {})}, "a>b", "b>c").with_note(Note("n", "Pinned", x=5, y=100, node="c"))
    before = _card(canvas)
    moved = arranging.moved(canvas, ["b"], arranging.Place())
    assert int(_card(moved).x) < int(before.x)
    assert _card(moved).offset_x == before.offset_x == "5"


def _card(canvas):
    (card,) = note_drawing.cards(canvas, layout.place(canvas, drawing.ports(canvas)).places)
    return card


def test_a_new_note_covers_no_node_and_no_other_note():
    canvas = graph({f"n{n}": ("wait", {}) for n in range(3)})
    for number, node in enumerate(["n0", "", "n0", "", "n2"]):
        x, y = note_drawing.free_spot(canvas, drawing.ports(canvas), node)
        canvas = canvas.with_note(Note(f"m{number}", "Look", x=x, y=y, node=node))
    places = layout.place(canvas, drawing.ports(canvas)).places
    boxes = [(p.x, p.y, p.x + p.width, p.y + p.height) for p in places.values()]
    boxes += [(c.left, c.top, c.left + c.wide, c.top + c.high) for c in note_drawing.cards(canvas, places)]
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_a_note_far_outside_makes_the_drawing_larger():
    small = drawing.draw(graph(WAITS, "a>b"), ctx=None, counts={}, rows={}, problems=[])
    far = graph(WAITS, "a>b").with_note(Note("m", "Far", x=3000, y=2000))
    large = drawing.draw(far, ctx=None, counts={}, rows={}, problems=[])
    assert (int(large.width), int(large.height)) > (3000, 2000) and int(small.width) < 1000


@pytest.mark.django_db
def test_a_note_keeps_what_a_change_does_not_name(version, mark):
    _graph, id = notes.add(version, text=" Ask\r\nAnna ", colour="green", x=3, node="split", revision=0, by=mark)
    changed = notes.change(version, id, y=50, revision=1, by=mark).notes[id]
    assert changed == Note(id, "Ask\nAnna", "green", 3, 50, "split")
    with pytest.raises(CampaignError, match="needs words"):
        notes.change(version, id, text=" ", revision=2, by=mark)
    with pytest.raises(Refused, match="no note"):
        notes.remove(version, "ghost", revision=2, by=mark)


@pytest.mark.django_db
def test_files_carry_notes_and_breakpoints_the_same_every_time(version, mark):
    notes.add(version, text="Zweite", node="split", revision=0, by=mark)
    notes.add(version, text="Erste", revision=1, by=mark)
    arranging.switch(version, ["split"], breakpoint=True, revision=2, by=mark)
    text = portable.dump(version.campaign)
    document = json.loads(text)
    assert list(document["canvas"]["notes"]) == sorted(document["canvas"]["notes"])
    assert portable.ignored(document) == []
    document["campaign"]["slug"] = "copy"
    copy = portable.load(document, owner=mark)
    again = json.loads(portable.dump(copy))
    again["campaign"]["slug"] = "spring"
    assert json.dumps(again, ensure_ascii=False, indent=2) + "\n" == text


@pytest.mark.django_db
def test_a_file_without_notes_and_breakpoints_has_not_changed(version):
    assert list(portable.to_json(version.campaign)["canvas"]) == ["nodes", "edges"]


@pytest.mark.django_db
def test_a_file_with_a_strange_note_id_is_refused(version, mark):
    document = portable.to_json(version.campaign)
    document["canvas"]["notes"] = {"a b": {"text": "Look"}}
    with pytest.raises(Refused, match="note id “a b”"):
        portable.load(document, owner=mark)


def test_a_note_is_moved_step_by_step_without_dragging(version, mark, client):
    _graph, id = notes.add(version, revision=version.revision, by=mark, text="Free", x=100, y=100)
    client.force_login(mark)
    address = reverse("campaigns:change_note", args=["spring", id])
    panel = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert 'value="left"' in panel and "Move left" in panel
    for way in ("left", "up", "up", "right", "down", "right"):
        version.refresh_from_db()
        sent = {"way": way, "revision": version.revision}
        assert client.post(address, sent, headers={"HX-Request": "true"}).status_code == 204
    version.refresh_from_db()
    note = version.graph.notes[id]
    assert (note.x, note.y, note.text) == (140, 60, "Free")
    with pytest.raises(CampaignError, match="left, right, up or down"):
        notes.moved(note, "away")
