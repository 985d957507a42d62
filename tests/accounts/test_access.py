"""What times where: every combination gives the answer of the rule, in a fixed number of questions."""

from __future__ import annotations

from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import PermissionDenied
from django.http import Http404
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns.models import Campaign, Folder
from orchcamp.accounts import access, roles
from orchcamp.accounts.models import ProductProfile, User
from orchcamp.datasets.models import Dataset

ACTIONS = ["view", "add", "change", "delete", "test", "approve", "publish", "confirm", "report"]


def fresh(user: User) -> User:
    """The person as the next request loads them."""
    return User.objects.get(pk=user.pk)


def profile(label: str, rights: list[str], *, everywhere: bool) -> Group:
    row = ProductProfile(label=label, everywhere=everywhere)
    roles.define(row, rights)
    return row.group


@pytest.fixture
def campaigns(db) -> list[Campaign]:
    folder = Folder.objects.create(name="Brand A")
    return [
        Campaign.objects.create(slug="inside", name="Inside", folder=folder),
        Campaign.objects.create(slug="alone", name="Alone"),
        Campaign.objects.create(slug="other", name="Other"),
    ]


@pytest.fixture
def agency(db) -> Group:
    """A profile that may view and change, but only what is shared."""
    codes = ["campaigns.view_campaign", "campaigns.change_campaign", "campaigns.view_folder"]
    return profile("Agency", codes, everywhere=False)


def seen(user: User, action: str = "view") -> set[str]:
    return set(Campaign.objects.all().for_user(fresh(user), action).values_list("slug", flat=True))


@pytest.mark.parametrize("action", ACTIONS)
def test_the_built_in_profiles_reach_everywhere(action, campaigns, ada, anna, mark, vera, mallory):
    for person in (ada, anna, mark, vera, mallory):
        holds = person.has_perm(f"campaigns.{action}_campaign")
        assert {access.may(person, action, campaign) for campaign in campaigns} == {holds}
        assert len(Campaign.objects.all().for_user(person, action)) == (3 if holds else 0)
        assert access.may(person, action, Campaign) == holds


def test_a_narrow_profile_reaches_nothing_by_itself(campaigns, agency, mallory):
    mallory.groups.add(agency)
    assert seen(mallory) == set()
    assert access.may(fresh(mallory), "view", Campaign)


def test_sharing_without_a_profile_gives_nothing(campaigns, mallory):
    access.grant(mallory, ["view", "change"], campaigns[1])
    assert seen(mallory) == set()


def test_a_shared_campaign_is_reached_for_what_was_shared_only(campaigns, agency, mallory):
    mallory.groups.add(agency)
    access.grant(mallory, ["view"], campaigns[1])
    assert (seen(mallory), seen(mallory, "change")) == ({"alone"}, set())
    access.grant(agency, ["change", "publish"], campaigns[1])
    assert seen(mallory, "change") == {"alone"}
    assert seen(mallory, "publish") == set()  # shared, but no profile of theirs may publish
    access.revoke(mallory, ["view"], campaigns[1])
    assert seen(mallory) == set()


def test_a_shared_folder_shares_what_lies_in_it(campaigns, agency, mallory):
    mallory.groups.add(agency)
    access.grant(agency, ["view"], campaigns[0].folder)
    assert (seen(mallory), seen(mallory, "change")) == ({"inside"}, set())
    access.grant(agency, ["change"], campaigns[0].folder)
    assert (seen(mallory), seen(mallory, "change")) == ({"inside"}, {"inside"})
    campaigns[2].folder = campaigns[0].folder
    campaigns[2].save()
    assert seen(mallory) == {"inside", "other"}


def test_a_narrow_profile_does_not_widen_by_another_s_reach(campaigns, agency, mallory):
    """Viewing reaches everywhere, changing only what is shared."""
    mallory.groups.add(agency, Group.objects.get(profile__slug="viewer"))
    access.grant(mallory, ["change"], campaigns[1])
    assert seen(mallory) == {"inside", "alone", "other"}
    assert seen(mallory, "change") == {"alone"}


def test_people_who_are_not_active_may_nothing(campaigns, ada):
    root = User.objects.create_superuser("root", password="x")
    for person in (ada, root):
        person.is_active = False
        person.save()
        assert seen(person) == set()
        assert not access.may(fresh(person), "view", campaigns[0])
    assert not access.may(AnonymousUser(), "view", campaigns[0])
    assert not Campaign.objects.all().for_user(AnonymousUser(), "view").exists()


