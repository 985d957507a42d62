"""What people do to a run that goes on: answer its question, send it a signal, read its alerts."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from campaigns import asked, questions, signals, tasks
from campaigns.models import Alert, Campaign, Question
from orchcamp.accounts.access import get_for
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import back, toast


@require_POST
def answer(request: HttpRequest, question_id: int) -> HttpResponse:
    """Answer the question of an approval node."""
    found = get_object_or_404(Question.objects.select_related("node_run__run"), pk=question_id)
    campaign = get_for(request.user, "view", Campaign.objects.all(), pk=found.node_run.run.campaign_id)
    if not questions.may_answer(request.user, found):
        raise PermissionDenied(_("This question is not put to you."))
    refusal = ""
    try:
        code, comment = request.POST.get("answer", ""), request.POST.get("comment", "")
        questions.answer(found, code=code, by=request.user, comment=comment)
        tasks.run_async(found.node_run.run)
    except Refused as refused:
        refusal = str(refused)
    sentence = refusal or _("Answered: %(answer)s.") % {"answer": questions.label(found, code)}
    if not request.htmx:
        (messages.error if refusal else messages.success)(request, sentence)
        return redirect("campaigns:run", campaign.slug, found.node_run.run_id)
    context = {"item": asked.item(found, request.user)}
    response = render(request, "campaigns/_question.html", context, status=409 if refusal else 200)
    trigger_client_event(response, "run-changed")
    trigger_client_event(response, "canvas-changed", {})
    trigger_client_event(response, "work-changed", {})
    return toast(response, sentence, tone="red" if refusal else "green")


@require_POST
def signal(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the campaign the signal that it waits for, by hand."""
    campaign = get_for(request.user, "publish", Campaign.objects.all(), slug=slug)
    start = "parameter-"
    parameters = {name.removeprefix(start): value for name, value in request.POST.items() if name.startswith(start)}
    key = request.POST.get("key") or uuid4().hex
    try:
        sent = signals.send(campaign, parameters, key=f"hand-{key[:64]}", source=str(request.user), by=request.user)
        tasks.run_async(sent.run)
        messages.success(request, _("The signal was taken."))
        return redirect("campaigns:run", slug, sent.run_id)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return back(request, reverse("campaigns:runs", args=[slug]))


@require_POST
def read_alert(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Take an alert off one's first page."""
    alert = get_object_or_404(Alert.objects.select_related("run"), pk=alert_id)
    get_for(request.user, "view", Campaign.objects.all(), pk=alert.run.campaign_id)
    alert.read_by.add(request.user)
    if not request.htmx:
        return back(request, reverse("campaigns:home"))
    return trigger_client_event(HttpResponse(), "work-changed", {})
