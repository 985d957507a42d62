"""What moves on the canvas page while a run is on: one node's piece of the panel, and why nothing was sent."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from campaigns import contexts, counts, drawing, pace, progress, run_controls
from campaigns import why as reasons
from campaigns.controls import Control
from campaigns.models import Batch, Campaign, CampaignVersion, LogEntry, NodeRun, Run
from campaigns.progress import Sending
from orchcamp.accounts.access import get_for
from orchcamp.web.fragments import wants_fragment
from orchcamp.web.templatetags.ui import thousands

from . import showing

LATEST = 5  # sentences of the log in the panel


def cards(run: Run | None) -> dict[str, drawing.Moving]:
    """Node → how far it is, for those that send now."""
    rows = [row for row in run.nodes.all() if row.status == NodeRun.Status.SENDING] if run else []
    if run is None or not rows:
        return {}
    return {item.row.node_id: _moving(item) for item in progress.sendings(run, rows) if item.row}


def _moving(item: Sending) -> drawing.Moving:
    done, all, rate = item.handled, item.books.prepared, item.rate.recent
    text = f"{thousands(done)} / {thousands(all)}"
    speed = _("%(rate)s a second") % {"rate": f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"}
    title = _("%(done)s of %(all)s messages, %(speed)s") % {
        "done": thousands(done),
        "all": thousands(all),
        "speed": speed,
    }
    return drawing.Moving(100 * done // max(all, 1), text, title)


def bar(request: HttpRequest, version: CampaignVersion, run: Run | None) -> dict[str, Any]:
    """What the canvas page shows of its run beside the drawing: the pace, the buttons, and whether nothing was sent."""
    if run is None:
        return {"every": None, "waits": False, "run_controls": [], "unsent": False}
    steered = run.is_open or run.status == Run.Status.FAILED
    of_version = run.version_id == version.pk
    every = pace.seconds(run, run.nodes.all())
    return {
        "every": every,
        "waits": every == pace.WAITING,
        "run_controls": _beside(run_controls.of_run(run, request.user), version, run) if steered and of_version else [],
        "unsent": of_version and not version.is_draft and run.status != Run.Status.FAILED and _unsent(run),
    }


def _beside(controls: list[Control], version: CampaignVersion, run: Run) -> list[Control]:
    """Those that the header of a draft does not offer already."""
    offered = {"resume", "stop"} if version.is_draft and run.status == Run.Status.PAUSED else set()
    return [control for control in controls if control.key not in offered]


def _unsent(run: Run) -> bool:
    return reasons.applies(run, []) and not Batch.objects.filter(node_run__run=run, accepted__gt=0).exists()


def happening(request: HttpRequest, version: CampaignVersion, run: Run | None, node_id: str) -> dict[str, Any]:
    """What the last run does with one node: its state, its sending, what can be done, and what was said of it."""
    row = run.nodes.filter(node_id=node_id).first() if run else None
    if run is None or row is None:
        return {"run": run, "live_row": None}
    run.campaign, node = version.campaign, version.graph.nodes[node_id]
    figures = counts.transition_counts(version, run)
    sendings = progress.sendings(run, [row]) if contexts.is_channel(node) else []
    sending = next((item for item in sendings if item.row), None)
    return {
        "run": run,
        "live_row": row,
        "state": drawing.state_of(node, row, drawing.is_stale(version.graph, node_id, figures)),
        "sending": sending,
        "step_controls": run_controls.of_step(run, row, request.user, sending.next_due if sending else None),
        "latest": LogEntry.objects.filter(run=run, node_id=node_id).select_related("by").order_by("-pk")[:LATEST],
        "every": pace.seconds(run, run.nodes.all()),
    }


@require_GET
def node(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """The moving piece of a node's panel."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    version = showing.shown(request, campaign)
    version.campaign = campaign
    if node_id not in version.graph.nodes:
        raise Http404
    run = counts.latest_run(version)
    context = {"campaign": campaign, "node": version.graph.nodes[node_id], **happening(request, version, run, node_id)}
    return render(request, "campaigns/_node_live.html", context)


@require_GET
def why(request: HttpRequest, slug: str) -> HttpResponse:
    """Why nothing was sent, in the side panel of the canvas."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    if not wants_fragment(request):
        return redirect(f"{reverse('campaigns:canvas', args=[campaign.slug])}?why")
    return render(request, "campaigns/_why_panel.html", unsent(campaign))


def unsent(campaign: Campaign) -> dict[str, Any]:
    """What the panel “why was nothing sent” shows: of the last live run, or of a campaign that has none."""
    run = campaign.runs.live().select_related("version").first()
    if run is not None:
        run.campaign = campaign
    checks = reasons.look(campaign, run)
    accepted = run is not None and Batch.objects.filter(node_run__run=run, accepted__gt=0).exists()
    every = pace.seconds(run, run.nodes.all()) if run else None
    return {"campaign": campaign, "run": run, "checks": checks, "accepted": accepted, "every": every and max(5, every)}
