"""The life of a campaign: every transition of its status, in one table, by one conditional update."""

from __future__ import annotations

from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .errors import WrongStatus
from .models import Campaign

S = Campaign.Status


class Transition(NamedTuple):
    sources: frozenset[str]
    target: str
    refusal: str  # what the person reads when the campaign is somewhere else


TRANSITIONS: dict[str, Transition] = {
    "submit": Transition(frozenset({S.DRAFT}), S.IN_REVIEW, gettext_lazy("Only a draft can be sent for approval")),
    "withdraw": Transition(frozenset({S.IN_REVIEW}), S.DRAFT, gettext_lazy("There is no request to withdraw")),
    "send_back": Transition(frozenset({S.IN_REVIEW}), S.DRAFT, gettext_lazy("There is no request to send back")),
    "approve": Transition(frozenset({S.IN_REVIEW}), S.APPROVED, gettext_lazy("There is no request to approve")),
    "publish": Transition(
        frozenset({S.APPROVED}), S.LIVE, gettext_lazy("Only an approved campaign can be published; have it approved")
    ),
    "run_again": Transition(
        frozenset({S.LIVE, S.COMPLETED}), S.LIVE, gettext_lazy("Only a published campaign can run live; publish it")
    ),
    "complete": Transition(frozenset({S.LIVE}), S.COMPLETED, gettext_lazy("Only a live campaign can be completed")),
    "stop": Transition(frozenset({S.LIVE}), S.STOPPED, gettext_lazy("Only a live campaign can be stopped")),
    "edit_again": Transition(
        frozenset({S.APPROVED, S.COMPLETED, S.STOPPED}),
        S.DRAFT,
        gettext_lazy("This campaign cannot be edited now; withdraw its request, stop it, or duplicate it"),
    ),
    "archive": Transition(
        frozenset({S.DRAFT, S.APPROVED, S.COMPLETED, S.STOPPED}),
        S.ARCHIVED,
        gettext_lazy("This campaign cannot be archived now; withdraw its request or stop it first"),
    ),
}


def move(campaign: Campaign, verb: str) -> None:
    """Take a campaign through one transition. Raises WrongStatus when it is not where that begins."""
    if not moved(campaign, verb):
        campaign.refresh_from_db(fields=["status"])
        raise WrongStatus(
            _("%(refusal)s: “%(name)s” is %(status)s.")
            % {
                "refusal": TRANSITIONS[verb].refusal,
                "name": campaign.name,
                "status": campaign.get_status_display().lower(),
            }
        )


def moved(campaign: Campaign, verb: str) -> bool:
    """Like ``move``, but says whether it did instead of refusing."""
    transition = TRANSITIONS[verb]
    rows = Campaign.objects.filter(pk=campaign.pk, status__in=transition.sources)
    if not rows.update(status=transition.target, modified_at=timezone.now()):
        return False
    campaign.status = transition.target
    return True


def possible(campaign: Campaign, verb: str) -> bool:
    """Whether the status allows this: for showing a button."""
    return campaign.status in TRANSITIONS[verb].sources
