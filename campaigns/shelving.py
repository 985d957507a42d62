"""Into the archive and out of it again, and the stars by which people find their campaigns."""

from __future__ import annotations

from django.db import transaction

from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from . import governing
from .models import Campaign
from .status import move


def archive(campaign: Campaign, *, by: User | None) -> None:
    """Put a campaign that is over, or was never begun, out of sight. Raises WrongStatus."""
    with transaction.atomic():
        move(campaign, "archive", by=by)
        governing.demand_between_launches(campaign)
        audit.record(by, "archived", campaign)


def restore(campaign: Campaign, *, by: User | None) -> str:
    """Take a campaign out of the archive, to what it was before; the status it has now. Raises WrongStatus."""
    with transaction.atomic():
        move(campaign, "restore", by=by)
        audit.record(by, "restored", campaign, status=campaign.status)
    return campaign.status


def star(campaign: Campaign, user: User, *, starred: bool) -> None:
    """Make a campaign one of the person's favourites, or no more; nobody else sees it."""
    if starred:
        campaign.favourite_of.add(user)
    else:
        campaign.favourite_of.remove(user)
