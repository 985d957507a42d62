"""Breakpoints: a run pauses before the node with what came before kept, and goes on past it when it is resumed."""

from __future__ import annotations

from dataclasses import replace

from activities import check
from campaigns import contexts, counts, execution, lifecycle, tasks
from campaigns.models import LogEntry, NodeRun, Run
from campaigns.store import RunStore
from orchcamp.datasets import engine
from tests.campaigns.builders import graph, make_campaign, simple_graph, targeting_graph
from tests.campaigns.runs_stage import node, publish, rows, shop

__all__ = ["shop"]
S = NodeRun.Status


def held(canvas, *ids: str):
    for id in ids:
        canvas = canvas.with_node(replace(canvas.nodes[id], breakpoint=True))
    return canvas


def started(canvas, **changes) -> Run:
    return execution.start(make_campaign(canvas, **changes).draft(), mode=Run.Mode.TEST)


def test_a20_a_run_pauses_before_split_with_a_preview_and_resume_continues(mark):
    run = execution.run_to_end(started(held(targeting_graph(), "split")))
    assert run.status == Run.Status.PAUSED
    assert (node(run, "split").status, node(run, "split").waiting_for) == (S.WAITING, "breakpoint")
    assert rows(run) == {"paris": {"out": 3}}
    kept = RunStore(run).population("paris", "out")
    assert kept is not None and engine.count(kept.table) == 3
    assert LogEntry.objects.filter(run=run, message__contains="breakpoint").count() == 1

    execution.resume(run, by=mark)
    run = execution.run_to_end(run)
    assert run.status == Run.Status.SUCCEEDED
    assert rows(run)["split"] == {"yes": 2, "complement": 1}


def test_a_breakpoint_holds_a_live_run_too():
    run = execution.run_to_end(publish(held(simple_graph(), "mail")))
    assert run.status == Run.Status.PAUSED and node(run, "mail").waiting_for == "breakpoint"
    execution.resume(run, by=None)
    run = execution.run_to_end(run)
    assert node(run, "mail").waiting_for == NodeRun.WaitingFor.CONFIRMATION


def test_two_breakpoints_one_behind_the_other_pause_twice(mark):
    run = execution.run_to_end(started(held(targeting_graph(), "paris", "split")))
    assert rows(run) == {}
    execution.resume(run, by=mark)
    run = execution.run_to_end(run)
    assert (run.status, rows(run)) == (Run.Status.PAUSED, {"paris": {"out": 3}})
    execution.resume(run, by=mark)
    assert execution.run_to_end(run).status == Run.Status.SUCCEEDED


def test_workers_stop_at_a_breakpoint_and_a_late_nudge_does_not_pass_it():
    run = started(held(targeting_graph(), "split"))
    tasks.advance(run.pk)
    tasks.advance(run.pk)
    run.refresh_from_db()
    assert run.status == Run.Status.PAUSED
    assert execution.recover() == []
    assert node(run, "split").status == S.WAITING


def test_a_run_that_stands_at_a_breakpoint_can_be_stopped(mark):
    run = execution.run_to_end(started(held(targeting_graph(), "split")))
    execution.stop(run, by=mark)
    assert run.status == Run.Status.STOPPED and node(run, "split").status == S.STOPPED


def test_a_node_that_is_never_reached_holds_nobody():
    canvas = held(targeting_graph(), "yes")
    canvas = canvas.with_node(replace(canvas.nodes["split"], disabled=True))
    assert execution.run_to_end(started(canvas)).status == Run.Status.SUCCEEDED


def test_the_test_before_an_approval_does_not_stop_at_a_breakpoint(mark):
    campaign = make_campaign(held(simple_graph(), "mail"), owner=mark)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    assert approval.test_run.status == Run.Status.SUCCEEDED


def test_a_breakpoint_is_a_warning_that_keeps_nobody_from_publishing(mark):
    campaign = make_campaign(held(simple_graph(), "mail"), owner=mark)
    found = [problem for problem in contexts.problems(campaign.draft()) if "breakpoint" in problem.sentence]
    assert [(problem.node_id, problem.severity) for problem in found] == [("mail", check.WARNING)]


def test_setting_a_breakpoint_or_a_note_makes_no_count_old(mark):
    campaign = make_campaign(targeting_graph(), owner=mark)
    run = execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.DRY))
    version = campaign.draft()
    version.document = held(version.graph, "split").to_json() | {"notes": {"m": {"text": "Look"}}}
    version.save()
    assert counts.holding_dry_run(version) == run
    assert not any(count.stale for count in counts.transition_counts(version, run).values())


def test_a_breakpoint_is_in_the_document_only_where_there_is_one():
    canvas = held(graph({"a": ("wait", {}), "b": ("wait", {})}, "a>b"), "b")
    document = canvas.to_json()
    assert document["nodes"]["b"]["breakpoint"] is True and "breakpoint" not in document["nodes"]["a"]
    assert type(canvas).from_json(document) == canvas
