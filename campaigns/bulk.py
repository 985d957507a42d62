"""One deed done to many campaigns: what could be done is, and for what could not there is a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orchcamp.accounts import access
from orchcamp.accounts.models import User
from orchcamp.web.errors import Refused

from . import folders, lifecycle, shelving, tagging
from .forms import TagsField
from .models import Campaign, Folder

Status = Campaign.Status
SAID = 5  # as many reasons are written out


@dataclass
class Outcome:
    """What became of each."""

    deed: str
    done: list[str] = field(default_factory=list)  # names
    same: list[str] = field(default_factory=list)  # was so already
    skipped: list[str] = field(default_factory=list)  # sentences

    @property
    def sentence(self) -> str:
        """What was done, in one sentence."""
        number = len(self.done)
        said = ngettext("%(n)s campaign %(deed)s.", "%(n)s campaigns %(deed)s.", number) % {
            "n": number,
            "deed": DEEDS[self.deed].past,
        }
        if self.same:
            said += " " + ngettext("%(n)s was so already.", "%(n)s were so already.", len(self.same)) % {
                "n": len(self.same)
            }
        return said

    @property
    def refusal(self) -> str:
        """What was skipped and why; empty when nothing was."""
        if not self.skipped:
            return ""
        number, more = len(self.skipped), len(self.skipped) - SAID
        said = ngettext("%(n)s was skipped:", "%(n)s were skipped:", number) % {"n": number}
        said = " ".join([said, *self.skipped[:SAID]])
        return said + (" " + _("And %(n)s more.") % {"n": more} if more > 0 else "")


@dataclass(frozen=True)
class Deed:
    right: str
    past: Any
    do: Callable[[Campaign, User, Any], bool | None]  # False: it was so already
    write: bool = True


def _move(campaign: Campaign, user: User, folder: Folder | None) -> bool:
    return folders.put(campaign, folder, by=user)


def _tag(campaign: Campaign, user: User, tags: list[str]) -> bool:
    return tagging.set_tags(campaign, tagging.merged(campaign.tags, tags), by=user)


def _untag(campaign: Campaign, user: User, tags: list[str]) -> bool:
    return tagging.set_tags(campaign, tagging.without(campaign.tags, tags), by=user)


def _archive(campaign: Campaign, user: User, _extra: Any) -> None:
    shelving.archive(campaign, by=user)


def _restore(campaign: Campaign, user: User, _extra: Any) -> None:
    shelving.restore(campaign, by=user)


def _delete(campaign: Campaign, user: User, _extra: Any) -> None:
    lifecycle.delete(campaign, by=user)


def _star(campaign: Campaign, user: User, _extra: Any) -> None:
    shelving.star(campaign, user, starred=True)


def _unstar(campaign: Campaign, user: User, _extra: Any) -> None:
    shelving.star(campaign, user, starred=False)


DEEDS = {
    "move": Deed("change", gettext_lazy("moved"), _move),
    "tag": Deed("change", gettext_lazy("tagged"), _tag),
    "untag": Deed("change", gettext_lazy("lost the tags"), _untag),
    "archive": Deed("change", gettext_lazy("archived"), _archive),
    "restore": Deed("change", gettext_lazy("taken out of the archive"), _restore),
    "delete": Deed("delete", gettext_lazy("deleted"), _delete),
    "star": Deed("view", gettext_lazy("among your favourites now"), _star),
    "unstar": Deed("view", gettext_lazy("no favourites of yours any more"), _unstar),
}


def apply(deed: str, campaigns: Iterable[Campaign], user: User, extra: Any = None) -> Outcome:
    """Do it to each on its own: one that refuses does not keep the others from it."""
    chosen, what, outcome = list(campaigns), DEEDS[deed], Outcome(deed)
    allowed = access.among(user, what.right, chosen)
    for campaign in chosen:
        if campaign.pk not in allowed:
            outcome.skipped.append(f"“{campaign.name}”: {access.why_not(user, what.right, campaign)}")
            continue
        try:
            changed = what.do(campaign, user, extra)
        except Refused as refused:
            outcome.skipped.append(_named(campaign, str(refused)))
        else:
            (outcome.same if changed is False else outcome.done).append(campaign.name)
    return outcome


def _named(campaign: Campaign, sentence: str) -> str:
    return sentence if campaign.name in sentence else f"“{campaign.name}”: {sentence}"


def tags_of(text: str) -> list[str]:
    """The tags that somebody typed. Raises ValidationError."""
    return TagsField(required=False).clean(text)
