"""A request for approval, from asking to its end: each step once, whoever comes at the same moment.

Every step first holds the request's row by a conditional update; who comes second finds it decided, or counts what the
first one signed.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import counts, execution
from campaigns.advance import REVIEW
from campaigns.contexts import demand_runnable
from campaigns.errors import AlreadyDecided, CampaignError, NotAllowed, OwnWork, StaleCanvas, WrongStatus
from campaigns.models import Approval, Campaign, CampaignVersion, Decision, Delegation, Requirement, Run
from campaigns.models.policy import EACH
from campaigns.versions import drafting
from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from . import policies, requirements, telling
from .deciders import Circle, authors
from .deciders import requirements as rows_of
from .facets import hashes

S = Approval.Status


# --- Asking -------------------------------------------------------------------------------------------


def submit(version: CampaignVersion, *, by: User | None, message: str = "") -> Approval:
    """Freeze the draft and ask for approval, with the counts of a dry run of exactly this version."""
    campaign = version.campaign
    if version.frozen_at is not None:
        raise WrongStatus(_("This version is frozen already; there is nothing to send for approval."))
    demand_runnable(version, mode=Run.Mode.LIVE)
    run = rehearsed(version, by)
    with transaction.atomic():
        now = timezone.now()
        drafts = CampaignVersion.objects.filter(pk=version.pk, revision=version.revision, frozen_at=None)
        properties = version.properties or drafting.properties_of(Campaign.objects.get(pk=campaign.pk))
        if not drafts.update(frozen_at=now, properties=properties):
            raise StaleCanvas(_("Someone changed the canvas in the meantime; look at it, then ask again."))
        drafting.step(campaign, "submit", by=by)
        version.frozen_at, version.properties = now, properties
        approval = Approval.objects.create(
            version=version, test_run=run, counts=counts_of(run), requested_by=by, message=message
        )
        requirements.fill(approval, policies.matching(version, by, approval.counts))
        audit.record(by, "submitted", campaign, version=version.number)
        _proceed(approval)
    return approval


def rehearsed(version: CampaignVersion, by: User | None) -> Run:
    """The dry run whose counts hold for this draft; one is made where there is none."""
    if run := counts.holding_dry_run(version):
        return run
    run = execution.start(version, mode=Run.Mode.DRY, by=by, trigger=REVIEW)
    run = execution.run_to_end(run)
    if run.status != Run.Status.SUCCEEDED or run.errors:
        why = run.error or run.get_status_display()
        raise CampaignError(_("The dry run before the approval did not succeed. %(why)s") % {"why": why})
    return run


def counts_of(run: Run) -> dict[str, dict[str, int]]:
    """Node → port → rows, for the transitions that the run went through."""
    return {
        node.node_id: {port: kept["rows"] for port, kept in node.outputs.items() if port in node.follows}
        for node in run.nodes.all()
        if node.outputs
    }


# --- Deciding -----------------------------------------------------------------------------------------


def approve(approval: Approval, *, by: User, message: str = "", in_bulk: bool = False) -> list[Requirement]:
    """Sign everything of the request that is this person's turn now; the version may be published when nothing is left.

    Nobody who wrote the version or asked for its approval may, by whatever way. The requirements that were signed.
    """
    demand_other(approval.version, by, approval.requested_by_id)
    with transaction.atomic():
        version = _held(approval)
        if in_bulk and not approval.bulk:
            raise CampaignError(
                _("“%(name)s” has to be looked at by itself: a policy that holds for it allows no decision in bulk.")
                % {"name": version.campaign.name}
            )
        if hashes(version) != approval.hashes:
            raise CampaignError(_("This version is not what was asked any more; send it back, and have it asked anew."))
        circle = Circle.of(approval)
        signed = _sign(circle, by, Decision.Verdict.APPROVE, message)
        if not signed:
            raise NotAllowed(refusal(circle, by))
        _proceed(approval, by=by, message=message, signed=signed)
    return signed


def send_back(approval: Approval, *, by: User, message: str) -> CampaignVersion:
    """Return a version to its author with what has to change; the next draft begins as its copy."""
    if not message.strip():
        raise CampaignError(_("Say what has to change: a message is needed to send a campaign back."))
    demand_other(approval.version, by, approval.requested_by_id)
    with transaction.atomic():
        _held(approval)
        circle = Circle.of(approval)
        if not _sign(circle, by, Decision.Verdict.SEND_BACK, message):
            raise NotAllowed(refusal(circle, by))
        concerned = telling.deciders(circle)
        draft = _back_to_draft(approval, S.SENT_BACK, "send_back", by=by, answer=message)
        audit.record(by, "sent back", approval.version.campaign, version=approval.version.number)
        telling.sent_back(approval, concerned, by=by)
    return draft


def _sign(circle: Circle, by: User, verdict: str, message: str) -> list[Requirement]:
    """Write down what a person says to each requirement that is theirs to decide now."""
    signed = []
    for row in rows_of(circle.approval):
        mandate = circle.mandate(row, by)
        if mandate is None:
            continue
        other = circle.people[mandate] if mandate != by.pk else None
        Decision.objects.create(
            requirement=row,
            by=by,
            by_name=str(by)[:200],
            on_behalf_of=other,
            on_behalf_of_name=str(other or "")[:200],
            verdict=verdict,
            message=message,
            signed={facet: circle.approval.hashes.get(facet) for facet in row.facets},
        )
        signed.append(row)
    return signed


def refusal(circle: Circle, by: Any) -> str:
    """Why there is nothing that this person could decide of a request now."""
    rows = rows_of(circle.approval)
    waiting = [row for row in rows if row.is_open]
    names = "; ".join(dict.fromkeys(f"{row.title}: {circle.waits_for(row)}" for row in waiting))
    facts = {"names": names}
    if any(decision.by_id == by.pk for row in rows for decision in row.decisions.all()):
        return _("You have signed it already. It still waits for: %(names)s.") % facts
    if by.pk in circle.stands_in:
        return _("You asked %(person)s to decide for you; take that back to decide yourself.") % {
            "person": circle.people[circle.stands_in[by.pk]]
        }
    return _("This is not yours to decide now. It waits for: %(names)s.") % facts


def missing(approval: Approval) -> list[str]:
    """For each requirement that is not satisfied who is still to sign, in the order of the stages."""
    circle = Circle.of(approval)
    rows = [row for row in rows_of(approval) if not row.is_satisfied]
    return [
        _("%(title)s, stage %(stage)s: %(who)s")
        % {"title": row.title, "stage": row.stage, "who": circle.waits_for(row)}
        for row in rows
    ]


def _proceed(approval: Approval, *, by: User | None = None, message: str = "", signed: Any = ()) -> None:
    """Mark what has enough signatures, open what comes next, and approve the version when nothing is left."""
    circle, now = Circle.of(approval), timezone.now()
    rows = rows_of(approval)
    for row in rows:
        if row.is_open and circle.satisfied(row):
            Requirement.objects.filter(pk=row.pk).update(status=Requirement.Status.SATISFIED, satisfied_at=now)
            row.status = Requirement.Status.SATISFIED
    before = {row.pk for row in rows if row.is_open}
    if requirements.proceed(approval, rows):
        _approved(approval, rows, by=by, message=message)
        return
    if signed:
        facts = {"version": approval.version.number, "requirements": [str(row) for row in signed]}
        audit.record(by, "signed", approval.version.campaign, **facts)
    telling.turn(circle, [row for row in rows if row.is_open and row.pk not in before], by=by)
    escalate(approval, circle, rows)


def _approved(approval: Approval, rows: list[Requirement], *, by: User | None, message: str) -> None:
    """Nothing is left to sign; where nothing was asked anew, it is approved by whoever signed last."""
    if by is None:
        last = Decision.objects.filter(requirement__in=[row.carried_from_id for row in rows]).order_by("-at", "-pk")
        by = next((decision.by for decision in last.select_related("by") if decision.by is not None), None)
    _decide(approval, S.APPROVED, by=by, answer=message)
    CampaignVersion.objects.filter(pk=approval.version_id).update(approved_at=timezone.now())
    drafting.step(approval.version.campaign, "approve", by=by)
    audit.record(by, "approved", approval.version.campaign, version=approval.version.number)
    telling.approved(approval, by=by)


def demand_other(version: CampaignVersion, user: User, requested_by: int | None = None) -> None:
    """Raise OwnWork if the person wrote any of the version or asked for its approval."""
    if user.pk in {version.author_id, requested_by} or version.editors.filter(pk=user.pk).exists():
        raise OwnWork(_("You wrote this version or asked for its approval; somebody else has to decide."))


# --- Another in one's place ---------------------------------------------------------------------------


def delegate(approval: Approval, *, by: User, to: User, message: str = "") -> Delegation:
    """Ask somebody who could decide to decide this request in one's place; never an author of it."""
    demand_other(approval.version, by, approval.requested_by_id)
    with transaction.atomic():
        _held(approval)
        circle = Circle.of(approval)
        rows = [row for row in rows_of(approval) if not row.is_satisfied]
        own = [row for row in rows if by.pk in circle.named(row)]
        if not own:
            raise NotAllowed(_("Nothing of this request is yours to decide, so there is nothing to hand on."))
        demand_stand_in(circle, own, by, to)
        facts = {"to": to, "message": message, "at": timezone.now()}
        delegation, _new = Delegation.objects.update_or_create(approval=approval, by=by, defaults=facts)
        audit.record(by, "delegated approval", approval.version.campaign, to=to.username)
        telling.delegated(approval, by=by, to=to, message=message)
    return delegation


