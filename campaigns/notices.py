"""What supervisors are told: one notice an event, one mail a notice, however many workers there are."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.mail import EmailMessage
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.accounts.models import User

from .advance import note
from .models import Alert, Campaign, LogEntry, Notice, Run
from .running_settings import RunningSettings, lenient

logger = logging.getLogger(__name__)
M = Notice.Mail
ATTEMPTS = 3
AGAIN_AFTER = timedelta(minutes=5)
LOST_AFTER = timedelta(minutes=10)  # so long nobody writes one mail: the worker that did is gone


def raised(run: Run, kind: str, key: str, sentence: str, *, title: str = "", node_id: str = "") -> bool:
    """Note what went wrong in a live run, once; with a ``title`` also as an alert for all who see the campaign."""
    if run.mode != Run.Mode.LIVE or not noted(run.campaign, kind, key, sentence, run=run):
        return False
    if title:
        severity = "warning" if kind == Notice.Kind.SLOW else "error"
        facts = {"title": title[:200], "message": sentence, "severity": severity}
        Alert.objects.get_or_create(run=run, node_id=node_id or kind, defaults=facts)
    return True


def noted(campaign: Campaign, kind: str, key: str, sentence: str, *, run: Run | None = None) -> bool:
    """Note what went wrong with a campaign, once; whether it is new. A worker writes to the supervisors."""
    facts = {"kind": kind, "sentence": sentence, "run": run}
    _notice, new = Notice.objects.get_or_create(campaign=campaign, key=key[:120], defaults=facts)
    return new


def supervisors(found: RunningSettings) -> list[User]:
    """Those people of the settings who are here and have an address, each once; names that are not here are left out."""
    groups = Group.objects.filter(name__in=found.groups)
    named = User.objects.filter(Q(username__in=found.people) | Q(groups__in=groups), is_active=True)
    return list(named.exclude(email="").distinct().order_by("username"))


# --- Writing ------------------------------------------------------------------------------------------


def claim_due(now: datetime) -> list[int]:
    """Take the notices that are to be written about now; each is given to one worker."""
    Notice.objects.filter(mail=M.SENDING, not_before__lt=now).update(
        mail=M.FAILED, problem=_("The worker that wrote was lost; nobody knows whether the mail went out.")
    )
    due = Notice.objects.filter(Q(not_before=None) | Q(not_before__lte=now), mail=M.WAITING)
    claimed = []
    for pk in list(due.order_by("pk").values_list("pk", flat=True)[:20]):
        mine = Notice.objects.filter(pk=pk, mail=M.WAITING)
        if mine.update(mail=M.SENDING, not_before=now + LOST_AFTER):
            claimed.append(pk)
    return claimed


def write(notice_id: int) -> None:
    """Write to the supervisors about a notice that this worker was given. A mail that fails breaks nothing."""
    notice = Notice.objects.select_related("campaign", "run").filter(pk=notice_id, mail=M.SENDING).first()
    if notice is None:
        return
    people = supervisors(lenient(notice.run.policy if notice.run else notice.campaign.settings))
    if not people:
        _done(notice, mail=M.NOBODY)
        return
    names = [person.username for person in people]
    try:
        _demand_server()
        for (
            person
        ) in people:  # each alone: nobody reads the others' addresses, and one bad address keeps nobody else out
            if person.username not in notice.told:
                _letter(notice, person).send()
                notice.told = [*notice.told, person.username]
                Notice.objects.filter(pk=notice.pk).update(told=notice.told)
    except (SMTPException, OSError, ValueError) as error:
        _put_off(notice, [name for name in names if name not in notice.told], error)
    else:
        _done(notice, mail=M.SENT, problem="")


def _demand_server() -> None:
    """Raise OSError where no server is set: Django would ask one that is not there."""
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not settings.EMAIL_HOST:
        raise OSError(_("EMAIL_URL is not set, or cannot be read; write it as smtp+tls://user:password@host:587."))


def _letter(notice: Notice, person: User) -> EmailMessage:
    campaign = notice.campaign
    page = reverse("campaigns:run", args=[campaign.slug, notice.run_id]) if notice.run_id else ""
    address = settings.BASE_URL + (page or reverse("campaigns:canvas", args=[campaign.slug]))
    subject = _("[Orchcamp] %(campaign)s: %(what)s") % {"campaign": campaign.name, "what": notice.get_kind_display()}
    body = _("%(sentence)s\n\nOpen it: %(address)s\n\nYou are told because you supervise “%(campaign)s”.\n") % {
        "sentence": notice.sentence,
        "address": address,
        "campaign": campaign.name,
    }
    return EmailMessage(" ".join(subject.split())[:200], body, to=[person.email])


def _put_off(notice: Notice, names: list[str], error: Exception) -> None:
    """Try again later, or leave it and say so where people look."""
    attempts = notice.attempts + 1
    over = attempts >= ATTEMPTS
    problem = _("The mail to %(names)s could not be handed over: %(why)s") % {"names": ", ".join(names), "why": error}
    later = None if over else timezone.now() + AGAIN_AFTER
    _done(notice, mail=M.FAILED if over else M.WAITING, attempts=attempts, not_before=later, problem=problem)
    logger.warning("Notice %s: %s", notice.pk, problem)
    if over and notice.run is not None:
        note(notice.run, problem, severity=LogEntry.Severity.WARNING)


def _done(notice: Notice, **facts: object) -> None:
    Notice.objects.filter(pk=notice.pk, mail=M.SENDING).update(**facts)
