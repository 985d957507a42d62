"""From an idea to a run: create, submit, approve, send back, publish, edit again, archive."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from activities.graph import Graph
from orchcamp.accounts import access, audit
from orchcamp.accounts.models import User

from . import counts, execution, sharing, store
from .contexts import demand_runnable
from .errors import AlreadyDecided, CampaignError, OwnWork, StaleCanvas, WrongStatus
from .models import Approval, Campaign, CampaignVersion, Run
from .status import move

PROPERTIES = ("name", "description", "tags", "dimension", "timezone", "variables", "schedule", "settings", "folder")
RUN_BY = {"dimension", "timezone", "variables", "schedule", "settings"}  # what a run depends on beside the canvas
AT_ONCE = {"", "asap", "immediate", "immediately", "manual"}


# --- The campaign itself -----------------------------------------------------------------------------


def create(
    *, name: str, dimension: str, by: User | None, slug: str = "", document: dict[str, Any] | None = None, **more: Any
) -> Campaign:
    """A new draft that belongs to its author; ``more`` are further properties."""
    unknown = set(more) - set(PROPERTIES)
    if unknown:
        raise TypeError(f"Not a property of a campaign: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        campaign = Campaign.objects.create(
            slug=slug or free_slug(name), name=name, dimension=dimension, owner=by, **more
        )
        CampaignVersion.objects.create(campaign=campaign, document=document or Graph().to_json(), author=by)
        if by is not None:
            access.grant(by, sharing.ALL, campaign)
        audit.record(by, "created", campaign)
    return campaign


def free_slug(name: str) -> str:
    """A slug from a name that no campaign has yet."""
    base = slugify(name)[:70] or "campaign"
    taken = set(Campaign.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := base if n == 1 else f"{base}-{n}") not in taken)


def change_properties(campaign: Campaign, *, by: User | None, **changes: Any) -> Campaign:
    """Change a draft's properties; any other status is refused, for they are what was approved."""
    unknown = set(changes) - set(PROPERTIES)
    if unknown:
        raise TypeError(f"Not a property of a campaign: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        drafts = Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.DRAFT)
        if not drafts.update(modified_at=timezone.now(), **changes):
            raise WrongStatus(_("Only a draft can be changed; edit the campaign again first."))
        draft = campaign.draft()
        if draft is not None and any(
            getattr(campaign, name) != value for name, value in changes.items() if name in RUN_BY
        ):
            CampaignVersion.objects.filter(pk=draft.pk).update(revision=F("revision") + 1, modified_at=timezone.now())
        if by is not None and draft is not None:
            draft.editors.add(by)
        audit.record(by, "changed properties", campaign, fields=sorted(changes))
    campaign.refresh_from_db()
    return campaign


def duplicate(campaign: Campaign, *, by: User | None, name: str = "") -> Campaign:
    """A new draft with the same canvas and properties."""
    title = name or _("%(name)s (copy)") % {"name": campaign.name}
    same = {field: getattr(campaign, field) for field in PROPERTIES if field not in {"name", "dimension"}}
    document = campaign.latest_version().document
    return create(name=title[:120], dimension=campaign.dimension, by=by, document=document, **same)


def delete(campaign: Campaign, *, by: User | None) -> None:
    """Remove a draft that was never published, with its test runs."""
    if campaign.runs.filter(mode=Run.Mode.LIVE).exists():
        raise WrongStatus(
            _("“%(name)s” has run live and keeps its history; archive it instead.") % {"name": campaign.name}
        )
    with transaction.atomic():
        runs = list(campaign.runs.values_list("pk", flat=True))
        if not Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.DRAFT).exists():
            raise WrongStatus(_("Only a draft can be deleted; archive “%(name)s” instead.") % {"name": campaign.name})
        audit.record(by, "deleted", campaign, slug=campaign.slug)
        campaign.delete()
        transaction.on_commit(lambda: [store.purge(run) for run in runs])


def archive(campaign: Campaign, *, by: User | None) -> None:
    """Put a campaign that is over out of sight."""
    with transaction.atomic():
        move(campaign, "archive")
        audit.record(by, "archived", campaign)


# --- Approval ----------------------------------------------------------------------------------------


