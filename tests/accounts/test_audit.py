"""The audit trail: who, when, from where, before and after; added to, never changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from orchcamp.accounts import audit
from orchcamp.accounts.models import AuditEntry

pytestmark = pytest.mark.django_db


def last(verb: str) -> AuditEntry:
    return AuditEntry.objects.filter(verb=verb).latest("pk")


def test_signing_in_and_out_and_a_wrong_password_are_recorded_with_their_address(client, mark):
    client.post("/login", {"username": "mark", "password": "wrong"}, REMOTE_ADDR="192.0.2.7")
    client.post("/login", {"username": "mark", "password": "correct horse"}, REMOTE_ADDR="192.0.2.8")
    client.post("/logout", REMOTE_ADDR="192.0.2.9")
    tried = last("could not sign in")
    assert (tried.actor, tried.facts, tried.source) == (None, {"username": "mark"}, "192.0.2.7")
    assert (last("signed in").actor, last("signed in").source) == (mark, "192.0.2.8")
    assert (last("signed out").actor, last("signed out").source) == (mark, "192.0.2.9")
    assert "wrong" not in str(list(AuditEntry.objects.values()))


def test_what_no_request_does_comes_from_the_system(mark):
    audit.record(mark, "did")
    assert last("did").source == "system"


def test_an_entry_is_never_changed_nor_removed(mark):
    audit.record(mark, "did")
    entry = last("did")
    entry.verb = "lied"
    for change in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(verb="lied"),
    ):
        with pytest.raises(TypeError, match="append-only"):
            change()
    assert last("did").pk == entry.pk


def test_the_trail_outlives_its_people(mark):
    audit.record(mark, "did")
    mark.delete()
    assert (last("did").actor, last("did").actor_name) == (None, "Mark")


def test_only_what_is_older_than_its_retention_is_forgotten(mark):
    audit.record(mark, "did")
    assert AuditEntry.objects.forget(timezone.now() - timedelta(days=1)) == 0
    count = AuditEntry.objects.count()
    assert AuditEntry.objects.forget(timezone.now() + timedelta(seconds=1)) == count > 0


def test_the_change_of_a_person_tells_before_and_after(client, ada, mark):
    client.force_login(ada)
    page = f"/admin/accounts/user/{mark.pk}/change/"
    sent = {"username": "mark", "first_name": "Marcus", "last_name": "", "email": mark.email, "is_active": "on"}
    client.post(page, {**sent, "groups": [ada.groups.get().pk], "_save": "Save"})
    changes = AuditEntry.objects.filter(verb="changed", object_id=str(mark.pk)).latest("pk").facts["changes"]
    assert changes == {"first_name": ["Mark", "Marcus"], "profiles": [["Manager"], ["Administrator"]]}


def test_the_administrator_searches_reads_and_exports_it(client, ada):
    client.force_login(ada)
    audit.record(ada, "did", ada, changes={"name": ["=old", "new"]}, note="why")
    entry = last("did")
    assert "did" in client.get("/admin/accounts/auditentry/?q=did").content.decode()
    page = client.get(f"/admin/accounts/auditentry/{entry.pk}/change/").content.decode()
    assert "=old → new" in page and "why" in page
    sent = {"action": "as_csv", "_selected_action": [entry.pk]}
    lines = b"".join(client.post("/admin/accounts/auditentry/", sent)).decode().splitlines()
    assert lines[0].startswith("at,actor_name,verb") and len(lines) == 2 and "=old" in lines[1]
    assert last("exported the audit trail").facts == {"entries": 1}
