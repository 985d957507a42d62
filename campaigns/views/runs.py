"""Runs of a campaign: their list, one as it goes, and what people decide about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from campaigns import asked, execution, logs, pace, progress, run_controls, sending, tasks, why
from campaigns.comments import Subject
from campaigns.logs import Narrowed
from campaigns.models import Batch, Campaign, DoubtfulMessage, Launch, LogEntry, NodeRun, Run
from campaigns.progress import Sending, Step
from orchcamp.accounts.access import get_for, holds, may
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment, toast
from orchcamp.web.lists import paginate

from . import remarks

STOP_POLLING = 286  # htmx's sign that a poll is over
LAUNCHES = 20  # that did not run, of a campaign's list
CALM = 5  # seconds between two looks at the log


def run_of(request: HttpRequest, slug: str, run_id: int, action: str = "view") -> Run:
    campaign = get_for(request.user, action, Campaign.objects.all(), slug=slug)
    run = get_object_or_404(Run.objects.select_related("version", "started_by"), campaign=campaign, pk=run_id)
    run.campaign = campaign
    return run


def _progress(request: HttpRequest, run: Run) -> dict[str, Any]:
    """What the page of a run shows of it, but for its log."""
    steps = progress.steps(run)
    rows = [step.row for step in steps]
    sendings = progress.sendings(run, rows)
    put_off = {item.row.pk: item.next_due for item in sendings if item.row}
    for step in steps:
        step.row.controls = run_controls.of_step(run, step.row, request.user, put_off.get(step.row.pk))
    live = run.mode == Run.Mode.LIVE
    return {
        "campaign": run.campaign,
        "run": run,
        "steps": steps,
        "sendings": sendings,
        "every": pace.seconds(run, rows),
        "alerts": run.alerts.select_related("run__campaign"),
        "files": run.made_files.all(),
        "checks": why.look(run.campaign, run, steps, sendings) if why.applies(run, sendings) else [],
        "run_controls": run_controls.of_run(run, request.user),
        "may_confirm": may(request.user, "confirm", run.campaign),
        "personal": holds(request.user, "datasets.view_personal"),
        "may_report": live and may(request.user, "report", run.campaign),
        **_attention(request, run, steps, sendings),
    }


def _attention(request: HttpRequest, run: Run, steps: list[Step], sendings: list[Sending]) -> dict[str, Any]:
    """What waits for a person, and the signature by which a page sees that there is something new."""
    doubtful = DoubtfulMessage.objects.filter(batch__node_run__run=run, resolution="")
    found = {
        "failed": [step for step in steps if step.row.status == NodeRun.Status.FAILED],
        "waiting": [item for item in sendings if item.waits],
        "unresolved": list(doubtful.select_related("resolved_by", "batch__delivery")),
        "questions": asked.of_run(run, request.user),
    }
    listens = run.mode == Run.Mode.LIVE and any(step.row.waiting_for == NodeRun.WaitingFor.SIGNAL for step in steps)
    signature = [f"f{step.row.pk}.{step.row.attempts}" for step in found["failed"]]
    signature += [str(item.delivery.pk) for item in found["waiting"]] + [
        f"d{doubt.pk}" for doubt in found["unresolved"]
    ]
    signature += [f"q{item.question.pk}" for item in found["questions"]] + (["s"] if listens else [])
    return {
        **found,
        "signature": ",".join([run.status, *signature]),
        "awaited": asked.awaited(run.campaign) if listens else None,
        "may_signal": may(request.user, "publish", run.campaign),
    }


@require_POST
def test(request: HttpRequest, slug: str) -> HttpResponse:
    """Start a test run of the draft."""
    campaign = get_for(request.user, "test", Campaign.objects.all(), slug=slug)
    version = campaign.draft()
    try:
        if version is None:
            raise Refused(_("There is no draft to test: edit the campaign again first, or wait for the approval."))
        run = execution.start(version, mode=Run.Mode.TEST, by=request.user)
    except Refused as refusal:
        if request.htmx:
            return toast(HttpResponse(status=204), str(refusal), tone="red")
        messages.error(request, str(refusal))
        return redirect("campaigns:canvas", slug)
    tasks.run_async(run)
    if request.htmx:
        return trigger_client_event(HttpResponse(status=204), "canvas-changed", {"run": run.pk})
    return redirect("campaigns:run", slug, run.pk)


@require_GET
def run_list(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    accepted = Batch.objects.filter(node_run__run=OuterRef("pk")).order_by().values("node_run__run")
    delivered = Coalesce(Subquery(accepted.annotate(sum=Sum("accepted")).values("sum")), 0)
    runs = campaign.runs.select_related("started_by", "version").annotate(delivered=delivered)
    mode = request.GET.get("mode", "")
    if mode in Run.Mode.values:
        runs = runs.filter(mode=mode)
    page = paginate(request, runs.prefetch_related("nodes"), wide=True)
    idle = campaign.launches.exclude(status=Launch.Status.LAUNCHED)
    context = {
        "launches": list(idle[:LAUNCHES]),
        "more": max(0, idle.count() - LAUNCHES),
        "campaign": campaign,
        "page": page,
        "mode": mode,
        "modes": Run.Mode.choices,
        "awaited": asked.awaited(campaign),
        "may_signal": may(request.user, "publish", campaign),
    }
    return render_fragment(request, "campaigns/run_list.html", "campaigns/_run_rows.html", context)


def _log(request: HttpRequest, run: Run) -> dict[str, Any]:
    """The log of one run, narrowed by severity and words."""
    given = Narrowed.read(request.GET)
    by = Narrowed(run.pk, severity=given.severity, words=given.words)
    page = paginate(request, logs.entries(run.campaign, by), per_page=50)
    names = {id: node.name for id, node in run.graph.nodes.items()}
    for entry in page:
        entry.node_name = names.get(entry.node_id, "")
    every = pace.seconds(run, run.nodes.all()) if page.number == 1 else None
    facts = {"severity": by.severity, "q": by.words, "severities": LogEntry.Severity.choices}
    return {"log": page, "log_every": every and max(CALM, every), **facts}


@require_GET
def run_detail(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """The page of a run; its log alone for htmx."""
    run = run_of(request, slug, run_id)
    context = {"campaign": run.campaign, "run": run, **_log(request, run)}
    if not request.htmx:
        context |= _progress(request, run) | remarks.context(request, Subject(run.campaign, run=run))
    return render_fragment(request, "campaigns/run_detail.html", "campaigns/_run_log_rows.html", context)


@require_GET
def run_progress(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """What moves, asked for at the pace of the run until it is over; ``part=attention``: what people must decide."""
    run = run_of(request, slug, run_id)
    context = _progress(request, run)
    if request.GET.get("part") == "attention":
        return render(request, "campaigns/_run_attention.html", context)
    response = render(request, "campaigns/_run_progress.html", context, status=200 if run.is_open else STOP_POLLING)
    if request.GET.get("seen", "") != context["signature"]:
        trigger_client_event(response, "attention-changed")
    return response if run.is_open else trigger_client_event(response, "run-ended")


@require_POST
def confirm(request: HttpRequest, slug: str, run_id: int, node_id: str) -> HttpResponse:
    """Let a prepared sending go."""
    run = run_of(request, slug, run_id, "confirm")
    row = get_object_or_404(NodeRun, run=run, node_id=node_id)
    try:
        execution.confirm(row, by=request.user)
        tasks.run_async(run)
        return _after(request, run, _("Confirmed: the messages are on their way."))
    except Refused as refusal:
        return _after(request, run, str(refusal), refused=True)


@require_POST
def resolve(request: HttpRequest, slug: str, run_id: int, doubtful_id: int) -> HttpResponse:
    """Say what became of a message that was begun and never answered."""
    run = run_of(request, slug, run_id, "confirm")
    doubtful = get_object_or_404(DoubtfulMessage, batch__node_run__run=run, pk=doubtful_id)
    try:
        resolution = request.POST.get("resolution", "")
        if resolution not in {DoubtfulMessage.Resolution.ACCEPTED, DoubtfulMessage.Resolution.NOT_SENT}:
            raise Refused(_("Say whether the message was sent or not."))
        sending.resolve(doubtful, resolution=resolution, by=request.user)
        tasks.run_async(run)
        return _after(request, run, _("Noted: %(what)s.") % {"what": doubtful.Resolution(resolution).label})
    except Refused as refusal:
        return _after(request, run, str(refusal), refused=True)


def _after(request: HttpRequest, run: Run, sentence: str, *, refused: bool = False) -> HttpResponse:
    """The decisions that are left, with what became of this one."""
    if not request.htmx:
        (messages.error if refused else messages.success)(request, sentence)
        return redirect("campaigns:run", run.campaign.slug, run.pk)
    run.refresh_from_db()
    context = _progress(request, run)
    response = render(request, "campaigns/_run_attention.html", context, status=409 if refused else 200)
    trigger_client_event(response, "run-changed")
    return toast(response, sentence, tone="red" if refused else "green")
