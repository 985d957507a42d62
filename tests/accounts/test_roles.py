"""The four product profiles hold exactly the matrix of the design."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from orchcamp.accounts import roles
from orchcamp.accounts.models import ProductProfile

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "permissions.md"

# The table of the architecture, §7: right -> administrator, approver, manager, viewer.
MATRIX = {
    "campaigns.view_campaign": "yes yes yes yes",
    "campaigns.report_campaign": "yes yes yes yes",
    "campaigns.add_campaign": "yes yes yes no",
    "campaigns.change_campaign": "yes yes yes no",
    "campaigns.delete_campaign": "yes yes yes no",
    "campaigns.test_campaign": "yes yes yes no",
    "campaigns.add_task": "yes yes yes no",
    "campaigns.publish_campaign": "yes yes no no",
    "campaigns.confirm_campaign": "yes yes no no",
    "campaigns.approve_campaign": "yes yes no no",
    "datasets.view_dataset": "yes yes yes no",
    "datasets.view_personal": "yes yes yes no",
    "messaging.view_channelconfiguration": "yes yes yes no",
    "datasets.add_dataset": "yes no no no",
    "datasets.change_dataset": "yes no no no",
    "datasets.delete_dataset": "yes no no no",
    "messaging.change_channelconfiguration": "yes no no no",
    "messaging.view_suppression": "yes no no no",
    "messaging.add_suppression": "yes no no no",
    "accounts.change_user": "yes no no no",
    "campaigns.view_installation": "yes no no no",
    "campaigns.change_installation": "yes no no no",
}


@pytest.mark.parametrize("code", MATRIX)
def test_who_holds_a_right(code, ada, anna, mark, vera, mallory):
    held = ["yes" if person.has_perm(code) else "no" for person in (ada, anna, mark, vera)]
    assert " ".join(held) == MATRIX[code]
    assert not mallory.has_perm(code)


def test_every_right_of_the_table_is_a_permission_of_the_database(db):
    codes = {f"{app}.{code}" for app, code in Permission.objects.values_list("content_type__app_label", "codename")}
    assert set(roles.BY_CODE) <= codes


def test_every_permission_of_the_product_s_own_kind_is_in_the_table(db):
    """A new permission of a campaign, a dataset, a channel or a person cannot be forgotten."""
    kinds = ["campaign", "dataset", "channelconfiguration", "suppression", "user", "productprofile", "installation"]
    rows = Permission.objects.filter(content_type__app_label__in=roles.APPS, content_type__model__in=kinds)
    assert {f"{row.content_type.app_label}.{row.codename}" for row in rows} <= set(roles.BY_CODE)


def test_profiles_nest(db):
    viewer, manager, approver, administrator = (
        roles.codes(slug) for slug in (roles.VIEWER, roles.MANAGER, roles.APPROVER, roles.ADMINISTRATOR)
    )
    assert viewer < manager < approver < administrator


def test_the_built_in_profiles_are_groups_that_reach_everywhere(db):
    rows = ProductProfile.objects.all()
    assert [row.slug for row in rows] == [profile.slug for profile in roles.PROFILES]
    assert all(row.built_in and row.everywhere and row.group.name == row.label for row in rows)


def test_sync_repairs_a_built_in_profile_and_leaves_others_alone(db):
    manager = Group.objects.get(profile__slug="manager")
    publish = Permission.objects.get(codename="publish_campaign")
    manager.permissions.add(publish)
    own = Group.objects.create(name="Interns")
    own.permissions.add(publish)
    ProductProfile.objects.create(slug="interns", label="Interns", group=own, everywhere=False)
    roles.sync()
    assert publish not in manager.permissions.all()
    assert list(own.permissions.all()) == [publish]


def test_sync_brings_back_what_was_deleted_and_a_second_time_changes_nothing(db):
    Group.objects.filter(profile__slug="viewer").delete()
    roles.sync()
    before = sorted(Group.permissions.through.objects.values_list("group__name", "permission__codename"))
    ids = sorted(Group.permissions.through.objects.values_list("pk", flat=True))
    roles.sync()
    assert sorted(Group.permissions.through.objects.values_list("group__name", "permission__codename")) == before
    assert sorted(Group.permissions.through.objects.values_list("pk", flat=True)) == ids


@pytest.mark.django_db(transaction=True)
def test_profiles_survive_an_emptied_database():
    call_command("flush", verbosity=0, interactive=False)
    assert ProductProfile.objects.count() == 4
    assert Group.objects.get(profile__slug="approver").permissions.filter(codename="publish_campaign").exists()


def test_the_reference_page_is_current():
    assert PAGE.read_text() == roles.reference(), "Write it again: make docs"
