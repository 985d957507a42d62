"""The first page: what waits for the person, what runs, what comes, what failed, and the campaigns at hand."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from campaigns import desk, waiting, worklist
from campaigns.models import Campaign
from orchcamp.accounts.access import may
from orchcamp.accounts.models import User

SHOWN = 6
LINES = 8  # of what waits


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    counts = request.waiting = worklist.counts(user)
    context = {
        **_waiting(user, counts),
        **vars(desk.runs(user, SHOWN)),
        **vars(desk.campaigns(user, SHOWN)),
        "coming": desk.coming(user, SHOWN),
        "may_create": may(user, "add", Campaign),
        "may_view": may(user, "view", Campaign),
        "waiting": counts["total"],
    }
    return render(request, "campaigns/home.html", context)


def _waiting(user: User, counts: dict[str, int]) -> dict[str, Any]:
    """The most urgent of what waits; the page "My work" has all of it."""
    found = waiting.lines(user, counts, most=SHOWN, without={"alerts"})
    alerts = worklist.alerts(user)[:SHOWN] if counts["alerts"] else []
    return {"lines": found[:LINES], "more": counts["total"] > LINES, "alerts": alerts}
