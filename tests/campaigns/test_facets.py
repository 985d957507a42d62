"""What is signed: each change of a version shows in a facet, in the right one, and nothing else does."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities import catalogue
from activities.base import Channel
from activities.graph import Edge, Graph, Node
from campaigns.approvals.facets import CALLS, CHANNEL_SETTINGS, PROPERTIES, facet_of, hashes_of
from campaigns.models.policy import FACETS
from campaigns.versions.drafting import RUN_BY
from tests.campaigns.builders import audience, email, graph

BASE = {"dimension": "people", "timezone": "UTC", "variables": {}, "schedule": {}, "settings": {}}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
TYPES = ["build_audience", "split", "wait", "email", "sms", "webhook", "end", "nobody_knows"]
NAMES = ["subject", "body", "configuration", "category", "batch_size", "rule", "value", "anything"]


def document() -> dict[str, Any]:
    wait = {"type": "duration", "value": 1, "unit": "days"}
    nodes = {
        "people": ("build_audience", audience()),
        "later": ("wait", wait),
        "mail": ("email", email()),
        "end": ("end", {}),
    }
    return graph(nodes, "people>later", "later>mail", "mail>end").to_json()


def changed(before: dict[str, Any], after: dict[str, Any], **properties: Any) -> set[str]:
    """The facets in which they differ."""
    old, new = hashes_of(before, BASE), hashes_of(after, {**BASE, **properties})
    return {facet for facet in FACETS if old[facet] != new[facet]}


@pytest.mark.parametrize(
    ("node", "setting", "value", "facet"),
    [
        ("mail", "subject", "Better", "content"),
        ("mail", "body", "<p>Better</p>", "content"),
        ("mail", "track_opens", False, "content"),
        ("mail", "category", "transactional", "audience"),
        ("mail", "configuration", "other", "audience"),
        ("mail", "one_per_address", False, "audience"),
        ("mail", "address", "email", "audience"),
        ("mail", "without_confirmation", True, "schedule"),
        ("people", "dimension", "purchases", "audience"),
        ("people", "rule", {"attribute": "city", "operator": "equals", "value": "Paris"}, "audience"),
        ("later", "value", 2, "schedule"),
    ],
)
def test_a_setting_shows_in_the_one_facet_it_belongs_to(node, setting, value, facet):
    after = document()
    after["nodes"][node]["settings"][setting] = value
    assert changed(document(), after) == {facet}


@pytest.mark.parametrize(
    ("name", "value", "facet"),
    [
        ("dimension", "purchases", "audience"),
        ("variables", {"n": 1}, "audience"),
        ("timezone", "Asia/Tokyo", "schedule"),
        ("schedule", {"frequency": "daily", "at": "09:00"}, "schedule"),
        ("settings", {"on_error": "ignore"}, "schedule"),
    ],
)
def test_a_property_shows_in_the_one_facet_it_belongs_to(name, value, facet):
    assert changed(document(), document(), **{name: value}) == {facet}


def test_every_property_that_a_run_depends_on_has_a_facet():
    assert set(PROPERTIES) == set(RUN_BY)
    assert set(PROPERTIES.values()) | set(CHANNEL_SETTINGS.values()) <= set(FACETS)


def test_every_setting_of_every_type_has_exactly_one_facet():
    for cls in catalogue.all_types():
        for name in cls.form_class.base_fields:
            facet = facet_of(cls.key, name)
            assert facet in FACETS
            assert issubclass(cls, Channel) or cls.key in CALLS or facet != "content"
    for name in CHANNEL_SETTINGS:
        kinds = [cls for cls in catalogue.all_types() if issubclass(cls, Channel) or cls.key in CALLS]
        known = {setting for cls in kinds for setting in cls.form_class.base_fields}
        assert name in known, f"no channel has a setting “{name}”"


def test_notes_order_and_usual_ports_are_in_no_facet():
    before, after = document(), document()
    after["notes"] = {"m": {"text": "Look"}}
    after["nodes"] = dict(reversed(after["nodes"].items()))
    after["edges"] = [{"source": edge["source"], "target": edge["target"]} for edge in reversed(after["edges"])]
    assert changed(before, after) == set()
    assert hashes_of(before, dict(reversed(BASE.items()))) == hashes_of(before, BASE)


def test_a_breakpoint_holds_a_run_up_so_it_is_of_the_schedule():
    after = document()
    after["nodes"]["mail"]["breakpoint"] = True
    assert changed(document(), after) == {"schedule"}


def test_a_number_has_one_hash_whatever_database_it_comes_from():
    before, after = document(), document()
    before["nodes"]["later"]["settings"]["value"] = 100.0
    after["nodes"]["later"]["settings"]["value"] = 100
    assert changed(before, after) == set()


def test_the_hash_of_a_canvas_does_not_change_from_release_to_release():
    assert hashes_of({"nodes": {}, "edges": []}, BASE) == {
        "audience": "64193c34532942eeb684757d0410325826554373e2b8a1e477f2d9da16ad94ad",
        "content": "aa78d496064c3541159dc06ae14622ec0181fe717eb0d5e2bdf0df5824876b4d",
        "schedule": "d8237dcb8affc35ac9bb682dcfac904fece50238f120a5f072897c10d9be1d5c",
    }


# --- Any change ---------------------------------------------------------------------------------------

NODES = st.builds(
    lambda type, name, settings, disabled, breakpoint: Node("x", type, name, settings, disabled, breakpoint),
    st.sampled_from(TYPES),
    st.text(min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4),
    st.booleans(),
    st.booleans(),
)


@st.composite
def canvases(draw) -> dict[str, Any]:
    nodes = {f"n{place}": node for place, node in enumerate(draw(st.lists(NODES, max_size=4)))}
    ids = list(nodes)
    pairs = [(a, b) for place, a in enumerate(ids) for b in ids[place + 1 :]]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=4)) if pairs else []
    found = Graph({id: Node(id, *list(vars(node).values())[1:6]) for id, node in nodes.items()})
    for source, target in edges:
        found = found.with_edge(Edge(source, draw(st.sampled_from(["out", "yes"])), target, "in"))
    return found.to_json()


def plain(value: Any) -> Any:
    """A document with what makes no difference taken out: order, and whole numbers written as others."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool):
        return f"is {value}"
    return float(value) if isinstance(value, int) else value


