"""Following from the pages: the button of a campaign, the row of the list, and who follows, for administrators."""

from __future__ import annotations

import pytest
from django.urls import reverse

from campaigns import following
from campaigns.models import Campaign, Following
from orchcamp.accounts.models import AuditEntry
from tests.campaigns.builders import make_campaign

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
E = Following.Extent


@pytest.fixture
def campaign(mark):
    return make_campaign(owner=mark)


def address(name: str) -> str:
    return reverse(f"campaigns:{name}", args=["spring"])


def extent(campaign, user) -> str:
    return following.extent(campaign, user)


def test_whoever_sees_a_campaign_follows_it_by_the_button_of_its_pages(client, vera, campaign):
    client.force_login(vera)
    assert 'id="follow"' in client.get(address("runs")).text
    answer = client.post(address("follow"), {"extent": "important", "where": "header"}, headers=HTMX)
    assert "Following" in answer.text and "failures and approvals" in answer["HX-Trigger"]
    assert extent(campaign, vera) == E.IMPORTANT
    client.post(address("follow"), {"extent": "none"})
    assert extent(campaign, vera) == E.NONE


def test_the_owner_follows_already_and_the_row_of_the_list_says_so(client, mark, vera, campaign):
    client.force_login(mark)
    assert "Stop following" in client.get(address("row_menu")).text
    answer = client.post(address("follow"), {"extent": "none", "where": "row"}, headers=HTMX)
    assert ">Follow<" in answer.text.replace("</span>", ">")
    assert extent(campaign, mark) == E.NONE
    assert "Stop following" not in client.get(address("row_menu")).text


def test_what_cannot_be_followed_is_refused_in_a_sentence(client, vera, campaign):
    client.force_login(vera)
    answer = client.post(address("follow"), {"extent": "loud"}, headers=HTMX)
    assert "choose one of: Everything" in answer["HX-Trigger"]
    assert not Following.objects.exists()


def test_the_page_shows_supervisors_and_warns_where_there_are_none_who_see_it(client, mark, anna, mallory, campaign):
    client.force_login(mark)
    assert "Nobody supervises this campaign" in client.get(address("followers")).text
    assert "Nobody supervises this campaign" in client.get(address("alerts"), headers=HTMX).text
    campaign.settings = {"supervisors": {"groups": ["Approver"], "people": ["mallory"]}}
    campaign.save()
    page = client.get(address("followers")).text
    assert "Nobody supervises" not in page and "Anna" in page
    assert "they may not see the campaign" in page and "Mallory" in page
    assert "Nobody supervises" not in client.get(address("alerts"), headers=HTMX).text


def test_only_administrators_see_and_choose_who_follows(client, mark, vera, ada, campaign):
    client.force_login(mark)
    assert "Followers</h2>" not in client.get(address("followers")).text
    client.force_login(ada)
    page = client.get(address("followers")).text
    assert "Followers</h2>" in page and "owns or edits it" in page
    assert client.post(address("set_follower"), {"person": vera.pk, "extent": "all"}).status_code == 302
    assert extent(campaign, vera) == E.ALL
    client.post(address("set_follower"), {"person": mark.pk, "extent": "none"})
    assert extent(campaign, mark) == E.NONE
    assert AuditEntry.objects.filter(verb="changed follower").count() == 2


def test_who_may_not_see_the_campaign_cannot_be_made_a_follower_but_can_be_removed(client, ada, mallory, campaign):
    client.force_login(ada)
    page = client.post(address("set_follower"), {"person": mallory.pk, "extent": "all"})
    assert page.status_code == 200 and "Select a valid choice" in page.text
    Following.objects.create(campaign=campaign, person=mallory, extent=E.ALL)
    assert "may not see it: not told" in client.get(address("followers")).text
    page = client.post(address("set_follower"), {"person": mallory.pk, "extent": "all"})
    assert "may not see this campaign; share it with them first" in page.text
    assert client.post(address("set_follower"), {"person": mallory.pk, "extent": "none"}).status_code == 302
    assert extent(campaign, mallory) == E.NONE


def test_what_is_followed_comes_with_the_rows_of_the_list(mark, vera, campaign, django_assert_num_queries):
    for number in range(10):
        make_campaign(owner=mark, slug=f"c{number}")
    following.follow(campaign, vera, E.IMPORTANT, by=vera)
    for user, found in ((mark, {E.ALL}), (vera, {E.IMPORTANT, E.NONE})):
        with django_assert_num_queries(1):
            rows = list(Campaign.objects.annotate(follows=following.extent_for(user)))
        assert {row.follows for row in rows} == found
