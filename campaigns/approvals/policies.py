"""Approval policies: made, changed, set to work and taken out; and which of them hold for a version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.errors import CampaignError, WrongStatus
from campaigns.models import ApprovalPolicy, Campaign, CampaignVersion, Installation, PolicyStage
from campaigns.models.policy import EACH, FACETS
from campaigns.retention.installation import kept_installation
from orchcamp.accounts import access, audit
from orchcamp.accounts.models import User

from . import conditions, subjects

S = ApprovalPolicy.Status
MOST_STAGES = 10


@dataclass(frozen=True)
class Stage:
    """One step of a policy, as somebody writes it."""

    groups: Sequence[Group] = ()
    people: Sequence[User] = ()
    needed: int = 1  # so many different people; EACH: every one that is named
    facets: Sequence[str] = FACETS


@dataclass(frozen=True)
class Plan:
    """Everything that a policy says."""

    name: str
    description: str = ""
    conditions: Any = field(default_factory=dict)
    stages: Sequence[Stage] = ()
    deviation: int | None = 10
    open_hours: int | None = None
    due_hours: int | None = None
    remind_hours: int | None = None
    bulk: bool = True


SIMPLE = ("description", "deviation", "open_hours", "due_hours", "remind_hours", "bulk")


def matching(version: CampaignVersion, requester: Any, counts: subjects.Counts | None) -> list[ApprovalPolicy]:
    """The active policies that hold for a version, each of which has to be satisfied; with their stages."""
    subject = subjects.of(version, requester=requester, counts=counts)
    return [one for one in ApprovalPolicy.objects.active().with_stages() if conditions.hold(one.conditions, subject)]


# --- Writing ------------------------------------------------------------------------------------------


def create(plan: Plan, *, by: User | None) -> ApprovalPolicy:
    """A new policy, as a draft that holds for nothing yet."""
    found = _clean(plan)
    with transaction.atomic():
        try:
            with transaction.atomic():
                policy = ApprovalPolicy.objects.create(created_by=by, **found)
        except IntegrityError:
            raise _taken(plan.name) from None
        _write_stages(policy, plan.stages)
        audit.record(by, "created policy", policy, changes=audit.differences({}, _told(plan)))
    return policy


def change(policy: ApprovalPolicy, plan: Plan, *, by: User | None) -> ApprovalPolicy:
    """Have the policy say this; refused while it is active, and where somebody else was faster."""
    found, before = _clean(plan), _told(plan_of(policy))
    with transaction.atomic():
        mine = ApprovalPolicy.objects.filter(pk=policy.pk, revision=policy.revision).exclude(status=S.ACTIVE)
        try:
            with transaction.atomic():
                changed = mine.update(revision=F("revision") + 1, modified_at=timezone.now(), **found)
        except IntegrityError:
            raise _taken(plan.name) from None
        if not changed:
            raise _not_mine(policy)
        _write_stages(policy, plan.stages)
        audit.record(by, "changed policy", policy, changes=audit.differences(before, _told(plan)))
    policy.refresh_from_db()
    return policy


def duplicate(policy: ApprovalPolicy, *, by: User | None) -> ApprovalPolicy:
    """A draft that says the same, under a name of its own."""
    plan = plan_of(policy)
    base = _("%(name)s (copy)") % {"name": plan.name[:100]}
    taken = set(ApprovalPolicy.objects.filter(name__startswith=base).values_list("name", flat=True))
    name = next(one for n in range(1, len(taken) + 2) if (one := base if n == 1 else f"{base} {n}") not in taken)
    return create(Plan(**{**vars(plan), "name": name}), by=by)


def delete(policy: ApprovalPolicy, *, by: User | None) -> None:
    """Remove a policy; what it required of requests stays with them. Refused while it is active."""
    with transaction.atomic():
        audit.record(by, "deleted policy", policy, said=_told(plan_of(policy)))
        mine = ApprovalPolicy.objects.filter(pk=policy.pk, revision=policy.revision).exclude(status=S.ACTIVE)
        if not mine.exists():
            raise _not_mine(policy)
        mine.delete()


def activate(policy: ApprovalPolicy, *, by: User | None) -> None:
    """Have the policy hold for every request from now on. Raises CampaignError where nobody could satisfy it."""
    demand_deciders(policy)
    now = timezone.now()
    with transaction.atomic():
        mine = ApprovalPolicy.objects.filter(pk=policy.pk, revision=policy.revision).exclude(status=S.ACTIVE)
        facts = {"status": S.ACTIVE, "activated_at": now, "activated_by": by, "modified_at": now}
        if not mine.update(revision=F("revision") + 1, **facts):
            raise _not_mine(policy)
        Installation.objects.filter(pk=kept_installation().pk, policies_since=None).update(policies_since=now)
        audit.record(by, "activated policy", policy)
    policy.refresh_from_db()


def deactivate(policy: ApprovalPolicy, *, by: User | None) -> None:
    """Have the policy hold for nothing that is asked from now on; requests that wait keep what they require."""
    with transaction.atomic():
        mine = ApprovalPolicy.objects.filter(pk=policy.pk, revision=policy.revision, status=S.ACTIVE)
        facts = {"status": S.INACTIVE, "modified_at": timezone.now()}
        if not mine.update(revision=F("revision") + 1, **facts):
            raise WrongStatus(_("“%(name)s” is not active any more; look at it again.") % {"name": policy.name})
        audit.record(by, "deactivated policy", policy)
    policy.refresh_from_db()


# --- What it says -------------------------------------------------------------------------------------


def plan_of(policy: ApprovalPolicy) -> Plan:
    """What a policy says, as it would be written."""
    stages = [
        Stage(list(stage.groups.all()), list(stage.people.all()), stage.needed, tuple(stage.facets))
        for stage in policy.stages.all()
    ]
    simple = {name: getattr(policy, name) for name in SIMPLE}
    return Plan(name=policy.name, conditions=policy.conditions, stages=stages, **simple)


def _told(plan: Plan) -> dict[str, Any]:
    stages = [
        {
            "groups": sorted(group.name for group in stage.groups),
            "people": sorted(user.username for user in stage.people),
            "needed": stage.needed,
            "facets": list(stage.facets),
        }
        for stage in plan.stages
    ]
    simple = {name: getattr(plan, name) for name in ("name", *SIMPLE)}
    return {**simple, "conditions": plan.conditions, "stages": stages}


def _clean(plan: Plan) -> dict[str, Any]:
    """The fields of the row. Raises CampaignError for what cannot be."""
    name = " ".join(plan.name.split())
    if not name or len(name) > 120:
        raise CampaignError(_("Give the policy a name of at most 120 characters."))
    if len(plan.stages) > MOST_STAGES:
        raise CampaignError(_("A policy has at most %(most)s stages.") % {"most": MOST_STAGES})
    for number, stage in enumerate(plan.stages, start=1):
        if sentence := _wrong(stage):
            raise CampaignError(_("Stage %(number)s: %(sentence)s") % {"number": number, "sentence": sentence})
    if plan.due_hours and plan.open_hours and plan.due_hours > plan.open_hours:
        raise CampaignError(_("A request has to be due before it closes: give it more hours to stay open."))
    until = plan.due_hours or plan.open_hours
    if plan.remind_hours and (until is None or plan.remind_hours >= until):
        raise CampaignError(_("A reminder needs a moment before which it comes: give more hours until it is due."))
    simple = {name: getattr(plan, name) for name in SIMPLE}
    return {**simple, "name": name, "conditions": conditions.read(plan.conditions)}


def _wrong(stage: Stage) -> str:
    if not stage.facets or set(stage.facets) - set(FACETS):
        return _("choose what is signed: audience, content, schedule and budget, or several of them.")
    if stage.needed != EACH and stage.needed < 1:
        return _("at least one person has to sign.")
    if not stage.groups and stage.needed > len(set(stage.people)) > 0:
        return _("more people have to sign than are named.")
    return ""


def _write_stages(policy: ApprovalPolicy, stages: Iterable[Stage]) -> None:
    policy.stages.all().delete()
    for position, stage in enumerate(stages, start=1):
        row = PolicyStage.objects.create(
            policy=policy,
            position=position,
            named=len(set(stage.groups)) + len(set(stage.people)),
            needed=stage.needed,
            facets=[facet for facet in FACETS if facet in stage.facets],
        )
        row.groups.set(stage.groups)
        row.people.set(stage.people)


# --- Refusals -----------------------------------------------------------------------------------------


def demand_deciders(policy: ApprovalPolicy) -> None:
    """Raise CampaignError unless every stage can be signed by those it names."""
    stages = list(policy.stages.all())
    if not stages:
        raise CampaignError(_("“%(name)s” asks nobody yet: add a stage with those who decide.") % {"name": policy.name})
    able = {user.pk: user for user in access.who_holds("approve", Campaign)}
    for stage in stages:
        if sentence := _lacking(stage, able):
            facts = {"name": policy.name, "number": stage.position, "sentence": sentence}
            raise CampaignError(_("“%(name)s”, stage %(number)s: %(sentence)s") % facts)


def _lacking(stage: PolicyStage, able: dict[int, User]) -> str:
    people, groups = list(stage.people.all()), list(stage.groups.all())
    if not people and not groups:
        return _("nobody is named; choose groups or people who decide.")
    for user in people:
        if user.pk not in able:
            said = _("%(person)s may not approve campaigns. Choose somebody else, or give them the right.")
            return said % {"person": user}
    members = {group: set(group.user_set.filter(pk__in=able).values_list("pk", flat=True)) for group in groups}
    for group, found in members.items():
        if not found:
            return _(
                "nobody in “%(group)s” may approve campaigns. Choose another group, or give somebody the right."
            ) % {"group": group.name}
    pool = {user.pk for user in people}.union(*members.values())
    if stage.needed > len(pool):
        said = ngettext("%(n)s of those named may approve", "%(n)s of those named may approve", len(pool))
        wanted = _("%(said)s, and %(needed)s have to sign.")
        return wanted % {"said": said % {"n": len(pool)}, "needed": stage.needed}
    return ""


def _taken(name: str) -> CampaignError:
    return CampaignError(_("There is a policy “%(name)s” already; choose another name.") % {"name": name})


def _not_mine(policy: ApprovalPolicy) -> CampaignError:
    now = ApprovalPolicy.objects.filter(pk=policy.pk).first()
    if now is None:
        return WrongStatus(_("“%(name)s” has been deleted in the meantime.") % {"name": policy.name})
    if now.is_active:
        return WrongStatus(
            _("“%(name)s” is active, so nothing of it can change: deactivate it first.") % {"name": now.name}
        )
    return WrongStatus(_("“%(name)s” was changed in the meantime; look at it again.") % {"name": now.name})
