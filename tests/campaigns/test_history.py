"""Undo and redo: named steps that survive everything but a freeze, and give back exactly what was there."""

from __future__ import annotations

import copy
import json
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns import arranging, canvas, clipboard, history, lifecycle, notes, portable
from campaigns.errors import CampaignError, StaleCanvas
from campaigns.models import CampaignVersion, CanvasStep
from campaigns.palette import Place
from orchcamp.accounts.models import AuditEntry
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, simple_graph, targeting_graph
from tests.conftest import person


@pytest.fixture
def version(mark) -> CampaignVersion:
    make_shop()
    make_configuration()
    return make_campaign(targeting_graph(), owner=mark).draft()


def again(version: CampaignVersion) -> CampaignVersion:
    return CampaignVersion.objects.select_related("campaign").get(pk=version.pk)


def undo(version, by):
    return history.undo(version, revision=version.revision, by=by)


def redo(version, by):
    return history.redo(version, revision=version.revision, by=by)


def labels(version) -> list[str]:
    return [history.label(step) for step in history.steps(version)]


def test_undo_and_redo_go_back_and_forth_by_name(version, mark):
    before = copy.deepcopy(version.document)
    canvas.remove_node(version, "split", revision=0, by=mark)
    after = copy.deepcopy(version.document)
    assert history.label(undo(version, mark)) == "remove Split"
    assert again(version).document == before
    assert history.label(redo(version, mark)) == "remove Split"
    assert again(version).document == after and again(version).revision == 3


def test_every_edit_has_a_name_of_its_own(version, mark):
    def revision() -> int:
        return version.revision

    text = json.dumps(clipboard.copy(version, ["paris", "split", "yes"]))
    canvas.add_node(version, "wait", revision=revision(), by=mark)
    canvas.configure_node(version, "paris", name="Parisians", revision=revision(), by=mark)
    canvas.rename_node(version, "paris", "Paris", revision=revision(), by=mark)
    arranging.move(version, ["split"], Place(), revision=revision(), by=mark)
    clipboard.paste(version, text, Place(), revision=revision(), by=mark)
    arranging.switch(version, ["split", "yes"], disabled=True, revision=revision(), by=mark)
    arranging.switch(version, ["split"], breakpoint=True, revision=revision(), by=mark)
    notes.add(version, text="Ask Anna", revision=revision(), by=mark)
    arranging.remove(version, ["split"], branch=True, revision=revision(), by=mark)
    assert labels(version) == [
        "remove Split with what follows",
        "add a note",
        "set a breakpoint at Split",
        "switch off 2 activities",
        "paste 3 activities",
        "move Split",
        "rename Parisians",
        "change Paris",
        "add Wait",
    ]


def test_the_steps_of_another_person_say_whose_they_were(version, mark, anna):
    canvas.remove_node(version, "split", revision=0, by=anna)
    step = history.latest(version)
    assert history.words(step, mark) == "remove Split (Anna)"
    assert history.words(step, anna) == "remove Split"
    undo(version, mark)
    assert "split" in again(version).graph.nodes


def test_a_new_edit_drops_what_was_undone(version, mark):
    canvas.rename_node(version, "paris", "One", revision=0, by=mark)
    canvas.rename_node(version, "paris", "Two", revision=1, by=mark)
    undo(version, mark)
    canvas.rename_node(version, "paris", "Three", revision=version.revision, by=mark)
    with pytest.raises(CampaignError, match="nothing to do again"):
        redo(version, mark)
    assert len(labels(version)) == 2


def test_an_edit_that_changes_nothing_is_no_step_and_drops_nothing(version, mark):
    canvas.rename_node(version, "paris", "One", revision=0, by=mark)
    undo(version, mark)
    canvas.rename_node(version, "paris", "Paris", revision=version.revision, by=mark)
    assert history.label(redo(version, mark)) == "rename Paris"


def test_undo_is_refused_when_somebody_saved_in_the_meantime(version, mark, anna):
    other = again(version)
    canvas.rename_node(version, "paris", "One", revision=0, by=mark)
    with pytest.raises(StaleCanvas):
        history.undo(other, revision=0, by=anna)
    other = again(version)
    canvas.rename_node(version, "paris", "Two", revision=1, by=mark)
    with pytest.raises(StaleCanvas):
        history.undo(other, revision=1, by=anna)
    assert again(version).graph.nodes["paris"].name == "Two"
    assert not CanvasStep.objects.filter(undone=True).exists()


def test_undo_is_an_edit_of_whoever_undoes(version, mark, anna):
    canvas.rename_node(version, "paris", "One", revision=0, by=mark)
    undo(version, anna)
    assert anna in version.editors.all()
    entry = AuditEntry.objects.get(verb="undid edit")
    assert (entry.actor, entry.facts["steps"]) == (anna, ["rename Paris"])


def test_a_frozen_version_has_no_undo(mark):
    make_shop()
    make_configuration()
    version = make_campaign(simple_graph(), owner=mark).draft()
    canvas.rename_node(version, "people", "All", revision=0, by=mark)
    lifecycle.submit(version, by=mark)
    frozen = again(version)
    assert labels(frozen) == []
    with pytest.raises(StaleCanvas, match="frozen"):
        undo(frozen, mark)


