"""How a next version begins, keeps its properties apart, and takes effect while an earlier one is in force."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import arming, following
from campaigns.approvals import guard
from campaigns.contexts import demand_runnable
from campaigns.errors import WrongStatus
from campaigns.models import Approval, Campaign, CampaignVersion, Run
from campaigns.status import OVER, PUBLISHED, move
from orchcamp.accounts import audit
from orchcamp.accounts.models import User

RUN_BY = ("dimension", "timezone", "variables", "schedule", "settings")  # what a run depends on beside the canvas


def properties_of(campaign: Campaign) -> dict[str, Any]:
    """What runs of a campaign depend on beside the canvas, to be kept with a version."""
    return {name: getattr(campaign, name) for name in RUN_BY}


def open_plan(campaign: Campaign) -> Campaign | None:
    """The campaign as the draft has it whose properties can be changed now; None while there is none."""
    draft = campaign.draft()
    changeable = campaign.status in PUBLISHED | {Campaign.Status.DRAFT}
    return draft.planned() if draft is not None and changeable else None


def step(campaign: Campaign, verb: str, *, by: User | None = None) -> None:
    """Take a campaign along with its version; while an earlier one is in force its status stays as it is, also when
    that comes to its end before somebody has decided. Raises WrongStatus."""
    stays = PUBLISHED if verb == "submit" else PUBLISHED | OVER
    if Campaign.objects.filter(pk=campaign.pk, status__in=stays).update(modified_at=timezone.now()):
        following.happened(campaign, f"next_{verb}", by=by)
    else:
        move(campaign, verb, by=by)


def next_draft(version: CampaignVersion, *, author: User | None = None) -> CampaignVersion:
    """A draft that begins as a copy of a frozen version; whoever wrote that one wrote this one too.

    While the campaign is a draft itself, its properties are the draft's; else the draft has its own.
    """
    number = CampaignVersion.objects.filter(campaign=version.campaign_id).aggregate(last=Max("number"))["last"] + 1
    campaign = Campaign.objects.get(pk=version.campaign_id)
    properties = version.properties or properties_of(campaign)
    if campaign.status == Campaign.Status.DRAFT:
        Campaign.objects.filter(pk=campaign.pk).update(**properties)
        properties = {}
    draft = CampaignVersion.objects.create(
        campaign_id=version.campaign_id,
        number=number,
        document=version.document,
        properties=properties,
        author=author or version.author,
        began_from=version,
    )
    draft.editors.set(version.editors.all())
    if version.author:
        draft.editors.add(version.author)
    return draft


def begin_next(campaign: Campaign, *, by: User | None, source: CampaignVersion | None = None) -> CampaignVersion:
    """Open the next version of a published campaign as a draft; what is in force goes on. Raises WrongStatus."""
    try:
        with transaction.atomic():
            demand_none_waits(campaign)
            if not Campaign.objects.filter(pk=campaign.pk, status__in=PUBLISHED).update(modified_at=timezone.now()):
                raise WrongStatus(
                    _("Only a scheduled, live or paused campaign has a next version beside the one in force.")
                )
            draft = next_draft(source or campaign.latest_version(), author=by)
            audit.record(by, "began version", campaign, version=draft.number)
    except IntegrityError:
        raise WrongStatus(_("The next version is open already; look at the canvas.")) from None
    return draft


def demand_none_waits(campaign: Campaign) -> None:
    """Raise WrongStatus while an approver has a version of the campaign before them."""
    if Approval.objects.filter(version__campaign=campaign, status=Approval.Status.WAITING).exists():
        raise WrongStatus(
            _("A version of “%(name)s” waits for an approval; withdraw the request first.") % {"name": campaign.name}
        )


def join(campaign: Campaign, draft: CampaignVersion) -> None:
    """The campaign is a draft again: what its draft had apart is its own now."""
    if draft.properties:
        Campaign.objects.filter(pk=campaign.pk).update(**draft.properties)
        CampaignVersion.objects.filter(pk=draft.pk).update(properties={})
        draft.properties = {}


def take_effect(version: CampaignVersion, *, by: User | None, reason: str = "") -> None:
    """Put an approved next version in force from the next launch on; a run that is on keeps the canvas it has.

    Raises WrongStatus when it is not approved, was published, or its campaign is out of force by now.
    """
    campaign = version.campaign
    demand_runnable(version, mode=Run.Mode.LIVE)
    with transaction.atomic():
        in_force = Campaign.objects.filter(pk=campaign.pk, status__in=PUBLISHED)
        if not in_force.update(modified_at=timezone.now(), **version.properties):
            raise WrongStatus(
                _("“%(name)s” is out of force by now: take it back to draft to publish it anew.")
                % {"name": campaign.name}
            )
        mark_published(version, by=by, reason=reason)
        campaign.refresh_from_db()
        arming.arm(campaign)
        following.happened(campaign, "next_publish", by=by)
        audit.record(by, "published", campaign, version=version.number)


def mark_published(version: CampaignVersion, *, by: User | None, reason: str = "") -> None:
    """Write down that a version is in force from now on. Raises WrongStatus unless it is approved as it is, and not yet so.

    Within the transaction that puts it in force, which goes back where the version is not what was signed.
    """
    now = timezone.now()
    approved = CampaignVersion.objects.filter(
        pk=version.pk, approved_at__isnull=False, frozen_at__isnull=False, published_at=None
    )
    properties = properties_of(Campaign.objects.get(pk=version.campaign_id))
    if not approved.update(published_at=now, published_by=by, reason=reason, properties=properties):
        raise WrongStatus(_("This version is not approved; ask for an approval first."))
    version.published_at, version.published_by, version.reason, version.properties = now, by, reason, properties
    guard.demand_approved(version)
