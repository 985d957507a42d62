"""With whom a campaign is shared: who may say so, and whom it lets in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign
from orchcamp.accounts import access, roles
from orchcamp.accounts.models import AuditEntry, ProductProfile, User
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign
from tests.conftest import person

HTMX = {"HX-Request": "true"}
SHARE, PROPERTIES = reverse("campaigns:share", args=["spring"]), reverse("campaigns:properties", args=["spring"])
CANVAS = reverse("campaigns:canvas", args=["spring"])


@pytest.fixture
def campaign(mark) -> Campaign:
    make_shop()
    return make_campaign(owner=mark)


@pytest.fixture
def agency(db) -> Group:
    """Members may do anything to campaigns, but only to those that are shared with them."""
    profile = ProductProfile(label="Agency", everywhere=False)
    roles.define(profile, [right.code for right in roles.RIGHTS if right.code.startswith("campaigns.")])
    return profile.group


@pytest.fixture
def nora(agency) -> User:
    nora = person("nora", None)
    nora.groups.add(agency)
    return nora


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def key(subject: User | Group) -> str:
    return f"{'group' if isinstance(subject, Group) else 'person'}-{subject.pk}"


def share(by: User, subject: User | Group, level: str = "view"):
    return as_(by).post(SHARE, {"subject": key(subject), "level": level}, headers=HTMX)


def test_a_narrow_person_sees_a_campaign_only_while_it_is_shared(campaign, mark, nora):
    assert as_(nora).get(CANVAS).status_code == 404
    page = share(mark, nora).content.decode()
    assert f'id="share-{key(nora)}"' in page and "<html" not in page
    assert as_(nora).get(CANVAS).status_code == 200
    assert as_(nora).get(PROPERTIES).status_code == 403
    gone = as_(mark).post(SHARE, {"remove": key(nora)}, headers=HTMX).content.decode()
    assert f'id="share-{key(nora)}"' not in gone
    assert as_(nora).get(CANVAS).status_code == 404


def test_a_group_lets_all_its_members_in_at_the_level_chosen_last(campaign, mark, nora, agency):
    share(mark, agency, "all")
    assert as_(nora).get(reverse("campaigns:delete", args=["spring"])).status_code == 200
    share(mark, agency, "change")
    assert as_(nora).get(PROPERTIES).status_code == 200
    assert as_(nora).get(reverse("campaigns:delete", args=["spring"])).status_code == 403
    share(mark, agency, "view")
    assert as_(nora).get(PROPERTIES).status_code == 403


def test_sharing_gives_no_right_that_no_profile_gives(campaign, mark, mallory, vera):
    share(mark, mallory, "all")
    share(mark, vera, "all")
    assert as_(mallory).get(CANVAS).status_code == 404
    assert as_(vera).get(PROPERTIES).status_code == 403


@pytest.mark.parametrize("level", ["view", "change", "all"])
def test_those_with_whom_it_is_shared_do_not_share_it_on(campaign, mark, nora, vera, level):
    share(mark, nora, level)
    assert share(nora, vera).status_code == 403
    if level != "view":
        page = as_(nora).get(PROPERTIES).content.decode()
        assert "Only the owner of a campaign and administrators share it" in page and f'action="{SHARE}"' not in page


def test_administrators_share_what_is_not_theirs_and_other_managers_do_not(campaign, ada, anna, nora):
    assert share(anna, nora).status_code == 403
    assert share(ada, nora).status_code == 200
    assert as_(nora).get(CANVAS).status_code == 200


def test_the_owner_keeps_what_is_theirs(campaign, mark, ada):
    access.grant(mark, ["view"], campaign)
    page = as_(ada).post(SHARE, {"remove": key(mark)}, headers=HTMX).content.decode()
    assert "owns “Spring” and always reaches it" in page
    assert "Select a valid choice" in share(ada, mark).content.decode()


@pytest.mark.parametrize("data", [{}, {"subject": "person-0"}, {"subject": "group-x", "level": "root"}])
def test_nonsense_is_said_and_shares_nothing(campaign, mark, data):
    page = as_(mark).post(SHARE, data, headers=HTMX)
    assert page.status_code == 200 and 'role="alert"' in page.content.decode()
    assert not AuditEntry.objects.filter(verb="shared").exists()


def test_what_somebody_else_took_back_meanwhile_is_said(campaign, mark, nora):
    page = as_(mark).post(SHARE, {"remove": key(nora)}, headers=HTMX).content.decode()
    assert "not shared with them any more" in page


def test_without_scripts_the_page_comes_back(campaign, mark, nora):
    response = as_(mark).post(SHARE, {"subject": key(nora), "level": "view"}, follow=True)
    assert response.redirect_chain == [(PROPERTIES, 302)] and f'id="share-{key(nora)}"' in response.content.decode()
    missing = as_(mark).post(SHARE, {}, follow=True).content.decode()
    assert "Choose a person or group" in missing


def test_the_trail_tells_who_shared_what_with_whom(campaign, mark, nora):
    share(mark, nora, "change")
    as_(mark).post(SHARE, {"remove": key(nora)})
    trail = (
        AuditEntry.objects.filter(kind="campaigns.campaign", object_id=str(campaign.pk))
        .order_by("pk")
        .values_list("verb", "actor", "facts")
    )
    assert list(trail)[-2:] == [
        ("shared", mark.pk, {"subject": "Nora", "level": "change", "changes": {"Nora": [None, "change"]}}),
        ("stopped sharing", mark.pk, {"subject": "Nora", "changes": {"Nora": ["change", None]}}),
    ]


def test_the_page_asks_no_more_questions_for_more_shares(campaign, mark, django_assert_max_num_queries):
    share(mark, person("p0", None))
    with django_assert_max_num_queries(44) as few:
        as_(mark).get(PROPERTIES)
    asked = len(few)
    for number in range(1, 8):
        share(mark, person(f"p{number}", None))
    with django_assert_max_num_queries(asked):
        as_(mark).get(PROPERTIES)
