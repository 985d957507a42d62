"""Runs, node by node, on the real database and lake."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from activities import catalogue
from activities.graph import Graph
from campaigns import advance, execution, sending
from campaigns.errors import NotRunnable, WrongStatus
from campaigns.models import Batch, CampaignVersion, NodeRun, Run
from campaigns.store import RunStore
from orchcamp.datasets import engine
from orchcamp.datasets.models import Dataset, Snapshot
from orchcamp.messaging.models import Delivery
from tests.campaigns.builders import (
    PARIS,
    audience,
    email,
    graph,
    make_campaign,
    make_configuration,
    simple_graph,
    targeting_graph,
)
from tests.campaigns.runs_stage import NOBODY, S, expire, node, publish, rows, shop, try_out  # noqa: F401

pytestmark = pytest.mark.django_db


# --- Tests --------------------------------------------------------------------------------------------


def test_a_test_run_counts_every_transition():
    run = try_out(targeting_graph())
    assert run.status == Run.Status.SUCCEEDED
    assert rows(run) == {"paris": {"out": 3}, "split": {"yes": 2, "complement": 1}}


def test_a_test_stops_at_the_first_channel_and_sends_nothing():
    run = try_out(simple_graph())
    assert run.status == Run.Status.SUCCEEDED
    assert rows(run) == {"people": {"out": 6}}
    assert (node(run, "mail").status, node(run, "end").status) == (S.SKIPPED, S.SKIPPED)
    assert not Delivery.objects.exists()


def test_a_test_does_not_wait():
    nodes = {
        "a": ("build_audience", audience()),
        "w": ("wait", {"type": "duration", "value": 3, "unit": "days"}),
        "z": ("end", {}),
    }
    run = try_out(graph(nodes, "a>w", "w>z"))
    assert (run.status, rows(run)["w"]) == (Run.Status.SUCCEEDED, {"out": 6})


def test_a_test_does_not_care_for_a_message_that_is_not_written_yet():
    run = try_out(simple_graph(subject="", body=""))
    assert rows(run) == {"people": {"out": 6}}


def test_a_canvas_with_an_error_does_not_start_and_says_where():
    broken = graph({"a": ("build_audience", {}), "z": ("end", {})}, "a>z")
    with pytest.raises(NotRunnable, match="“A”"):
        try_out(broken)
    assert not Run.objects.exists()


def test_an_empty_audience_ends_its_path_without_error():
    run = try_out(graph({"a": ("build_audience", audience(NOBODY)), "w": ("end", {})}, "a>w"))
    assert run.status == Run.Status.SUCCEEDED
    assert (rows(run), node(run, "w").status) == ({"a": {"out": 0}}, S.SKIPPED)


def test_an_empty_audience_goes_on_if_it_is_told_to():
    run = try_out(graph({"a": ("build_audience", audience(NOBODY, keep_empty=True)), "w": ("end", {})}, "a>w"))
    assert node(run, "w").status == S.SUCCEEDED


def test_a_join_goes_on_with_the_ways_that_were_taken():
    nodes = {
        "none": ("build_audience", audience(NOBODY)),
        "some": ("build_audience", audience(PARIS)),
        "both": ("combine", {"operation": "union"}),
        "z": ("end", {}),
    }
    run = try_out(graph(nodes, "none>both", "some>both", "both>z"))
    assert (run.status, rows(run)["both"]) == (Run.Status.SUCCEEDED, {"out": 3})


def test_a_fork_without_inbound_starts_its_branches():
    nodes = {
        "f": ("fork", {"transitions": [{"code": "one", "label": "One"}, {"code": "two", "label": "Two"}]}),
        "a": ("build_audience", audience()),
        "b": ("build_audience", audience(PARIS)),
        "y": ("end", {}),
        "z": ("end", {}),
    }
    run = try_out(graph(nodes, "f.one>a", "f.two>b", "a>y", "b>z"))
    assert (run.status, rows(run)) == (Run.Status.SUCCEEDED, {"a": {"out": 6}, "b": {"out": 3}})


def test_what_comes_after_a_node_that_is_switched_off_does_not_run():
    canvas = targeting_graph().to_json()
    canvas["nodes"]["split"]["disabled"] = True
    run = try_out(Graph.from_json(canvas))
    assert (node(run, "split").status, node(run, "yes").status) == (S.SKIPPED, S.SKIPPED)


def test_a_run_keeps_the_canvas_and_the_snapshots_of_its_start():
    campaign = make_campaign(targeting_graph())
    run = execution.start(campaign.draft(), mode=Run.Mode.TEST)
    campaign.versions.update(document=Graph().to_json())
    people = Dataset.objects.get(slug="people")
    engine.write(engine.table(people.snapshot.path).limit(0), "datasets/people/2.parquet")
    people.snapshot = Snapshot.objects.create(dataset=people, number=2, path="datasets/people/2.parquet", rows=0)
    people.save()
    assert rows(execution.run_to_end(run))["paris"] == {"out": 3}


def test_a_population_is_read_again_as_it_was_written():
    run = try_out(targeting_graph())
    kept = RunStore(run).population("split", "yes")
    assert kept is not None
    assert {row["id"] for row in engine.rows(kept.table)} == {1, 6}


def test_rows_that_pass_through_are_not_copied(data_dir):
    nodes = {"a": ("build_audience", audience()), "w": ("wait", {"type": "duration", "value": 1, "unit": "days"})}
    run = try_out(graph(nodes, "a>w"))
    store = RunStore(run)
    assert (engine.root() / store.path("a", "out")).samefile(engine.root() / store.path("w", "out"))


def test_every_step_leaves_a_sentence():
    run = try_out(targeting_graph())
    log = list(run.log.values_list("message", flat=True))
    assert log[0] == "A test run began."
    assert "“Paris”: 3 rows." in log
    assert "“Split”: Consents: 2 rows, Rest: 1 row." in log
    assert log[-1] == "The run is complete."


def test_a_newer_test_stops_the_older_one():
    version = make_campaign(targeting_graph()).draft()
    older = execution.start(version, mode=Run.Mode.TEST)
    execution.start(version, mode=Run.Mode.TEST)
    older.refresh_from_db()
    assert older.status == Run.Status.STOPPED


# --- Live ---------------------------------------------------------------------------------------------


def test_a_draft_cannot_run_live():
    with pytest.raises(WrongStatus, match="published"):
        execution.start(make_campaign().draft(), mode=Run.Mode.LIVE)


def test_one_live_run_at_a_time():
    run = publish(simple_graph())
    with pytest.raises(WrongStatus, match="running live already"):
        execution.start(run.version, mode=Run.Mode.LIVE)
    assert run.campaign.runs.count() == 1


def test_the_same_slot_twice_is_the_same_run():
    version = make_campaign(targeting_graph()).draft()
    slot = timezone.now()
    first = execution.start(version, mode=Run.Mode.TEST, scheduled_for=slot, trigger="review")
    assert execution.start(version, mode=Run.Mode.TEST, scheduled_for=slot, trigger="review") == first
    assert first.nodes.count() == 4


def test_a_sending_is_planned_and_waits_for_a_person(anna):
    run = execution.run_to_end(publish(simple_graph()))
    mail = node(run, "mail")
    assert (run.status, mail.status, mail.waiting_for) == (Run.Status.RUNNING, S.WAITING, "confirmation")
    delivery = Delivery.objects.get(reference=f"{run.pk}-mail")
    assert delivery.targeted == 6 == delivery.prepared + sum(delivery.excluded.values())
    assert not sending.claim_pending(run, 10)
    execution.confirm(mail, by=anna)
    assert (mail.status, mail.confirmed_by) == (S.SENDING, anna)
    assert len(sending.claim_pending(run, 10)) == 1


def test_a_sending_is_confirmed_once(anna, ada):
    run = execution.run_to_end(publish(simple_graph()))
    execution.confirm(node(run, "mail"), by=anna)
    with pytest.raises(WrongStatus, match="faster"):
        execution.confirm(node(run, "mail"), by=ada)


def test_a_sending_without_confirmation_goes_out_at_once():
    run = publish(simple_graph(without_confirmation=True))
    for pk in execution.claim_ready(run):
        execution.execute(pk)
    for pk in execution.claim_ready(run):
        execution.execute(pk)
    assert node(run, "mail").status == S.SENDING


def test_a_channel_that_nobody_reaches_succeeds_without_asking():
    nodes = {"a": ("build_audience", audience(NOBODY, keep_empty=True)), "m": ("email", email()), "z": ("end", {})}
    run = execution.run_to_end(publish(graph(nodes, "a>m", "m>z")))
    assert (run.status, node(run, "m").status) == (Run.Status.SUCCEEDED, S.SUCCEEDED)
    assert run.campaign.status == "completed"


def test_a_wait_is_a_row_with_a_time():
    nodes = {
        "a": ("build_audience", audience()),
        "w": ("wait", {"type": "duration", "value": 2, "unit": "hours"}),
        "z": ("end", {}),
    }
    run = publish(graph(nodes, "a>w", "w>z"))
    for _ in range(2):
        for pk in execution.claim_ready(run):
            execution.execute(pk)
    wait = node(run, "w")
    assert (wait.status, wait.waiting_for) == (S.WAITING, "time")
    assert timedelta(hours=1, minutes=59) < wait.resume_at - timezone.now() <= timedelta(hours=2)
    assert execution.recover() == []
    run.nodes.filter(node_id="w").update(resume_at=timezone.now())
    assert execution.recover() == [run]
    assert execution.run_to_end(run).status == Run.Status.SUCCEEDED


def test_in_the_foreground_a_wait_is_waited_for():
    nodes = {
        "a": ("build_audience", audience()),
        "w": ("wait", {"type": "duration", "value": 1, "unit": "seconds"}),
        "z": ("end", {}),
    }
    began = timezone.now()
    assert execution.run_to_end(publish(graph(nodes, "a>w", "w>z"))).status == Run.Status.SUCCEEDED
    assert timezone.now() - began >= timedelta(seconds=1)


def test_a_run_whose_moment_has_not_come_does_not_begin():
    campaign = make_campaign(targeting_graph())
    later = timezone.now() + timedelta(hours=1)
    run = execution.start(campaign.draft(), mode=Run.Mode.TEST, scheduled_for=later)
    assert execution.claim_ready(run) == []
    assert execution.recover() == []
    Run.objects.update(scheduled_for=timezone.now())
    assert execution.recover() == [run]


def test_a_failed_node_fails_the_run_and_resuming_tries_it_again(anna):
    run = publish(simple_graph())
    make_configuration("gone")
    Run.objects.update(document=simple_graph(configuration="nowhere").to_json())
    run.refresh_from_db()
    execution.run_to_end(run)
    mail = node(run, "mail")
    assert (run.status, mail.status) == (Run.Status.FAILED, S.FAILED)
    assert "nowhere" in mail.error
    assert run.error.startswith("“Mail”: ")
    assert run.log.filter(severity="error", node_id="mail").count() == 1
    Run.objects.update(document=simple_graph().to_json())
    run.refresh_from_db()
    execution.resume(run, by=anna)
    execution.run_to_end(run)
    assert node(run, "mail").status == S.WAITING


def test_a_file_that_cannot_be_read_fails_the_run_with_its_name(data_dir):
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    (engine.root() / "datasets/people/1.parquet").write_bytes(b"broken")
    execution.run_to_end(run)
    assert run.status == Run.Status.FAILED
    assert "datasets/people/1.parquet" in run.error


def test_something_unexpected_in_a_node_is_a_sentence_and_not_a_crash(monkeypatch, caplog):
    def flooded(self, inputs, ctx):
        raise RuntimeError("the cellar is flooded")

    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    monkeypatch.setattr(catalogue.get("build_audience"), "compile", flooded)
    execution.run_to_end(run)
    assert run.status == Run.Status.FAILED
    assert "Something unexpected" in run.error
    assert "Node paris of run" in caplog.text


# --- Pause and stop -----------------------------------------------------------------------------------


def test_a_paused_run_starts_nothing_until_it_is_resumed(mark):
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    queued = execution.claim_ready(run)
    execution.pause(run, by=mark)
    execution.execute(queued[0])
    assert (execution.claim_ready(run), execution.recover()) == ([], [])
    assert node(run, "paris").status == S.PENDING
    with pytest.raises(WrongStatus, match="paused"):
        execution.pause(run, by=mark)
    execution.resume(run, by=mark)
    assert execution.run_to_end(run).status == Run.Status.SUCCEEDED


def test_what_was_stopped_sends_nothing_and_stops_the_campaign(anna):
    run = execution.run_to_end(publish(simple_graph()))
    execution.stop(run, by=anna)
    run.campaign.refresh_from_db()
    assert (run.status, run.campaign.status) == (Run.Status.STOPPED, "stopped")
    assert node(run, "mail").status == S.STOPPED
    assert not Batch.objects.filter(status__in=["pending", "queued", "sending"]).exists()
    for act in (execution.stop, execution.resume):
        with pytest.raises(WrongStatus):
            act(run, by=anna)
    with pytest.raises(WrongStatus):
        execution.confirm(node(run, "mail"), by=anna)


def test_a_node_that_runs_while_the_run_is_stopped_changes_nothing_any_more(mark):
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    pk = execution.claim_ready(run)[0]
    assert NodeRun.objects.claim(pk, source=S.QUEUED, target=S.RUNNING, lease=execution.LEASE)
    late = NodeRun.objects.select_related("run").get(pk=pk)
    execution.stop(run, by=mark)
    assert not execution._finish(late, execution.Outcome(S.SUCCEEDED))
    assert node(run, "paris").status == S.STOPPED


# --- Order and status -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "result"),
    [
        (["succeeded", "skipped"], "succeeded"),
        (["succeeded", "pending"], "running"),
        (["succeeded", "failed", "running"], "running"),  # until what was begun has come to its end
        (["succeeded", "failed", "waiting", "pending"], "failed"),
        (["stopped", "succeeded"], "stopped"),
        (["waiting", "succeeded"], "running"),
        (["sending"], "running"),
    ],
)
def test_the_status_of_a_run_follows_from_its_nodes(statuses, result):
    assert advance.verdict(statuses) == result


def test_somebody_else_may_finish_a_run_in_the_meantime():
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    same = Run.objects.get(pk=run.pk)
    execution.run_to_end(same)
    assert execution.run_to_end(run).status == Run.Status.SUCCEEDED
    assert run.log.filter(message="The run is complete.").count() == 1


def test_a_version_is_never_changed_by_its_run():
    version = make_campaign(targeting_graph()).draft()
    execution.run_to_end(execution.start(version, mode=Run.Mode.TEST))
    stored = CampaignVersion.objects.get(pk=version.pk)
    assert (stored.revision, stored.frozen_at) == (0, None)
