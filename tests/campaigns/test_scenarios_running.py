"""Acceptance scenarios about the end of runs and the way back: A23 and A24."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import execution, lifecycle, sending, steering
from campaigns.models import Campaign, Run
from orchcamp.messaging.models import Delivery
from tests.campaigns.builders import make_campaign, simple_graph
from tests.campaigns.desk_stage import mail_server, make_stage, publish
from tests.campaigns.sending_stage import balanced

pytestmark = pytest.mark.django_db


def test_a23_a_scheduled_campaign_that_has_not_begun_goes_back_to_draft_and_is_editable_again(mark):
    moment = timezone.now() + timedelta(days=1)
    campaign = make_campaign(owner=mark, status=Campaign.Status.SCHEDULED, next_launch_at=moment)
    now = timezone.now()
    campaign.versions.update(frozen_at=now, approved_at=now, published_at=now)
    draft = lifecycle.edit_again(campaign, by=mark)
    campaign.refresh_from_db()
    assert (campaign.status, draft.is_draft, draft.number) == (Campaign.Status.DRAFT, True, 2)
    lifecycle.change_properties(campaign, by=mark, name="Later")


def test_a24_stopping_in_the_middle_of_a_sending_drops_what_is_queued_and_the_report_keeps_what_was_sent(
    client, mark, anna
):
    with mail_server() as port:
        campaign = make_stage(mark, simple_graph(without_confirmation=True), port=port)
        run = publish(campaign, author=mark, approver=anna)
        while ready := execution.claim_ready(run):
            for pk in ready:
                execution.execute(pk)
        steering.stop(run, by=anna)
        for pk in sending.claim_pending(run, at_most=10):
            sending.send_one(pk)
    run.refresh_from_db()
    campaign.refresh_from_db()
    assert (run.status, campaign.status) == (Run.Status.STOPPED, Campaign.Status.STOPPED)
    books = balanced(Delivery.objects.get())
    assert (books["accepted"], books["excluded"]["stopped"], books["pending"]) == (0, 2, 0)
    client.force_login(anna)
    assert "stopped" in client.get(reverse("campaigns:report", args=[campaign.slug])).text.lower()
