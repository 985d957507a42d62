"""Whatever people do to a request in whatever order: when a version may run is what a small model says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from campaigns import beginning, lifecycle
from campaigns.approvals import guard, requests, requirements
from campaigns.approvals.policies import Stage
from campaigns.errors import CampaignError
from campaigns.models import Approval, Campaign, CampaignVersion, Run
from campaigns.versions import drafting
from orchcamp.accounts.models import User
from tests.campaigns.builders import make_campaign, targeting_graph
from tests.campaigns.policy_stage import make_policy
from tests.campaigns.test_run_machine import Stage as Theatre

PEOPLE = ("mark", "anna", "otto", "nora", "ada")
FIRST, SECOND = {"anna", "otto"}, {"nora"}  # the stages: two of the first, then the one of the second


class ApprovalMachine(Theatre):
    """Anna and Otto, then Nora have to sign. The model knows who signed what of the version that waits."""

    @initialize()
    def begin(self) -> None:
        approver = Group.objects.get(profile__slug="approver")
        self.people: dict[str, User] = {name: User.objects.create_user(name) for name in PEOPLE}
        for name in PEOPLE:
            group = Group.objects.get(profile__slug="administrator") if name == "ada" else approver
            self.people[name].groups.add(group)
        first, second = ([self.people[name] for name in sorted(names)] for names in (FIRST, SECOND))
        make_policy("Both", stages=[Stage(people=first, needed=2), Stage(people=second)])
        self.campaign = make_campaign(targeting_graph(), owner=self.people["mark"], schedule={"frequency": "signal"})
        self.waits = self.ready = False
        self.signed: set[str] = set()  # as whom
        self.hands: set[str] = set()  # who really signed this stage
        self.stands_in: dict[str, str] = {}
        self.wrote = {"mark"}

    def over(self) -> None:
        self.waits, self.signed, self.hands, self.stands_in = False, set(), set(), {}

    def attempt(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except CampaignError as refused:
            assert str(refused).strip()
            return False
        return True

    @property
    def request(self) -> Approval | None:
        return Approval.objects.order_by("pk").last()

    # --- What people do --------------------------------------------------------------------------------

    @rule()
    def submit(self) -> None:
        """As the service does, but without the dry run, which has its own stories."""
        campaign = Campaign.objects.get()
        draft = campaign.draft()
        if draft is None or campaign.status != "draft":
            return
        drafting.step(campaign, "submit")
        properties = draft.properties or drafting.properties_of(campaign)
        CampaignVersion.objects.filter(pk=draft.pk).update(frozen_at=timezone.now(), properties=properties)
        approval = Approval.objects.create(
            version=CampaignVersion.objects.get(pk=draft.pk), requested_by=self.people["mark"]
        )
        requirements.fill(approval, [*requests.policies.matching(approval.version, self.people["mark"], {})])
        requests._proceed(approval)
        carried = approval.requirements.filter(status="satisfied")
        self.over()
        self.waits = approval.status == "waiting"
        self.ready = approval.status == "approved"
        self.signed = (FIRST if carried.filter(stage=1).exists() else set()) | set()
        if carried.filter(stage=2).exists():
            self.signed = self.signed | SECOND

    def may_sign(self, who: str) -> str | None:
        """As whom somebody may sign now, by the model."""
        if not self.waits or who in self.wrote or who in self.hands:
            return None
        stage = FIRST if not self.signed >= FIRST and len(self.signed & FIRST) < 2 else SECOND
        left = stage - self.wrote - self.signed
        lent = sorted(by for by, to in self.stands_in.items() if to == who and by in left)
        own = [who] if who in left and who not in self.stands_in else []
        return next(iter([*lent, *own]), None)

    @rule(who=st.sampled_from(PEOPLE))
    def approve(self, who) -> None:
        request = self.request
        if request is None or self.wrote & (FIRST | SECOND):
            return  # where those named wrote it, administrators are asked: a story of its own
        mandate = self.may_sign(who)
        done = self.attempt(lambda: requests.approve(request, by=self.people[who]))
        assert done == (mandate is not None), (who, mandate)
        if mandate is None:
            return
        self.signed.add(mandate)
        self.hands.add(who)
        if self.signed >= FIRST and mandate in FIRST:
            self.hands = set()
        if self.signed >= FIRST | SECOND:
            self.over()
            self.ready = True

    @rule(who=st.sampled_from(PEOPLE))
    def send_back(self, who) -> None:
        request = self.request
        if request is None or self.wrote & (FIRST | SECOND):
            return
        mandate = self.may_sign(who)
        done = self.attempt(lambda: requests.send_back(request, by=self.people[who], message="No"))
        assert done == (mandate is not None)
        if done:
            self.over()

    @rule(by=st.sampled_from(PEOPLE), to=st.sampled_from(PEOPLE))
    def delegate(self, by, to) -> None:
        request = self.request
        if request is not None and self.attempt(
            lambda: requests.delegate(request, by=self.people[by], to=self.people[to])
        ):
            assert self.waits and to not in self.wrote and by not in self.wrote and by != to
            self.stands_in[by] = to

    @rule()
    def withdraw(self) -> None:
        request = self.request
        if request is not None and self.attempt(lambda: requests.withdraw(request, by=self.people["mark"])):
            assert self.waits
            self.over()

    @rule(late=st.booleans())
    def expire(self, late) -> None:
        request = self.request
        if request is None:
            return
        moment = timezone.now() + timedelta(hours=-1 if late else 1)
        Approval.objects.filter(pk=request.pk).update(expires_at=moment)
        if requests.expire(request) is not None:
            assert self.waits and late
            self.over()

    @rule(zone=st.sampled_from(["UTC", "Europe/Paris"]))
    def edit(self, zone) -> None:
        if self.attempt(
            lambda: lifecycle.change_properties(Campaign.objects.get(), by=self.people["mark"], timezone=zone)
        ):
            assert not self.waits

    @rule()
    def edit_again(self) -> None:
        if self.attempt(lambda: lifecycle.edit_again(Campaign.objects.get(), by=self.people["mark"])):
            assert not self.waits
            self.ready = False

    @rule()
    def publish(self) -> None:
        latest = Campaign.objects.get().latest_version()
        before = latest.published_at
        done = self.attempt(lambda: lifecycle.publish(Campaign.objects.get(), by=self.people["ada"]))
        assert not done or (self.ready and before is None)
        assert done or not self.ready or before is not None

    @rule()
    def launch(self) -> None:
        version = Campaign.objects.get().latest_version()
        if self.attempt(lambda: beginning.start(version, mode=Run.Mode.LIVE)):
            assert self.ready and version.published_at is not None
            Run.objects.live().update(status="succeeded")

    # --- What holds after every step ---------------------------------------------------------------------

    @invariant()
    def the_version_is_approved_exactly_when_the_model_says_so(self) -> None:
        campaign = Campaign.objects.first()
        if campaign is None:
            return
        version = campaign.latest_version()
        assert bool(version.approved_at) == self.ready
        assert self.attempt(lambda: guard.demand_approved(version)) == self.ready
        request = self.request
        assert (request is not None and request.status == "waiting") == self.waits

    @invariant()
    def nobody_signed_their_own(self) -> None:
        for run in Run.objects.live().select_related("version"):
            for request in run.version.approvals.filter(status="approved"):
                for row in request.requirements.all():
                    source = row.carried_from or row
                    assert row.status == "satisfied"
                    assert {decision.by.username for decision in source.decisions.filter(verdict="approve")}.isdisjoint(
                        self.wrote
                    )


@pytest.mark.django_db
def test_a_version_runs_exactly_when_all_who_have_to_signed_it():
    run_state_machine_as_test(
        ApprovalMachine,
        settings=settings(
            max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
