"""The calendar of launches, another date for one of them, and the address for other programs."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import trigger_client_event

from campaigns import calendars, feeds, inventory, launches, rescheduling, rows
from campaigns.errors import CampaignError
from campaigns.models import Campaign
from orchcamp.accounts import audit
from orchcamp.accounts.access import demand, get_for
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment, toast, wants_fragment
from orchcamp.web.lists import back_to, remember

CALENDAR = "campaigns:calendar"


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """A month or a week of launches."""
    demand(request.user, "view", Campaign)
    remember(request, CALENDAR)
    window, filters = calendars.Window.read(request.GET), inventory.Filters.read(request.GET)
    context = {
        "window": window,
        "filters": filters,
        "calendar": calendars.page(request.user, window, filters),
        "today": timezone.localdate(),
        "zone": timezone.get_current_timezone_name(),
        "channels": rows.channel_types(),
        "statuses": Campaign.Status.choices,
        "feed": "" if request.looking else feeds.address(request.user),  # a secret that outlasts looking
    }
    return render_fragment(request, "campaigns/calendar.html", "campaigns/_calendar.html", context)


@require_GET
def undated(request: HttpRequest) -> HttpResponse:
    """What waits without a date, below the calendar, which asks for it when it is there."""
    demand(request.user, "view", Campaign)
    found = calendars.undated(request.user, inventory.Filters.read(request.GET))
    return render(request, "campaigns/_undated.html", {"undated": found})


@require_http_methods(["GET", "POST"])
def reschedule(request: HttpRequest, slug: str) -> HttpResponse:
    """Another date: a day of the calendar (``day``), some days later (``by``), or date and time (``at``).

    The menu of a launch asks for its form when it opens, or hears why there is none.
    """
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    if request.method == "GET":
        held, moment = rescheduling.refusals([campaign], request.user)[campaign.pk], launches.once(campaign)
        context = {"campaign": campaign, "held": held, "wall": f"{moment:%Y-%m-%dT%H:%M}" if moment else ""}
        return render(request, "campaigns/_launch_move.html", context)
    if (right := rescheduling.RIGHTS.get(campaign.status)) is not None:
        get_for(request.user, right, Campaign.objects.all(), slug=slug)
    try:
        moment = _moved(request, campaign)
        said, tone = rescheduling.said(campaign, moment), "green"
    except Refused as refused:
        said, tone = str(refused), "red"
    if wants_fragment(request):
        return trigger_client_event(toast(HttpResponse(status=204), said, tone), "calendar-changed", {})
    (messages.success if tone == "green" else messages.error)(request, said)
    return redirect(back_to(request, CALENDAR))


def _moved(request: HttpRequest, campaign: Campaign) -> datetime:
    asked = request.POST
    if asked.get("by", "") in {"-7", "-1", "1", "7"}:
        return rescheduling.move_by(campaign, int(asked["by"]), by=request.user)
    try:
        if day := parse_date(asked.get("day", "")):
            return rescheduling.move_to_day(campaign, day, by=request.user)
        return rescheduling.move(campaign, datetime.fromisoformat(asked.get("at", "")), by=request.user)
    except (ValueError, OverflowError):
        raise CampaignError(_("Give a date and a time, like 2026-12-01 09:00.")) from None


@require_http_methods(["POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """Give the person an address for other programs, another one, or none any more."""
    demand(request.user, "view", Campaign)
    if request.POST.get("do") == "revoke":
        feeds.revoke(request.user)
        audit.record(request.user, "revoked calendar address", request.user)
        messages.success(request, _("The address leads nowhere any more."))
    else:
        feeds.renew(request.user)
        audit.record(request.user, "renewed calendar address", request.user)
        messages.success(request, _("Here is your address; any older one leads nowhere now."))
    address = back_to(request, CALENDAR)
    return redirect(f"{address}{'&' if '?' in address else '?'}feed=1#feed")


@login_not_required
@require_GET
def feed(request: HttpRequest) -> HttpResponse:
    """The calendar of whoever the token belongs to."""
    person = feeds.owner(request.GET.get("token", ""))
    if person is None:
        raise Http404
    response = HttpResponse(feeds.text(person), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="orchcamp.ics"'
    response["Cache-Control"] = "private, no-store"
    return response