def stand_ins(approval: Approval, by: User) -> list[User]:
    """Those whom a person may ask to decide a request in their place, by name."""
    circle = Circle.of(approval)
    own = [row for row in rows_of(approval) if not row.is_satisfied and by.pk in circle.named(row)]
    return [to for to in circle.people.values() if own and _may_stand_in(circle, own, by, to)]


def _may_stand_in(circle: Circle, rows: list[Requirement], by: User, to: User) -> bool:
    try:
        demand_stand_in(circle, rows, by, to)
    except CampaignError:
        return False
    return True


def demand_stand_in(circle: Circle, rows: list[Requirement], by: User, to: User) -> None:
    """Raise CampaignError unless somebody may decide these in another's place."""
    facts = {"person": to}
    if to.pk == by.pk:
        raise CampaignError(_("Choose somebody else: you decide for yourself already."))
    if to.pk in authors(circle.approval):
        raise OwnWork(_("%(person)s wrote this version or asked for its approval, so cannot decide it.") % facts)
    if to.pk not in circle.people:
        raise NotAllowed(_("%(person)s may not approve this campaign; choose somebody who may.") % facts)
    if to.pk in circle.stands_in:
        raise CampaignError(_("%(person)s has asked somebody else to decide; choose another.") % facts)
    if any(row.needed == EACH and to.pk in circle.named(row) for row in rows if not row.anyone):
        raise CampaignError(_("%(person)s has to sign this too, and nobody signs twice; choose another.") % facts)
    if by.pk in circle.stands_in.values():
        raise CampaignError(_("Somebody asked you to decide in their place; decide it, or have them ask another."))


