"""People who decide, withdraw and publish at the same moment, each with a connection of their own."""

from __future__ import annotations

import pytest
from django.db import connection

from campaigns import lifecycle
from campaigns.approvals import requests
from campaigns.errors import CampaignError
from campaigns.models import Approval, Campaign, Decision, Run
from orchcamp.accounts.models import AuditEntry
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, simple_graph
from tests.campaigns.policy_stage import make_policy
from tests.campaigns.test_errors_at_once import together
from tests.conftest import person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


def attempt(act):
    try:
        return act()
    except CampaignError as refusal:
        return refusal


def asked(mark) -> Approval:
    make_shop()
    make_configuration()
    return lifecycle.submit(make_campaign(simple_graph(), owner=mark).draft(), by=mark)


def test_two_who_sign_at_the_same_moment_both_count_and_approve_once(mark, anna):
    otto = person("otto", "approver")
    make_policy("Two", people=[anna, otto], needed=2)
    approval = asked(mark)
    together(lambda user: lifecycle.approve(Approval.objects.get(pk=approval.pk), by=user), [anna, otto])
    assert Approval.objects.get().status == "approved"
    assert Decision.objects.count() == 2
    assert AuditEntry.objects.filter(verb="approved").count() == 1


def test_one_person_who_presses_twice_signs_once(mark, anna, ada):
    make_policy("Two", people=[anna, ada], needed=2)
    approval = asked(mark)
    again = [lambda: lifecycle.approve(Approval.objects.get(pk=approval.pk), by=anna)] * 4
    found = together(attempt, again)
    assert sum(isinstance(one, CampaignError) for one in found) == 3
    assert (Decision.objects.count(), Approval.objects.get().status) == (1, "waiting")


def test_whoever_withdraws_or_approves_first_is_the_only_one(mark, anna):
    approval = asked(mark)
    deeds = [
        lambda: requests.withdraw(Approval.objects.get(pk=approval.pk), by=mark),
        lambda: requests.approve(Approval.objects.get(pk=approval.pk), by=anna),
    ]
    found = together(attempt, deeds)
    assert sum(isinstance(one, CampaignError) for one in found) == 1


@pytest.mark.parametrize("verb", ["edit_again", "publish"])
def test_a_publication_meets_whoever_takes_the_campaign_back(mark, anna, verb):
    lifecycle.approve(asked(mark), by=anna)
    deeds = [
        lambda: lifecycle.publish(Campaign.objects.get(), by=anna),
        lambda: getattr(lifecycle, verb)(Campaign.objects.get(), by=mark),
    ]
    together(attempt, deeds)
    campaign = Campaign.objects.get()
    assert Run.objects.live().count() == (campaign.status == "live")
