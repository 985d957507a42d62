"""Acceptance scenarios of the reference, §16, about who may do what to a campaign: A11 and A22, as the people meet them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import lifecycle
from campaigns.approvals import requests
from campaigns.models import Approval, ApprovalPolicy, Campaign
from orchcamp.accounts.notification import Notification
from orchcamp.datasets.models import Dataset
from tests.campaigns.builders import audience, graph, make_campaign, make_configuration
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
    requests.rehearsed(campaign.draft(), anna)
    anna_asks.post(reverse("campaigns:submit", args=["spring"]), {"message": "Please look"})
    approval = Approval.objects.get()
    decide = reverse("campaigns:decide", args=[approval.pk])
    assert anna_asks.post(decide, {"decision": "approve"}).status_code == 409
    assert Campaign.objects.get().status == "in_review"
    signed_in(ada).post(decide, {"decision": "send_back", "message": "Fewer people"})
    assert (Campaign.objects.get().status, campaign.draft().number) == ("draft", 2)
    assert "“Fewer people”" in page(anna, "versions", "spring")


def test_a22_a_policy_by_channel_sms_blocks_self_approval_and_sends_back_to_draft(mark, anna, ada, db):
    """Who asks cannot approve, not even named in the policy; requested changes return it to draft with the message."""
    sms = {"field": "channel", "operator": "is", "value": "sms"}
    administrator = signed_in(ada)
    fields = {"name": "SMS", "join": "all", "groups-0-join": "all", "groups-0-rows-0-field": "channel"}
    fields |= {"groups-0-rows-0-is_or_not": "is", "groups-0-rows-0-channel": "sms", "stages-0-how": "any"}
    fields |= {"stages-0-needed": "1", "stages-0-people": [str(anna.pk), str(ada.pk)]}
    fields |= {"stages-0-facets": ["audience", "content", "schedule"], "bulk": "on"}
    made = administrator.post(reverse("campaigns:policy_create"), fields)
    policy = ApprovalPolicy.objects.get()
    assert (made.status_code, policy.conditions) == (302, {"all": [{"all": [sms]}]})
    administrator.post(reverse("campaigns:policy_act", args=[policy.pk, "activate"]))
    make_stage(anna)
    make_configuration("texts", channel="sms")
    Dataset.objects.filter(slug="people").update(target={"email": "email", "sms": "email"})
    texts = {"configuration": "texts", "text": "Hello", "category": "transactional", "one_per_address": True}
    nodes = {"people": ("build_audience", audience()), "text": ("sms", texts)}
    make_campaign(graph(nodes, "people>text"), owner=anna, slug="texts", name="Texts")
    anna_asks = signed_in(anna)
    for slug in ("spring", "texts"):
        requests.rehearsed(Campaign.objects.get(slug=slug).draft(), anna)
        anna_asks.post(reverse("campaigns:submit", args=[slug]), {"message": "Please look"})
    mail, text = (Approval.objects.get(version__campaign__slug=slug) for slug in ("spring", "texts"))
    assert [row.title for row in mail.requirements.all()] == ["Approval"]
    assert [row.title for row in text.requirements.all()] == ["SMS"]
    decide = reverse("campaigns:decide", args=[text.pk])
    refused = anna_asks.post(decide, {"decision": "approve"})
    assert refused.status_code == 409
    assert "You wrote this version or asked for its approval" in refused.content.decode()
    assert signed_in(mark).post(decide, {"decision": "approve"}).status_code == 403
    administrator.post(decide, {"decision": "send_back", "message": "Fewer people"})
    campaign = Campaign.objects.get(slug="texts")
    assert (campaign.status, campaign.draft().number) == ("draft", 2)
    assert "“Fewer people”" in page(anna, "versions", "texts")
    told = Notification.objects.get(person=anna, kind="approval_decided")
    assert "“Fewer people”" in told.sentence
