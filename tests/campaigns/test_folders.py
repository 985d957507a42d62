"""Folders as a tree, whom a shared one lets in, and tags that are renamed everywhere."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import folders, tagging
from campaigns.errors import CampaignError
from campaigns.models import Campaign, Folder
from orchcamp.accounts import access, roles
from orchcamp.accounts.models import ProductProfile
from tests.campaigns.builders import make_campaign
from tests.conftest import person

PAGE = reverse("campaigns:folders")


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def nora(db):
    """She may do anything to campaigns that are shared with her."""
    user = person("nora", None)
    profile = ProductProfile(label="Agency", everywhere=False)
    roles.define(profile, [right.code for right in roles.RIGHTS if right.code.startswith("campaigns.")])
    user.groups.add(profile.group)
    return user


def test_sharing_a_folder_shares_what_lies_in_the_folders_within_it(mark, nora):
    brand = Folder.objects.create(name="Brand")
    season = Folder.objects.create(name="Season", parent=brand)
    week = Folder.objects.create(name="Week", parent=season)
    other = Folder.objects.create(name="Other")
    for slug, folder in (("a", brand), ("b", season), ("c", week), ("d", other), ("e", None)):
        make_campaign(owner=mark, slug=slug, folder=folder)
    access.grant(nora, ["view", "change"], season)
    assert set(Campaign.objects.for_user(nora).values_list("slug", flat=True)) == {"b", "c"}
    assert {branch.folder.name for branch in folders.tree(nora)} == {"Season", "Week"}
    assert access.may(nora, "change", Campaign.objects.get(slug="c"))
    assert not access.may(nora, "change", Campaign.objects.get(slug="a"))
    access.revoke(nora, ["view", "change"], season)
    access.grant(nora, ["view"], brand)
    assert set(Campaign.objects.for_user(nora).values_list("slug", flat=True)) == {"a", "b", "c"}


def test_a_folder_lies_neither_within_itself_nor_too_deep(ada):
    one = folders.create("One", None, by=ada)
    two = folders.create("Two", one, by=ada)
    three = folders.create("Three", two, by=ada)
    with pytest.raises(CampaignError, match="at most 3 deep"):
        folders.create("Four", three, by=ada)
    with pytest.raises(CampaignError, match="within itself"):
        folders.change(one, name="One", parent=three, by=ada)
    loose = folders.create("Loose", None, by=ada)
    with pytest.raises(CampaignError, match="at most 3 deep"):
        folders.change(one, name="One", parent=loose, by=ada)
    with pytest.raises(CampaignError, match="already"):
        folders.create("two", one, by=ada) and folders.create("Two", None, by=ada)


def test_folders_are_made_renamed_moved_and_deleted_on_their_page(mark, ada):
    page = as_(mark)
    page.post(PAGE, {"name": "Season"})
    season = Folder.objects.get()
    make_campaign(owner=mark, folder=season)
    page.post(PAGE, {"name": "Week", "parent": season.pk})
    week = Folder.objects.get(parent=season)
    page.post(reverse("campaigns:folder", args=[week.pk]), {"name": "Weeks", "parent": ""})
    week.refresh_from_db()
    assert (week.name, week.parent) == ("Weeks", None)
    shown = page.get(PAGE).content.decode()
    assert "1 campaign<" in shown and "You need the right “delete folders”" in shown
    assert page.post(reverse("campaigns:folder", args=[week.pk]), {"do": "delete"}).status_code == 403
    as_(ada).post(reverse("campaigns:folder", args=[season.pk]), {"do": "delete"})
    assert Campaign.objects.get().folder is None


def test_a_folder_that_holds_folders_is_not_deleted(ada):
    one = folders.create("One", None, by=ada)
    folders.create("Two", one, by=ada)
    answer = as_(ada).post(reverse("campaigns:folder", args=[one.pk]), {"do": "delete"}, follow=True)
    assert "“One” holds other folders; move those first." in answer.content.decode()
    assert Folder.objects.count() == 2


def test_renaming_a_tag_merges_every_spelling(mark, ada):
    make_campaign(owner=mark, slug="a", tags=["vip", "x"])
    make_campaign(owner=mark, slug="b", tags=["VIP", "Gold"])
    address = reverse("campaigns:rename_tag")
    assert as_(mark).post(address, {"tag": "vip", "name": "Gold"}).status_code == 403
    as_(ada).post(address, {"tag": "vip", "name": "Gold"})
    assert list(Campaign.objects.order_by("slug").values_list("tags", flat=True)) == [["Gold", "x"], ["Gold"]]
    assert tagging.known(tagging.texts(Campaign.objects.all())) == {"Gold": 2, "x": 1}
