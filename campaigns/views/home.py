"""The first page: what waits for the person, what runs, what was touched last."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns import review, worklist
from campaigns.models import Campaign, Run
from orchcamp.accounts.access import may

SHOWN = 6


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    seen = Campaign.objects.for_user(user)
    doubts: dict[int, list] = {}
    for doubt in worklist.doubtful(user)[:200]:
        doubts.setdefault(doubt.batch.node_run.run_id, []).append(doubt)
    sendings = [(row, row.run.graph.nodes.get(row.node_id)) for row in worklist.sendings(user)[:SHOWN]]
    context = {
        "approvals": [review.headline(approval) for approval in worklist.approvals(user)[:SHOWN]],
        "sendings": sendings,
        "doubts": [(found[0].batch.node_run.run, len(found)) for found in doubts.values()],
        "tasks": worklist.tasks(user)[:SHOWN],
        "failed": worklist.failed_runs(user)[:SHOWN],
        "running": Run.objects.open()
        .filter(campaign__in=seen.values("pk"))
        .select_related("campaign", "started_by")[:SHOWN],
        "recent": seen.active().select_related("owner")[:SHOWN],
        "today": timezone.localdate(),
        "may_create": may(user, "add", Campaign),
        "may_view": may(user, "view", Campaign),
        "waiting": worklist.counts(user)["total"],
    }
    return render(request, "campaigns/home.html", context)
