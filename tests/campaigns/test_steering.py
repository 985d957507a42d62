"""What people do to a run: each deed once, with a word to whoever comes second, and nothing lost or sent twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import execution, lifecycle, sending, steering
from campaigns.errors import WrongStatus
from campaigns.models import Batch, DoubtfulMessage, NodeRun, Run
from orchcamp.datasets import engine
from orchcamp.messaging import plan
from orchcamp.messaging.models import ChannelConfiguration, Delivery
from tests.builders import make_dataset, make_shop
from tests.campaigns.builders import (
    audience,
    email,
    graph,
    make_campaign,
    make_configuration,
    simple_graph,
    targeting_graph,
)
from tests.campaigns.runs_stage import S, node, publish
from tests.campaigns.sending_stage import balanced, make_run, send_all
from tests.messaging.smtp_server import free_port, received, running

pytestmark = pytest.mark.django_db
PORT = free_port()


@pytest.fixture
def shop(db):
    make_shop()
    make_configuration()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("smtp") / "received"
    with running(PORT, path):
        yield path


@pytest.fixture
def box(server, settings):
    server.write_text("")
    settings.SENDING_BACKOFF = [600]
    return server


def twice() -> Run:
    """A live run with two messages whose configurations are both switched off."""
    make_configuration("other")
    nodes = {"a": ("build_audience", audience()), "m": ("email", email()), "n": ("email", email(configuration="other"))}
    run = publish(graph(nodes, "a>m", "a>n"))
    ChannelConfiguration.objects.update(active=False)
    return execution.run_to_end(run)


def sending_to(addresses: list[str]) -> NodeRun:
    """The message of a live run that is being sent to these addresses; nothing has been handed over yet."""
    rows = [{"id": n, "name": f"P {n}", "email": address} for n, address in enumerate(addresses)]
    columns = {"id": "integer", "name": "string", "email": "string"}
    make_dataset("people", ["id"], columns, rows, target={"email": "email"})
    make_configuration(port=PORT, consent_column="")
    run = publish(simple_graph(without_confirmation=True))
    work(run)
    return node(run, "mail")


def work(run: Run) -> None:
    while ready := execution.claim_ready(run):
        for pk in ready:
            execution.execute(pk)


# --- A step alone -------------------------------------------------------------------------------------


def test_both_failures_are_known_before_the_run_has_failed(shop):
    run = twice()
    assert run.status == Run.Status.FAILED
    assert [node(run, id).status for id in "amn"] == [S.SUCCEEDED, S.FAILED, S.FAILED]


def test_one_failed_step_is_tried_again_and_no_other(shop, anna):
    run = twice()
    ChannelConfiguration.objects.filter(slug="newsletter").update(active=True)
    steering.retry(node(run, "m"), by=anna)
    run.refresh_from_db()
    assert (run.status, node(run, "m").status, node(run, "n").status) == (Run.Status.RUNNING, S.QUEUED, S.FAILED)
    execution.execute(node(run, "m").pk)
    run.refresh_from_db()
    assert (run.status, node(run, "m").status) == (Run.Status.FAILED, S.WAITING)
    assert run.error.startswith("“N”")
    ChannelConfiguration.objects.update(active=True)
    steering.retry(node(run, "n"), by=anna)
    execution.execute(node(run, "n").pk)
    run.refresh_from_db()
    assert (run.status, run.error, node(run, "n").status) == (Run.Status.RUNNING, "", S.WAITING)
    assert run.log.filter(by=anna, message__contains="tried again").count() == 2


def test_a_step_that_fails_again_fails_the_run_again(shop, anna):
    run = twice()
    steering.retry(node(run, "m"), by=anna)
    execution.execute(node(run, "m").pk)
    run.refresh_from_db()
    assert (run.status, node(run, "m").status) == (Run.Status.FAILED, S.FAILED)


def test_whoever_tries_again_second_is_told_who_was_first(shop, anna, ada):
    run = twice()
    steering.retry(node(run, "m"), by=anna)
    with pytest.raises(WrongStatus, match="Just now: “M”: tried again by Anna"):
        steering.retry(node(run, "m"), by=ada)
    assert node(run, "m").attempts == 1


def test_a_retry_that_no_worker_heard_of_can_be_resumed(shop, anna):
    run = twice()
    ChannelConfiguration.objects.update(active=True)
    steering.retry(node(run, "m"), by=anna)
    run.nodes.exclude(lease_until=None).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert execution.recover() == [run]
    execution.claim_ready(run)
    run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    steering.resume(run, by=anna)
    execution.run_to_end(run)
    assert [node(run, id).status for id in "mn"] == [S.WAITING, S.WAITING]


# --- Not to wait --------------------------------------------------------------------------------------


def waiting() -> Run:
    nodes = {
        "a": ("build_audience", audience()),
        "w": ("wait", {"type": "duration", "value": 2, "unit": "days"}),
        "z": ("end", {}),
    }
    run = publish(graph(nodes, "a>w", "w>z"))
    for _ in range(2):
        for pk in execution.claim_ready(run):
            execution.execute(pk)
    return run


def test_a_wait_is_cut_short_once(shop, anna, ada):
    run = waiting()
    steering.go_on_now(node(run, "w"), by=anna)
    with pytest.raises(WrongStatus, match=r"does not wait for a moment any more.*Anna"):
        steering.go_on_now(node(run, "w"), by=ada)
    assert execution.run_to_end(run).status == Run.Status.SUCCEEDED


def test_a_wait_of_a_paused_run_is_not_cut_short(shop, anna):
    run = waiting()
    steering.pause(run, by=anna)
    with pytest.raises(WrongStatus, match="not running"):
        steering.go_on_now(node(run, "w"), by=anna)
    assert node(run, "w").status == S.WAITING


def test_what_a_server_put_off_is_tried_at_once(box, anna):
    row = make_run(["a+defer@now.example", "b@now.example"], port=PORT)
    send_all(row)
    assert balanced(Delivery.objects.get())["pending"] == 1
    steering.go_on_now(row, by=anna)
    send_all(row)
    assert received(box) == {"a+defer@now.example": 1, "b@now.example": 1}
    assert balanced(Delivery.objects.get())["accepted"] == 2
    with pytest.raises(WrongStatus):
        steering.go_on_now(row, by=anna)


def test_hurrying_counts_as_a_try_and_does_not_go_round_for_ever(box, anna):
    row = make_run(["x+always@now.example"], port=PORT)
    send_all(row)
    steering.go_on_now(row, by=anna)
    send_all(row)
    assert balanced(Delivery.objects.get())["refused"] == 1


# --- After a stop -------------------------------------------------------------------------------------


def take_up(row: NodeRun, by) -> int:
    """Stop a sending and take it up again."""
    steering.stop(row.run, by=by)
    row.run.campaign.refresh_from_db()
    messages = steering.take_up(row.run, by=by)
    work(row.run)
    row.refresh_from_db()
    return messages


def outcomes(row: NodeRun) -> list[dict]:
    return engine.rows(engine.table(f"runs/{row.run_id}/{row.node_id}/outcomes"))


def test_only_those_without_an_outcome_go_on(box, anna):
    names = [f"p{n}@up.example" for n in range(1100)]
    row = sending_to([*names, "no+bounce@up.example"])
    (pk,) = sending.claim_pending(row.run, at_most=1)
    sending.send_one(pk)
    assert take_up(row, anna) == 601
    assert row.status == S.SENDING
    assert row.run.campaign.status == "live"
    assert balanced(Delivery.objects.get())["pending"] == 601
    send_all(row)
    assert received(box) == dict.fromkeys(names, 1)
    books = balanced(Delivery.objects.get())
    assert (books["accepted"], books["refused"], books["excluded"], books["pending"]) == (1100, 1, {}, 0)
    found = [outcome["message_id"] for outcome in outcomes(row)]
    assert len(found) == len(set(found)) == 1101


def test_a_batch_stopped_half_way_goes_on_with_its_other_half(box, anna):
    row = sending_to(["a+defer@half.example", "b@half.example", "c+mute@half.example", "d+bounce@half.example"])
    send_all(row)
    steering.stop(row.run, by=anna)
    books = balanced(Delivery.objects.get())
    assert (books["accepted"], books["in_doubt"], books["excluded"]) == (1, 1, {"stopped": 1})
    sending.resolve(DoubtfulMessage.objects.get(), resolution="accepted", by=anna)
    assert steering.take_up(row.run, by=anna) == 1
    assert balanced(Delivery.objects.get())["pending"] == 1
    work(row.run)
    row.refresh_from_db()
    send_all(row)
    assert len(received(box)) == 2  # the first is still put off
    steering.go_on_now(row, by=anna)
    send_all(row)
    assert received(box) == {"a+defer@half.example": 1, "b@half.example": 1, "c+mute@half.example": 1}
    books = balanced(Delivery.objects.get())
    assert (books["accepted"], books["in_doubt"], books["refused"], books["excluded"]) == (3, 0, 1, {})
    found = [outcome["message_id"] for outcome in outcomes(row)]
    assert len(found) == len(set(found)) == 4
    assert DoubtfulMessage.objects.count() == 1


def test_a_run_is_stopped_and_taken_up_as_often_as_one_likes(box, anna):
    row = sending_to([f"p{n}@often.example" for n in range(1700)])
    for _ in range(3):
        (pk,) = sending.claim_pending(row.run, at_most=1)
        sending.send_one(pk)
        take_up(row, anna)
    send_all(row)
    assert sum(received(box).values()) == len(received(box)) == 1700
    assert balanced(Delivery.objects.get())["accepted"] == 1700


def test_a_worker_that_had_a_batch_in_hand_when_it_was_stopped_and_taken_up_goes_on(box, anna):
    row = sending_to([f"p{n}@hand.example" for n in range(3)])
    (pk,) = sending.claim_pending(row.run, at_most=1)
    Batch.objects.claim(pk, source="queued", target="sending", lease=timedelta(minutes=4))
    take_up(row, anna)
    assert Batch.objects.get().status == Batch.Status.SENDING
    sending.recover()
    send_all(row)
    assert len(received(box)) == 3


def test_what_was_not_confirmed_waits_for_it_again(shop, anna):
    run = execution.run_to_end(publish(simple_graph()))
    steering.stop(run, by=anna)
    steering.take_up(run, by=anna)
    execution.run_to_end(run)
    assert (run.status, node(run, "mail").waiting_for) == (Run.Status.RUNNING, "confirmation")
    assert Delivery.objects.count() == 1
    assert balanced(Delivery.objects.get())["pending"] == 2


def test_whoever_takes_up_second_is_told(shop, anna, ada):
    run = execution.run_to_end(publish(simple_graph()))
    steering.stop(run, by=anna)
    steering.take_up(Run.objects.get(pk=run.pk), by=anna)
    with pytest.raises(WrongStatus, match=r"this one is running.*Taken up again by Anna"):
        steering.take_up(run, by=ada)


def test_a_campaign_that_has_gone_on_is_not_taken_up(shop, anna):
    run = execution.run_to_end(publish(simple_graph()))
    steering.stop(run, by=anna)
    run.campaign.refresh_from_db()
    lifecycle.edit_again(run.campaign, by=anna)
    with pytest.raises(WrongStatus, match="has gone on since this run was stopped: it is draft"):
        steering.take_up(run, by=anna)
    run.refresh_from_db()
    assert run.status == Run.Status.STOPPED


# --- A test, again ------------------------------------------------------------------------------------


def test_a_test_is_restarted_once(shop, mark, anna):
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST, by=mark)
    again = steering.restart(run, by=mark)
    run.refresh_from_db()
    assert (run.status, again.status, again.mode) == (Run.Status.STOPPED, Run.Status.RUNNING, "test")
    with pytest.raises(WrongStatus, match=f"Run {again.pk} is a newer test, started by Mark"):
        steering.restart(run, by=anna)
    assert Run.objects.count() == 2


def test_neither_a_live_run_nor_a_frozen_draft_is_restarted(shop, anna):
    run = publish(simple_graph())
    with pytest.raises(WrongStatus, match="Only a test"):
        steering.restart(run, by=anna)
    tried = execution.start(make_campaign(targeting_graph(), slug="summer").draft(), mode=Run.Mode.TEST)
    tried.campaign.versions.update(frozen_at=timezone.now())
    with pytest.raises(WrongStatus, match="no draft"):
        steering.restart(tried, by=anna)


def test_a_test_is_not_taken_up(shop, mark):
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    steering.stop(run, by=mark)
    with pytest.raises(WrongStatus, match="restart it"):
        steering.take_up(run, by=mark)


def test_every_deed_stands_in_the_log_with_its_person(shop, anna):
    run = execution.run_to_end(publish(simple_graph()))
    for act in (steering.pause, steering.resume, steering.stop, steering.take_up):
        act(run, by=anna)
    messages = list(run.log.filter(by=anna).values_list("message", flat=True))
    assert [message.split(" ")[0] for message in messages] == ["Paused", "Resumed", "Stopped", "Taken"]


def test_the_plan_stays_as_it_was_written(box, anna):
    row = sending_to(["a@plan.example", "b@plan.example"])
    before = plan.batch(Delivery.objects.get().plan, 0)
    take_up(row, anna)
    assert plan.batch(Delivery.objects.get().plan, 0) == before
