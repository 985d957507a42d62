"""The digest: once a person and day, at the hour of the person's clock, through changes of the clock too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from orchcamp.accounts.models import DigestTime, Letter, Notification
from orchcamp.accounts.notifying import tell
from orchcamp.accounts.telling import digests, letters

P = Notification.Plan
BERLIN = ZoneInfo("Europe/Berlin")


def say(people, key, sentence="A comment."):
    tell(people, "comment", sentence, address="/campaigns/spring/", key=key)


def write_all() -> None:
    """One look of a worker."""
    now = timezone.now()
    digests.gather(now)
    letters.gather()
    for errand in letters.claim_due(now):
        letters.write(errand)


def at(text: str, zone=UTC) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_what_waits_goes_out_at_the_hour_and_what_comes_later_with_the_next(anna):
    DigestTime.objects.create(person=anna, hour=8, zone="Europe/Berlin")
    with time_machine.travel(at("2026-06-01 07:00", BERLIN), tick=False) as clock:
        say([anna], "1", "Early.")
        write_all()
        assert not mail.outbox
        clock.move_to(at("2026-06-01 08:00", BERLIN))
        write_all()
        write_all()
        clock.move_to(at("2026-06-01 09:00", BERLIN))
        say([anna], "2", "Late.")
        write_all()
        assert len(mail.outbox) == 1 and "Early." in mail.outbox[0].body
        assert mail.outbox[0].subject == "[Orchcamp] Digest of June 1, 2026: 1 notification"
        clock.move_to(at("2026-06-02 08:05", BERLIN))
        write_all()
    assert len(mail.outbox) == 2 and "Late." in mail.outbox[1].body


def test_what_was_read_in_the_bell_needs_no_mail(anna):
    with time_machine.travel(at("2026-06-01 07:00"), tick=False) as clock:
        say([anna], "1")
        Notification.objects.update(read_at=timezone.now())
        clock.move_to(at("2026-06-01 09:00"))
        write_all()
    assert not mail.outbox
    assert Notification.objects.get().mail == P.READ
    assert not Letter.objects.exists()


def test_a_worker_that_was_away_at_the_hour_writes_it_when_it_is_back(anna):
    with time_machine.travel(at("2026-06-01 07:00"), tick=False) as clock:
        say([anna], "1")
        clock.move_to(at("2026-06-03 06:00"))
        write_all()
    assert len(mail.outbox) == 1
    assert str(Letter.objects.get().day) == "2026-06-02"


def test_on_weekdays_only_nothing_is_written_on_a_weekend(anna):
    DigestTime.objects.create(person=anna, hour=8, zone="UTC", days=DigestTime.Days.WEEKDAYS)
    with time_machine.travel(at("2026-06-05 12:00"), tick=False) as clock:  # a Friday
        say([anna], "1")
        for day in (6, 7):
            clock.move_to(at(f"2026-06-0{day} 12:00"))
            write_all()
        assert not mail.outbox
        clock.move_to(at("2026-06-08 08:00"))
        write_all()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("first", "hour", "moments"),
    [
        # 2026-03-29 02:00 → 03:00 in Berlin: the hour 2 is leapt over, the digest comes when it has been
        ("2026-03-28", 2, ["2026-03-28 01:00", "2026-03-29 01:00", "2026-03-30 00:00"]),
        ("2026-03-28", 8, ["2026-03-28 07:00", "2026-03-29 06:00", "2026-03-30 06:00"]),
        # 2026-10-25 03:00 → 02:00: the hour 2 comes twice, and is taken the first time
        ("2026-10-24", 2, ["2026-10-24 00:00", "2026-10-25 00:00", "2026-10-26 01:00"]),
        ("2026-10-24", 8, ["2026-10-24 06:00", "2026-10-25 07:00", "2026-10-26 07:00"]),
    ],
)
def test_through_a_change_of_the_clocks_there_is_one_digest_a_day_at_the_persons_hour(anna, first, hour, moments):
    DigestTime.objects.create(person=anna, hour=hour, zone="Europe/Berlin")
    written = []
    start = at(f"{first} 00:00", BERLIN).astimezone(UTC) - timedelta(hours=1)
    with time_machine.travel(start, tick=False) as clock:
        for step in range(2 * 74):
            now = start + step * timedelta(minutes=30)
            clock.move_to(now)
            write_all()
            if len(mail.outbox) > len(written):
                written.append(f"{now:%Y-%m-%d %H:%M}")
            say([anna], f"{step}")
    assert [moment for moment in written if moment >= moments[0]] == moments
    assert Letter.objects.count() == len(written)


@given(
    now=st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "nonsense"]),
    days=st.sampled_from(DigestTime.Days.values),
)
def test_the_last_moment_is_over_the_next_is_to_come_and_they_are_never_far_apart(now, hour, zone, days):
    when = DigestTime(hour=hour, zone=zone, days=days)
    _day, last = digests.last_moment(when, now)
    following = digests.next_moment(when, now)
    assert last <= now < following
    assert following - last <= timedelta(days=4)


def test_a_worker_that_looks_again_makes_no_second_digest_of_a_day(anna):
    say([anna], "1")
    now = timezone.now() + timedelta(days=1)
    assert (digests.gather(now), digests.gather(now)) == (1, 0)
    Notification.objects.update(mail=P.DIGEST, letter=None)  # as another worker saw them a moment before
    assert digests.gather(now) == 0
