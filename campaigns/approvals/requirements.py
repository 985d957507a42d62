"""What a request requires: a row for each stage of each policy that matched, and what was signed of it before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Approval, ApprovalPolicy, PolicyStage, Requirement
from campaigns.models.policy import FACETS

from . import deviation, foreseeing, subjects
from .deciders import authors, signatures
from .facets import AUDIENCE, hashes

S = Requirement.Status


def fill(approval: Approval, policies: Sequence[ApprovalPolicy]) -> None:
    """Write down what a new request requires, what holds for it, and what was signed already in an earlier one."""
    measure(approval, policies)
    approval.save(update_fields=["hashes", "targeted", "deviation", "bulk", "expires_at", "due_at", "remind_at"])
    names = foreseeing.names() if policies else {}
    for track, policy in enumerate(policies):
        words = foreseeing.condition_in_words(policy, names)
        for stage in policy.stages.all():
            _row(approval, policy, stage, track, words)
    if rest := uncovered(policies):
        _rest(approval, rest, track=len(policies), alone=not policies)
    _carry_over(approval)


def measure(approval: Approval, policies: Sequence[ApprovalPolicy]) -> None:
    """What is signed, and what the strictest of the policies say of the whole request; nothing is written."""
    version, now = approval.version, timezone.now()
    approval.hashes = hashes(version)
    approval.targeted = subjects.targeted(version.graph, approval.counts)
    approval.deviation = min((one.deviation for one in policies if one.deviation is not None), default=None)
    approval.bulk = all(one.bulk for one in policies)
    approval.expires_at = _after(now, (one.open_hours for one in policies))
    approval.due_at = _after(now, (one.due_hours for one in policies))
    hours = [one.remind_hours for one in policies if one.remind_hours]
    approval.remind_at = _reminder(approval, hours, now)


def uncovered(policies: Sequence[ApprovalPolicy]) -> list[str]:
    """The facets that no policy has signed."""
    covered = {facet for policy in policies for stage in policy.stages.all() for facet in stage.facets}
    return [facet for facet in FACETS if facet not in covered]


def _after(now: datetime, found: Iterable[int | None]) -> datetime | None:
    hours = [value for value in found if value]
    return now + timedelta(hours=min(hours)) if hours else None


def _reminder(approval: Approval, hours: list[int], now: datetime) -> datetime | None:
    """One reminder, so long before it is due; where nothing is due, before it closes."""
    until = approval.due_at or approval.expires_at
    if until is None or not hours:
        return None
    return max(until - timedelta(hours=max(hours)), approval.requested_at or now)


def _row(approval: Approval, policy: ApprovalPolicy, stage: PolicyStage, track: int, words: str) -> None:
    groups, people = list(stage.groups.all()), list(stage.people.all())
    row = Requirement.objects.create(
        approval=approval,
        policy=policy,
        title=policy.name,
        conditions=words,
        track=track,
        stage=stage.position,
        facets=list(stage.facets),
        named=max(stage.named, len(groups) + len(people)),
        needed=stage.needed,
        definition=definition(policy, stage),
        status=S.LATER,
    )
    row.groups.set(groups)
    row.people.set(people)


def _rest(approval: Approval, facets: list[str], *, track: int, alone: bool) -> None:
    """The catch-all: what no policy has signed, one person with the right to approve signs."""
    title = _("Approval") if alone else _("What no policy asks for")
    Requirement.objects.create(
        approval=approval, title=title, track=track, facets=facets, anyone=True, definition="", status=S.LATER
    )


def definition(policy: ApprovalPolicy, stage: PolicyStage) -> str:
    """Tells whether two requests asked the same people to sign the same."""
    said: list[Any] = [
        policy.pk,
        sorted(group.pk for group in stage.groups.all()),
        sorted(user.pk for user in stage.people.all()),
        stage.named,
        stage.needed,
        sorted(stage.facets),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


# --- What was signed before ---------------------------------------------------------------------------


def _carry_over(approval: Approval) -> None:
    """Take what was signed in an earlier request of the campaign, where exactly that is asked again: the same hashes,
    by nobody who wrote the new version or asks for it."""
    rows = {row.definition: row for row in approval.requirements.exclude(definition="")}
    for definition, old in signed_before(approval, {text: row.facets for text, row in rows.items()}).items():
        row = rows[definition]
        row.status, row.satisfied_at, row.carried_from = S.SATISFIED, timezone.now(), old
        row.save(update_fields=["status", "satisfied_at", "carried_from"])


def signed_before(approval: Approval, wanted: Mapping[str, Sequence[str]]) -> dict[str, Requirement]:
    """Definition -> what was signed of it in an earlier request and still holds; ``wanted`` has the facets of each. The
    request need not be written yet."""
    own, found = authors(approval), {}
    earlier = Requirement.objects.filter(
        approval__version__campaign=approval.version.campaign_id, definition__in=wanted, status=S.SATISFIED
    )
    earlier = earlier.filter(carried_from=None).exclude(approval_id=approval.pk).select_related("approval__version")
    for old in earlier.prefetch_related("decisions").order_by("-satisfied_at", "-pk"):
        if old.definition not in found and _still_signed(wanted[old.definition], old, approval, own):
            found[old.definition] = old
    return found


def _still_signed(facets: Sequence[str], old: Requirement, approval: Approval, own: set[int]) -> bool:
    given = signatures(old)
    people = {pk for decision in given for pk in (decision.by_id, decision.on_behalf_of_id) if pk is not None}
    same = all(decision.signed.get(facet) == approval.hashes[facet] for decision in given for facet in facets)
    if not given or not same or people & own or any(decision.by_id is None for decision in given):
        return False
    near = not deviation.between(old.approval.targeted, approval.targeted, approval.deviation)
    return AUDIENCE not in facets or near


def proceed(approval: Approval, rows: Iterable[Requirement]) -> bool:
    """Open what has its turn now; whether nothing is left to sign."""
    done = True
    reached: set[int] = set()  # tracks that stand at a stage
    for row in sorted(rows, key=lambda row: (row.track, row.stage)):
        if row.status == S.SATISFIED:
            continue
        done = False
        if row.status == S.LATER and row.track not in reached:
            Requirement.objects.filter(pk=row.pk, status=S.LATER).update(status=S.OPEN)
            row.status = S.OPEN
        reached.add(row.track)
    return done
