"""Folders: a small tree in which campaigns lie. Sharing one shares what lies in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from orchcamp.accounts import audit, sharing
from orchcamp.accounts.access import FOLDERS_DEEP
from orchcamp.accounts.models import User

from . import moving
from .errors import CampaignError
from .models import Campaign, Folder

NONE = 0  # in filters: what lies in no folder


@dataclass(frozen=True)
class Branch:
    """A folder in its place."""

    folder: Folder
    depth: int
    within: frozenset[int]  # itself and every folder in it

    @property
    def indented(self) -> str:
        """For a choice: a step of no-break spaces for each level."""
        return "\u2003" * self.depth + self.folder.name


def tree(user: User, *, counted: bool = False) -> list[Branch]:
    """The folders that the person sees, each below the one it lies in, in one query.

    ``counted`` asks with another how many campaigns lie in each (``held``).
    """
    rows = list(Folder.objects.for_user(user))
    if counted:
        held = Campaign.objects.for_user(user).active().order_by().values_list("folder").annotate(Count("pk"))
        numbers = dict(held)
        for folder in rows:
            folder.held = numbers.get(folder.pk, 0)  # type: ignore[attr-defined]
    known = {folder.pk for folder in rows}
    below: dict[int | None, list[Folder]] = {}
    for folder in rows:
        below.setdefault(folder.parent_id if folder.parent_id in known else None, []).append(folder)
    return [branch for folder in below.get(None, []) for branch in _branches(folder, below, 0)]


def _branches(folder: Folder, below: dict[int | None, list[Folder]], depth: int) -> list[Branch]:
    inner = [branch for child in below.get(folder.pk, []) for branch in _branches(child, below, depth + 1)]
    return [Branch(folder, depth, frozenset({folder.pk, *(branch.folder.pk for branch in inner)})), *inner]


def create(name: str, parent: Folder | None, *, by: User) -> Folder:
    """A folder that belongs to whoever makes it."""
    demand_place(None, parent)
    moving.demand_right(parent, by=by)
    try:
        with transaction.atomic():
            folder = Folder.objects.create(name=_clean(name), parent=parent, owner=by)
            sharing.give_owner(folder, by)
            audit.record(by, "created", folder, parent=str(parent or ""))
    except IntegrityError:
        raise _taken(name) from None
    return folder


def change(folder: Folder, *, name: str, parent: Folder | None, by: User) -> None:
    """Give a folder another name or another place, for which the person needs the right in both."""
    demand_place(folder, parent)
    moving.demand(folder, parent, by=by)
    before = {"name": folder.name, "parent": str(folder.parent or "")}
    try:
        with transaction.atomic():
            Folder.objects.filter(pk=folder.pk).update(name=_clean(name), parent=parent)
            after = {"name": _clean(name), "parent": str(parent or "")}
            audit.record(by, "changed", folder, **after, changes=audit.differences(before, after))
    except IntegrityError:
        raise _taken(name) from None


def delete(folder: Folder, *, by: User) -> None:
    """Remove a folder; its campaigns lie in none then. Folders in it have to go elsewhere first."""
    if Folder.objects.filter(parent=folder).exists():
        raise CampaignError(_("“%(name)s” holds other folders; move those first.") % {"name": folder.name})
    with transaction.atomic():
        audit.record(by, "deleted", folder)
        folder.delete()


def demand_place(folder: Folder | None, parent: Folder | None) -> None:
    """Raise CampaignError unless the folder can lie there: not within itself, and not too deep."""
    above, at = 0, parent
    while at is not None:
        if folder is not None and at.pk == folder.pk:
            raise CampaignError(_("“%(name)s” cannot lie within itself.") % {"name": folder.name})
        above, at = above + 1, at.parent
    if above + (_height(folder) if folder else 1) > FOLDERS_DEEP:
        raise CampaignError(_("Folders go at most %(n)s deep; choose a place further up.") % {"n": FOLDERS_DEEP})


def _height(folder: Folder) -> int:
    """How many levels a folder and what is in it take."""
    return 1 + max((_height(child) for child in folder.children.all()), default=0)


def _clean(name: str) -> str:
    if not (name := name.strip()) or len(name) > 120:
        raise CampaignError(_("Give the folder a name of at most 120 characters."))
    return name


def _taken(name: str) -> CampaignError:
    return CampaignError(_("There is a folder called “%(name)s” already.") % {"name": name.strip()})


def put(campaign: Campaign, folder: Folder | None, *, by: User | None) -> bool:
    """Move a campaign into a folder (None: into none), whatever its status; whether it lay elsewhere. Raises NotYours."""
    target: Any = folder.pk if folder else None
    if campaign.folder_id == target:
        return False
    moving.demand(campaign, folder, by=by)
    before = str(campaign.folder or "")
    with transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(folder=folder)
        changes = {"folder": [before, str(folder or "")]}
        audit.record(by, "moved", campaign, folder=str(folder or ""), changes=changes)
    return True
