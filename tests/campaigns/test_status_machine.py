"""Whatever people, clocks and runs do to a campaign in whatever order, what it is and what it has fit together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from campaigns import beginning, governing, lifecycle, shelving, status, steering
from campaigns.errors import CampaignError
from campaigns.models import Approval, Campaign, CampaignVersion, NodeRun, Run
from campaigns.versions import drafting
from orchcamp.accounts.models import User
from tests.campaigns.builders import make_campaign, targeting_graph
from tests.campaigns.test_run_machine import Stage

S = Campaign.Status


class CampaignMachine(Stage):
    """Verbs at random; what is refused must be refused in a sentence, and change nothing."""

    @initialize()
    def begin(self) -> None:
        self.author = User.objects.create_user("author")
        self.other = User.objects.create_user("other")
        self.other.groups.add(Group.objects.get(profile__slug="approver"))
        self.campaign = make_campaign(targeting_graph(), owner=self.author, schedule={"frequency": "signal"})

    def attempt(self, act: Callable[[Campaign], object]) -> None:
        campaign = Campaign.objects.get()
        before = (campaign.status, campaign.versions.count(), Run.objects.live().count())
        try:
            act(campaign)
        except CampaignError as refused:
            assert str(refused).strip()
            campaign.refresh_from_db()
            assert (campaign.status, campaign.versions.count(), Run.objects.live().count()) == before

    @rule()
    def submit(self) -> None:
        """As ``lifecycle.submit`` does, but without the test run, which has its own stories."""
        self.attempt(lambda c: self._frozen(c.latest_version()))

    def _frozen(self, version: CampaignVersion) -> None:
        if version.frozen_at is None:
            drafting.step(version.campaign, "submit")
            properties = version.properties or drafting.properties_of(version.campaign)
            CampaignVersion.objects.filter(pk=version.pk).update(frozen_at=timezone.now(), properties=properties)
            Approval.objects.create(version=version, requested_by=self.author)

    @rule(verb=st.sampled_from(["approve", "send_back", "withdraw"]))
    def decide(self, verb) -> None:
        request = Approval.objects.filter(status="waiting").first()
        if request is None:
            return
        if verb == "approve":
            self.attempt(lambda _c: lifecycle.approve(request, by=self.other))
        elif verb == "send_back":
            self.attempt(lambda _c: lifecycle.send_back(request, by=self.other, message="No"))
        else:
            self.attempt(lambda _c: lifecycle.withdraw(request, by=self.author))

    @rule()
    def publish(self) -> None:
        self.attempt(lambda c: lifecycle.publish(c, by=self.other))

    @rule(verb=st.sampled_from(["pause", "resume", "close", "stop", "take_up"]))
    def govern(self, verb) -> None:
        self.attempt(lambda c: getattr(governing, verb)(c, by=self.other))

    @rule()
    def edit_again(self) -> None:
        self.attempt(lambda c: lifecycle.edit_again(c, by=self.author))

    @rule()
    def begin_next(self) -> None:
        self.attempt(lambda c: drafting.begin_next(c, by=self.author))

    @rule(act=st.sampled_from([shelving.archive, shelving.restore]))
    def shelve(self, act) -> None:
        self.attempt(lambda c: act(c, by=self.author))

    @rule(zone=st.sampled_from(["UTC", "Europe/Paris", "Asia/Tokyo"]))
    def change(self, zone) -> None:
        in_force = Campaign.objects.get()
        self.attempt(lambda c: lifecycle.change_properties(c, by=self.author, timezone=zone))
        if in_force.status in status.PUBLISHED:
            assert Campaign.objects.get().timezone == in_force.timezone, "in force before it was published"

    @rule()
    def launch(self) -> None:
        version = Campaign.objects.get().published_version()
        if version is not None:
            self.attempt(lambda _c: beginning.start(version, mode=Run.Mode.LIVE))

    @rule(verb=st.sampled_from(["pause", "resume", "stop", "take_up"]))
    def steer(self, verb) -> None:
        run = Run.objects.live().select_related("campaign", "version").first()
        if run is not None:
            self.attempt(lambda _c: getattr(steering, verb)(run, by=self.other))

    @rule(ends=st.sampled_from(["succeeded", "failed"]))
    def a_run_ends(self, ends) -> None:
        for run in Run.objects.running().live().select_related("campaign"):
            NodeRun.objects.filter(run=run).update(status=ends)
            beginning.end(run, ends)
            if ends == "succeeded":
                status.moved(run.campaign, "complete")

    # --- What holds after every step ---------------------------------------------------------------------

    @invariant()
    def a_live_run_is_on_only_where_the_campaign_lets_it(self) -> None:
        open_runs = list(Run.objects.open().live().select_related("campaign"))
        assert len(open_runs) <= 1
        for run in open_runs:
            assert run.campaign.status in status.RUNNING
            assert run.status == Run.Status.PAUSED or run.campaign.status != S.PAUSED
            assert run.version.published_at is not None

    @invariant()
    def the_status_and_the_versions_fit(self) -> None:
        campaign = Campaign.objects.first()
        if campaign is None:
            return
        where, latest = campaign.status, campaign.latest_version()
        if where in status.PUBLISHED | status.OVER:
            published = campaign.published_version()
            assert published is not None
            assert {name: getattr(campaign, name) for name in drafting.RUN_BY} == published.properties
        if where == S.DRAFT:
            assert campaign.draft() == latest
            assert latest.properties == {}
        if where == S.IN_REVIEW:
            assert latest.approvals.filter(status="waiting").count() == 1
        if where == S.APPROVED:
            assert latest.approved_at
            assert latest.published_at is None

    @invariant()
    def what_is_remembered_is_remembered_only_where_it_is_needed(self) -> None:
        campaign = Campaign.objects.first()
        if campaign is not None:
            assert bool(campaign.former_status) is (campaign.status in {S.PAUSED, S.ARCHIVED})
            assert bool(campaign.archived_at) is (campaign.status == S.ARCHIVED)

    @invariant()
    def nobody_approved_their_own(self) -> None:
        assert not Approval.objects.filter(status="approved", decided_by=None).exists()
        assert not CampaignVersion.objects.exclude(published_at=None).filter(approved_at=None).exists()


@pytest.mark.django_db
def test_what_a_campaign_is_and_has_fit_together():
    run_state_machine_as_test(
        CampaignMachine,
        settings=settings(
            max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
