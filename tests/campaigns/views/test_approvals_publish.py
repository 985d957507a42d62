"""Putting in force what was approved, and taking it back to draft."""

from __future__ import annotations

import pytest
from django.urls import reverse

from campaigns import execution, lifecycle
from campaigns.models import Approval, Campaign, Run
from tests.campaigns.desk_stage import ask, make_stage


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_stage(mark)


@pytest.fixture
def approval(campaign, mark) -> Approval:
    return ask(campaign, mark, "Please before Friday")


def text(response) -> str:
    return response.content.decode()


def test_publishing_says_what_happens_and_does_it_once(approval, anna, client):
    lifecycle.approve(approval, by=anna)
    client.force_login(anna)
    address = reverse("campaigns:publish", args=["spring"])
    page = text(client.get(address))
    assert "This is what happens" in page
    assert "waits until somebody confirms it" in page
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 409
    assert Run.objects.filter(mode="live").count() == 1


def test_nothing_unapproved_is_published(campaign, anna, client):
    client.force_login(anna)
    address = reverse("campaigns:publish", args=["spring"])
    assert "Nothing to publish" in text(client.get(address))
    assert client.post(address).status_code == 409
    assert not Run.objects.filter(mode="live").exists()


def test_a_manager_may_not_publish(approval, anna, mark, client):
    lifecycle.approve(approval, by=anna)
    client.force_login(mark)
    assert client.post(reverse("campaigns:publish", args=["spring"])).status_code == 403


def test_editing_again_opens_a_draft_that_needs_its_own_approval(approval, anna, mark, client, campaign):
    lifecycle.approve(approval, by=anna)
    client.force_login(mark)
    client.post(reverse("campaigns:edit_again", args=["spring"]))
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.DRAFT
    assert campaign.draft().approved_at is None


def test_a_sending_that_is_held_says_both_numbers_where_it_is_confirmed(approval, campaign, anna, client):
    lifecycle.approve(approval, by=anna)
    Approval.objects.filter(pk=approval.pk).update(deviation=10, targeted={"mail": 20})
    campaign.refresh_from_db()
    run = execution.run_to_end(lifecycle.publish(campaign, by=anna))
    client.force_login(anna)
    page = text(client.get(reverse("campaigns:run", args=["spring", run.pk])))
    assert "6 are targeted, but 20 were approved" in page and "Confirm and send" in page and "front_hand" in page
    Approval.objects.filter(pk=approval.pk).update(deviation=200)
    assert "front_hand" not in text(client.get(reverse("campaigns:run", args=["spring", run.pk])))
