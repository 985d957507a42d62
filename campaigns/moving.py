"""Where campaigns and folders may be put, by whom, and whom that lets in and shuts out."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from orchcamp.accounts import access, sharing
from orchcamp.accounts.models import User

from .errors import CampaignError
from .models import Campaign, Folder


class NotYours(CampaignError):
    """A folder that the person may not put things into, or take them out of."""


def offered(user: User) -> QuerySet[Folder]:
    """The folders that the person may put campaigns into."""
    return Folder.objects.filter(pk__in=access.open_to(user, "change", Campaign, Folder))


def demand(subject: Campaign | Folder, target: Folder | None, *, by: User | None) -> None:
    """Raise NotYours unless the person may take it from where it lies and put it there: both change who reaches it."""
    source = subject.folder if isinstance(subject, Campaign) else subject.parent
    if by is None or source == target:
        return
    for folder in filter(None, (source, target)):
        _demand_right(folder, by)


def demand_right(folder: Folder | None, *, by: User | None) -> None:
    """Raise NotYours unless the person may put something new into a folder."""
    if by is not None and folder is not None:
        _demand_right(folder, by)


def _demand_right(folder: Folder, by: User) -> None:
    if access.may_within(by, "change", Campaign, folder):
        return
    if not access.holds(by, access.codename(Campaign, "change")):
        raise NotYours(access.refusal(Campaign, "change"))
    if not access.may(by, "view", folder):
        raise NotYours(
            _(
                "What this moves lies in a folder that is not shared with you; an administrator or its owner can move it."
            )
        )
    raise NotYours(
        _("You may not change what lies in the folder “%(name)s”, so nothing is moved out of it or into it by you.")
        % {"name": folder.name}
    )


def turn(subjects: Iterable[Campaign | Folder], target: Folder | None) -> sharing.Turn:
    """Whom the move of some campaigns, or of some folders, would let in and shut out."""
    rows = list(subjects)
    moved = [row for row in rows if (row.folder_id if isinstance(row, Campaign) else row.parent_id) != _key(target)]
    return sharing.turn(moved, target)


def _key(folder: Folder | None) -> int | None:
    return folder.pk if folder else None
