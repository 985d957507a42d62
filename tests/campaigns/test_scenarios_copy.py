"""Acceptance scenario A14: a copy of a campaign that is over begins with nothing behind it."""

from __future__ import annotations

from campaigns import execution, lifecycle, reporting
from campaigns.models import Approval, Campaign, CanvasStep, Run
from orchcamp.messaging.models import Delivery
from tests.campaigns.desk_stage import mail_server, make_stage, sent, until_confirmation


def test_a14_a_copy_of_a_completed_campaign_is_a_draft_with_its_tags_and_an_empty_history(mark, anna):
    with mail_server() as port:
        campaign = make_stage(mark, port=port)
        Campaign.objects.update(tags=["spring", "mail"])
        first = sent(campaign, author=mark, approver=anna)
        campaign.refresh_from_db()
        assert campaign.status == Campaign.Status.COMPLETED

        copy = lifecycle.duplicate(campaign, by=mark)
        assert (copy.status, copy.tags, copy.slug != campaign.slug) == ("draft", ["spring", "mail"], True)
        version = copy.versions.get()
        assert (version.number, version.is_draft) == (1, True)
        assert version.graph == campaign.latest_version().graph
        assert not CanvasStep.objects.filter(version=version).exists()
        assert not Run.objects.filter(campaign=copy).exists()
        assert not Approval.objects.filter(version=version).exists()
        assert not reporting.deliveries_of(copy)

        row = until_confirmation(copy, author=mark, approver=anna)
        execution.confirm(row, by=anna)
        execution.run_to_end(row.run)
    second = Delivery.objects.exclude(pk=first.pk).get()
    assert second.reference != first.reference  # the copy's mail is an action of its own, in a report of its own
    assert [one.pk for one in reporting.deliveries_of(copy)] == [second.pk]
    assert [one.pk for one in reporting.deliveries_of(campaign)] == [first.pk]