def essence(found: dict[str, Any]) -> Any:
    edges = sorted(tuple(sorted(edge.items())) for edge in found["edges"])
    return plain(found["nodes"]), edges


@settings(max_examples=150)
@given(canvases(), canvases())
def test_two_canvases_have_the_same_hashes_exactly_when_they_are_the_same(one, other):
    assert (changed(one, other) == set()) is (essence(one) == essence(other))


@settings(max_examples=100)
@given(canvases(), st.data())
def test_any_change_of_one_setting_changes_exactly_one_hash(found, data):
    if not found["nodes"]:
        return
    id = data.draw(st.sampled_from(sorted(found["nodes"])))
    name, value = data.draw(st.sampled_from(NAMES)), data.draw(VALUES)
    after = deepcopy(found)
    after["nodes"][id]["settings"][name] = value
    own = found["nodes"][id]["settings"]
    same = name in own and plain(own[name]) == plain(value)
    expected = set() if same else {facet_of(after["nodes"][id]["type"], name)}
    assert changed(found, after) == expected


@settings(max_examples=60)
@given(canvases(), st.sampled_from(sorted(PROPERTIES)), VALUES)
def test_any_change_of_a_property_changes_exactly_its_hash(found, name, value):
    same = plain(BASE[name]) == plain(value)
    assert changed(found, found, **{name: value}) == (set() if same else {PROPERTIES[name]})


@settings(max_examples=60)
@given(canvases(), st.randoms())
def test_moving_things_about_changes_nothing(found, random):
    moved = deepcopy(found)
    names = list(moved["nodes"])
    random.shuffle(names)
    moved["nodes"] = {name: moved["nodes"][name] for name in names}
    random.shuffle(moved["edges"])
    assert changed(found, moved) == set()
