"""What goes wrong with a campaign: noted once however many workers see it, and told to its supervisors."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from orchcamp.accounts import notifying
from orchcamp.accounts.models import Notification

from .advance import note
from .following import supervisors
from .models import Alert, Campaign, LogEntry, Notice, Run
from .running_settings import lenient

KIND = "campaign_failed"


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
    """Note what went wrong with a campaign, once, and tell its supervisors; whether it is new."""
    facts = {"kind": kind, "sentence": sentence, "run": run}
    with transaction.atomic():
        notice, new = Notice.objects.get_or_create(campaign=campaign, key=key[:120], defaults=facts)
        if new:
            _tell(notice)
    return new


def _tell(notice: Notice) -> None:
    """Tell those who supervise the campaign now, and keep who that was."""
    campaign, run = notice.campaign, notice.run
    people = list(supervisors(campaign, lenient(run.policy if run else campaign.settings)))
    page = reverse("campaigns:run", args=[campaign.slug, run.pk]) if run else ""
    notifying.tell(
        people,
        KIND,
        notice.sentence,
        address=page or reverse("campaigns:canvas", args=[campaign.slug]),
        key=f"notice:{notice.pk}",
        title=_("%(campaign)s: %(what)s") % {"campaign": campaign.name, "what": notice.get_kind_display()},
    )
    notice.told = [person.username for person in people]
    notice.save(update_fields=["told"])


def unwritten(told: Notification, problem: str) -> None:
    """Say in the log of its run that a supervisor could not be written to: whoever looks there tells them otherwise."""
    _notice, _colon, pk = told.key.partition(":")
    notice = Notice.objects.select_related("run").filter(pk=int(pk)).first() if pk.isdecimal() else None
    if notice is not None and notice.run is not None:
        note(notice.run, problem, severity=LogEntry.Severity.WARNING)
