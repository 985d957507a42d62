"""Putting an approved version in force, and taking a campaign back to draft."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import launches, lifecycle, publishing, review, tasks
from campaigns.desk_forms import ReasonForm
from campaigns.models import Campaign, Run
from campaigns.status import PUBLISHED, TRANSITIONS
from orchcamp.accounts.access import get_for, holds
from orchcamp.web.errors import Refused


@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Say exactly what publishing does and whether all is in order; do it on POST."""
    campaign = get_for(request.user, "publish", Campaign.objects.all(), slug=slug)
    form, refusal = ReasonForm(request.POST if request.method == "POST" else None), ""
    if request.method == "POST" and form.is_valid():
        try:
            run = publishing.publish(campaign, by=request.user, reason=form.cleaned_data["reason"])
            return _published(request, campaign, run)
        except Refused as error:
            refusal = str(error)
    found = publishing.case(Campaign.objects.get(pk=campaign.pk))
    ready = found.approval is not None and found.version.published_at is None
    lines = publishing.lines(found) if ready else []
    context = {
        "campaign": found.campaign,
        "version": found.version,
        "refusal": refusal,
        "form": form,
        "lines": lines,
        "stopped": any(line.level == publishing.STOPS for line in lines),
        "in_force": found.campaign.status in PUBLISHED,
        "approval": found.approval if ready else None,
        "review": review.review(found.approval, personal=holds(request.user, "datasets.view_personal"))
        if ready
        else None,
    }
    return render(request, "campaigns/approval_publish.html", context, status=409 if refusal else 200)


def _published(request: HttpRequest, campaign: Campaign, run: Run | None) -> HttpResponse:
    """Where to go on, and what happens next."""
    if run is not None:
        tasks.run_async(run)
        messages.success(request, _("Published: the run has begun."))
        return redirect("campaigns:run", campaign.slug, run.pk)
    messages.success(request, _("Published, and in force: %(when)s.") % {"when": launches.in_words(campaign)})
    return redirect("campaigns:runs", campaign.slug)


@require_http_methods(["GET", "POST"])
def edit_again(request: HttpRequest, slug: str) -> HttpResponse:
    """Back to draft: a new draft from the last version; what was approved stays as it was. A GET asks first."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    if request.method == "GET":
        asked = _("Take “%(name)s” back to draft?") % {"name": campaign.name}
        context = {"campaign": campaign, "question": asked, "button": _("Back to draft")}
        return render(request, "campaigns/campaign_govern.html", context | {"effect": TRANSITIONS["edit_again"].effect})
    try:
        lifecycle.edit_again(campaign, by=request.user)
        messages.success(request, _("A new draft is open; it needs an approval of its own."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("campaigns:canvas", slug)
