"""What is told to those who follow a campaign: every change of its state, and what becomes of its runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Approval, Campaign, Run
from campaigns.running_settings import lenient
from orchcamp.accounts import notifying
from orchcamp.accounts.models import User

from .choosing import audience
from .supervisors import supervisors

KIND = "campaign_state"
DECISIONS = {f"{of}{verb}" for of in ("", "next_") for verb in ("approve", "send_back", "withdraw")}
BY_SIGNAL = "signal"  # a run that a program asked for: there may be thousands a day, so only its failure is told


@dataclass(frozen=True)
class Event:
    """Something that can happen to a campaign, in a sentence and in a word or two."""

    sentence: Any
    title: Any
    important: bool = False  # a failure, or about an approval


def _event(title: Any, sentence: Any, *, important: bool = False) -> Event:
    return Event(sentence, title, important)


EVENTS: dict[str, Event] = {
    # every transition of ``status.TRANSITIONS``
    "submit": _event(
        gettext_lazy("sent for approval"), gettext_lazy("“%(name)s” is sent for approval."), important=True
    ),
    "withdraw": _event(
        gettext_lazy("request withdrawn"),
        gettext_lazy("The request for the approval of “%(name)s” is withdrawn; it is a draft again."),
        important=True,
    ),
    "send_back": _event(
        gettext_lazy("sent back"), gettext_lazy("“%(name)s” is sent back; it is a draft again."), important=True
    ),
    "approve": _event(gettext_lazy("approved"), gettext_lazy("“%(name)s” is approved."), important=True),
    "publish": _event(gettext_lazy("published"), gettext_lazy("“%(name)s” is published and live.")),
    "schedule": _event(gettext_lazy("published"), gettext_lazy("“%(name)s” is published; its schedule launches it.")),
    "launch": _event(gettext_lazy("launched"), gettext_lazy("“%(name)s” is launched.")),
    "run_again": _event(gettext_lazy("runs again"), gettext_lazy("“%(name)s” runs again.")),
    "pause": _event(gettext_lazy("paused"), gettext_lazy("“%(name)s” is paused: nothing new begins.")),
    "resume": _event(gettext_lazy("resumed"), gettext_lazy("“%(name)s” goes on after its pause.")),
    "complete": _event(gettext_lazy("completed"), gettext_lazy("“%(name)s” is completed: its last run ended well.")),
    "close": _event(gettext_lazy("closed"), gettext_lazy("“%(name)s” is closed: no further run begins.")),
    "stop": _event(
        gettext_lazy("stopped"),
        gettext_lazy("“%(name)s” is stopped: what had not been sent is not sent."),
        important=True,
    ),
    "take_up": _event(gettext_lazy("taken up again"), gettext_lazy("“%(name)s” is taken up again after its stop.")),
    "edit_again": _event(gettext_lazy("a draft again"), gettext_lazy("“%(name)s” is out of force and a draft again.")),
    "archive": _event(gettext_lazy("archived"), gettext_lazy("“%(name)s” is archived.")),
    "restore": _event(gettext_lazy("out of the archive"), gettext_lazy("“%(name)s” is out of the archive again.")),
    # a next version, beside the one in force
    "next_submit": _event(
        gettext_lazy("next version sent for approval"),
        gettext_lazy("The next version of “%(name)s” is sent for approval."),
        important=True,
    ),
    "next_withdraw": _event(
        gettext_lazy("request withdrawn"),
        gettext_lazy("The request for the next version of “%(name)s” is withdrawn."),
        important=True,
    ),
    "next_send_back": _event(
        gettext_lazy("next version sent back"),
        gettext_lazy("The next version of “%(name)s” is sent back."),
        important=True,
    ),
    "next_approve": _event(
        gettext_lazy("next version approved"),
        gettext_lazy("The next version of “%(name)s” is approved."),
        important=True,
    ),
    "next_publish": _event(
        gettext_lazy("next version published"),
        gettext_lazy("The next version of “%(name)s” is in force from the next launch on."),
    ),
    # runs of a campaign that stays as it is
    "run_began": _event(gettext_lazy("launched"), gettext_lazy("Run %(run)s of “%(name)s” began.")),
    "run_ended": _event(gettext_lazy("run ended"), gettext_lazy("Run %(run)s of “%(name)s” ended well.")),
    "run_failed": _event(
        gettext_lazy("run failed"), gettext_lazy("Run %(run)s of “%(name)s” failed. %(error)s"), important=True
    ),
}


def happened(campaign: Campaign, verb: str, *, by: User | None = None, run: Run | None = None) -> None:
    """Tell those who follow a campaign what has just happened to it, within the transaction in which it did."""
    if verb in {"run_began", "run_ended"} and run is not None and run.trigger == BY_SIGNAL:
        return
    event = EVENTS[verb]
    facts = {"name": campaign.name, "run": run.pk if run else "", "error": run.error if run else ""}
    sentence = (str(event.sentence) % facts).strip()
    if by is not None:
        sentence = _("%(by)s: %(what)s") % {"by": by, "what": sentence}
    people = audience(campaign, important=event.important)
    if verb in DECISIONS:  # who asked and the author are told of their request (``approvals.telling``)
        asked = (
            Approval.objects.filter(version__campaign=campaign)
            .order_by("-pk")
            .values("requested_by", "version__author")
        )
        people = people.exclude(pk__in=[pk for pk in (asked.first() or {}).values() if pk is not None])
    if verb == "run_failed" and run is not None:  # they are told with what failed
        people = people.exclude(pk__in=supervisors(campaign, lenient(run.policy)).order_by().values("pk"))
    notifying.tell(
        people.only("pk", "email", "is_active"),
        KIND,
        sentence,
        address=_address(campaign, run),
        key=_key(campaign, verb, run),
        by=by,
        title=_("%(name)s: %(what)s") % {"name": campaign.name, "what": event.title},
    )


def _address(campaign: Campaign, run: Run | None) -> str:
    if run is not None:
        return reverse("campaigns:run", args=[campaign.slug, run.pk])
    return reverse("campaigns:canvas", args=[campaign.slug])


def _key(campaign: Campaign, verb: str, run: Run | None) -> str:
    """What tells this time from every other. A launch and the run that it begins are one event."""
    if verb == "launch":
        run = Run.objects.open().live().filter(campaign=campaign).order_by("-pk").first()
    if run is not None and verb in {"launch", "run_began"}:
        return f"run:{run.pk}:began"
    return f"campaign:{campaign.pk}:{verb}:{timezone.now().isoformat()}"
