"""Workers that write to the same people at the same moment: on PostgreSQL each with a connection of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, connections
from django.utils import timezone

from orchcamp.accounts.models import Letter, Notification
from orchcamp.accounts.notifying import tell
from orchcamp.accounts.telling import digests, letters

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]
WIDTH = 6


def together(deed) -> list:
    """What threads with connections of their own get that do the same at once."""

    def alone(_number):
        try:
            return deed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WIDTH) as pool:
        return list(pool.map(alone, range(WIDTH)))


def say(people, kind: str, key: str = "1") -> None:
    tell(people, kind, "Something happened.", address="/campaigns/spring/", key=key)


def test_telling_the_same_at_once_is_one_notification(anna):
    together(lambda: say([anna], "campaign_failed"))
    assert Notification.objects.count() == 1


def test_each_letter_is_written_once(anna, mark):
    say([anna, mark], "campaign_failed")
    together(letters.gather)
    now = timezone.now()
    errands = [errand for found in together(lambda: letters.claim_due(now)) for errand in found]
    together(lambda: [letters.write(errand) for errand in errands])
    assert sorted(letter.to[0] for letter in mail.outbox) == ["anna@example.org", "mark@example.org"]
    assert not Letter.objects.exclude(state=Letter.State.SENT).exists()


def test_there_is_one_digest_of_a_day(anna):
    for key in "12":
        say([anna], "comment", key)
    tomorrow = timezone.now() + timedelta(days=1)
    assert sum(together(lambda: digests.gather(tomorrow))) == 1
    assert Letter.objects.get().notifications.count() == 2
