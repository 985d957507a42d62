"""Requests under policies: who signs what, in which order, in whose place, how often, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from campaigns import canvas, following, lifecycle, worklist
from campaigns.approvals import policies, requests, watching
from campaigns.approvals.policies import Stage
from campaigns.errors import AlreadyDecided, CampaignError, NotAllowed, OwnWork
from campaigns.models import Approval, Campaign, CampaignVersion, Decision, Requirement, Run
from orchcamp.accounts.models import AuditEntry, User
from orchcamp.accounts.notification import Notification
from tests.builders import make_shop
from tests.campaigns.builders import email, make_campaign, make_configuration, simple_graph
from tests.campaigns.policy_stage import make_policy
from tests.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def otto(db) -> User:
    return person("otto", "approver")


@pytest.fixture
def campaign(mark) -> Campaign:
    make_shop()
    make_configuration()
    return make_campaign(simple_graph(), owner=mark)


def told(user: User, kind: str) -> list[str]:
    return list(Notification.objects.filter(person=user, kind=kind).order_by("pk").values_list("sentence", flat=True))


def rows(approval: Approval) -> dict[str, str]:
    return {str(row): row.status for row in approval.requirements.all()}


def reworked(campaign: Campaign, by: User, **settings) -> CampaignVersion:
    """The draft with another message."""
    draft = campaign.draft()
    canvas.configure_node(draft, "mail", revision=draft.revision, by=by, settings=email(**settings))
    return campaign.draft()


# --- Which policies hold ----------------------------------------------------------------------------------


def test_without_a_policy_one_person_with_the_right_signs_everything(campaign, mark, anna):
    approval = lifecycle.submit(campaign.draft(), by=mark)
    row = approval.requirements.get()
    assert (row.title, row.anyone, row.needed, row.policy) == ("Approval", True, 1, None)
    assert approval.test_run.mode == Run.Mode.DRY
    lifecycle.approve(approval, by=anna)
    assert Decision.objects.get().signed == approval.hashes
    assert (Approval.objects.get().status, Campaign.objects.get().status) == ("approved", "approved")


def test_every_policy_that_matches_has_to_be_satisfied(campaign, mark, anna, otto):
    make_policy("Brand", people=[anna], facets=("content",))
    make_policy("Data", people=[otto], facets=("audience", "schedule"))
    make_policy("Only SMS", people=[otto], conditions={"all": [{"field": "channel", "operator": "is", "value": "sms"}]})
    approval = lifecycle.submit(campaign.draft(), by=mark)
    assert rows(approval) == {"Brand 1": "open", "Data 1": "open"}
    lifecycle.approve(approval, by=otto)
    assert (Approval.objects.get().status, Campaign.objects.get().status) == ("waiting", "in_review")
    with pytest.raises(NotAllowed, match=r"You have signed it already. It still waits for: Brand: Anna."):
        lifecycle.approve(approval, by=otto)
    lifecycle.approve(approval, by=anna)
    assert Campaign.objects.get().status == "approved"
    verbs = AuditEntry.objects.filter(object_id=campaign.pk).order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[-3:] == ["submitted", "signed", "approved"]


def test_what_no_policy_has_signed_somebody_with_the_right_signs(campaign, mark, anna, otto):
    make_policy("Brand", people=[anna], facets=("content",))
    approval = lifecycle.submit(campaign.draft(), by=mark)
    assert rows(approval) == {"Brand 1": "open", "What no policy asks for 1": "open"}
    assert [row.facets for row in approval.requirements.all()] == [["content"], ["audience", "schedule"]]
    lifecycle.approve(approval, by=otto)
    assert rows(approval) == {"Brand 1": "open", "What no policy asks for 1": "satisfied"}
    lifecycle.approve(approval, by=anna)
    assert Campaign.objects.get().status == "approved"


def test_the_size_is_that_of_the_dry_run(campaign, mark, anna):
    for name, least in (("Six", 6), ("Seven", 7)):
        make_policy(name, people=[anna], conditions={"field": "size", "operator": "at_least", "value": least})
    approval = lifecycle.submit(campaign.draft(), by=mark)
    assert rows(approval) == {"Six 1": "open"}
    assert approval.targeted == {"mail": 6}


def test_a_policy_that_changes_later_changes_nothing_of_what_was_asked(campaign, mark, anna, otto):
    policy = make_policy("Brand", people=[anna])
    approval = lifecycle.submit(campaign.draft(), by=mark)
    policies.deactivate(policy, by=None)
    policies.delete(policy, by=None)
    with pytest.raises(NotAllowed, match="It waits for: Brand: Anna"):
        lifecycle.approve(approval, by=otto)
    lifecycle.approve(approval, by=anna)
    assert Campaign.objects.get().status == "approved"


# --- Stages and numbers -----------------------------------------------------------------------------------


def test_a_stage_is_asked_when_the_one_before_it_is_signed(campaign, mark, anna, otto):
    make_policy(
        "Two", stages=[Stage(people=[anna], facets=("content", "schedule")), Stage(people=[otto], facets=("audience",))]
    )
    approval = lifecycle.submit(campaign.draft(), by=mark)
    for decide in (requests.approve, requests.send_back):
        with pytest.raises(NotAllowed, match=r"not yours to decide now. It waits for: Two: Anna"):
            decide(approval, by=otto, message="Now")
    assert [worklist.approvals(user).count() for user in (anna, otto)] == [1, 0]
    lifecycle.approve(approval, by=anna)
    assert rows(approval) == {"Two 1": "satisfied", "Two 2": "open"}
    assert told(otto, "approval_requested")
    lifecycle.approve(approval, by=otto)
    assert Campaign.objects.get().status == "approved"


def test_so_many_different_people_sign(campaign, mark, anna, otto, ada):
    make_policy("Two of three", people=[anna, otto, ada], needed=2)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    lifecycle.approve(approval, by=anna)
    with pytest.raises(NotAllowed, match="You have signed it already"):
        lifecycle.approve(approval, by=anna)
    assert worklist.approvals(anna).count() == 0
    lifecycle.approve(approval, by=ada)
    assert Campaign.objects.get().status == "approved"


def test_each_person_and_somebody_of_each_group_sign(campaign, mark, anna, otto, ada):
    make_policy("Each", people=[ada], groups=[Group.objects.get(name="Approver")], needed=0)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    lifecycle.approve(approval, by=otto)
    with pytest.raises(NotAllowed, match="waits for: Each: Ada"):
        lifecycle.approve(approval, by=anna)
    lifecycle.approve(approval, by=ada)
    assert Campaign.objects.get().status == "approved"


# --- Never one's own --------------------------------------------------------------------------------------


def test_nobody_signs_their_own_work_by_name_group_delegation_or_in_bulk(campaign, mark, anna, otto, ada):
    make_policy("Approvers", groups=[Group.objects.get(name="Approver")], people=[ada])
    reworked(campaign, anna, subject="Mine too")
    approval = lifecycle.submit(campaign.draft(), by=ada)
    for own in (anna, ada, mark):
        for in_bulk in (False, True):
            with pytest.raises(OwnWork):
                requests.approve(approval, by=own, in_bulk=in_bulk)
        with pytest.raises(OwnWork, match="wrote this version or asked"):
            requests.delegate(approval, by=otto, to=own)
        with pytest.raises(OwnWork):
            requests.delegate(approval, by=own, to=otto)
        assert worklist.approvals(own).count() == 0
    lifecycle.approve(approval, by=otto)


def test_an_administrator_signs_where_all_who_are_named_wrote_it(campaign, mark, anna, ada):
    make_policy("Brand", people=[anna])
    approval = lifecycle.submit(campaign.draft(), by=anna)
    row = approval.requirements.get()
    assert row.escalated_at is not None
    assert told(ada, "approval_requested")[0].startswith("“Brand” asks for more people than are left")
    assert worklist.approvals(ada).get() == approval
    lifecycle.approve(approval, by=ada)
    assert Campaign.objects.get().status == "approved"


def test_an_administrator_signs_where_somebody_has_left(campaign, mark, anna, otto, ada):
    make_policy("Each", people=[anna, otto], needed=0)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    lifecycle.approve(approval, by=anna)
    with pytest.raises(NotAllowed):
        lifecycle.approve(approval, by=ada)
    otto.is_active = False
    otto.save()
    watching.look(timezone.now())
    assert told(ada, "approval_requested")
    assert requests.missing(approval) == ["Each, stage 1: an administrator"]
    lifecycle.approve(approval, by=ada)
    assert Campaign.objects.get().status == "approved"


def test_whoever_is_deleted_takes_no_requirement_along(campaign, mark, anna, otto, ada):
    make_policy("Each", people=[anna, otto], needed=0)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    otto.delete()
    lifecycle.approve(approval, by=anna)
    assert Approval.objects.get().status == "waiting"
    lifecycle.approve(approval, by=ada)
    assert Approval.objects.get().status == "approved"


# --- In another's place -----------------------------------------------------------------------------------


def test_somebody_who_could_decide_decides_in_anothers_place(campaign, mark, anna, otto, vera):
    make_policy("Brand", people=[otto])
    approval = lifecycle.submit(campaign.draft(), by=mark)
    with pytest.raises(NotAllowed, match="Vera may not approve this campaign"):
        requests.delegate(approval, by=otto, to=vera)
    with pytest.raises(NotAllowed, match="nothing to hand on"):
        requests.delegate(approval, by=anna, to=otto)
    requests.delegate(approval, by=otto, to=anna, message="I am away")
    assert told(anna, "approval_requested") == [
        "Otto asks you to decide version 1 of “Spring” in their place. “I am away”"
    ]
    assert (worklist.approvals(anna).count(), worklist.approvals(otto).count()) == (1, 0)
    with pytest.raises(NotAllowed, match="You asked Anna to decide for you"):
        lifecycle.approve(approval, by=otto)
    lifecycle.approve(approval, by=anna)
    decision = Decision.objects.get()
    assert (decision.by, decision.on_behalf_of, decision.signer) == (anna, otto, "Anna for Otto")


def test_nobody_signs_twice_by_standing_in(campaign, mark, anna, otto):
    make_policy("Each", people=[otto, anna], needed=0)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    with pytest.raises(CampaignError, match="nobody signs twice"):
        requests.delegate(approval, by=otto, to=anna)


def test_two_of_them_are_two_people_whoever_stands_in(campaign, mark, anna, otto, ada):
    make_policy("Two", people=[otto, anna, ada], needed=2)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    requests.delegate(approval, by=otto, to=anna)
    lifecycle.approve(approval, by=anna)
    with pytest.raises(NotAllowed):
        lifecycle.approve(approval, by=anna)
    assert Approval.objects.get().status == "waiting"
    lifecycle.approve(approval, by=ada)


def test_what_was_handed_on_is_taken_back(campaign, mark, anna, otto):
    make_policy("Brand", people=[otto])
    approval = lifecycle.submit(campaign.draft(), by=mark)
    requests.delegate(approval, by=otto, to=anna)
    requests.take_back(approval, by=otto)
    with pytest.raises(NotAllowed):
        lifecycle.approve(approval, by=anna)
    lifecycle.approve(approval, by=otto)


# --- What stays signed ------------------------------------------------------------------------------------


def two_policies(anna: User, otto: User) -> None:
    make_policy("Brand", people=[anna], facets=("content",))
    make_policy("Data", people=[otto], facets=("audience", "schedule"))


def test_a_change_of_the_message_does_not_undo_the_audiences_signature(campaign, mark, anna, otto):
    two_policies(anna, otto)
    first = lifecycle.submit(campaign.draft(), by=mark)
    lifecycle.approve(first, by=otto)
    lifecycle.send_back(first, by=anna, message="Another subject")
    second = lifecycle.submit(reworked(campaign, mark, subject="Better"), by=mark)
    assert rows(second) == {"Brand 1": "open", "Data 1": "satisfied"}
    carried = second.requirements.get(title="Data").carried_from
    assert (carried.approval.version.number, [one.signer for one in carried.decisions.all()]) == (1, ["Otto"])
    lifecycle.approve(second, by=anna)
    assert Campaign.objects.get().status == "approved"


def test_a_signature_of_somebody_who_wrote_the_new_version_is_not_carried_over(campaign, mark, anna, otto, ada):
    two_policies(anna, otto)
    first = lifecycle.submit(campaign.draft(), by=mark)
    lifecycle.approve(first, by=otto)
    lifecycle.send_back(first, by=anna, message="Another subject")
    second = lifecycle.submit(reworked(campaign, otto, subject="Better"), by=mark)
    assert rows(second) == {"Brand 1": "open", "Data 1": "open"}


def test_a_changed_policy_asks_anew(campaign, mark, anna, otto, ada):
    two_policies(anna, otto)
    first = lifecycle.submit(campaign.draft(), by=mark)
    lifecycle.approve(first, by=otto)
    lifecycle.withdraw(first, by=mark)
    policy = first.requirements.get(title="Data").policy
    policies.deactivate(policy, by=None)
    plan = policies.plan_of(policy)
    policies.change(policy, policies.Plan(**{**vars(plan), "stages": [Stage(people=[otto, ada])]}), by=None)
    policies.activate(policy, by=None)
    assert rows(lifecycle.submit(campaign.draft(), by=mark))["Data 1"] == "open"


def test_what_was_signed_throughout_is_approved_by_those_who_signed_it(campaign, mark, anna, otto):
    make_policy("Brand", people=[anna, otto])
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    lifecycle.edit_again(Campaign.objects.get(), by=mark)
    again = lifecycle.submit(Campaign.objects.get().draft(), by=mark)
    assert (again.status, again.decided_by) == ("approved", anna)
    assert lifecycle.publish(Campaign.objects.get(), by=anna).mode == "live"


# --- Time -------------------------------------------------------------------------------------------------


def test_a_request_that_nobody_decides_is_closed_and_its_campaign_a_draft_again(campaign, mark, anna):
    make_policy("Brand", people=[anna], open_hours=48, due_hours=24, remind_hours=4)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    now = timezone.now()
    assert approval.due_at - now < timedelta(hours=24) < approval.expires_at - now
    watching.look(now + timedelta(hours=21))
    assert told(anna, "approval_due") == []  # the clock of the database has not come so far
    Approval.objects.update(remind_at=now)
    for _again in range(2):
        watching.look(timezone.now())
    assert len(told(anna, "approval_due")) == 1
    Approval.objects.update(expires_at=now)
    for _again in range(2):
        watching.look(timezone.now())
    assert (Approval.objects.get().status, Campaign.objects.get().status) == ("expired", "draft")
    assert campaign.draft().number == 2
    assert len(told(mark, "approval_expired")) == len(told(anna, "approval_withdrawn")) == 1
    with pytest.raises(AlreadyDecided, match="expired"):
        lifecycle.approve(approval, by=anna)


def test_what_may_not_be_decided_in_bulk_is_not(campaign, mark, anna):
    make_policy("Brand", people=[anna], bulk=False)
    approval = lifecycle.submit(campaign.draft(), by=mark)
    with pytest.raises(CampaignError, match="has to be looked at by itself"):
        requests.approve(approval, by=anna, in_bulk=True)
    requests.approve(approval, by=anna)


# --- Who is told ------------------------------------------------------------------------------------------


def test_each_is_told_once_of_what_concerns_them(campaign, mark, anna, otto, vera):
    make_policy("Brand", people=[anna])
    approval = lifecycle.submit(campaign.draft(), by=mark, message="Please look")
    assert told(anna, "approval_requested") == ["Mark asks you to approve version 1 of “Spring”. “Please look”"]
    assert told(otto, "approval_requested") == told(vera, "approval_requested") == []
    lifecycle.send_back(approval, by=anna, message="Fewer")
    assert told(mark, "approval_decided") == ["Anna sends version 1 of “Spring” back: “Fewer”"]
    again = lifecycle.submit(campaign.draft(), by=mark)
    lifecycle.withdraw(again, by=mark)
    assert len(told(anna, "approval_withdrawn")) == 1


def test_a_decision_is_told_to_who_asked_once_and_to_those_who_follow_too(campaign, mark, anna, vera):
    following.follow(campaign, vera, "all", by=vera)
    lifecycle.approve(lifecycle.submit(campaign.draft(), by=mark), by=anna)
    assert len(told(mark, "approval_decided")) == 1
    assert not [said for said in told(mark, "campaign_state") if "approved" in said]
    assert [said for said in told(vera, "campaign_state") if "approved" in said]


# --- From before there were policies ----------------------------------------------------------------------


def test_a_request_from_before_is_asked_what_holds_now(campaign, mark, anna, otto):
    approval = lifecycle.submit(campaign.draft(), by=mark)
    Requirement.objects.all().delete()
    Approval.objects.update(hashes={})
    make_policy("Brand", people=[otto])
    with pytest.raises(NotAllowed):
        lifecycle.approve(Approval.objects.get(), by=anna)
    lifecycle.approve(approval, by=otto)
    assert Approval.objects.get().hashes
