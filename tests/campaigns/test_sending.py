"""A sending from its plan to its books, against a real server."""

from __future__ import annotations

import email
import re
from datetime import timedelta
from email import policy

import pytest
from django.utils import timezone

from campaigns import batch_files, sending
from campaigns.models import Batch, DoubtfulMessage, LogEntry, NodeRun, Run
from orchcamp.datasets import engine
from orchcamp.messaging import composer, consent, plan
from orchcamp.messaging.content import Content
from orchcamp.messaging.journal import Journal
from orchcamp.messaging.models import ChannelConfiguration, Delivery, Suppression
from tests.campaigns.sending_stage import balanced, make_run, prepare, send_all
from tests.messaging.smtp_server import received, running

PORT = 9161
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("smtp") / "received"
    with running(PORT, path):
        yield path


@pytest.fixture
def box(server, settings):
    server.write_text("")
    settings.SENDING_BACKOFF = [0, 0]
    return server


def addresses(count: int) -> list[str]:
    return [f"p{n}@example.org" for n in range(count)]


def test_everyone_gets_one_message_and_the_books_balance(box):
    node = make_run([*addresses(700), None, "broken", "P1@example.org"], port=PORT)
    send_all(node)
    delivery = Delivery.objects.get()
    assert received(box) == dict.fromkeys(addresses(700), 1)
    assert balanced(delivery) == {
        "targeted": 703, "excluded": {"no_address": 1, "malformed": 1, "duplicate": 1},
        "accepted": 700, "refused": 0, "in_doubt": 0, "pending": 0,
    }  # fmt: skip
    assert NodeRun.objects.get().status == NodeRun.Status.SUCCEEDED
    assert engine.count(engine.table(f"runs/{node.run_id}/n1/outcomes")) == 700
    assert "700 accepted" in LogEntry.objects.get().message


def test_preparing_twice_changes_nothing(box):
    node = make_run(addresses(20), port=PORT)
    before = Delivery.objects.get()
    ChannelConfiguration.objects.update(sender_name="Other")
    Suppression.objects.create(address="p1@example.org")
    assert prepare(node) == before
    assert Delivery.objects.get().prepared == 20 and Batch.objects.count() == 1


def test_the_servers_words_are_kept_and_what_was_deferred_is_tried_again(box):
    node = make_run(
        ["a+bounce@example.org", "b+defer@example.org", "c+spam@example.org", "d+later@example.org", "e@example.org"],
        port=PORT,
    )
    send_all(node)
    assert received(box) == {"b+defer@example.org": 1, "d+later@example.org": 1, "e@example.org": 1}
    books = balanced(Delivery.objects.get())
    assert (books["accepted"], books["refused"], books["pending"]) == (3, 2, 0)
    outcomes = engine.rows(engine.table(f"runs/{node.run_id}/n1/outcomes"))
    assert {row["code"] for row in outcomes if row["status"] == "refused"} == {550, 554}
    assert any("no such user" in row["reply"] for row in outcomes)


def test_a_deferred_message_waits_for_its_turn(box, settings):
    settings.SENDING_BACKOFF = [600]
    node = make_run(["b+defer@other.example", "e@example.org"], port=PORT)
    send_all(node)
    batch = Batch.objects.get()
    assert batch.status == Batch.Status.PENDING and batch.accepted == 1
    assert timedelta(minutes=9) < batch.not_before - timezone.now() <= timedelta(minutes=10)
    assert sending.claim_pending(node.run, at_most=10) == []
    assert sending.next_due(node.run) == batch.not_before
    assert balanced(Delivery.objects.get())["pending"] == 1


def test_a_message_that_is_always_deferred_is_refused_in_the_end(box):
    make_run(["x+always@example.org"], port=PORT)
    send_all(NodeRun.objects.get())
    books = balanced(Delivery.objects.get())
    assert books["refused"] == 1 and received(box) == {}
    assert Batch.objects.get().attempts == 3  # once, and once for each back-off


def test_consent_and_suppression_are_asked_again_before_a_batch_goes_out(box):
    node = make_run(addresses(5), port=PORT)
    consent.say("email", "p1@example.org", granted=False, source="test")
    Suppression.objects.create(address="p2@example.org")
    send_all(node)
    assert set(received(box)) == {"p0@example.org", "p3@example.org", "p4@example.org"}
    assert balanced(Delivery.objects.get())["excluded"] == {"no_consent": 1, "suppressed": 1}


def test_an_empty_field_excludes_only_its_recipient(box):
    node = make_run(addresses(3), port=PORT, body="<p>{{ name if name != 'Person 2' else name|number }}</p>")
    send_all(node)
    books = balanced(Delivery.objects.get())
    assert books["accepted"] == 2 and books["excluded"] == {"render_error": 1}
    assert set(received(box)) == {"p0@example.org", "p2@example.org"}


def test_a_server_that_is_away_loses_nothing(box, settings):
    settings.SENDING_BACKOFF = [300]
    node = make_run(addresses(1200), port=9168)
    send_all(node)
    batches = Batch.objects.all()
    assert {batch.status for batch in batches} == {Batch.Status.PENDING} and all(b.not_before for b in batches)
    assert balanced(Delivery.objects.get())["pending"] == 1200
    assert "127.0.0.1:9168 cannot be reached" in LogEntry.objects.get().message
    ChannelConfiguration.objects.update(port=PORT)
    Batch.objects.update(not_before=None)
    send_all(node)
    assert received(box) == dict.fromkeys(addresses(1200), 1)


