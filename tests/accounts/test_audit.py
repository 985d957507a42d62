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


def test_it_is_narrowed_by_person_kind_object_and_period(client, ada, mark):
    client.force_login(ada)
    audit.record(ada, "did", ada)
    audit.record(mark, "did", mark)
    today, page = timezone.localdate(), "/admin/accounts/auditentry/"

    def found(**asked) -> set[str]:
        changes = client.get(page, asked).context["cl"].queryset
        return {str(entry) for entry in changes.filter(verb="did")}

    assert found() == {"Ada did Ada", "Mark did Mark"}
    assert found(actor_name__icontains="mar") == {"Mark did Mark"}
    assert found(kind="accounts.user", object_id=ada.pk) == {"Ada did Ada"}
    assert found(label__icontains="ada") == {"Ada did Ada"}
    assert found(at_from=today, at_to=today) == {"Ada did Ada", "Mark did Mark"}
    assert found(at_to=today - timedelta(days=1)) == set() == found(at_from=today + timedelta(days=1))
    assert found(at_from="nonsense") == {"Ada did Ada", "Mark did Mark"}
    one = client.get(f"{page}{last('did').pk}/change/").content.decode()
    assert f"?kind=accounts.user&amp;object_id={mark.pk}" in one


def test_of_a_secret_it_is_told_that_it_changed_and_no_more(client, ada):
    client.force_login(ada)
    data = {"label": "Partner", "slug": "partner", "kind": "webhook", "active": "on", "typed_secret": "hush hush"}
    client.post("/admin/messaging/connection/add/", data | {"host": "", "port": "22"})
    changes = last("created").facts["changes"]
    assert changes["typed_secret"] == ["•••", "•••"] and changes["label"] == [None, "Partner"]
    assert "hush" not in str(list(AuditEntry.objects.values()))


def test_long_values_are_cut_whatever_they_are():
    cut = audit.differences({"rule": {}}, {"rule": {"any": ["x" * 600]}})["rule"]
    assert cut[0] == {} and len(cut[1]) == 501


def test_the_oldest_entries_go_first_and_no_more_at_a_time_than_was_said(mark):
    for number in range(4):
        audit.record(mark, f"did {number}")
    assert AuditEntry.objects.forget(timezone.now() + timedelta(seconds=1), most=3) == 3
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["did 3"]
