"""The audit trail is kept as long as an administrator has set: for ever, or at least ninety days."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from campaigns import retention
from campaigns.retention import trail
from orchcamp.accounts import audit
from orchcamp.accounts.models import AuditEntry

pytestmark = pytest.mark.django_db
PAGE = reverse("campaigns:retention")
KEPT = {"history_days": "30", "archive_days": "30"}


def long_ago(days: int, verb: str) -> None:
    with mock.patch("django.utils.timezone.now", return_value=timezone.now() - timedelta(days=days)):
        audit.record(None, verb)


def verbs() -> set[str]:
    return set(AuditEntry.objects.filter(verb__startswith="did").values_list("verb", flat=True))


def test_without_a_setting_the_trail_is_kept_for_ever():
    long_ago(4000, "did")
    retention.purge()
    assert verbs() == {"did"}


def test_what_is_past_its_time_goes_with_the_clean_up_and_that_is_told(client, ada):
    client.force_login(ada)
    for days in (99, 101):
        long_ago(days, f"did {days}")
    assert client.post(PAGE, KEPT | {"audit_days": "100"}).status_code == 302
    changed = AuditEntry.objects.get(verb="changed retention")
    assert changed.facts["changes"] == {"audit_days": [0, 100]}
    dry = retention.purge(dry=True)
    assert dry.audit == 1 and verbs() == {"did 99", "did 101"}
    retention.purge()
    assert verbs() == {"did 99"}
    assert AuditEntry.objects.get(verb="cleaned up").facts["audit"] == 1


def test_nobody_removes_what_they_did_yesterday(client, ada):
    client.force_login(ada)
    page = client.post(PAGE, KEPT | {"audit_days": "1"})
    assert page.status_code == 200 and "at least 90 days, or for ever with 0" in page.content.decode()
    assert retention.installation().audit_days == 0


def test_more_than_a_pass_removes_is_left_for_the_next(ada, monkeypatch, capsys):
    monkeypatch.setattr(trail, "AT_A_TIME", 2)
    retention.change(history_days=30, archive_days=30, audit_days=90, by=ada)
    for number in range(3):
        long_ago(200, f"did {number}")
    first = retention.purge()
    assert (first.audit, first.more, len(verbs())) == (2, True, 1)
    call_command("purge")
    assert verbs() == set()
    assert "1 entries of the audit trail" in capsys.readouterr().out