def take_back(approval: Approval, *, by: User) -> None:
    """Decide oneself again, where the other has not yet."""
    with transaction.atomic():
        _held(approval)
        gone, _kinds = approval.delegations.filter(by=by).delete()
        if not gone:
            raise WrongStatus(_("You have asked nobody to decide this request for you."))
        audit.record(by, "took delegation back", approval.version.campaign)


# --- Its end ------------------------------------------------------------------------------------------


def withdraw(approval: Approval, *, by: User | None) -> CampaignVersion:
    """Take a request back before it is decided."""
    with transaction.atomic():
        concerned = telling.deciders(Circle.of(approval))
        draft = _back_to_draft(approval, S.CANCELLED, "withdraw", by=by)
        audit.record(by, "withdrew request", approval.version.campaign, version=approval.version.number)
        telling.withdrawn(approval, concerned, by=by)
    return draft


def expire(approval: Approval) -> CampaignVersion | None:
    """Close a request that nobody decided in time; None where it is decided, or has time left."""
    with transaction.atomic():
        late = Approval.objects.filter(pk=approval.pk, status=S.WAITING, expires_at__lte=timezone.now())
        if not late.update(status=F("status")):
            return None
        concerned = telling.deciders(Circle.of(approval))
        draft = _back_to_draft(approval, S.EXPIRED, "withdraw", by=None)
        audit.record(None, "let request expire", approval.version.campaign, version=approval.version.number)
        telling.expired(approval, concerned)
    return draft


def _back_to_draft(approval: Approval, status: str, verb: str, *, by: User | None, answer: str = "") -> CampaignVersion:
    _decide(approval, status, by=by, answer=answer)
    drafting.step(approval.version.campaign, verb, by=by)
    return drafting.next_draft(approval.version)


def remind(approval: Approval) -> bool:
    """Remind those whose turn it is, once; whether that was now."""
    with transaction.atomic():
        now = timezone.now()
        due = Approval.objects.filter(pk=approval.pk, status=S.WAITING, reminded_at=None, remind_at__lte=now)
        if not due.update(reminded_at=now):
            return False
        telling.due(Circle.of(approval))
    return True


def escalate(approval: Approval, circle: Circle | None = None, rows: list[Requirement] | None = None) -> None:
    """Ask administrators where too few of those who were named are left; each requirement once."""
    circle = circle or Circle.of(approval)
    for row in rows if rows is not None else rows_of(approval):
        if row.is_open and row.escalated_at is None and circle.escalates(row):
            mine = Requirement.objects.filter(pk=row.pk, escalated_at=None, status=Requirement.Status.OPEN)
            if mine.update(escalated_at=timezone.now()):
                telling.escalated(circle, row)


# --- Its row ------------------------------------------------------------------------------------------


def _held(approval: Approval) -> CampaignVersion:
    """Hold the request until the transaction ends, and have it and its version as they are now. Raises AlreadyDecided."""
    if not Approval.objects.filter(pk=approval.pk, status=S.WAITING).update(status=F("status")):
        _raise_decided(approval)
    approval.refresh_from_db()
    version = approval.version
    if not approval.hashes:  # asked before there were policies: it is asked anew what holds for it
        approval.requirements.all().delete()
        requirements.fill(approval, policies.matching(version, approval.requested_by, approval.counts))
        requirements.proceed(approval, rows_of(approval))
    return version


def _decide(approval: Approval, status: str, *, by: User | None, answer: str = "") -> None:
    now = timezone.now()
    waiting = Approval.objects.filter(pk=approval.pk, status=S.WAITING)
    if not waiting.update(status=status, decided_by=by, decided_at=now, answer=answer):
        _raise_decided(approval)
    approval.status, approval.decided_by, approval.decided_at, approval.answer = status, by, now, answer


def _raise_decided(approval: Approval) -> None:
    approval.refresh_from_db()
    raise AlreadyDecided(
        _("This request has been decided already: %(status)s.") % {"status": approval.get_status_display().lower()}
    )
