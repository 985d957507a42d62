"""The life of a campaign: every transition of its status, in one table, by one conditional update."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchcamp.accounts.models import User

from . import following
from .errors import WrongStatus
from .models import Campaign

S = Campaign.Status
SYSTEM = ""  # the right of what no person asks for
FORMER = "former"  # the target of what goes back to where the campaign was


@dataclass(frozen=True)
class Transition:
    """One way from status to status.

    ``right`` is the permission that a person needs for it (see docs/reference/permissions.md); ``effect`` says what
    it does beside the status; ``refusal`` is what the person reads when the campaign is somewhere else. ``remembers``
    keeps the status it came from, for the verb that goes back there.
    """

    sources: frozenset[str]
    target: str
    right: str
    effect: Any
    refusal: Any
    remembers: bool = False
    sets: dict[str, Any] = field(default_factory=dict)  # further fields; a callable is asked at that moment


def _from(*sources: str) -> frozenset[str]:
    return frozenset(sources)


PUBLISHED = _from(S.SCHEDULED, S.LIVE, S.PAUSED)  # a version of it is in force
OVER = _from(S.COMPLETED, S.CLOSED, S.STOPPED)
RUNNING = PUBLISHED | _from(S.CLOSED)  # a live run of it may be on; a closed one's goes to its end

TRANSITIONS: dict[str, Transition] = {
    "submit": Transition(
        _from(S.DRAFT),
        S.IN_REVIEW,
        "change",
        gettext_lazy("The version freezes, with the counts of a dry run of exactly this version."),
        gettext_lazy("Only a draft can be sent for approval"),
    ),
    "withdraw": Transition(
        _from(S.IN_REVIEW),
        S.DRAFT,
        "change",
        gettext_lazy("The request is cancelled; a new draft begins as a copy of what was asked for."),
        gettext_lazy("There is no request to withdraw"),
    ),
    "send_back": Transition(
        _from(S.IN_REVIEW),
        S.DRAFT,
        "approve",
        gettext_lazy("The request is answered with what has to change; a new draft begins as its copy."),
        gettext_lazy("There is no request to send back"),
    ),
    "approve": Transition(
        _from(S.IN_REVIEW),
        S.APPROVED,
        "approve",
        gettext_lazy("The version may be published, by nobody who wrote it."),
        gettext_lazy("There is no request to approve"),
    ),
    "publish": Transition(
        _from(S.APPROVED),
        S.LIVE,
        "publish",
        gettext_lazy("The version is in force; its run begins, or a signal may begin one."),
        gettext_lazy("Only an approved campaign can be published; have it approved"),
    ),
    "schedule": Transition(
        _from(S.APPROVED),
        S.SCHEDULED,
        "publish",
        gettext_lazy("The version is in force; its first run begins when the schedule says."),
        gettext_lazy("Only an approved campaign can be published; have it approved"),
    ),
    "launch": Transition(
        _from(S.SCHEDULED, S.LIVE),
        S.LIVE,
        SYSTEM,
        gettext_lazy("A moment of the schedule has come: a run begins."),
        gettext_lazy("Only a scheduled or live campaign is launched"),
    ),
    "run_again": Transition(
        _from(S.LIVE, S.COMPLETED),
        S.LIVE,
        "publish",
        gettext_lazy("A further run begins, by a command."),
        gettext_lazy("Only a published campaign can run live; publish it"),
    ),
    "pause": Transition(
        _from(S.SCHEDULED, S.LIVE),
        S.PAUSED,
        "publish",
        gettext_lazy("Nothing new begins: the open run pauses, and moments of the schedule pass by."),
        gettext_lazy("Only a scheduled or live campaign can be paused"),
        remembers=True,
    ),
    "resume": Transition(
        _from(S.PAUSED),
        FORMER,
        "publish",
        gettext_lazy("The paused run goes on, and the schedule counts again from now."),
        gettext_lazy("Only a paused campaign can be resumed"),
    ),
    "complete": Transition(
        _from(S.LIVE),
        S.COMPLETED,
        SYSTEM,
        gettext_lazy("The last run ended well, and no further one is to come."),
        gettext_lazy("Only a live campaign can be completed"),
        sets={"next_launch_at": None},
    ),
    "close": Transition(
        PUBLISHED,
        S.CLOSED,
        "publish",
        gettext_lazy("No further run begins; what is on goes to its end. The end of its validity does the same."),
        gettext_lazy("Only a published campaign can be closed"),
        sets={"next_launch_at": None},
    ),
    "stop": Transition(
        PUBLISHED,
        S.STOPPED,
        "publish",
        gettext_lazy("The open run ends at once: what has not been sent is not sent."),
        gettext_lazy("Only a published campaign can be stopped"),
        sets={"next_launch_at": None},
    ),
    "take_up": Transition(
        _from(S.STOPPED),
        S.LIVE,
        "publish",
        gettext_lazy("The stopped run goes on with those who have no outcome yet."),
        gettext_lazy("Only a stopped campaign can be taken up again"),
    ),
    "edit_again": Transition(
        _from(S.APPROVED, S.SCHEDULED, S.LIVE, S.PAUSED) | OVER,
        S.DRAFT,
        "change",
        gettext_lazy("Between two launches only: it is out of force, and a new draft begins from its last version."),
        gettext_lazy("This campaign cannot go back to draft now; withdraw its request, stop its run, or duplicate it"),
        sets={"next_launch_at": None},
    ),
    "archive": Transition(
        _from(S.DRAFT, S.APPROVED) | OVER,
        S.ARCHIVED,
        "change",
        gettext_lazy("It leaves the lists; the retention of archives removes it later."),
        gettext_lazy("This campaign cannot be archived now; withdraw its request or stop it first"),
        remembers=True,
        sets={"next_launch_at": None, "archived_at": timezone.now},
    ),
    "restore": Transition(
        _from(S.ARCHIVED),
        FORMER,
        "change",
        gettext_lazy("It is back in the lists, as it was."),
        gettext_lazy("Only an archived campaign can be restored"),
        sets={"archived_at": None},
    ),
}


def move(campaign: Campaign, verb: str, *, by: User | None = None) -> None:
    """Take a campaign through one transition. Raises WrongStatus when it is not where that begins."""
    if not moved(campaign, verb, by=by):
        campaign.refresh_from_db(fields=["status"])
        raise WrongStatus(
            _("%(refusal)s: “%(name)s” is %(status)s.")
            % {
                "refusal": TRANSITIONS[verb].refusal,
                "name": campaign.name,
                "status": campaign.get_status_display().lower(),
            }
        )


def moved(campaign: Campaign, verb: str, *, by: User | None = None) -> bool:
    """Like ``move``, but says whether it did instead of refusing. Those who follow the campaign are told."""
    transition = TRANSITIONS[verb]
    values: dict[str, Any] = {name: value() if callable(value) else value for name, value in transition.sets.items()}
    values |= {"status": transition.target, "former_status": "", "modified_at": timezone.now()}
    if transition.target == FORMER:
        values["status"] = Coalesce(NullIf(F("former_status"), Value("")), Value(S.DRAFT))
    if transition.remembers:
        values["former_status"] = F("status")
    with transaction.atomic():
        if not Campaign.objects.filter(pk=campaign.pk, status__in=transition.sources).update(**values):
            return False
        campaign.refresh_from_db(fields=["status", "former_status", *transition.sets])
        following.happened(campaign, verb, by=by)
    return True


def possible(campaign: Campaign, verb: str) -> bool:
    """Whether the status allows this: for showing a button."""
    return campaign.status in TRANSITIONS[verb].sources
