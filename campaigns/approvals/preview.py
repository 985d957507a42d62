"""What asking now would require: which policies hold and why, who would be asked, by when, and what is signed already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from campaigns.models import Approval, ApprovalPolicy, CampaignVersion, Decision, PolicyStage, Requirement
from campaigns.models.policy import FACET_LABELS
from orchcamp.accounts import access
from orchcamp.accounts.models import User

from . import foreseeing, policies, requirements
from .asked import named
from .deciders import authors

SHOWN = 6  # names of people


@dataclass(frozen=True)
class Wanted:
    """One stage that would have to be signed."""

    number: int
    facets: list[str]
    who: str
    people: list[str]  # those who could sign it, by name
    more: int  # of them, beside those that are named
    before: Requirement | None = None  # signed in an earlier request, and still holding

    @property
    def signed(self) -> list[Decision]:
        return list(self.before.decisions.all()) if self.before is not None else []


@dataclass(frozen=True)
class Matched:
    """One policy that holds for the version."""

    policy: ApprovalPolicy
    words: str
    stages: list[Wanted]


@dataclass(frozen=True)
class Preview:
    approval: Approval  # as it would be; never written
    matched: list[Matched]
    rest: Wanted | None  # what no policy asks for


def preview(version: CampaignVersion, *, by: User, counts: dict[str, dict[str, int]]) -> Preview:
    """The request that the person would make of a draft with these counts."""
    found = policies.matching(version, by, counts)
    approval = Approval(version=version, requested_by=by, counts=counts)
    requirements.measure(approval, found)
    stages = {requirements.definition(policy, stage): stage for policy in found for stage in policy.stages.all()}
    before = requirements.signed_before(approval, {text: stage.facets for text, stage in stages.items()})
    able = _able(approval)
    names = foreseeing.names() if found else {}
    matched = [
        Matched(
            policy,
            foreseeing.condition_in_words(policy, names),
            [_wanted(stage, able, before.get(requirements.definition(policy, stage))) for stage in policy.stages.all()],
        )
        for policy in found
    ]
    return Preview(approval, matched, _rest(requirements.uncovered(found), able))


def _able(approval: Approval) -> dict[int, User]:
    """Who may approve it: nobody who wrote it or asks for it."""
    own = authors(approval)
    return {user.pk: user for user in access.who_may("approve", approval.version.campaign) if user.pk not in own}


def _wanted(stage: PolicyStage, able: dict[int, User], before: Requirement | None) -> Wanted:
    groups, people = list(stage.groups.all()), list(stage.people.all())
    members = User.objects.filter(groups__in=groups, pk__in=able).values_list("pk", flat=True) if groups else ()
    could = [user for pk, user in able.items() if pk in {*members, *(person.pk for person in people)}]
    words = [*(str(person) for person in people), *(f"“{group.name}”" for group in groups)]
    who = named(words, stage.needed, max(stage.named, len(words)))
    return _listed(stage.position, stage.facets, who, could, before)


def _rest(facets: list[str], able: dict[int, User]) -> Wanted | None:
    return _listed(1, facets, "", list(able.values())) if facets else None


def _listed(
    number: int, facets: Iterable[str], who: str, could: list[User], before: Requirement | None = None
) -> Wanted:
    labels = [str(FACET_LABELS[facet]) for facet in facets if facet in FACET_LABELS]
    shown = [str(user) for user in could[:SHOWN]]
    return Wanted(number, labels, who, shown, len(could) - len(shown), before)
