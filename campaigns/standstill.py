"""Runs that do not move although something of them is due: found, and told to their supervisors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import execution, notices
from .models import Batch, Campaign, Launch, LogEntry, NodeRun, Notice, Run

S = NodeRun.Status
QUIET = timedelta(minutes=15)  # so long nothing may move while something is due
LATELY = timedelta(days=1)  # missed launches that are older are told by nobody


def stuck(now: datetime) -> list[Run]:
    """The runs of which something is due, but nothing has moved for a quarter of an hour."""
    long = now - QUIET
    runs = Run.objects.running().filter(started_at__lte=long, scheduled_for__lte=long).select_related("campaign")
    found = list(runs.prefetch_related("nodes"))
    if not found:
        return []
    moved = _moved(found)
    return [run for run in found if moved.get(run.pk, run.started_at) <= long and _is_due(run, now)]


def _moved(runs: Iterable[Run]) -> dict[int, datetime]:
    """Run → when something of it last moved."""
    keys = [run.pk for run in runs]
    moments: dict[int, list[datetime]] = {}
    questions = (
        LogEntry.objects.filter(run__in=keys).order_by().values_list("run").annotate(Max("at")),
        NodeRun.objects.filter(run__in=keys)
        .order_by()
        .values_list("run")
        .annotate(Max("taken_at"), Max("finished_at")),
        Batch.objects.filter(node_run__run__in=keys)
        .order_by()
        .values_list("node_run__run")
        .annotate(Max("taken_at"), Max("settled_at")),
    )
    for rows in questions:
        for pk, *found in rows:
            moments.setdefault(pk, []).extend(moment for moment in found if moment)
    return {pk: max(found) for pk, found in moments.items() if found}


def _is_due(run: Run, now: datetime) -> bool:
    """Whether a worker should have done something: nobody and nothing else is waited for."""
    nodes = list(run.nodes.all())
    if any(node.status == S.RUNNING and node.lease_until and node.lease_until > now for node in nodes):
        return False  # a long question: its worker is alive
    if any(node.status in {S.QUEUED, S.RUNNING} for node in nodes):
        return True
    sending = [node.pk for node in nodes if node.status == S.SENDING]
    if sending:
        open_ = Batch.objects.filter(node_run__in=sending, status__in=[Batch.Status.PENDING, Batch.Status.QUEUED])
        return open_.filter(Q(not_before=None) | Q(not_before__lte=now - QUIET)).exists()
    overdue = now - QUIET
    if any(
        node.waiting_for == NodeRun.WaitingFor.TIME and node.resume_at and node.resume_at < overdue for node in nodes
    ):
        return True
    return execution.can_go_on(run)


def tell(now: datetime | None = None) -> None:
    """Let the supervisors know of what stands still, and of launches that were missed: each once."""
    now = now or timezone.now()
    for run in stuck(now):
        sentence = _(
            "Run %(number)s has not moved for %(n)s minutes although something of it is due; look at the workers."
        )
        facts = {"number": run.pk, "n": int(QUIET.total_seconds() // 60)}
        last = run.nodes.order_by("-attempts").values_list("attempts", flat=True).first() or 0
        title = _("The run does not move")
        notices.raised(run, Notice.Kind.STUCK, f"stuck:{run.pk}:{last}", sentence % facts, title=title)
    for campaign, launches in groupby(_not_launched(now), key=lambda launch: launch.campaign):
        _tell_not_launched(campaign, list(launches))


def _not_launched(now: datetime) -> Iterable[Launch]:
    """What was missed or failed lately, by campaign."""
    bad = [Launch.Status.MISSED, Launch.Status.FAILED]
    found = Launch.objects.filter(status__in=bad, decided_at__gte=now - LATELY)
    return found.select_related("campaign").order_by("campaign", "slot")


def _tell_not_launched(campaign: Campaign, launches: list[Launch]) -> None:
    """One notice of all that came together: a downtime can miss a hundred launches."""
    kind = Notice.Kind.MISSED
    told = Notice.objects.filter(campaign=campaign, kind=kind).aggregate(at=Max("at"))["at"]
    fresh = [launch for launch in launches if told is None or launch.decided_at > told]
    if not fresh:
        return
    last = fresh[-1]
    sentence = ngettext(
        "The launch of %(moment)s did not happen: %(why)s",
        "%(n)s launches did not happen, the last of them that of %(moment)s: %(why)s",
        len(fresh),
    )
    facts = {"n": len(fresh), "moment": f"{last.slot:%Y-%m-%d %H:%M} UTC", "why": last.reason}
    notices.noted(campaign, kind, f"missed:{last.slot.isoformat()}", sentence % facts)
