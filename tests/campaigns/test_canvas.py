"""Editing a draft: one conditional update per change, and the loser of a race changes nothing."""

from __future__ import annotations

import pytest

from activities.graph import Edge, GraphError
from campaigns import canvas
from campaigns.errors import CampaignError, StaleCanvas
from campaigns.models import CampaignVersion
from orchcamp.accounts.models import AuditEntry
from tests.builders import make_shop
from tests.campaigns.builders import audience, graph, make_campaign, simple_graph, targeting_graph

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(mark) -> CampaignVersion:
    make_shop()
    return make_campaign(simple_graph(), owner=mark).draft()


def test_an_edit_is_saved_and_moves_the_revision(version, mark):
    canvas.configure_node(version, "people", revision=0, by=mark, name="Everybody")
    stored = CampaignVersion.objects.get(pk=version.pk)
    assert (stored.revision, version.revision) == (1, 1)
    assert stored.graph.nodes["people"].name == "Everybody"


def test_of_two_edits_of_one_state_the_second_is_refused_and_changes_nothing(version, mark, ada):
    other = CampaignVersion.objects.get(pk=version.pk)
    canvas.configure_node(version, "people", revision=0, by=mark, name="First")
    with pytest.raises(StaleCanvas, match="changed this canvas"):
        canvas.configure_node(other, "people", revision=0, by=ada, name="Second")
    assert CampaignVersion.objects.get(pk=version.pk).graph.nodes["people"].name == "First"


def test_the_revision_of_the_form_counts_and_not_that_of_the_row(version, mark):
    canvas.configure_node(version, "people", revision=0, by=mark, name="First")
    fresh = CampaignVersion.objects.get(pk=version.pk)
    with pytest.raises(StaleCanvas):
        canvas.configure_node(fresh, "people", revision=0, by=mark, name="Second")


def test_a_frozen_version_says_that_it_is_frozen(version, mark):
    CampaignVersion.objects.filter(pk=version.pk).update(frozen_at="2026-01-01T00:00Z")
    with pytest.raises(StaleCanvas, match="frozen"):
        canvas.remove_node(version, "end", revision=0, by=mark)


def test_every_edit_names_itself_and_its_author(version, mark):
    canvas.remove_node(version, "end", revision=0, by=mark)
    entry = AuditEntry.objects.get(verb="removed node")
    assert (entry.actor, entry.facts) == (mark, {"version": 1, "node": "end"})
    assert list(version.editors.all()) == [mark]


def test_a_node_is_added_behind_a_port(version, mark):
    grown, id = canvas.add_node(version, "wait", revision=0, by=mark, after=("people", "out"))
    assert Edge("people", "out", id, "in") in grown.edges
    assert grown.nodes[id].name == "Wait"


def test_a_node_is_inserted_into_a_transition(version, mark):
    edge = Edge("people", "out", "mail", "in")
    grown, id = canvas.add_node(version, "wait", revision=0, by=mark, edge=edge)
    assert edge not in grown.edges
    assert {Edge("people", "out", id, "in"), Edge(id, "out", "mail", "in")} <= set(grown.edges)


def test_an_end_cannot_stand_in_the_middle_of_a_path(version, mark):
    with pytest.raises(CampaignError, match="ends a path"):
        canvas.add_node(version, "end", revision=0, by=mark, edge=Edge("people", "out", "mail", "in"))
    assert CampaignVersion.objects.get(pk=version.pk).revision == 0


def test_inserting_into_a_transition_that_is_gone_is_refused(version, mark):
    with pytest.raises(GraphError, match="gone"):
        canvas.add_node(version, "wait", revision=0, by=mark, edge=Edge("mail", "out", "people", "in"))


def test_two_nodes_of_one_type_get_different_names(version, mark):
    canvas.add_node(version, "wait", revision=0, by=mark)
    grown, id = canvas.add_node(version, "wait", revision=1, by=mark)
    assert grown.nodes[id].name == "Wait 2"


def test_removing_a_node_heals_the_path(version, mark):
    healed = canvas.remove_node(version, "mail", revision=0, by=mark)
    assert healed.edges == (Edge("people", "out", "end", "in"),)


def test_transitions_of_ports_that_are_gone_are_dropped(mark):
    make_shop()
    version = make_campaign(targeting_graph()).draft()
    settings = {**version.graph.nodes["split"].settings, "complement": False}
    changed = canvas.configure_node(version, "split", revision=0, by=mark, settings=settings)
    assert [edge.target for edge in changed.outgoing("split")] == ["yes"]


def test_a_port_that_takes_one_transition_takes_no_second(version, mark):
    _grown, id = canvas.add_node(version, "build_audience", revision=0, by=mark, settings=audience())
    with pytest.raises(CampaignError, match="already has an inbound"):
        canvas.connect(version, id, "out", "mail", revision=1, by=mark)


def test_a_port_that_is_not_there_cannot_be_connected(version, mark):
    with pytest.raises(CampaignError, match="no outbound “sideways”"):
        canvas.connect(version, "people", "sideways", "end", revision=0, by=mark)


def test_a_circle_is_refused(mark):
    make_shop()
    loop = graph({"a": ("wait", {}), "b": ("wait", {})}, "a>b")
    version = make_campaign(loop).draft()
    with pytest.raises(GraphError, match="circle"):
        canvas.connect(version, "b", "out", "a", revision=0, by=mark)


def test_connecting_and_disconnecting_again_gives_the_same_canvas(version, mark):
    before = version.graph
    canvas.disconnect(version, "mail", "out", "end", revision=0, by=mark)
    canvas.connect(version, "mail", "out", "end", revision=1, by=mark)
    assert CampaignVersion.objects.get(pk=version.pk).graph == before


def test_a_name_that_no_label_can_hold_is_refused(version, mark):
    with pytest.raises(CampaignError, match="at most 120 characters"):
        canvas.configure_node(version, "people", revision=version.revision, by=mark, name="x" * 121)
