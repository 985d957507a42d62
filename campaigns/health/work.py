"""What is to be done and is not: the queue, expired leases, runs, launches, messages in doubt, and failures."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import standstill, status, tasks
from campaigns.models import Batch, Campaign, DoubtfulMessage, NodeRun, Run
from orchcamp.web.templatetags.ui import thousands

from .measure import CRITICAL, OK, WARNING, Measure, Value, level

S = NodeRun.Status
QUEUE_WARNING, QUEUE_CRITICAL = 120, 900  # seconds that the oldest task of the queue waits
LEASE_GRACE = timedelta(minutes=2)  # recovery looks every few seconds: what is expired for longer is nobody's
LAUNCH_WARNING, LAUNCH_CRITICAL = 120, 900  # seconds that a launch is late
DOUBT_WARNING = timedelta(days=1)
SHOWN = 5


def queue(now: datetime) -> Measure:
    """How many tasks wait, and how long the oldest has."""
    label = gettext_lazy("Queue")
    number, since = tasks.waiting()
    age = max(0.0, (now - since).total_seconds()) if since else 0.0
    values = (
        Value("queue_tasks", "Tasks that the queue holds.", number),
        Value("queue_oldest_seconds", "Seconds that the oldest task has waited.", age),
    )
    state = level(age, QUEUE_WARNING, QUEUE_CRITICAL)
    shown = ngettext("%(n)s task", "%(n)s tasks", number) % {"n": thousands(number)}
    if state == OK:
        return Measure("queue", label, state, shown, values=values)
    sentence = _("The oldest has waited for %(time)s.") % {"time": timesince(since, now)}
    mend = _("Look whether the workers are alive; start more of them when they are.")
    return Measure("queue", label, state, shown, sentence, mend, values)


def leases(now: datetime) -> Measure:
    """What a worker had in hand and nobody has taken back."""
    label, past = gettext_lazy("Leases"), now - LEASE_GRACE
    nodes = NodeRun.objects.filter(lease_until__lt=past, status__in=[S.QUEUED, S.RUNNING]).count()
    batches = Batch.objects.filter(lease_until__lt=past, status__in=[Batch.Status.QUEUED, Batch.Status.SENDING]).count()
    text = "Nodes and batches whose worker is gone and which nobody has taken back."
    values = (
        Value("leases_expired", text, nodes, {"kind": "node"}),
        Value("leases_expired", text, batches, {"kind": "batch"}),
    )
    if not nodes + batches:
        return Measure("leases", label, OK, _("none expired"), values=values)
    sentence = _("The worker that had them in hand is gone, and nobody has taken them back.")
    mend = _("They are taken back by the scheduler of any worker; start one.")
    return Measure("leases", label, WARNING, thousands(nodes + batches), sentence, mend, values)


def runs(now: datetime) -> Measure:
    """How many runs are on, and which of them do not move."""
    label = gettext_lazy("Runs")
    by_status = dict(Run.objects.open().order_by().values_list("status").annotate(Count("pk")))
    stuck = standstill.stuck(now)
    text = "Runs that are on."
    values = (
        *(Value("runs", text, by_status.get(status, 0), {"status": status}) for status in ("running", "paused")),
        Value("runs_stuck", "Runs of which something is due but nothing has moved for 15 minutes.", len(stuck)),
    )
    shown = _("%(running)s running, %(paused)s paused") % {
        "running": thousands(by_status.get("running", 0)),
        "paused": thousands(by_status.get("paused", 0)),
    }
    if not stuck:
        return Measure("runs", label, OK, shown, values=values)
    sentence = ngettext("%(n)s run does not move.", "%(n)s runs do not move.", len(stuck)) % {"n": len(stuck)}
    mend = _("Look at the workers; a run that stands still though they work is paused and resumed.")
    found = tuple((str(run), _page(run)) for run in stuck[:SHOWN])
    return Measure("runs", label, CRITICAL, shown, sentence, mend, values, found)


def _page(run: Run) -> str:
    return reverse("campaigns:run", args=[run.campaign.slug, run.pk])


def launches(now: datetime) -> Measure:
    """Launches whose moment is past and that have not begun."""
    label = gettext_lazy("Launches")
    on = [Campaign.Status.SCHEDULED, Campaign.Status.LIVE]
    late = Campaign.objects.filter(next_launch_at__lt=now, status__in=on).order_by("next_launch_at")
    number, first = late.count(), late.first()
    age = (now - first.next_launch_at).total_seconds() if first and first.next_launch_at else 0.0
    values = (
        Value("launches_overdue", "Campaigns whose next launch is past.", number),
        Value("launch_overdue_seconds", "Seconds that the latest of them is late.", age),
    )
    state = level(age, LAUNCH_WARNING, LAUNCH_CRITICAL)
    if state == OK or first is None or first.next_launch_at is None:
        return Measure("launches", label, OK, _("none overdue"), values=values)
    sentence = _("The latest should have begun %(time)s ago.") % {"time": timesince(first.next_launch_at, now)}
    mend = _("Launches are begun by the scheduler of any worker; start one.")
    found = tuple((campaign.name, reverse("campaigns:canvas", args=[campaign.slug])) for campaign in late[:SHOWN])
    return Measure("launches", label, state, thousands(number), sentence, mend, values, found)


def doubts(now: datetime) -> Measure:
    """Messages that were begun and never answered, and nobody has said what became of them."""
    label = gettext_lazy("Messages in doubt")
    rows = DoubtfulMessage.objects.filter(resolution=DoubtfulMessage.Resolution.OPEN)
    facts = rows.aggregate(number=Count("pk"), oldest=Min("begun_at"))
    age = (now - facts["oldest"]).total_seconds() if facts["oldest"] else 0.0
    values = (
        Value("messages_in_doubt", "Messages in doubt that nobody has resolved.", facts["number"]),
        Value("message_in_doubt_oldest_seconds", "Seconds since the oldest of them was begun.", age),
    )
    if age < DOUBT_WARNING.total_seconds():
        return Measure("doubts", label, OK, thousands(facts["number"]), values=values)
    sentence = _("The oldest has been in doubt for %(time)s.") % {"time": timesince(facts["oldest"], now)}
    first = rows.select_related("batch__node_run__run__campaign").order_by("begun_at").first()
    found = ((str(first.batch.node_run.run), _page(first.batch.node_run.run)),) if first else ()
    mend = _("Look at its evidence on the page of its run and say what became of it.")
    return Measure("doubts", label, WARNING, thousands(facts["number"]), sentence, mend, values, found)


def failures(now: datetime) -> Measure:
    """Nodes in error that wait for a person, and tasks of the queue that broke."""
    label = gettext_lazy("Failures")
    nodes, broken = failed_nodes().count(), tasks.failed_tasks()
    values = (
        Value("nodes_failed", "Nodes in error of live runs that wait for a person.", nodes),
        Value("queue_failed", "Tasks of the queue that ended in an error of the program.", broken),
    )
    found = (
        ngettext("%(n)s node", "%(n)s nodes", nodes) % {"n": thousands(nodes)},
        ngettext("%(n)s task", "%(n)s tasks", broken) % {"n": thousands(broken)},
    )
    if not nodes + broken:
        return Measure("failures", label, OK, _("none"), values=values)
    sentence = _("Something failed and waits for a person.")
    return Measure(
        "failures", label, WARNING, ", ".join(found), sentence, _("See the list below, a button each."), values
    )


def failed_nodes():  # noqa: ANN201 - a queryset of NodeRun with its run
    """The nodes in error of live runs that can be tried again."""
    rows = NodeRun.objects.filter(status=S.FAILED, run__mode=Run.Mode.LIVE)
    can = [Run.Status.RUNNING, Run.Status.PAUSED, Run.Status.FAILED]
    in_force = status.RUNNING | {Campaign.Status.COMPLETED}
    return rows.filter(run__status__in=can, run__aborted=False, run__campaign__status__in=in_force)