def test_a_hundred_steps_are_kept_and_the_oldest_go(version, mark):
    for number in range(103):
        canvas.rename_node(version, "paris", f"Paris {number}", revision=version.revision, by=mark)
    assert CanvasStep.objects.filter(version=version).count() == history.KEPT == 100
    for _step in range(100):
        undo(version, mark)
    assert version.graph.nodes["paris"].name == "Paris 2"
    with pytest.raises(CampaignError, match="nothing to undo"):
        undo(version, mark)


def test_a_step_costs_little_in_the_database(version, mark):
    canvas.configure_node(version, "paris", settings={"rule": {"note": "x" * 100_000}}, revision=0, by=mark)
    canvas.rename_node(version, "paris", "Big", revision=1, by=mark)
    assert max(len(bytes(step.document)) for step in CanvasStep.objects.all()) < 5_000


def test_one_can_jump_to_any_step_and_back(version, mark):
    documents = [copy.deepcopy(version.document)]
    for name in ("One", "Two", "Three"):
        canvas.rename_node(version, "paris", name, revision=version.revision, by=mark)
        documents.append(copy.deepcopy(version.document))
    numbers = [0, *sorted(step.number for step in history.steps(version))]
    for at in (1, 3, 0, 2):
        history.jump(version, numbers[at], revision=version.revision, by=mark)
        assert again(version).document == documents[at]
    with pytest.raises(CampaignError, match="at that step already"):
        history.jump(version, numbers[2], revision=version.revision, by=mark)
    with pytest.raises(CampaignError, match="not kept any more"):
        history.jump(version, 999, revision=version.revision, by=mark)


def test_automatic_saves_of_one_node_are_one_step(version, mark):
    for name in ("P", "Pa", "Par"):
        canvas.configure_node(version, "paris", name=name, automatic=True, revision=version.revision, by=mark)
    canvas.configure_node(version, "split", name="S", automatic=True, revision=version.revision, by=mark)
    assert labels(version) == ["change Split", "change Paris"]
    undo(version, mark)
    undo(version, mark)
    assert version.graph.nodes["paris"].name == "Paris"


def test_an_automatic_save_does_not_join_a_step_that_was_undone(version, mark):
    canvas.configure_node(version, "paris", name="One", automatic=True, revision=0, by=mark)
    undo(version, mark)
    canvas.configure_node(version, "paris", name="Two", automatic=True, revision=version.revision, by=mark)
    undo(version, mark)
    assert version.graph.nodes["paris"].name == "Paris"


def test_an_import_over_a_draft_can_be_undone(version, mark):
    document = portable.to_json(version.campaign)
    document["canvas"]["nodes"]["paris"]["name"] = "Imported"
    before = copy.deepcopy(version.document)
    portable.load(document, owner=mark)
    fresh = again(version)
    assert history.label(undo(fresh, mark)) == "import a canvas"
    assert again(version).document == before


ORDERS = st.lists(st.sampled_from(["edit", "undo", "redo", "jump"]), min_size=1, max_size=25)
NAMES = count()


class AnySequence(TestCase):
    """Hypothesis drives the database; a plain fixture would not be rolled back between its examples."""

    def setUp(self):
        self.mark = person("marcus", "manager")
        make_shop()

    @given(orders=ORDERS, pick=st.randoms(use_true_random=False))
    @settings(max_examples=25, deadline=None)
    def test_any_sequence_of_edits_undos_and_redos_gives_back_the_exact_documents(self, orders, pick):
        version = make_campaign(targeting_graph(), owner=self.mark, slug=f"any-{next(NAMES)}").draft()
        states, at = [copy.deepcopy(version.document)], 0  # what a list in memory would do
        for order in orders:
            who = {"revision": version.revision, "by": self.mark}
            if order == "edit":
                self.edit(version, pick, who)
                if version.document != states[at]:
                    states, at = [*states[: at + 1], copy.deepcopy(version.document)], at + 1
            elif order == "undo" and at:
                history.undo(version, **who)
                at -= 1
            elif order == "redo" and at < len(states) - 1:
                history.redo(version, **who)
                at += 1
            elif order == "jump" and len(states) > 1:
                target = pick.choice([place for place in range(len(states)) if place != at])
                numbers = [0, *sorted(step.number for step in history.steps(version))]
                history.jump(version, numbers[target], **who)
                at = target
            assert again(version).document == states[at]

    def edit(self, version, pick, who):
        ids = list(version.graph.nodes)
        deed = pick.choice(["add", "rename", "remove", "duplicate", "switch", "note"]) if ids else "add"
        if deed == "add":
            canvas.add_node(version, pick.choice(["wait", "end", "fork"]), **who)
        elif deed == "rename":
            canvas.rename_node(version, pick.choice(ids), pick.choice(["A", "B"]), **who)
        elif deed == "remove":
            arranging.remove(version, [pick.choice(ids)], branch=pick.random() < 0.5, **who)
        elif deed == "duplicate":
            clipboard.duplicate(version, pick.sample(ids, min(2, len(ids))), **who)
        elif deed == "switch":
            arranging.switch(version, [pick.choice(ids)], breakpoint=pick.random() < 0.5, **who)
        else:
            notes.add(version, text="Look", node=pick.choice(["", *ids]), **who)