def submit(version: CampaignVersion, *, by: User | None, message: str = "") -> Approval:
    """Freeze the draft and ask for approval, with the counts of a test run of exactly this canvas."""
    campaign = version.campaign
    if version.frozen_at is not None:
        raise WrongStatus(_("This version is frozen already; there is nothing to send for approval."))
    demand_runnable(version, mode=Run.Mode.LIVE)
    run = _tested(version, by)
    with transaction.atomic():
        now = timezone.now()
        drafts = CampaignVersion.objects.filter(pk=version.pk, revision=version.revision, frozen_at=None)
        if not drafts.update(frozen_at=now):
            raise StaleCanvas(_("Someone changed the canvas in the meantime; look at it, then ask again."))
        move(campaign, "submit")
        version.frozen_at = now
        approval = Approval.objects.create(
            version=version, test_run=run, counts=counts_of(run), requested_by=by, message=message
        )
        audit.record(by, "submitted", campaign, version=version.number)
    return approval


def _tested(version: CampaignVersion, by: User | None) -> Run:
    """The test whose counts hold for this draft; one is made where there is none."""
    if run := counts.holding_test(version):
        return run
    run = execution.start(version, mode=Run.Mode.TEST, by=by, trigger="review")
    run = execution.run_to_end(run)
    if run.status != Run.Status.SUCCEEDED:
        why = run.error or run.get_status_display()
        raise CampaignError(_("The test run before the approval did not succeed. %(why)s") % {"why": why})
    return run


def counts_of(run: Run) -> dict[str, dict[str, int]]:
    """Node → port → rows, for the transitions that the run went through."""
    return {
        node.node_id: {port: kept["rows"] for port, kept in node.outputs.items() if port in node.follows}
        for node in run.nodes.all()
        if node.outputs
    }


def approve(approval: Approval, *, by: User, message: str = "") -> None:
    """Let a version be published. Nobody who wrote it or asked for it may."""
    demand_other(approval.version, by, approval.requested_by_id)
    with transaction.atomic():
        _decide(approval, Approval.Status.APPROVED, by=by, answer=message)
        CampaignVersion.objects.filter(pk=approval.version_id).update(approved_at=timezone.now())
        move(approval.version.campaign, "approve")
        audit.record(by, "approved", approval.version.campaign, version=approval.version.number)


def demand_other(version: CampaignVersion, user: User, requested_by: int | None = None) -> None:
    """Raise OwnWork if the person wrote any of the version or asked for its approval."""
    if user.pk in {version.author_id, requested_by} or version.editors.filter(pk=user.pk).exists():
        raise OwnWork(_("You wrote this version or asked for its approval; somebody else has to decide."))


def send_back(approval: Approval, *, by: User, message: str) -> CampaignVersion:
    """Return a version to its author with what has to change; the next draft begins as its copy."""
    if not message.strip():
        raise CampaignError(_("Say what has to change: a message is needed to send a campaign back."))
    demand_other(approval.version, by, approval.requested_by_id)
    with transaction.atomic():
        _decide(approval, Approval.Status.SENT_BACK, by=by, answer=message)
        move(approval.version.campaign, "send_back")
        draft = _next_draft(approval.version)
        audit.record(by, "sent back", approval.version.campaign, version=approval.version.number)
    return draft


def withdraw(approval: Approval, *, by: User | None) -> CampaignVersion:
    """Take a request back before somebody has decided."""
    with transaction.atomic():
        _decide(approval, Approval.Status.CANCELLED, by=by)
        move(approval.version.campaign, "withdraw")
        draft = _next_draft(approval.version)
        audit.record(by, "withdrew request", approval.version.campaign, version=approval.version.number)
    return draft


def _decide(approval: Approval, status: str, *, by: User | None, answer: str = "") -> None:
    now = timezone.now()
    waiting = Approval.objects.filter(pk=approval.pk, status=Approval.Status.WAITING)
    if not waiting.update(status=status, decided_by=by, decided_at=now, answer=answer):
        approval.refresh_from_db()
        raise AlreadyDecided(
            _("This request has been decided already: %(status)s.") % {"status": approval.get_status_display().lower()}
        )
    approval.status, approval.decided_by, approval.decided_at, approval.answer = status, by, now, answer


