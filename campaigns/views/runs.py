"""Runs of a campaign: their list, one as it goes, and what people decide about it."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from campaigns import execution, progress, sending, tasks
from campaigns.models import Campaign, DoubtfulMessage, LogEntry, NodeRun, Run
from orchcamp.accounts.access import get_for, holds, may
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment, toast
from orchcamp.web.lists import paginate

STOP_POLLING = 286  # htmx's sign that a poll is over
CONTROLS = {"pause": execution.pause, "resume": execution.resume, "stop": execution.stop}


def _run(request: HttpRequest, slug: str, run_id: int, action: str = "view") -> Run:
    campaign = get_for(request.user, action, Campaign.objects.all(), slug=slug)
    run = get_object_or_404(Run.objects.select_related("version", "started_by"), campaign=campaign, pk=run_id)
    run.campaign = campaign
    return run


def _controls(run: Run) -> str:
    """The right that pausing and stopping this run takes: a test is not a publication."""
    return "publish" if run.mode == Run.Mode.LIVE else "test"


def _progress(request: HttpRequest, run: Run) -> dict:
    steps = progress.steps(run)
    sendings = progress.sendings(run, [step.row for step in steps])
    doubtful = DoubtfulMessage.objects.filter(batch__node_run__run=run).select_related("resolved_by", "batch__delivery")
    live = run.mode == Run.Mode.LIVE
    silent = live and not any(sending.books.sent for sending in sendings)
    waiting = [item for item in sendings if item.waits]
    unresolved = [doubt for doubt in doubtful if not doubt.resolution]
    signature = [str(item.delivery.pk) for item in waiting] + [f"d{doubt.pk}" for doubt in unresolved]
    return {
        "campaign": run.campaign,
        "run": run,
        "steps": steps,
        "sendings": sendings,
        "waiting": waiting,
        "doubtful": doubtful,
        "unresolved": unresolved,
        "signature": ",".join(signature),
        "checks": progress.why_nothing_was_sent(run, steps, sendings) if silent else [],
        "controls": _controls(run),
        "may_control": may(request.user, _controls(run), run.campaign),
        "may_confirm": may(request.user, "confirm", run.campaign),
        "personal": holds(request.user, "datasets.view_personal"),
        "may_report": live and may(request.user, "report", run.campaign),
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
    runs = campaign.runs.select_related("started_by", "version").annotate(
        delivered=Sum("nodes__batches__accepted", default=0)
    )
    runs = runs.order_by("-started_at", "-pk")  # a grouped query forgets its order
    mode = request.GET.get("mode", "")
    if mode in Run.Mode.values:
        runs = runs.filter(mode=mode)
    page = paginate(request, runs.prefetch_related("nodes"))
    context = {"campaign": campaign, "page": page, "mode": mode, "modes": Run.Mode.choices}
    return render_fragment(request, "campaigns/run_list.html", "campaigns/_run_rows.html", context)


def _log(request: HttpRequest, run: Run) -> dict:
    entries = LogEntry.objects.filter(run=run).order_by("-at", "-pk")
    severity, words = request.GET.get("severity", ""), request.GET.get("q", "").strip()
    if severity in LogEntry.Severity.values:
        entries = entries.filter(severity=severity)
    if words:
        nodes = [id for id, node in run.graph.nodes.items() if words.lower() in node.name.lower()]
        entries = entries.filter(Q(message__icontains=words) | Q(node_id__in=nodes))
    page = paginate(request, entries, per_page=50)
    for entry in page:
        node = run.graph.nodes.get(entry.node_id)
        entry.node_name = node.name if node else ""
    return {"log": page, "severity": severity, "q": words, "severities": LogEntry.Severity.choices}


@require_GET
def run_detail(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """The page of a run; its log alone for htmx."""
    run = _run(request, slug, run_id)
    context = {"campaign": run.campaign, "run": run, **_log(request, run)}
    if not request.htmx:
        context |= _progress(request, run)
    return render_fragment(request, "campaigns/run_detail.html", "campaigns/_run_log_rows.html", context)


@require_GET
def run_progress(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """What moves, asked for every two seconds until the run is over; ``part=attention``: what people must decide."""
    run = _run(request, slug, run_id)
    context = _progress(request, run)
    if request.GET.get("part") == "attention":
        return render(request, "campaigns/_run_attention.html", context)
    response = render(request, "campaigns/_run_progress.html", context, status=200 if run.is_open else STOP_POLLING)
    if request.GET.get("seen", "") != context["signature"]:
        trigger_client_event(response, "attention-changed")
    return response if run.is_open else trigger_client_event(response, "run-ended")


@require_http_methods(["GET", "POST"])
def control(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """Pause, resume or stop; a GET asks before stopping."""
    run = _run(request, slug, run_id)
    get_for(request.user, _controls(run), Campaign.objects.all(), slug=slug)
    if request.method == "GET":
        context = _progress(request, run) | {"pending": sum(s.books.pending for s in progress.sendings(run, []))}
        return render(request, "campaigns/run_stop.html", context)
    act = CONTROLS.get(request.POST.get("action", ""))
    try:
        if act is None:
            raise Refused(_("A run can be paused, resumed or stopped; nothing else was asked for."))
        act(run, by=request.user)
        tasks.run_async(run)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("campaigns:run", slug, run.pk)


@require_POST
def confirm(request: HttpRequest, slug: str, run_id: int, node_id: str) -> HttpResponse:
    """Let a prepared sending go."""
    run = _run(request, slug, run_id, "confirm")
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
    run = _run(request, slug, run_id, "confirm")
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
