"""Profiles of one's own: what a change means for how many, where a person's rights come from, and who can give them."""

from __future__ import annotations

import pytest

from campaigns.models import Campaign
from orchcamp.accounts import access, effects, granting, roles
from orchcamp.accounts.models import AuditEntry, ProductProfile, User
from tests.conftest import person

PROFILES = "/admin/accounts/productprofile/"
SEE, CHANGE = "campaigns.view_campaign", "campaigns.change_campaign"


@pytest.fixture
def agency(db) -> ProductProfile:
    profile = ProductProfile(label="Agency", everywhere=False)
    roles.define(profile, [SEE])
    return profile


def counted(found: effects.Effect, name: str) -> dict[str, int]:
    return {right.code: number for right, number in found.told(name)}


def test_a_change_is_counted_for_those_whom_no_other_profile_gives_the_same(agency, mallory, vera):
    agency.group.user_set.set([mallory, vera])
    found = effects.effect(agency, rights=[SEE, CHANGE], everywhere=True, members=[mallory, vera])
    assert (found.people, counted(found, "gained")) == (2, {CHANGE: 2})
    assert counted(found, "widened") == {SEE: 1}  # the viewer saw everything before
    lost = effects.effect(agency, rights=[], everywhere=False, members=[mallory, vera])
    assert (lost.people, counted(lost, "lost")) == (1, {SEE: 1})


def test_members_that_come_and_go_are_counted_and_nothing_is_said_of_nothing(agency, mallory, vera, mark):
    agency.group.user_set.set([mallory])
    found = effects.effect(agency, rights=[SEE], everywhere=False, members=[mark, vera])
    assert (found.people, counted(found, "lost"), counted(found, "gained")) == (1, {SEE: 1}, {})
    assert not effects.effect(agency, rights=[SEE], everywhere=False, members=[mallory])


def test_the_number_of_questions_does_not_grow_with_the_members(agency, django_assert_max_num_queries):
    members = [person(f"p{number}", "viewer") for number in range(12)]
    agency.group.user_set.set(members)
    with django_assert_max_num_queries(10):
        assert effects.effect(agency, rights=[SEE, CHANGE], everywhere=True, members=members).people == 12


def test_the_administration_asks_before_it_changes_what_people_may_do(client, ada, agency, mallory):
    agency.group.user_set.set([mallory])
    client.force_login(ada)
    page = f"{PROFILES}{agency.pk}/change/"
    data = {"label": "Agency", "description": "", "rights": [SEE, CHANGE], "people": [mallory.pk]}
    asked = client.post(page, data).content.decode()
    assert "changes what 1 person may do" in asked and "Change campaigns: 1 person" in asked
    assert not User.objects.get(pk=mallory.pk).has_perm(CHANGE)
    assert client.post(page, data | {"sure": "yes"}).status_code == 302
    assert User.objects.get(pk=mallory.pk).has_perm(CHANGE)
    changes = AuditEntry.objects.filter(verb="changed", kind="accounts.productprofile").latest("pk").facts["changes"]
    assert changes == {"rights": [[SEE], [SEE, CHANGE]]}
    renamed = client.post(page, data | {"description": "Outside help"})
    assert renamed.status_code == 302  # what changes nothing for anybody is not asked about


def test_members_are_given_and_taken_on_the_page_of_the_profile_and_who_cannot_be_chosen_stays(
    client, ada, agency, mallory, mark
):
    gone = person("gone", None)
    agency.group.user_set.set([gone, mallory])
    User.objects.filter(pk=gone.pk).update(is_active=False)
    client.force_login(ada)
    data = {"label": "Agency", "description": "", "rights": [SEE], "people": [mark.pk], "sure": "yes"}
    client.post(f"{PROFILES}{agency.pk}/change/", data)
    assert set(agency.group.user_set.values_list("username", flat=True)) == {"gone", "mark"}
    changes = AuditEntry.objects.filter(verb="changed", kind="accounts.productprofile").latest("pk").facts["changes"]
    assert changes == {"people": [["gone", "mallory"], ["gone", "mark"]]}


def test_the_page_of_a_person_tells_where_each_right_comes_from(client, ada, agency, vera):
    vera.groups.add(agency.group)
    found = {one.right.code: one for one in effects.effective(vera)}
    assert [source.profile for source in found[SEE].sources] == ["Agency", "Viewer"]
    assert found[SEE].everywhere and CHANGE not in found
    client.force_login(ada)
    page = client.get(f"/admin/accounts/user/{vera.pk}/change/").content.decode()
    assert "<strong>See campaigns</strong>: Agency, Viewer (everywhere)" in page


def test_a_refusal_names_the_profiles_of_one_s_own_and_who_can_give_it(agency, ada, mallory):
    roles.define(agency, [SEE, "campaigns.publish_campaign"])
    sentence = str(access.refusal(Campaign, "publish"))
    assert "Administrator, Approver or Agency" in sentence and sentence.endswith("Ada can give it.")
    for name in ("bea", "cem", "dora"):
        person(name, "administrator")
    assert str(access.refusal(Campaign, "publish")).endswith("Ada, Bea, Cem or another administrator can give it.")


def test_without_an_administrator_nobody_is_named(db):
    assert str(access.refusal(Campaign, "publish")).endswith("An administrator can give it.")


def test_it_is_asked_once_in_a_request_however_many_controls_say_so(ada, django_assert_num_queries):
    with granting.asked_once(), django_assert_num_queries(2):
        for _time in range(5):
            str(access.refusal(Campaign, "publish"))
            str(access.refusal(Campaign, "change"))


def test_a_sentence_that_nobody_reads_asks_nothing(ada, django_assert_num_queries):
    with django_assert_num_queries(0):
        access.refusal(Campaign, "publish")


def test_whose_profile_has_the_right_is_told_that_it_is_not_shared_so_far(agency, ada, mark, mallory):
    roles.define(agency, [SEE, CHANGE])
    mallory.groups.add(agency.group)
    campaign = Campaign.objects.create(slug="spring", name="Spring", owner=mark)
    access.grant(mallory, ["view"], campaign)
    sentence = access.why_not(mallory, "change", campaign)
    assert sentence == (
        "“Spring” is shared with you, but not so far that you may “change campaigns”. "
        "Its owner Mark or an administrator can share it further."
    )
    mark.is_active = False
    assert access.why_not(mallory, "change", campaign).endswith("Ada can share it further.")
    assert "“publish campaigns”" in str(access.why_not(mallory, "publish", campaign))


def test_nobody_gives_rights_by_a_profile_that_they_do_not_have(client, agency):
    """Not even further than they have them."""
    helper = person("helper", None)
    desk = ProductProfile(label="Desk", everywhere=True)
    roles.define(desk, [right for right in roles.BY_CODE if right.startswith("accounts.")])
    helper.groups.add(desk.group)
    client.force_login(helper)
    data = {"label": "Agency", "description": "", "rights": [SEE, CHANGE], "people": [helper.pk], "sure": "yes"}
    refused = client.post(f"{PROFILES}{agency.pk}/change/", data)
    assert refused.status_code == 200 and "rights that you do not have" in refused.content.decode()
    assert not User.objects.get(pk=helper.pk).has_perm(SEE)
