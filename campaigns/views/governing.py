"""A published campaign is paused, resumed, closed, stopped or taken up again: what it means first, then the deed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from campaigns import governing, tasks
from campaigns.models import Campaign, Run
from campaigns.status import TRANSITIONS, possible
from orchcamp.accounts.access import get_for
from orchcamp.web.errors import Refused

Deed = tuple[Callable[..., Run | None], Any, Any, Any]  # what is done, the question, the button, and what is said after
VERBS: dict[str, Deed] = {
    "pause": (
        governing.pause,
        gettext_lazy("Pause “%(name)s”?"),
        gettext_lazy("Pause"),
        gettext_lazy("“%(name)s” is paused: nothing new begins."),
    ),
    "resume": (
        governing.resume,
        gettext_lazy("Let “%(name)s” go on?"),
        gettext_lazy("Resume"),
        gettext_lazy("“%(name)s” goes on."),
    ),
    "close": (
        governing.close,
        gettext_lazy("Close “%(name)s”?"),
        gettext_lazy("Close"),
        gettext_lazy("“%(name)s” is closed: no further run begins."),
    ),
    "stop": (
        governing.stop,
        gettext_lazy("Stop “%(name)s”?"),
        gettext_lazy("Stop"),
        gettext_lazy("“%(name)s” is stopped: nothing more is sent, and nothing begins."),
    ),
    "take_up": (
        governing.take_up,
        gettext_lazy("Take up “%(name)s” again?"),
        gettext_lazy("Take up again"),
        gettext_lazy("“%(name)s” is taken up again: what has no outcome goes on."),
    ),
}


@require_http_methods(["GET", "POST"])
def govern(request: HttpRequest, slug: str, verb: str) -> HttpResponse:
    """GET: what the verb does, to be confirmed. POST: do it."""
    if verb not in VERBS:
        raise Http404
    campaign = get_for(request.user, TRANSITIONS[verb].right, Campaign.objects.all(), slug=slug)
    act, question, button, said = VERBS[verb]
    if request.method == "GET" and possible(campaign, verb):
        return render(request, "campaigns/campaign_govern.html", _question(campaign, verb, question, button))
    try:
        if request.method == "GET":
            raise Refused(f"{TRANSITIONS[verb].refusal}.")
        run = act(campaign, by=request.user)
        if run is not None:
            tasks.run_async(run)
        messages.success(request, said % {"name": campaign.name})
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("campaigns:canvas", slug)


def _question(campaign: Campaign, verb: str, question: Any, button: Any) -> dict[str, Any]:
    """What is asked, what the deed does, and which run it meets."""
    return {
        "campaign": campaign,
        "question": question % {"name": campaign.name},
        "effect": TRANSITIONS[verb].effect,
        "button": button,
        "danger": verb == "stop",
        "run": governing.met(campaign, verb),
    }
