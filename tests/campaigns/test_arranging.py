"""Several nodes at once: the old place heals, the new one takes them, and what cannot be is a sentence."""

from __future__ import annotations

import pytest

from activities.graph import Edge, Graph
from campaigns import arranging
from campaigns.models import CampaignVersion
from campaigns.palette import Place
from orchcamp.web.errors import Refused
from tests.builders import make_shop
from tests.campaigns.builders import audience, graph, make_campaign

pytestmark = pytest.mark.django_db
LINE = {"a": ("build_audience", audience()), **{id: ("wait", {}) for id in "bcd"}, "e": ("end", {})}


def line() -> Graph:
    return graph(LINE, "a>b", "b>c", "c>d", "d>e")


def arrows(canvas: Graph) -> set[str]:
    return {f"{edge.source}>{edge.target}" for edge in canvas.edges}


def on(source: str, target: str) -> Place:
    return Place(edge=Edge(source, "out", target, "in"))


@pytest.fixture
def version(mark) -> CampaignVersion:
    make_shop()
    return make_campaign(line(), owner=mark).draft()


def test_a_node_moves_alone_and_its_old_place_heals():
    assert arrows(arranging.moved(line(), ["b"], on("c", "d"))) == {"a>c", "c>b", "b>d", "d>e"}


def test_connected_nodes_move_together_in_their_order():
    assert arrows(arranging.moved(line(), ["c", "b"], on("d", "e"))) == {"a>d", "d>b", "b>c", "c>e"}


def test_a_node_moves_behind_an_open_end():
    canvas = graph({**LINE, "f": ("wait", {})}, "a>b", "b>c", "c>d", "d>e", "a>f")
    moved = arranging.moved(canvas, ["b"], Place(after=("f", "out")))
    assert arrows(moved) == {"a>c", "c>d", "d>e", "a>f", "f>b"}


def test_a_node_moves_with_everything_that_follows():
    canvas = graph({**LINE, "f": ("wait", {})}, "a>b", "b>c", "c>d", "d>e", "a>f")
    moved = arranging.moved(canvas, ["c"], Place(after=("f", "out")), following=True)
    assert arrows(moved) == {"a>b", "a>f", "f>c", "c>d", "d>e"}


def test_a_subtree_on_a_transition_goes_on_at_its_last_open_end():
    canvas = graph({**LINE, "f": ("wait", {})}, "a>b", "b>c", "a>f", "d>e")
    canvas = canvas.with_edge(Edge("f", "out", "d", "in"))
    moved = arranging.moved(canvas, ["b"], on("f", "d"), following=True)
    assert arrows(moved) == {"a>f", "f>b", "b>c", "c>d", "d>e"}


def test_a_node_can_be_taken_out_and_stand_on_its_own():
    assert arrows(arranging.moved(line(), ["c"], Place())) == {"a>b", "b>d", "d>e"}


@pytest.mark.parametrize(
    ("ids", "place", "following", "words"),
    [
        (["b"], on("b", "c"), False, "is moved itself"),
        (["b"], Place(after=("b", "out")), False, "is moved itself"),
        (["b"], Place(after=("d", "out")), True, "is moved itself"),  # a circle
        (["b"], Place(after=("a", "out")), False, "stands there already"),
        (["e"], on("a", "b"), False, "no open end"),
        (["b", "d"], on("a", "b"), False, "not connected"),
        (["b"], on("a", "e"), False, "is gone"),
        (["b"], Place(after=("c", "sideways")), False, "no outbound"),
        (["b"], Place(after=("e", "out")), False, "no outbound"),
        (["ghost"], Place(), False, "no node"),
        ([], Place(), False, "Choose an activity"),
    ],
)
def test_what_a_place_refuses_is_a_sentence_and_changes_nothing(version, mark, ids, place, following, words):
    with pytest.raises(Refused, match=words):
        arranging.move(version, ids, place, following=following, revision=0, by=mark)
    assert CampaignVersion.objects.get(pk=version.pk).revision == 0


def test_a_circle_over_a_join_is_refused():
    nodes = {
        "a": ("build_audience", audience()),
        "b": ("wait", {}),
        "c": ("wait", {}),
        "j": ("combine", {}),
        "k": ("wait", {}),
    }
    canvas = graph(nodes, "a>b", "a>c", "b>j", "c>j", "j>k")
    with pytest.raises(Refused, match="circle"):
        arranging.moved(canvas, ["b"], Place(after=("k", "out")), following=True)


def test_several_nodes_are_removed_and_their_neighbours_joined(version, mark):
    left = arranging.remove(version, ["b", "c"], revision=0, by=mark)
    assert arrows(left) == {"a>d", "d>e"}


def test_nodes_are_removed_with_everything_behind(version, mark):
    left = arranging.remove(version, ["c"], branch=True, revision=0, by=mark)
    assert set(left.nodes) == {"a", "b"}


def test_several_nodes_are_switched_at_once_and_back(version, mark):
    off = arranging.switch(version, ["b", "c"], disabled=True, revision=0, by=mark)
    assert {id for id, node in off.nodes.items() if node.disabled} == {"b", "c"}
    held = arranging.switch(version, ["c"], breakpoint=True, revision=1, by=mark)
    assert held.nodes["c"].disabled and held.nodes["c"].breakpoint
    on_again = arranging.switch(version, ["b", "c"], disabled=False, revision=2, by=mark)
    assert not any(node.disabled for node in on_again.nodes.values()) and on_again.nodes["c"].breakpoint


def test_switching_nothing_in_particular_is_refused(version, mark):
    with pytest.raises(Refused, match="Say what to switch"):
        arranging.switch(version, ["b"], revision=0, by=mark)
