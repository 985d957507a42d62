"""Archived campaigns after their time: the rows go in one transaction with what is kept of them, then the files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import reporting
from campaigns.models import Campaign, CampaignFile, RemovedCampaign
from orchcamp.accounts import audit, tokens
from orchcamp.datasets.models import AudienceVersion, Load, Snapshot
from orchcamp.messaging.models import Delivery

from .budget import Pass
from .installation import installation


def remove_archived(work: Pass) -> None:
    """Remove the campaigns whose time in the archive is over, and the files that earlier passes left of such."""
    days = installation().archive_days
    if days:
        cutoff = timezone.now() - timedelta(days=days)
        due = Campaign.objects.filter(status=Campaign.Status.ARCHIVED, archived_at__lt=cutoff).order_by("archived_at")
        for pk in list(due.values_list("pk", flat=True)):
            if work.full():
                return
            campaign = Campaign.objects.get(pk=pk)
            if work.dry:
                for place in _places(campaign):
                    work.drop(place)
            elif not _removed(pk, cutoff):
                continue
            work.campaigns += 1
            work.lines.append(_("the archived campaign “%(name)s”") % {"name": campaign.name})
    _drop_files(work)


@transaction.atomic
def _removed(pk: int, cutoff: Any) -> bool:
    """Let the rows of a campaign go and keep its name and sums; whether it was still in the archive."""
    found = Campaign.objects.select_for_update().filter(pk=pk, status=Campaign.Status.ARCHIVED, archived_at__lt=cutoff)
    campaign = found.first()
    if campaign is None:  # restored just now
        return False
    deliveries = Delivery.objects.filter(campaign=campaign.slug)
    RemovedCampaign.objects.create(
        slug=campaign.slug,
        name=campaign.name,
        owner=str(campaign.owner or ""),
        archived_at=campaign.archived_at,
        runs=campaign.runs.live().count(),
        totals=[_line(line) for line in reporting.report(deliveries).lines],
        places=_places(campaign),
    )
    audit.record(None, "removed from the archive", campaign, slug=campaign.slug, runs=campaign.runs.count())
    campaign.delete()
    deliveries.delete()
    tokens.leave_out(campaign.slug)
    return True


def _line(line: reporting.Line) -> dict[str, Any]:
    """The sums of one sending: numbers, and nothing about a person."""
    books = {name: getattr(line.books, name) for name in ("targeted", "accepted", "refused", "in_doubt", "pending")}
    facts = {"label": line.delivery.label, "channel": line.delivery.channel, "run": line.run_id}
    return facts | books | {"excluded": dict(line.books.excluded), **vars(line.reactions)}


def _places(campaign: Campaign) -> list[str]:
    """The lake folders that are the campaign's alone."""
    runs = [f"runs/{pk}" for pk in campaign.runs.values_list("pk", flat=True)]
    return [*runs, f"uploads/{campaign.slug}", f"files/{campaign.slug}"]


def _drop_files(work: Pass) -> None:
    """Remove what lies in the folders of campaigns that are gone; a crash before its end is made good by the next pass."""
    for removed in RemovedCampaign.objects.exclude(places=[]):
        left = []
        for place in removed.places:
            if is_referred_to(place) or not work.drop(place):
                left.append(place)
        if not work.dry:
            RemovedCampaign.objects.filter(pk=removed.pk).update(places=left)


def is_referred_to(place: str) -> bool:
    """Whether a dataset, a load, an audience or a campaign that is there reads something under a lake folder."""
    below = f"{place}/"
    kind, _slash, name = place.partition("/")
    return (
        Snapshot.objects.filter(path__startswith=below).exists()
        or Load.objects.filter(reject_path__startswith=below).exists()
        or AudienceVersion.objects.filter(path__startswith=below).exists()
        or CampaignFile.objects.filter(path__startswith=below).exists()
        or (kind in {"uploads", "files"} and Campaign.objects.filter(slug=name).exists())
    )
