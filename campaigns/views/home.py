"""The first page: what waits for the person, what runs, what comes, what failed, and the campaigns at hand."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from campaigns import desk, waiting, worklist
from campaigns.models import Campaign
from orchcamp.accounts.access import may
from orchcamp.accounts.models import User
from orchcamp.web.fragments import render_fragment, wants_fragment

SHOWN = 6
LINES = 8  # of what waits
PAGE, FRAGMENT = "campaigns/home.html", "campaigns/_home_waiting.html"


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The page; what waits comes by a request of its own, so that the page need not wait until all kinds are counted."""
    user = request.user
    if wants_fragment(request):
        return render_fragment(request, PAGE, FRAGMENT, _waiting(user))
    context = {
        **vars(desk.runs(user, SHOWN)),
        **vars(desk.campaigns(user, SHOWN)),
        "alerts": worklist.alerts(user)[:SHOWN],
        "coming": desk.coming(user, SHOWN),
        "may_create": may(user, "add", Campaign),
        "may_view": may(user, "view", Campaign),
    }
    return render_fragment(request, PAGE, FRAGMENT, context)


def _waiting(user: User) -> dict[str, Any]:
    """The most urgent of what waits; the page "My work" has all of it."""
    counts = worklist.counts(user)
    found = waiting.lines(user, counts, most=SHOWN, without={"alerts"})
    return {
        "lines": found[:LINES],
        "more": counts["total"] > LINES,
        "waiting": counts["total"],
        "numbers": worklist.menu(counts),
    }