def test_what_is_invisible_is_not_found_and_what_is_forbidden_says_which_right_is_missing(campaigns, vera, mallory):
    with pytest.raises(Http404):
        access.get_for(mallory, "change", Campaign.objects.all(), slug="alone")
    with pytest.raises(Http404):
        access.get_for(vera, "view", Campaign.objects.all(), slug="nowhere")
    with pytest.raises(PermissionDenied, match=r"“publish campaigns”.*Administrator or Approver"):
        access.get_for(vera, "publish", Campaign.objects.all(), slug="alone")
    assert access.get_for(vera, "view", Campaign.objects.all(), slug="alone") == campaigns[1]
    with pytest.raises(PermissionDenied, match="“load customer data”"):
        access.demand(vera, "add", Dataset)


def test_a_permission_named_in_full_is_asked_by_its_name(ada, vera):
    assert access.codename(Dataset, "view_personal") == "datasets.view_personal"
    assert access.may(ada, "view_personal", Dataset)
    assert not access.may(vera, "view_personal", Dataset)


def test_every_code_that_the_product_asks_for_has_words(db):
    for action in ACTIONS:
        assert access.missing_right(access.codename(Campaign, action)).count("“") == 1


def test_only_what_has_tables_for_it_can_be_shared(ada, db):
    dataset = Dataset.objects.create(slug="people", label="People")
    with pytest.raises(TypeError):
        access.grant(ada, ["view"], dataset)


def test_shares_go_with_their_campaign(campaigns, agency):
    from campaigns.models import CampaignGroupPermission

    access.grant(agency, ["view"], campaigns[1])
    campaigns[1].delete()
    assert not CampaignGroupPermission.objects.exists()


@pytest.mark.parametrize("everywhere", [True, False])
def test_the_number_of_questions_does_not_grow_with_the_rows(db, everywhere, mallory, django_assert_max_num_queries):
    group = profile("Some", ["campaigns.view_campaign", "campaigns.change_campaign"], everywhere=everywhere)
    mallory.groups.add(group)
    for number in range(40):
        access.grant(group, ["view", "change"], Campaign.objects.create(slug=f"c{number}", name="C"))
    person = fresh(mallory)
    with django_assert_max_num_queries(6):
        rows = list(Campaign.objects.all().for_user(person))
        assert len(access.among(person, "change", rows)) == 40
    if everywhere:
        with django_assert_max_num_queries(0):
            assert all(access.may(person, "change", row) for row in rows)


class Rule(TestCase):
    """The answer of every door is the rule itself, for any mixture of profiles and shares."""

    @settings(max_examples=25, deadline=None)
    @given(data=st.data())
    def test_every_door_gives_the_answer_of_the_rule(self, data):
        folder = Folder.objects.create(name="f")
        rows = [
            Campaign.objects.create(slug="in", name="in", folder=folder),
            Campaign.objects.create(slug="out", name="out"),
        ]
        person = User.objects.create_user("p")
        held, wide, shared = set(), set(), set()
        for number in range(data.draw(st.integers(0, 2))):
            rights = data.draw(st.sets(st.sampled_from(["view", "change", "publish"])))
            everywhere = data.draw(st.booleans())
            codes = [f"campaigns.{right}_campaign" for right in rights]
            person.groups.add(profile(f"g{number}", codes, everywhere=everywhere))
            held |= rights
            wide |= rights if everywhere else set()
        opened = data.draw(st.sets(st.sampled_from(["view", "change", "delete"])))
        access.grant(person, opened, folder)
        for row, action in product(rows, ["view", "change"]):
            if data.draw(st.booleans()):
                access.grant(data.draw(st.sampled_from([person, *person.groups.all()])), [action], row)
                shared.add((row.pk, action))
        person = fresh(person)
        for row, action in product(rows, ["view", "change", "publish"]):
            by_folder = row.folder_id is not None and access.opening(Folder, action) in opened
            there = action in wide or (row.pk, action) in shared or by_folder
            expected = action in held and there
            assert access.may(person, action, row) == expected
            assert Campaign.objects.filter(pk=row.pk).for_user(person, action).exists() == expected
            assert (row.pk in access.among(person, action, rows)) == expected
