"""What people do to a run and to its steps: one button, one deed, and a word to whoever comes second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from campaigns import progress, run_controls, steering, tasks
from campaigns.models import Campaign, NodeRun, Run
from orchcamp.accounts.access import get_for
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import toast, wants_fragment

from .runs import run_of

RUN: dict[str, tuple[Callable[..., Any], Any]] = {
    "pause": (steering.pause, gettext_lazy("Paused: nothing new begins.")),
    "resume": (steering.resume, gettext_lazy("The run goes on.")),
    "stop": (steering.stop, gettext_lazy("The run is stopped.")),
    "take_up": (steering.take_up, gettext_lazy("Taken up again: what has no outcome goes on.")),
    "restart": (steering.restart, gettext_lazy("A new test began.")),
}
STEP: dict[str, tuple[Callable[..., Any], Any]] = {
    "retry": (steering.retry, gettext_lazy("The step is tried again.")),
    "go_on_now": (steering.go_on_now, gettext_lazy("Not waited for any longer.")),
}
ASKED_FIRST = ("stop", "take_up")


@require_http_methods(["GET", "POST"])
def control(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """Pause, resume, stop, begin now, take up or restart; a GET asks before what costs something."""
    run = _steered(request, slug, run_id)
    if request.method == "GET":
        action = request.GET.get("action", "")
        return _question(request, run, action if action in ASKED_FIRST else "stop")
    act, sentence = RUN.get(request.POST.get("action", ""), (_nothing, ""))
    try:
        after = act(run, by=request.user)
        run = after if isinstance(after, Run) else run
        tasks.run_async(run)
        return answer(request, run, sentence)
    except Refused as refusal:
        return answer(request, run, str(refusal), refused=True)


@require_POST
def step_control(request: HttpRequest, slug: str, run_id: int, node_id: str) -> HttpResponse:
    """Try one failed step again, or do not wait for one that waits."""
    run = _steered(request, slug, run_id)
    row = get_object_or_404(NodeRun, run=run, node_id=node_id)
    row.run = run
    act, sentence = STEP.get(request.POST.get("action", ""), (_nothing, ""))
    try:
        act(row, by=request.user)
        if row.status == NodeRun.Status.QUEUED:
            tasks.node_async(row)
        tasks.run_async(run)
        return answer(request, run, sentence)
    except Refused as refusal:
        return answer(request, run, str(refusal), refused=True)


def _steered(request: HttpRequest, slug: str, run_id: int) -> Run:
    """A run that the person may steer."""
    run = run_of(request, slug, run_id)
    get_for(request.user, run_controls.right(run), Campaign.objects.all(), slug=slug)
    return run


def _nothing(_subject: Any, **_who: Any) -> None:
    raise Refused(_("A run can be paused, resumed or stopped; nothing else was asked for."))


def _question(request: HttpRequest, run: Run, action: str) -> HttpResponse:
    """What would be lost, or go out, before it is done."""
    sendings = progress.sendings(run, list(run.nodes.all()))
    context = {
        "campaign": run.campaign,
        "run": run,
        "sendings": sendings,
        "pending": sum(sending.books.pending for sending in sendings),
        "stopped": sum(sending.stopped for sending in sendings),
        "accepted": sum(sending.books.accepted for sending in sendings),
        "refusal": steering.not_taken_up(run) if action == "take_up" else "",
    }
    return render(request, f"campaigns/run_{action}.html", context)


def answer(request: HttpRequest, run: Run, sentence: Any, *, refused: bool = False) -> HttpResponse:
    """Say what came of it; what shows the run follows."""
    if not wants_fragment(request):
        (messages.error if refused else messages.success)(request, sentence)
        return redirect("campaigns:run", run.campaign.slug, run.pk)
    response = toast(HttpResponse(status=204), sentence, tone="red" if refused else "green")
    trigger_client_event(response, "run-changed", {"run": run.pk})
    return trigger_client_event(response, "canvas-changed", {"run": run.pk})
