"""From an idea to a run: create, submit, approve, send back, publish, edit again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from activities.graph import Graph
from orchcamp.accounts import access, audit, sharing, tokens
from orchcamp.accounts.models import User

from . import arming, audience_rights, execution, files, governing, launching, moving, store
from .approvals.requests import approve, counts_of, demand_other, send_back, submit, withdraw
from .contexts import demand_runnable
from .errors import StaleCanvas, WrongStatus
from .models import Campaign, CampaignVersion, Run
from .pins import pin_again
from .status import OVER, PUBLISHED, move
from .versions import drafting

__all__ = [
    "approve",
    "change_properties",
    "counts_of",
    "create",
    "delete",
    "demand_other",
    "duplicate",
    "edit_again",
    "first_launch",
    "free_slug",
    "live_run",
    "publish",
    "send_back",
    "submit",
    "withdraw",
]

PROPERTIES = ("name", "description", "tags", "dimension", "timezone", "variables", "schedule", "settings", "folder")


# --- The campaign itself -----------------------------------------------------------------------------


def create(
    *,
    name: str,
    dimension: str,
    by: User | None,
    slug: str = "",
    document: dict[str, Any] | None = None,
    before: dict[str, Any] | None = None,
    **more: Any,
) -> Campaign:
    """A new draft that belongs to its author; ``more`` are further properties. ``before`` is the canvas that they have
    already, of which ``document`` is a copy."""
    unknown = set(more) - set(PROPERTIES)
    if unknown:
        raise TypeError(f"Not a property of a campaign: {', '.join(sorted(unknown))}")
    moving.demand_right(more.get("folder"), by=by)
    if document:
        audience_rights.demand(Graph.from_json(before or {}), Graph.from_json(document), by=by)
    with transaction.atomic():
        campaign = Campaign.objects.create(
            slug=slug or free_slug(name), name=name, dimension=dimension, owner=by, **more
        )
        CampaignVersion.objects.create(campaign=campaign, document=document or Graph().to_json(), author=by)
        sharing.give_owner(campaign, by)
        audit.record(by, "created", campaign)
    return campaign


def free_slug(name: str) -> str:
    """A slug from a name that no campaign has yet."""
    base = slugify(name)[:70] or "campaign"
    taken = set(Campaign.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := base if n == 1 else f"{base}-{n}") not in taken)


def change_properties(campaign: Campaign, *, by: User | None, **changes: Any) -> Campaign:
    """Change a draft's properties; what was approved is not changed any more.

    Beside a version in force the next draft keeps apart what runs depend on, until it is published.
    """
    unknown = set(changes) - set(PROPERTIES)
    if unknown:
        raise TypeError(f"Not a property of a campaign: {', '.join(sorted(unknown))}")
    if "folder" in changes:
        moving.demand(campaign, changes["folder"], by=by)
    draft = campaign.draft()
    if draft is None or campaign.status not in PUBLISHED | {Campaign.Status.DRAFT}:
        raise WrongStatus(_("Only a draft can be changed; edit the campaign again first."))
    before, beside = draft.planned(), campaign.status in PUBLISHED
    now, apart = timezone.now(), dict(draft.properties or (drafting.properties_of(campaign) if beside else {}))
    runs_by = {name: value for name, value in changes.items() if name in drafting.RUN_BY}
    changed = any(getattr(before, name) != value for name, value in runs_by.items())
    with transaction.atomic():
        at_once = {name: value for name, value in changes.items() if not apart or name not in runs_by}
        if not Campaign.objects.filter(pk=campaign.pk, status=campaign.status).update(modified_at=now, **at_once):
            raise WrongStatus(_("“%(name)s” has gone on in the meantime; look at it again.") % {"name": campaign.name})
        if changed:
            values = {"properties": {**apart, **runs_by}} if apart else {}
            drafts = CampaignVersion.objects.filter(pk=draft.pk, frozen_at=None, revision=draft.revision)
            if not drafts.update(revision=F("revision") + 1, modified_at=now, **values):
                raise StaleCanvas(_("This version was changed or frozen in the meantime; look at it again."))
        if by is not None:
            draft.editors.add(by)
        told = audit.differences({name: getattr(before, name) for name in changes}, changes)
        audit.record(by, "changed properties", campaign, fields=sorted(changes), changes=told)
    campaign.refresh_from_db()
    return campaign


def duplicate(campaign: Campaign, *, by: User | None, name: str = "") -> Campaign:
    """A new draft with the same canvas, properties and files."""
    title = name or _("%(name)s (copy)") % {"name": campaign.name}
    version = campaign.latest_version()
    planned, document = version.planned(), version.document
    same = {field: getattr(planned, field) for field in PROPERTIES if field not in {"name", "dimension"}}
    if by is not None and not access.may_within(by, "change", Campaign, campaign.folder):
        same["folder"] = None  # who may not put campaigns there has the copy outside
    with transaction.atomic():
        copy = create(name=title[:120], dimension=planned.dimension, by=by, document=document, before=document, **same)
        files.duplicate(campaign, copy, by=by)
    return copy


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
        slug = campaign.slug
        tokens.leave_out(slug)
        transaction.on_commit(lambda: [files.purge(slug), *(store.forget(run) for run in runs)])


# --- Approval: see ``campaigns.approvals`` --------------------------------------------------------------


def edit_again(campaign: Campaign, *, by: User | None, source: CampaignVersion | None = None) -> CampaignVersion:
    """Back to draft: a new draft begins from the last version (or ``source``) and needs an approval of its own; a next
    version that is open already is the draft. Refused while a live run is on, or a request for approval waits."""
    try:
        with transaction.atomic():
            move(campaign, "edit_again", by=by)
            governing.demand_between_launches(campaign)
            drafting.demand_none_waits(campaign)
            draft = campaign.draft()
            if draft is None:
                draft = drafting.next_draft(source or campaign.latest_version(), author=by)
            drafting.join(campaign, draft)
            audit.record(by, "edited again", campaign, version=draft.number)
    except IntegrityError:
        raise WrongStatus(_("Somebody opened a draft of this campaign just now; look at the canvas.")) from None
    return draft


# --- Publication --------------------------------------------------------------------------------------


def publish(campaign: Campaign, *, by: User | None, reason: str = "") -> Run | None:
    """Put the approved version in force. Its run is made, and a worker or ``run_campaign --live`` carries it out.

    A campaign with a moment to come has no run until then (see ``launching``), one that begins by a signal until one
    comes; a next version takes effect at the next launch.
    """
    version = campaign.latest_version()
    if campaign.status in PUBLISHED:
        if version.published_at is not None:
            raise WrongStatus(_("“%(name)s” has been published already; follow its run.") % {"name": campaign.name})
        return _next_in_force(campaign, version, by=by, reason=reason)
    if campaign.status in OVER and version.published_at is None:
        raise WrongStatus(
            _("“%(name)s” is %(status)s, so version %(number)s would never run: take it back to draft to publish it.")
            % {"name": campaign.name, "status": campaign.get_status_display().lower(), "number": version.number}
        )
    with transaction.atomic():
        slot, run = first_launch(campaign), None
        move(campaign, "schedule" if slot else "publish", by=by)
        drafting.mark_published(version, by=by, reason=reason)
        if slot or campaign.by_signal:
            demand_runnable(version, mode=Run.Mode.LIVE)
            launching.arm(campaign)
        else:
            run = execution.start(version, mode=Run.Mode.LIVE, by=by, trigger="published")
        audit.record(by, "published", campaign, version=version.number, run=run.pk if run else None)
    return run


def _next_in_force(campaign: Campaign, version: CampaignVersion, *, by: User | None, reason: str) -> Run | None:
    """Put a next version in force; one that was scheduled and now has no moment to wait for begins, or is live."""
    with transaction.atomic():
        drafting.take_effect(version, by=by, reason=reason)
        campaign.refresh_from_db()
        if campaign.status == Campaign.Status.SCHEDULED and first_launch(campaign) is None:
            move(campaign, "launch", by=by)
            if not campaign.by_signal:
                return execution.start(version, mode=Run.Mode.LIVE, by=by, trigger="published")
    return None


def first_launch(campaign: Campaign) -> datetime | None:
    """When the schedule lets the first run begin; None means at once, or by a signal. Raises CampaignError."""
    return arming.first(campaign)


def live_run(campaign: Campaign, *, by: User | None) -> Run:
    """The open live run of the published version, moved to now; else a new one. For ``run_campaign --live``."""
    version = campaign.published_version()
    if version is not None and campaign.status == Campaign.Status.SCHEDULED:
        return launching.launch_now(campaign, by=by)
    if version is None or campaign.status not in {Campaign.Status.LIVE, Campaign.Status.COMPLETED}:
        raise WrongStatus(
            _("“%(name)s” is %(status)s and has no published version to run; have it approved and publish it first.")
            % {"name": campaign.name, "status": campaign.get_status_display().lower()}
        )
    over = [Run.Status.SUCCEEDED, Run.Status.STOPPED]
    unfinished = Run.objects.live().filter(campaign=campaign, version=version).exclude(status__in=over)
    if run := unfinished.select_related("campaign", "version").first():
        pin_again(run)
        if run.status != Run.Status.RUNNING:
            execution.resume(run, by=by)
        return run
    if campaign.by_signal:
        raise WrongStatus(
            _("“%(name)s” runs when a signal comes, and none is being worked on; send one with “send_signal %(slug)s”.")
            % {"name": campaign.name, "slug": campaign.slug}
        )
    with transaction.atomic():
        move(campaign, "run_again", by=by)
        return execution.start(version, mode=Run.Mode.LIVE, by=by, trigger="command")
