"""The administration is for administrators, and nobody becomes more than that in it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from orchcamp.accounts import roles
from orchcamp.accounts.models import AuditEntry, ProductProfile, User

PEOPLE = "/admin/accounts/user/"
PAGES = [
    "/admin/",
    PEOPLE,
    "/admin/accounts/user/add/",
    "/admin/accounts/productprofile/",
    "/admin/accounts/productprofile/add/",
    "/admin/accounts/auditentry/",
    "/admin/accounts/team/",
    "/admin/accounts/team/add/",
    "/admin/accounts/user/import/",
    "/admin/accounts/apitoken/",
]


def profile_ids(*slugs: str) -> list[int]:
    return list(Group.objects.filter(profile__slug__in=slugs).values_list("pk", flat=True))


def details(person: User, **changes) -> dict:
    return {"username": person.username, "email": person.email, "is_active": "on"} | changes


@pytest.mark.parametrize("address", PAGES)
def test_an_administrator_opens_every_page_without_being_staff(client, ada, address):
    client.force_login(ada)
    assert not ada.is_staff
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", PAGES)
def test_nobody_else_gets_in(client, anna, mark, vera, mallory, address):
    for person in (anna, mark, vera, mallory):
        client.force_login(person)
        answer = client.get(address, follow=True)
        assert answer.status_code == 403
        assert "change people" in answer.content.decode()


def test_staff_without_the_profile_does_not_get_in(client, mallory):
    User.objects.update(is_staff=True)
    client.force_login(mallory)
    assert client.get("/admin/", follow=True).status_code == 403


def test_a_stranger_signs_in_on_the_one_page_for_it(client, db):
    answer = client.get("/admin/login/?next=/admin/", follow=True)
    assert answer.request["PATH_INFO"] == reverse("accounts:login")


def test_only_our_own_models_are_shown(client, ada):
    client.force_login(ada)
    page = client.get("/admin/").content.decode()
    for path in ("/admin/django_q/", "/admin/guardian/", "/admin/axes/", "/admin/auth/"):
        assert path not in page
        assert client.get(path).status_code == 404


def test_an_administrator_gives_and_takes_profiles(client, ada, mallory):
    client.force_login(ada)
    page = f"{PEOPLE}{mallory.pk}/change/"
    client.post(page, details(mallory, groups=profile_ids("manager")))
    assert User.objects.get(pk=mallory.pk).has_perm("campaigns.change_campaign")
    client.post(page, details(mallory))
    assert not User.objects.get(pk=mallory.pk).has_perm("campaigns.change_campaign")
    assert [entry.verb for entry in AuditEntry.objects.filter(object_id=str(mallory.pk))] == ["changed", "changed"]


def test_a_crafted_request_makes_nobody_superuser_or_staff(client, ada, mark):
    client.force_login(ada)
    for person, profile in ((ada, "administrator"), (mark, "manager")):
        extra = {"is_superuser": "on", "is_staff": "on", "user_permissions": ["1", "2"], "groups": profile_ids(profile)}
        assert client.post(f"{PEOPLE}{person.pk}/change/", details(person, **extra)).status_code == 302
        person.refresh_from_db()
        assert (person.is_superuser, person.is_staff, person.user_permissions.count()) == (False, False, 0)


def test_a_new_person_is_no_superuser_either(client, ada):
    client.force_login(ada)
    data = {"username": "nina", "usable_password": "true", "password1": "long enough 1", "password2": "long enough 1"}
    client.post("/admin/accounts/user/add/", data | {"is_superuser": "on", "is_staff": "on"})
    nina = User.objects.get(username="nina")
    assert (nina.is_superuser, nina.is_staff) == (False, False)


def test_a_group_that_is_no_profile_cannot_be_given(client, ada, mark):
    secret = Group.objects.create(name="secret")
    client.force_login(ada)
    answer = client.post(f"{PEOPLE}{mark.pk}/change/", details(mark, groups=[secret.pk]))
    assert answer.status_code == 200
    assert secret not in mark.groups.all()


def test_a_superuser_is_out_of_an_administrator_s_reach(client, ada):
    root = User.objects.create_superuser("root", password="the first password")
    client.force_login(ada)
    client.post(f"{PEOPLE}{root.pk}/change/", details(root, username="owned"))
    client.post(f"{PEOPLE}{root.pk}/password/", {"password1": "stolen 12345", "password2": "stolen 12345"})
    client.post(f"{PEOPLE}{root.pk}/delete/", {"post": "yes"})
    client.post(PEOPLE, {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"})
    root.refresh_from_db()
    assert root.username == "root"
    assert root.check_password("the first password")


def test_the_last_administrator_stays_one(client, ada, mark):
    client.force_login(ada)
    page = f"{PEOPLE}{ada.pk}/change/"
    for attempt in (details(ada), {"username": "ada", "groups": profile_ids("administrator")}):
        answer = client.post(page, attempt)
        assert "last administrator" in answer.content.decode()
    assert User.objects.get(pk=ada.pk).has_perm("accounts.change_user")
    mark.groups.add(*profile_ids("administrator"))
    assert client.post(page, details(ada)).status_code == 302


def test_nobody_deletes_themselves(client, ada):
    client.force_login(ada)
    assert client.post(f"{PEOPLE}{ada.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(PEOPLE, {"action": "delete_selected", "_selected_action": [ada.pk], "post": "yes"})
    assert User.objects.filter(pk=ada.pk).exists()


def test_a_profile_of_one_s_own_holds_the_chosen_rights_and_nothing_from_outside_the_table(client, ada, mallory):
    client.force_login(ada)
    data = {"label": "Agency", "description": "Outside help", "rights": ["campaigns.view_campaign"]}
    assert client.post("/admin/accounts/productprofile/add/", data).status_code == 302
    agency = ProductProfile.objects.get(slug="agency")
    assert not agency.everywhere
    assert not agency.built_in
    assert [right.code for right in roles.held_by(agency)] == ["campaigns.view_campaign"]
    refused = client.post(
        f"/admin/accounts/productprofile/{agency.pk}/change/", data | {"rights": ["auth.add_permission"]}
    )
    assert refused.status_code == 200
    assert client.post("/admin/accounts/productprofile/add/", data).status_code == 200  # the name is taken
    assert ProductProfile.objects.filter(label="Agency").count() == 1


def test_deleting_a_profile_of_one_s_own_deletes_its_group(client, ada):
    client.force_login(ada)
    agency = ProductProfile(label="Agency")
    roles.define(agency, ["campaigns.view_campaign"])
    client.post(f"/admin/accounts/productprofile/{agency.pk}/delete/", {"post": "yes"})
    assert not Group.objects.filter(name="Agency").exists()


def test_built_in_profiles_and_the_audit_trail_cannot_be_changed(client, ada):
    client.force_login(ada)
    viewer = ProductProfile.objects.get(slug="viewer")
    assert client.get(f"/admin/accounts/productprofile/{viewer.pk}/change/").status_code == 200
    change = client.post(
        f"/admin/accounts/productprofile/{viewer.pk}/change/", {"label": "x", "rights": list(roles.BY_CODE)}
    )
    assert change.status_code == 403
    assert client.post(f"/admin/accounts/productprofile/{viewer.pk}/delete/", {"post": "yes"}).status_code == 403
    entry = AuditEntry.objects.create(verb="did", label="it")
    assert client.get(f"/admin/accounts/auditentry/{entry.pk}/change/").status_code == 200
    assert client.post(f"/admin/accounts/auditentry/{entry.pk}/change/", {"verb": "lied"}).status_code == 403
    assert client.post(f"/admin/accounts/auditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert AuditEntry.objects.get(pk=entry.pk).verb == "did"


def test_the_policy_is_loose_in_the_administration_only(client, ada):
    client.force_login(ada)
    assert "'unsafe-eval'" in client.get("/admin/")["Content-Security-Policy"]
    for page in (reverse("accounts:account"), "/nowhere", "/adminx"):
        policy = client.get(page)["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
