"""How a campaign runs: errors, supervisors, limits and what is kept."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import following, lifecycle, retention
from campaigns.models import Campaign
from campaigns.running_form import RunningForm
from campaigns.running_settings import FIELDS, lenient
from campaigns.versions import drafting
from orchcamp.accounts.access import get_for
from orchcamp.web.errors import Refused


@require_http_methods(["GET", "POST"])
def running(request: HttpRequest, slug: str) -> HttpResponse:
    """The settings of a campaign; a draft's can be changed, as its other properties."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    plan = drafting.open_plan(campaign)
    kept = (plan or campaign).settings
    graph, current = campaign.latest_version().graph, lenient(kept)
    form = RunningForm(request.POST or None, graph=graph, current=current)
    if request.method == "POST" and form.is_valid():
        others = {name: value for name, value in kept.items() if name not in FIELDS}
        try:
            lifecycle.change_properties(campaign, by=request.user, settings=others | form.settings().to_json())
            messages.success(request, _("Settings saved."))
            return redirect("campaigns:running", campaign.slug)
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {
        "campaign": campaign,
        "form": form,
        "is_draft": plan is not None,
        "installation": retention.installation(),
        "unsupervised": not following.supervisors(campaign, current).exists(),
    }
    return render(request, "campaigns/running.html", context)
