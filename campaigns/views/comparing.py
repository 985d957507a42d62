"""Two runs of a campaign beside each other."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from campaigns import comparing
from campaigns.models import Campaign
from orchcamp.accounts.access import get_for
from orchcamp.web.fragments import render_fragment
from orchcamp.web.numbers import whole


@require_GET
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """``?a=&b=`` name the runs, ``?run=&run=`` the two that were ticked in the list; else the last two of a mode."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    ticked = sorted(number for text in request.GET.getlist("run") if (number := whole(text)) is not None)
    if len(ticked) >= 2:
        ends = urlencode({"a": ticked[0], "b": ticked[-1]})
        return redirect(f"{reverse('campaigns:compare', args=[slug])}?{ends}")
    pair = comparing.chosen(campaign, request.GET.get("a"), request.GET.get("b"))
    order = order if (order := request.GET.get("sort", "")) in comparing.ORDERS else comparing.DIFFERENCE
    context = {"campaign": campaign, "order": order, "runs": campaign.runs.select_related("version")[:50]}
    if pair is not None:
        for run in pair:
            run.campaign = campaign
        context["comparison"] = comparing.compare(*pair, order)
    return render_fragment(request, "campaigns/run_compare.html", "campaigns/_compare_body.html", context)
