"""When a campaign launches: its schedule with the next launches, changed while it is a draft; and a launch by hand."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import launches, launching, lifecycle
from campaigns.controls import missing_right
from campaigns.models import Campaign
from campaigns.schedules import form as fields
from campaigns.schedules import moments, reading, value, words
from campaigns.schedules.form import ScheduleForm
from campaigns.versions import drafting
from orchcamp.accounts.access import get_for
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment

NEXT = 10


@require_http_methods(["GET", "POST"])
def schedule(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: the page. POST: save; ``part`` shows the fields that a choice asks for, or the launches of what is typed."""
    right = "view" if request.method == "GET" else "change"
    campaign = get_for(request.user, right, Campaign.objects.all(), slug=slug)
    locked, part = _locked(request, campaign), request.POST.get("part", "")
    plan = drafting.open_plan(campaign) or campaign  # a next version has a schedule of its own
    form = _form(request, plan)
    if part == "launches":
        return render(request, "campaigns/_schedule_launches.html", _ahead(plan, form))
    if request.method == "POST" and not part and not locked and form.is_valid():
        try:
            lifecycle.change_properties(campaign, by=request.user, schedule=_document(plan, form))
            saved = drafting.open_plan(campaign) or campaign
            messages.success(request, _("Schedule saved: %(sentence)s.") % {"sentence": launches.in_words(saved)})
            return redirect("campaigns:canvas", campaign.slug)
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {"campaign": campaign, "form": form, "locked": locked, **_ahead(plan, form)}
    return render_fragment(request, "campaigns/schedule.html", "campaigns/_schedule_form.html", context)


def _form(request: HttpRequest, campaign: Campaign) -> ScheduleForm:
    """What is posted; fields that were only just asked for are not checked before somebody saves."""
    place = {"zone": launches.zone(campaign), "now": timezone.now()}
    if request.method == "POST" and request.POST.get("part") != "fields":
        return ScheduleForm(request.POST, **place)
    shown = fields.posted(request.POST) if request.method == "POST" else fields.values(campaign.schedule)
    return ScheduleForm(initial=shown, **place)


def _locked(request: HttpRequest, campaign: Campaign) -> str:
    """Why the schedule cannot be changed here now; empty when it can."""
    if drafting.open_plan(campaign) is not None:
        return missing_right(request.user, "change", campaign)
    if campaign.status == Campaign.Status.APPROVED and launches.once(campaign):
        return _("The schedule was approved with the campaign. Who may publish it can move its date in the calendar.")
    return _(
        "Only a draft's schedule can be changed: it is part of what was approved. Take the campaign back to draft, or edit its next version."
    )


def _document(campaign: Campaign, form: ScheduleForm) -> dict[str, Any]:
    """What is stored: the schedule, and what else a campaign declares that begins by a signal, as it was."""
    assert form.schedule is not None
    found, before = reading.written(form.schedule), campaign.schedule
    if form.schedule.frequency == value.SIGNAL and isinstance(before, dict) and campaign.by_signal:
        found |= {name: kept for name, kept in before.items() if name not in ("valid_from", "valid_until")}
    return found


def _ahead(campaign: Campaign, form: ScheduleForm) -> dict[str, Any]:
    """The schedule in words and its next launches, or what is missing until there are any."""
    try:
        typed = reading.read(fields.document(form.typed()))
    except reading.BadSchedule as bad:
        return {"missing": list(dict.fromkeys(bad.fields.values()))}
    zone, now = launches.zone(campaign), timezone.now()
    coming = moments.upcoming(typed, zone, now, NEXT)
    local = [moment.astimezone(zone) for moment in coming]
    return {
        "sentence": words.sentence(typed, zone),
        "coming": [(words.day(moment), words.clock(moment.time()), words.offset(moment)) for moment in local],
        "zone": str(zone),
        "campaign": campaign,
        "by_signal": typed.frequency == value.SIGNAL,
        "dense": _dense(coming),
        "timed": typed.repeats or typed.moment is not None,
    }


def _dense(coming: list[datetime]) -> bool:
    return any(later - moment < launches.DENSE for moment, later in pairwise(coming))


@require_POST
def launch_now(request: HttpRequest, slug: str) -> HttpResponse:
    """Launch a scheduled or repeating campaign by hand, now."""
    campaign = get_for(request.user, "publish", Campaign.objects.all(), slug=slug)
    try:
        run = launching.launch_now(campaign, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("campaigns:canvas", campaign.slug)
    messages.success(request, _("The run has begun; a worker carries it out."))
    return redirect("campaigns:run", campaign.slug, run.pk)
