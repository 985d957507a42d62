"""Dry runs: what is assumed, the start, what came of it, and the messages that would have gone out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import reswap, retarget, trigger_client_event

from campaigns import assumptions, dry_runs, execution, tasks
from campaigns.models import Campaign, CampaignVersion, Run
from orchcamp.accounts.access import get_for, holds, may
from orchcamp.datasets.models import Dataset
from orchcamp.messaging.views.frames import framed
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment, toast

STOP_POLLING = 286  # htmx's sign that a poll is over


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: what a dry run does, and what it is to assume. POST: begin one of the draft."""
    campaign = get_for(request.user, "test", Campaign.objects.all(), slug=slug)
    version = campaign.draft()
    gates = assumptions.of(version.graph) if version else []
    if request.method == "GET":
        return render(request, "campaigns/dry_start.html", {"campaign": campaign, "version": version, "gates": gates})
    try:
        if version is None:
            raise Refused(_("There is no draft to try: edit the campaign again first, or wait for the approval."))
        names = {f"answer-{gate.node.id}": gate for gate in gates}
        answers = {gate.node.id: request.POST[name] for name, gate in names.items() if request.POST.get(name)}
        answers = {id: code for id, code in answers.items() if code != _first(gates, id)}
        run = execution.start(version, mode=Run.Mode.DRY, by=request.user, answers=answers)
    except Refused as refusal:
        if request.htmx:
            return toast(HttpResponse(status=204), str(refusal), tone="red")
        messages.error(request, str(refusal))
        return redirect(_before_request(request) or "campaigns:canvas", slug)
    tasks.run_async(run)
    if back := _before_request(request):
        return redirect(back, slug)
    if not request.htmx:
        return redirect("campaigns:dry_result", slug, run.pk)
    response = render(request, "campaigns/_dry_panel.html", _panel(request, campaign, version, run))
    return trigger_client_event(reswap(retarget(response, "#panel"), "innerHTML"), "canvas-changed", {"run": run.pk})


def _before_request(request: HttpRequest) -> str:
    """The page that asked for a dry run to go with a request for approval, and shows how far it is."""
    return "campaigns:submit" if request.POST.get("next") == "submit" else ""


def _first(gates: list[assumptions.Assumption], node_id: str) -> str:
    """The way that is taken unless a person chooses another: choosing it is choosing nothing."""
    return next((code for gate in gates if gate.node.id == node_id for code, _label in gate.ways[:1]), "")


@require_safe
def panel(request: HttpRequest, slug: str) -> HttpResponse:
    """The last dry run beside the canvas; asked for every second until it is over."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    version = campaign.latest_version()
    run = dry_runs.latest(version)
    if not request.htmx:
        return redirect("campaigns:dry_result", slug, run.pk) if run else redirect("campaigns:canvas", slug)
    over = "poll" in request.GET and (run is None or not run.is_open)
    context = _panel(request, campaign, version, run)
    return render(request, "campaigns/_dry_panel.html", context, status=STOP_POLLING if over else 200)


def _panel(request: HttpRequest, campaign: Campaign, version: CampaignVersion, run: Run | None) -> dict[str, Any]:
    context: dict[str, Any] = {"campaign": campaign, "run": run, "may_test": may(request.user, "test", campaign)}
    if run is not None:
        run.refresh_from_db()
        context |= {"summary": dry_runs.summary(run), "stale": dry_runs.is_stale(run, version), **_steps(run)}
    return context


def _steps(run: Run) -> dict[str, int]:
    """How far an open run is."""
    rows = list(run.nodes.all())
    return {"steps": len(rows), "steps_done": sum(row.finished_at is not None for row in rows)}


def _run(request: HttpRequest, slug: str, run_id: int) -> Run:
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    run = get_object_or_404(campaign.runs.dry().select_related("version", "started_by"), pk=run_id)
    run.campaign = run.version.campaign = campaign
    return run


@require_safe
def result(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """Everything that the dry run found; what moves alone for htmx, while it goes on."""
    run = _run(request, slug, run_id)
    masked, draft = not holds(request.user, "datasets.view_personal"), run.campaign.latest_version()
    summary = dry_runs.summary(run)
    context = {
        "campaign": run.campaign,
        "run": run,
        "summary": summary,
        "cards": [{"channel": channel, **_shown(request, channel, masked=masked)} for channel in summary.channels],
        "masked": masked,
        "stale": dry_runs.is_stale(run, draft),
        "may_test": draft.is_draft and may(request.user, "test", run.campaign),
        **_steps(run),
    }
    return render_fragment(request, "campaigns/dry_result.html", "campaigns/_dry_result.html", context)


def _shown(request: HttpRequest, channel: dry_runs.Rehearsed, *, masked: bool) -> dict[str, Any]:
    message = request.GET.get("sample", "") if request.GET.get("node") == channel.node.id else ""
    return {
        "chosen": channel.chosen(message),
        "shown": dry_runs.look(channel, message, masked=masked),
        "may_see_rows": may(request.user, "view", Dataset),
    }


def _channel(run: Run, node_id: str) -> dry_runs.Rehearsed:
    found = next((channel for channel in dry_runs.channels(run) if channel.node.id == node_id), None)
    if found is None:
        raise Http404
    return found


@require_safe
def samples(request: HttpRequest, slug: str, run_id: int, node_id: str) -> HttpResponse:
    """The samples of one channel, one of them open."""
    run = _run(request, slug, run_id)
    channel, masked = _channel(run, node_id), not holds(request.user, "datasets.view_personal")
    message = request.GET.get("sample", "")
    context = {
        "campaign": run.campaign,
        "run": run,
        "channel": channel,
        "chosen": channel.chosen(message),
        "shown": dry_runs.look(channel, message, masked=masked),
        "masked": masked,
        "may_see_rows": may(request.user, "view", Dataset),
    }
    return render(request, "campaigns/_dry_samples.html", context)


@require_safe
def body(request: HttpRequest, slug: str, run_id: int, node_id: str, message: str) -> HttpResponse:
    """The HTML of one message alone, for a sandboxed frame."""
    run = _run(request, slug, run_id)
    masked = not holds(request.user, "datasets.view_personal")
    shown = dry_runs.look(_channel(run, node_id), message, masked=masked)
    if shown is not None and shown.made is not None and shown.made.mail is not None:
        return framed(shown.made.mail.html)
    said = escape(shown.problem if shown else _("There is no such message."))
    return framed(f'<body style="font-family:sans-serif;color:#535d6c;padding:16px"><p>{said}</p></body>')
