"""What differs between two canvases: nothing for the same, moves do not count, and the words are those of the form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities import catalogue
from activities.graph import Edge, Graph, GraphError, Node
from activities.notes import Note
from campaigns.versions import contents, overlay, saying
from campaigns.versions.diff import ADDED, CHANGED, REMOVED, diff, nowhere, properties
from tests.activities.test_contract import SETTINGS, make_scope
from tests.campaigns.builders import audience, email, graph

IDS = ["a", "b", "c", "d", "e"]
KINDS = ["end", "fork", "email", "split", "wait"]


@st.composite
def graphs(draw: Any) -> Graph:
    """A canvas of a few activities, without circles."""
    built = Graph()
    for id in draw(st.lists(st.sampled_from(IDS), unique=True)):
        kind = draw(st.sampled_from(KINDS))
        settings = {} if draw(st.booleans()) else dict(SETTINGS[kind])
        name, off = draw(st.sampled_from(["One", "Two"])), draw(st.booleans())
        built = built.with_node(Node(id, kind, name, settings, disabled=off))
    for source, target in draw(st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)))):
        try:
            built = built.with_edge(Edge(source, "out", target))
        except GraphError:
            continue
    return built


def moved(canvas: Graph, order: list[str], seed: Any) -> Graph:
    """The same canvas with everything in another place."""
    ids = sorted(canvas.nodes, key=lambda id: order.index(id) if id in order else -1)
    edges = list(canvas.edges)
    seed.shuffle(edges)
    return replace(canvas, nodes={id: canvas.nodes[id] for id in ids}, edges=tuple(edges))


@given(graphs())
def test_a_canvas_does_not_differ_from_itself(canvas):
    assert not diff(canvas, canvas)
    assert not diff(canvas, Graph.from_json(canvas.to_json()))


@given(graphs(), st.permutations(IDS), st.randoms(use_true_random=False))
def test_a_canvas_whose_pieces_were_only_moved_does_not_differ(canvas, order, seed):
    assert not diff(canvas, moved(canvas, order, seed))


@given(graphs(), graphs())
def test_what_came_one_way_went_the_other(a, b):
    there, back = diff(a, b), diff(b, a)
    assert there.of_kind(ADDED) == back.of_kind(REMOVED) == set(b.nodes) - set(a.nodes)
    assert there.of_kind(CHANGED) == back.of_kind(CHANGED)
    assert there.edges_added == back.edges_removed
    assert bool(there) == bool(back)


@given(graphs(), graphs())
def test_both_canvases_are_in_one_drawing(a, b):
    both, left_out = overlay.union(a, b, diff(a, b).edges_removed)
    both.order()  # it has no circle
    assert set(both.nodes) == {*a.nodes, *b.nodes}
    assert {*both.edges, *left_out} == {*a.edges, *b.edges}


def test_a_note_that_was_moved_is_the_same_and_one_that_says_otherwise_is_not():
    note = Note("n1", "Ask Anna", x=1, y=2)
    before = Graph().with_note(note)
    assert not diff(before, Graph().with_note(replace(note, x=300)))
    assert diff(before, Graph().with_note(replace(note, text="Ask Ada"))).notes == ("note: “Ask Anna” → “Ask Ada”",)


# --- In words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(SETTINGS))
def test_settings_that_are_read_and_kept_again_mean_the_same(key):
    kind, scope = catalogue.get(key).form_class, make_scope()
    form = kind(SETTINGS[key], scope=scope)
    assert form.is_valid(), form.errors
    assert saying.differences(kind, SETTINGS[key], form.cleaned_data, (scope, scope)) == []


@pytest.mark.parametrize("key", sorted(SETTINGS))
def test_every_setting_that_goes_is_said(key):
    """Whatever is taken out of the settings of any activity, there is a sentence, unless that was the default."""
    kind, scope = catalogue.get(key).form_class, make_scope()
    for name in SETTINGS[key]:
        rest = {other: kept for other, kept in SETTINGS[key].items() if other != name}
        read = [saying.read(kind, settings, scope) for settings in (SETTINGS[key], rest)]
        said = saying.differences(kind, SETTINGS[key], rest, (scope, scope))
        assert bool(said) is any(not saying.same(read[0][each], read[1].get(each)) for each in read[0]), (name, said)
        assert all(sentence.strip() and "None" not in sentence for sentence in said)


def split(limit: Any, **more: Any) -> Node:
    subset = {"code": "a", "label": "Big spenders", "rule": {}, "limit": limit}
    return Node("s", "split", "Split", {"subsets": [subset], "complement": True} | more)


def of(before: Node, after: Node) -> list[str]:
    found = diff(Graph({before.id: before}), Graph({after.id: after})).nodes
    return list(found[0].sentences) if found else []


def test_a_limit_is_said_as_people_say_it():
    ten, fifteen = ({"type": "percent", "value": value, "of": "inbound"} for value in (10, 15))
    assert of(split(ten), split(fifteen)) == ["“Big spenders”, limit 10 % → 15 %"]
    assert of(split(None), split({"type": "number", "value": 500})) == ["“Big spenders”, limit nothing → 500 rows"]
    assert of(split(ten), split(ten, complement=False))[0].endswith("yes → no")


def test_rows_that_came_went_and_changed_places():
    first, second = {"code": "a", "label": "First"}, {"code": "b", "label": "Second"}
    one = Node("s", "split", "Split", {"subsets": [first, second]})
    other = replace(one, settings={"subsets": [second, first]})
    assert of(one, other)[0].endswith("in another order")
    fewer = replace(one, settings={"subsets": [second]})
    assert "“First” removed" in of(one, fewer)[0]
    assert "“First” added" in of(fewer, one)[0]


def test_a_rule_is_said_as_its_sentence():
    rule = {"attribute": "city", "operator": "equals", "value": "Paris"}
    scope = make_scope()
    before, after = (Node("p", "build_audience", "People", settings) for settings in (audience(), audience(rule)))
    said = diff(Graph({"p": before}), Graph({"p": after}), (lambda _id: scope, lambda _id: scope)).nodes[0].sentences
    assert len(said) == 1
    assert said[0].endswith("every row → City is Paris")


def test_a_name_a_switch_and_another_type_are_said():
    node = Node("e", "email", "Mail", email())
    assert of(node, replace(node, name="Letter")) == ["renamed: “Mail” → “Letter”"]
    assert of(node, replace(node, disabled=True)) == ["switched off"]
    assert of(node, replace(node, breakpoint=True)) == ["breakpoint set"]
    assert of(node, Node("e", "end", "Mail")) == ["another activity: Email → End"]
    assert of(node, replace(node, settings=email(subject="Hi"))) == ["subject “Hello {{ name }}” → Hi"]
    assert of(node, replace(node, settings=email(body="<p>Hi</p>"))) == ["body written anew"]


def test_an_activity_that_is_not_known_here_is_compared_all_the_same():
    gone = Node("x", "horoscope", "Stars", {"sign": "aries"})
    assert of(gone, replace(gone, settings={"sign": "leo"})) == ["set otherwise"]


def test_properties_are_said_one_by_one():
    labels = {"timezone": "Time zone", "variables": "Variable"}
    before, after = {"timezone": "UTC", "variables": {"n": 1}}, {"timezone": "Europe/Paris", "variables": {"n": 2}}
    assert properties(before, after, labels) == ["Time zone: UTC → Europe/Paris", "Variable, n: 1 → 2"]
    assert nowhere("x").dimension == ""


# --- Messages side by side ------------------------------------------------------------------------------------


def test_what_was_written_anew_in_a_message_is_marked():
    before = graph({"m": ("email", email(body="<p>Hello <b>old</b> friend</p>"))})
    after = graph({"m": ("email", email(body="<p>Hello <b>new</b> friend</p>"))})
    (message,) = contents.messages(before, after)
    body = next(text for text in message.texts if text.label == "Body")
    assert ("removed", "old") in body.before
    assert ("added", "new") in body.after
    assert [text.label for text in message.texts if text.differs] == ["Body"]


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_word_of_a_text_is_lost_in_its_pieces(before, after):
    text = contents.text_of("Body", before, after)
    assert "".join(piece for _kind, piece in text.before) == before
    assert "".join(piece for _kind, piece in text.after) == after
    assert text.differs is (before != after)
