"""The signals of a campaign: what they bring, how a program sends them, and those that came last."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import asked, copying, lifecycle, signals
from campaigns.models import Campaign
from campaigns.signal_form import SignalForm
from campaigns.versions import drafting
from orchcamp.accounts.access import get_for, may
from orchcamp.web.errors import Refused
from orchcamp.web.lists import paginate


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything about the signals of one campaign; POST: what they bring, while it is a draft."""
    right = "view" if request.method == "GET" else "change"
    campaign = get_for(request.user, right, Campaign.objects.all(), slug=slug)
    open_plan = drafting.open_plan(campaign)
    plan = open_plan or campaign  # a next version declares its own
    form = SignalForm(request.POST or None, initial=SignalForm.of(plan))
    if request.method == "POST" and not form.editing and form.is_valid():
        try:
            if not plan.by_signal:
                raise Refused(_("This campaign does not begin by a signal; choose that in its schedule first."))
            lifecycle.change_properties(campaign, by=request.user, schedule=form.schedule(plan))
            messages.success(request, _("Saved: what the signal brings, and how often it may come."))
            return redirect("campaigns:signals", slug)
        except Refused as refused:
            form.add_error(None, str(refused))
    return render(request, "campaigns/signals.html", _shown(request, campaign, open_plan) | {"form": form})


def _shown(request: HttpRequest, campaign: Campaign, plan: Campaign | None) -> dict[str, Any]:
    draft = plan is not None and plan.by_signal
    return {
        "campaign": campaign,
        "calls": copying.calls(campaign),
        "interval": signals.interval(campaign),
        "seconds_left": signals.seconds_left(campaign),
        "awaited": asked.awaited(campaign),
        "may_signal": may(request.user, "publish", campaign),
        "editable": draft and may(request.user, "change", campaign),
        "page": paginate(
            request, campaign.signals.select_related("run", "token", "by").defer("run__document"), wide=True
        ),
    }
