"""The first page: what waits for the person, what runs, what comes, what failed, and the campaigns at hand."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns import desk, review, worklist
from campaigns.models import Campaign
from orchcamp.accounts.access import may
from orchcamp.accounts.models import User

SHOWN = 6


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    counts = request.waiting = worklist.counts(user)
    context = {
        **_waiting(user, counts),
        **vars(desk.runs(user, SHOWN)),
        **vars(desk.campaigns(user, SHOWN)),
        "coming": desk.coming(user, SHOWN),
        "today": timezone.localdate(),
        "may_create": may(user, "add", Campaign),
        "may_view": may(user, "view", Campaign),
        "waiting": counts["total"],
    }
    return render(request, "campaigns/home.html", context)


def _waiting(user: User, counts: dict[str, int]) -> dict[str, Any]:
    """The lists of what waits; what there is none of is not asked for."""
    some = {name: kind(user)[:SHOWN] if counts[name] else [] for name, kind in worklist.KINDS.items()}
    doubts: dict[int, list] = {}
    for doubt in worklist.doubtful(user)[:200] if counts["doubtful"] else []:
        doubts.setdefault(doubt.batch.node_run.run_id, []).append(doubt)
    return {
        **some,
        "approvals": [review.headline(approval) for approval in some["approvals"]],
        "sendings": [(row, row.run.graph.nodes.get(row.node_id)) for row in some["sendings"]],
        "doubts": [(found[0].batch.node_run.run, len(found)) for found in doubts.values()],
        "failed": some["failed_runs"],
    }
