"""The queue and what leads to it: who decides, who may not, and what two decisions at once come to."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Approval, Campaign
from tests.campaigns.desk_stage import ask, make_stage

HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_stage(mark)


@pytest.fixture
def approval(campaign, mark) -> Approval:
    return ask(campaign, mark, "Please before Friday")


def signed_in(user) -> Client:
    client = Client(headers=HTMX)
    client.force_login(user)
    return client


def text(response) -> str:
    return response.content.decode()


def decide(user, approval, decision, message=""):
    address = reverse("campaigns:decide", args=[approval.pk])
    return signed_in(user).post(address, {"decision": decision, "message": message})


def test_a_request_stands_in_the_approvers_queue_with_its_numbers(approval, anna, client):
    client.force_login(anna)
    page = text(client.get(reverse("campaigns:approvals")))
    assert "1 request waits for you" in page
    assert "Spring mail" in page
    assert "Please before Friday" in page


def test_the_open_request_shows_counts_the_plan_and_a_rendered_subject(approval, anna):
    page = text(signed_in(anna).get(reverse("campaigns:approval", args=[approval.pk])))
    assert "<html" not in page
    assert "Hello Ann" in page or "Hello Bob" in page
    for words in ("No consent", "Malformed address", "Duplicate address", "No address", "Would be sent", "waterfall"):
        assert words in page
    assert "Shortest" in page and "Longest" in page
    assert 'value="approve"' in page


def test_the_whole_page_shows_the_same_without_htmx(approval, anna, client):
    client.force_login(anna)
    page = text(client.get(reverse("campaigns:approval", args=[approval.pk])))
    assert "<html" in page
    assert 'value="approve"' in page


def test_approving_answers_in_place_and_offers_publishing(approval, anna):
    response = decide(anna, approval, "approve")
    assert response.status_code == 200
    assert "approval-decided" in response["HX-Trigger-After-Settle"]
    assert reverse("campaigns:publish", args=["spring"]) in text(response)
    approval.refresh_from_db()
    assert approval.status == Approval.Status.APPROVED


def test_sending_back_needs_a_message(approval, anna):
    response = decide(anna, approval, "send_back")
    assert response.status_code == 200
    assert "Say what must change" in text(response)
    approval.refresh_from_db()
    assert approval.status == Approval.Status.WAITING


def test_sending_back_opens_a_draft_for_the_author(approval, anna, campaign):
    decide(anna, approval, "send_back", "The subject is too long")
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.DRAFT
    assert campaign.draft().number == 2
    approval.refresh_from_db()
    assert approval.answer == "The subject is too long"


@pytest.mark.parametrize("second", ["approve", "send_back"])
def test_the_second_of_two_decisions_is_told_who_was_first(approval, anna, ada, second):
    decide(anna, approval, "approve")
    response = decide(ada, approval, second, "No")
    assert response.status_code == 409
    assert "decided already" in text(response)
    assert "Anna" in text(response)
    approval.refresh_from_db()
    assert approval.decided_by == anna


def test_whoever_worked_on_it_may_not_decide(anna, campaign):
    asked = ask(campaign, anna)
    page = text(signed_in(anna).get(reverse("campaigns:approval", args=[asked.pk])))
    assert 'value="approve"' not in page
    assert decide(anna, asked, "approve").status_code == 409
    asked.refresh_from_db()
    assert asked.status == Approval.Status.WAITING


def test_an_editor_finds_the_request_among_those_that_wait_for_others(approval, anna, campaign, client):
    approval.version.editors.add(anna)
    client.force_login(anna)
    page = text(client.get(reverse("campaigns:approvals")))
    assert "0 requests wait for you" in page and "Spring mail" not in page
    assert "Spring mail" in text(client.get(reverse("campaigns:approvals"), {"show": "asked"}))


def test_a_viewer_sees_which_right_is_missing_and_cannot_decide(approval, vera, client):
    client.force_login(vera)
    assert "decide approvals" in text(client.get(reverse("campaigns:approvals")))
    assert decide(vera, approval, "approve").status_code == 403


def test_who_may_not_see_personal_data_reads_masked_messages(approval, vera):
    page = text(signed_in(vera).get(reverse("campaigns:approval", args=[approval.pk])))
    assert "Hello •••" in page
    assert "Hello Ann" not in page and "ann@" not in page


def test_somebody_without_a_profile_does_not_learn_that_it_exists(approval, mallory):
    assert decide(mallory, approval, "approve").status_code == 404
    assert signed_in(mallory).get(reverse("campaigns:approval", args=[approval.pk])).status_code == 404


def test_a_request_is_withdrawn_by_the_one_who_asked_only(approval, mark, ada, client, campaign):
    client.force_login(ada)
    assert client.post(reverse("campaigns:withdraw", args=["spring"])).status_code == 403
    client.force_login(mark)
    client.post(reverse("campaigns:withdraw", args=["spring"]), {"next": "queue"})
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.DRAFT


def test_a_longer_queue_costs_no_more_queries(approval, mark, anna, client, django_assert_max_num_queries):
    from campaigns.models import CampaignVersion

    for number in range(8):
        campaign = Campaign.objects.create(slug=f"more-{number}", name=f"More {number}", dimension="people")
        version = CampaignVersion.objects.create(
            campaign=campaign, document=approval.version.document, author=mark, frozen_at=approval.requested_at
        )
        Approval.objects.create(version=version, requested_by=mark, counts=approval.counts)
    client.force_login(anna)
    with django_assert_max_num_queries(16):
        client.get(reverse("campaigns:approvals"))


@pytest.mark.parametrize("decision", ["", "reject", "APPROVE", None])
def test_only_the_word_itself_approves(approval, anna, decision):
    data = {} if decision is None else {"decision": decision}
    response = signed_in(anna).post(reverse("campaigns:decide", args=[approval.pk]), data)
    approval.refresh_from_db()
    assert approval.status == Approval.Status.WAITING
    assert response.status_code == 409 and "Approve it or send it back" in text(response)


def test_what_the_settings_leave_out_counts_as_it_will_be_sent(campaign, mark, anna):
    draft = campaign.draft()
    del draft.document["nodes"]["mail"]["settings"]["one_per_address"]
    draft.save()
    approval = ask(campaign, mark)
    page = text(signed_in(anna).get(reverse("campaigns:approval", args=[approval.pk])))
    assert "Duplicate address" in page


def test_the_queue_is_searched_by_campaign_and_by_who_asks(approval, anna, client):
    client.force_login(anna)
    for words in ("spring", "MAIL", "mark", "mark spring"):
        assert "Spring mail" in client.get(reverse("campaigns:approvals"), {"q": words}).text, words
    page = client.get(reverse("campaigns:approvals"), {"q": "spring nobody"}).text
    assert "Spring mail" not in page and "Nothing matches" in page and 'value="spring nobody"' in page
