"""Acceptance scenarios of the reference, §16, about who may do what to a campaign: A11 and A22, as the people meet them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import lifecycle
from campaigns.models import Approval, Campaign
from tests.campaigns.desk_stage import make_stage


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person, name: str, *args) -> str:
    return signed_in(person).get(reverse(f"campaigns:{name}", args=args)).content.decode()


@pytest.fixture
def campaign(mark, db) -> Campaign:
    return make_stage(mark)


def test_a11_a_manager_is_refused_an_approver_publishes_a_viewer_reads(campaign, mark, anna, vera):
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    publish = reverse("campaigns:publish", args=["spring"])
    assert signed_in(mark).post(publish).status_code == 403
    assert "You need the right “publish campaigns”" in page(mark, "canvas", "spring")
    assert Campaign.objects.get().status == "approved"
    assert signed_in(anna).post(publish).status_code == 302
    assert Campaign.objects.get().status == "live"
    shown = page(vera, "canvas", "spring")
    assert "workspace-editable" not in shown
    for verb in ("pause", "close", "stop"):
        assert reverse("campaigns:govern", args=["spring", verb]) not in shown
        assert signed_in(vera).post(reverse("campaigns:govern", args=["spring", verb])).status_code == 403
    assert Campaign.objects.get().status == "live"


def test_a22_who_asks_does_not_approve_and_what_is_sent_back_is_a_draft_with_the_message(campaign, anna, ada):
    anna_asks = signed_in(anna)
    anna_asks.post(reverse("campaigns:submit", args=["spring"]), {"message": "Please look"})
    approval = Approval.objects.get()
    decide = reverse("campaigns:decide", args=[approval.pk])
    assert anna_asks.post(decide, {"decision": "approve"}).status_code == 409
    assert Campaign.objects.get().status == "in_review"
    signed_in(ada).post(decide, {"decision": "send_back", "message": "Fewer people"})
    assert (Campaign.objects.get().status, campaign.draft().number) == ("draft", 2)
    assert "“Fewer people”" in page(anna, "versions", "spring")
