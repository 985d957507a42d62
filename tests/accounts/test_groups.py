"""Groups of people: who belongs to one, and a profile given to all of them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission

from orchcamp.accounts import roles
from orchcamp.accounts.models import AuditEntry, ProductProfile, User
from tests.conftest import person

ADD = "/admin/accounts/team/add/"


def profile(slug: str) -> int:
    return Group.objects.get(profile__slug=slug).pk


def test_a_group_is_made_with_members_and_gives_them_a_profile(client, ada, mark, vera):
    client.force_login(ada)
    data = {"name": "Paris team", "members": [mark.pk, vera.pk], "profiles": [profile("approver")]}
    assert client.post(ADD, data).status_code == 302
    team = Group.objects.get(name="Paris team")
    assert set(team.user_set.all()) == {mark, vera}
    assert User.objects.get(pk=vera.pk).has_perm("campaigns.approve_campaign")
    assert not team.permissions.exists()
    entry = AuditEntry.objects.get(label="Vera", verb="changed")
    assert entry.facts["changes"]["profiles"][1] == ["Approver", "Paris team", "Viewer"]


def test_members_come_and_go(client, ada, mark, vera):
    team = Group.objects.create(name="Paris team")
    team.user_set.add(mark)
    client.force_login(ada)
    client.post(f"/admin/accounts/team/{team.pk}/change/", {"name": "Rome team", "members": [vera.pk]})
    assert list(team.user_set.all()) == [vera]
    changes = AuditEntry.objects.get(verb="changed").facts["changes"]
    assert changes == {"members": [["mark"], ["vera"]], "name": ["Paris team", "Rome team"]}


def test_profiles_and_groups_with_rights_are_not_shown_as_groups(client, ada):
    strong = Group.objects.create(name="Powers")
    strong.permissions.add(Permission.objects.get(codename="delete_user"))
    client.force_login(ada)
    assert "Powers" not in client.get("/admin/accounts/team/").content.decode()
    for pk in (strong.pk, profile("viewer")):
        assert client.get(f"/admin/accounts/team/{pk}/change/").status_code == 302


@pytest.mark.parametrize("slug", ["administrator", "approver"])
def test_nobody_gives_a_group_more_than_they_have(client, db, slug):
    desk = person("kim", None)
    own = ProductProfile(label="Help desk", everywhere=True)
    roles.define(own, ["accounts.add_team", "accounts.change_user", "accounts.view_team"])
    desk.groups.add(own.group)
    client.force_login(desk)
    page = client.post(ADD, {"name": "x", "members": [desk.pk], "profiles": [profile(slug)]}).content.decode()
    assert "rights that you do not have" in page
    assert not Group.objects.filter(name="x").exists()


def test_a_person_who_is_changed_stays_in_their_groups(client, ada, mark):
    team = Group.objects.create(name="Paris team")
    mark.groups.add(team)
    client.force_login(ada)
    data = {"username": "mark", "email": mark.email, "is_active": "on", "groups": [profile("viewer")]}
    assert client.post(f"/admin/accounts/user/{mark.pk}/change/", data).status_code == 302
    assert sorted(mark.groups.values_list("name", flat=True)) == ["Paris team", "Viewer"]
    assert AuditEntry.objects.get(verb="changed").facts["changes"]["profiles"] == [["Manager"], ["Viewer"]]
    client.force_login(mark)
    assert "From: Viewer" in client.get("/account/").content.decode()