def _next_draft(version: CampaignVersion, *, author: User | None = None) -> CampaignVersion:
    """A draft that begins as a copy of a frozen version; whoever wrote that one wrote this one too."""
    number = CampaignVersion.objects.filter(campaign=version.campaign_id).aggregate(last=Max("number"))["last"] + 1
    draft = CampaignVersion.objects.create(
        campaign_id=version.campaign_id, number=number, document=version.document, author=author or version.author
    )
    draft.editors.set(version.editors.all())
    if version.author:
        draft.editors.add(version.author)
    return draft


def edit_again(campaign: Campaign, *, by: User | None) -> CampaignVersion:
    """Open a new draft from the last version; it needs an approval of its own."""
    try:
        with transaction.atomic():
            move(campaign, "edit_again")
            draft = _next_draft(campaign.latest_version(), author=by)
            audit.record(by, "edited again", campaign, version=draft.number)
    except IntegrityError:
        raise WrongStatus(_("Somebody opened a draft of this campaign just now; look at the canvas.")) from None
    return draft


# --- Publication --------------------------------------------------------------------------------------


def publish(campaign: Campaign, *, by: User | None) -> Run:
    """Make the approved version live and create its run; a worker or ``run_campaign --live`` carries it out."""
    version = campaign.latest_version()
    if campaign.status == Campaign.Status.LIVE:
        raise WrongStatus(_("“%(name)s” has been published already; follow its run.") % {"name": campaign.name})
    with transaction.atomic():
        move(campaign, "publish")
        now = timezone.now()
        approved = CampaignVersion.objects.filter(pk=version.pk, approved_at__isnull=False, frozen_at__isnull=False)
        if not approved.update(published_at=now):
            raise WrongStatus(_("This version is not approved; ask for an approval first."))
        version.published_at = now
        slot = first_launch(campaign)
        run = execution.start(version, mode=Run.Mode.LIVE, by=by, scheduled_for=slot, trigger="published")
        audit.record(by, "published", campaign, version=version.number, run=run.pk)
    return run


def first_launch(campaign: Campaign) -> datetime | None:
    """When the schedule lets the run begin; None means at once. Raises CampaignError for what it cannot do."""
    frequency = str(campaign.schedule.get("frequency", "")).lower()
    if frequency in AT_ONCE:
        return None
    if frequency != "once":
        raise CampaignError(
            _("The schedule “%(frequency)s” is not known here; use “once” or “asap” in the campaign's properties.")
            % {"frequency": frequency}
        )
    if not campaign.schedule.get("at"):
        return None
    try:
        at = datetime.fromisoformat(str(campaign.schedule["at"]))
        moment = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(campaign.timezone))
    except (ValueError, KeyError):
        raise CampaignError(
            _("The schedule's moment “%(at)s” is not a date and time like 2026-12-01T09:00 in a known time zone.")
            % {"at": campaign.schedule["at"]}
        ) from None
    return moment if moment > timezone.now() else None


def live_run(campaign: Campaign, *, by: User | None) -> Run:
    """The open live run of the published version, moved to now; else a new one. For ``run_campaign --live``."""
    version = campaign.published_version()
    if version is None or campaign.status not in {Campaign.Status.LIVE, Campaign.Status.COMPLETED}:
        raise WrongStatus(
            _("“%(name)s” is %(status)s and has no published version to run; have it approved and publish it first.")
            % {"name": campaign.name, "status": campaign.get_status_display().lower()}
        )
    over = [Run.Status.SUCCEEDED, Run.Status.STOPPED]
    unfinished = Run.objects.live().filter(campaign=campaign, version=version).exclude(status__in=over)
    if run := unfinished.select_related("campaign", "version").first():
        now = timezone.now()
        if Run.objects.filter(pk=run.pk, scheduled_for__gt=now).update(scheduled_for=now):
            run.scheduled_for = now
        if run.status != Run.Status.RUNNING:
            execution.resume(run, by=by)
        return run
    with transaction.atomic():
        move(campaign, "run_again")
        return execution.start(version, mode=Run.Mode.LIVE, by=by, trigger="command")
