"""How fast a sending goes: from the rows of its batches, without looking at messages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import dispatch, progress, rates
from campaigns.models import Batch, NodeRun, Run
from orchcamp.messaging.models import Delivery
from tests.campaigns.sending_stage import make_run


@pytest.fixture
def sending(db) -> NodeRun:
    row = make_run([f"p{n}@example.org" for n in range(1100)], port=9)
    NodeRun.objects.update(started_at=timezone.now() - timedelta(seconds=100))
    row.refresh_from_db()
    return row


def ago(seconds: float):
    return timezone.now() - timedelta(seconds=seconds)


def set_batch(number: int, **facts) -> None:
    Batch.objects.filter(number=number).update(**facts)


def recent() -> float:
    return rates.recent([Delivery.objects.get().pk]).get(Delivery.objects.get().pk, 0.0)


def test_a_sending_that_has_not_begun_has_no_rate(sending):
    assert recent() == 0.0


def test_the_rate_counts_what_was_handed_over_within_the_last_half_minute(sending):
    set_batch(0, status="settled", taken_at=ago(40), settled_at=ago(20), accepted=480, refused=20)
    set_batch(1, status="settled", taken_at=ago(400), settled_at=ago(300), accepted=500)
    assert recent() == pytest.approx(250 / 30, rel=0.05)  # half of the first batch's time lies in the window


def test_a_batch_in_hand_counts_by_its_last_sign_of_life(sending):
    looked = timezone.now() + dispatch.LEASE - timedelta(seconds=2)
    set_batch(0, status="sending", taken_at=ago(12), lease_until=looked, accepted=130, done_before=30)
    assert recent() == pytest.approx(100 / 12, rel=0.1)


def test_two_workers_at_once_are_added(sending):
    looked = timezone.now() + dispatch.LEASE
    for number in (0, 1):
        set_batch(number, status="sending", taken_at=ago(10), lease_until=looked, accepted=100)
    assert recent() == pytest.approx(20, rel=0.1)


def test_what_hangs_becomes_slower(sending):
    set_batch(0, status="settled", taken_at=ago(25), settled_at=ago(20), accepted=500)
    assert recent() == pytest.approx(500 / 25, rel=0.1)


def test_the_time_that_is_left_follows_from_the_rate_and_stops_with_the_run(sending):
    looked = timezone.now() + dispatch.LEASE
    set_batch(0, status="sending", taken_at=ago(10), lease_until=looked, accepted=100)
    found = progress.sendings(sending.run, [sending])[0]
    assert (found.handled, found.books.pending) == (100, 1000)
    assert found.rate.remaining == pytest.approx(100, rel=0.1)
    assert found.rate.average == pytest.approx(1.0, rel=0.1)
    sending.run.status = Run.Status.PAUSED
    assert progress.sendings(sending.run, [sending])[0].rate.remaining is None


def test_a_sending_that_its_server_put_off_says_until_when(sending):
    later = timezone.now() + timedelta(minutes=5)
    Batch.objects.update(not_before=later)
    assert progress.sendings(sending.run, [sending])[0].next_due == later
    set_batch(1, status="sending", not_before=None)
    assert progress.sendings(sending.run, [sending])[0].next_due is None