def test_no_answer_to_a_message_is_a_doubt_that_a_person_resolves(box, ada):
    node = make_run(["a+mute@example.org", "b@example.org"], port=PORT)
    send_all(node)
    assert received(box) == {"a+mute@example.org": 1, "b@example.org": 1}
    doubtful = DoubtfulMessage.objects.get()
    assert doubtful.address == "a+mute@example.org" and "gave no answer" in doubtful.evidence
    assert balanced(Delivery.objects.get())["in_doubt"] == 1
    sending.resolve(doubtful, resolution="accepted", by=ada)
    with pytest.raises(sending.SendingError, match="already said"):
        sending.resolve(doubtful, resolution="not_sent", by=ada)
    books = balanced(Delivery.objects.get())
    assert (books["accepted"], books["in_doubt"]) == (2, 0)


def test_what_a_dead_worker_began_is_in_doubt_and_what_it_finished_stays(box):
    node = make_run(addresses(3), port=PORT)
    (pk,) = sending.claim_pending(node.run, at_most=1)
    Batch.objects.claim(pk, source="queued", target="sending", lease=timedelta(minutes=4))  # long silent
    batch = Batch.objects.get()
    messages = [row["message_id"] for row in plan.batch(batch.delivery.plan, 0)]
    with Journal(batch_files.journal_folder(batch), 0, batch.attempts) as journal:
        journal.begun(messages[0])
        journal.write("a", messages[0], 250, "ok")
        journal.begun(messages[1])
    sending.recover()
    send_all(node)
    assert sum(received(box).values()) == 1  # only the third
    books = balanced(Delivery.objects.get())
    assert (books["accepted"], books["in_doubt"]) == (2, 1)
    assert DoubtfulMessage.objects.get().message_id == messages[1]


def test_a_batch_that_a_slow_worker_still_holds_is_left_alone(box):
    node = make_run(addresses(3), port=PORT)
    (pk,) = sending.claim_pending(node.run, at_most=1)
    batch = Batch.objects.get()
    with Journal(batch_files.journal_folder(batch), 0, 99):
        sending.send_one(pk)
        batch.refresh_from_db()
        assert batch.status == Batch.Status.PENDING and batch.not_before > timezone.now()
        assert received(box) == {}
        Batch.objects.update(status=Batch.Status.SENDING, lease_until=timezone.now())
        sending.recover()  # however old the lease: who holds the lock lives
        assert Batch.objects.get().status == Batch.Status.SENDING
    sending.recover()
    Batch.objects.update(not_before=None)
    send_all(node)
    assert len(received(box)) == 3


def test_a_task_delivered_twice_does_nothing(box):
    node = make_run(addresses(3), port=PORT)
    (pk,) = sending.claim_pending(node.run, at_most=1)
    sending.send_one(pk)
    sending.send_one(pk)
    assert received(box) == dict.fromkeys(addresses(3), 1)


def test_stopping_counts_what_was_not_sent(box):
    node = make_run(addresses(1100), port=PORT)
    (pk,) = sending.claim_pending(node.run, at_most=1)
    sending.send_one(pk)
    sending.stop(node.run)
    books = balanced(Delivery.objects.get())
    assert (books["accepted"], books["excluded"], books["pending"]) == (500, {"stopped": 600}, 0)
    assert len(received(box)) == 500
    assert sending.claim_pending(node.run, at_most=5) == []


def test_a_batch_half_sent_keeps_its_answers_when_stopped(box, settings):
    settings.SENDING_BACKOFF = [600]
    node = make_run(["x+defer@stop.example", "y@example.org"], port=PORT)
    send_all(node)
    sending.stop(node.run)
    assert Batch.objects.get().status == Batch.Status.STOPPED
    books = balanced(Delivery.objects.get())
    assert (books["accepted"], books["excluded"]) == (1, {"stopped": 1})


def test_a_paused_run_queues_nothing(box):
    node = make_run(addresses(3), port=PORT)
    Run.objects.update(status=Run.Status.PAUSED)
    assert sending.claim_pending(node.run, at_most=5) == []


def test_the_throttle_holds_over_all_batches(box):
    node = make_run(addresses(60), port=PORT, throttle=50)
    started = timezone.now()
    send_all(node)
    seconds = (timezone.now() - started).total_seconds()
    assert len(received(box)) == 60 and seconds > 0.9


def test_a_message_holds_what_the_recipient_needs(box):
    make_run(["zoe@example.org"], port=PORT)
    delivery = Delivery.objects.get()
    made = composer.Composer(Content.from_settings(delivery.content), delivery.configuration, delivery.pk)
    letter = made.letter(plan.batch(delivery.plan, 0)[0])
    message = email.message_from_bytes(letter.data, policy=policy.default)
    html = message.get_body(("html",)).get_content()
    assert message["Subject"] == "Hello Person 1" and message["To"] == "zoe@example.org"
    assert re.search(r'href="[^"]+/t/c/[\w-]+\?u=https%3A%2F%2Fshop.example%2Fa%3Fb%3D1%26c%3D2"', html)
    assert (
        "/t/o/" in html
        and "/t/u/" in html
        and "https://shop.example/a?b=1&c=2" in message.get_body(("plain",)).get_content()
    )
    assert message["List-Unsubscribe"].strip("<>") in html


@pytest.mark.parametrize("status", [Run.Status.PAUSED, Run.Status.STOPPED])
def test_a_batch_that_was_queued_before_the_run_was_held_sends_nothing(box, status):
    node = make_run(addresses(3), port=PORT)
    (pk,) = sending.claim_pending(node.run, at_most=1)
    Run.objects.update(status=status)
    if status == Run.Status.STOPPED:
        NodeRun.objects.update(status=NodeRun.Status.STOPPED)
    sending.send_one(pk)
    assert received(box) == {}
    books = balanced(Delivery.objects.get())
    assert books["excluded" if status == Run.Status.STOPPED else "pending"] in (3, {"stopped": 3})
