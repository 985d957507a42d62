"""Asking for approval, and taking the request back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import review
from campaigns.approvals import before, preview, requests
from campaigns.desk_forms import MessageForm
from campaigns.models import Approval, Campaign, CampaignVersion
from orchcamp.accounts.access import get_for, holds, may
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment, wants_fragment

from . import approvals

PAGE, FRAGMENT = "campaigns/approval_submit.html", "campaigns/_approval_submit.html"


@require_http_methods(["GET", "POST"])
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for approval of the draft: who will be asked for what, and with which counts; asked for again by htmx while
    the dry run goes on."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    version = campaign.latest_version()
    version.campaign = campaign
    form = MessageForm(request.POST if request.method == "POST" else None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            if version.is_draft:
                before.demand_dry_run(version)
            requests.submit(version, by=request.user, message=form.cleaned_data["message"])
            messages.success(request, _("Sent for approval. The canvas is frozen until somebody has decided."))
            return redirect("campaigns:canvas", slug)
        except Refused as error:
            refusal = str(error)
    context = {"campaign": campaign, "version": version, "form": form, "refusal": refusal}
    context |= _case(request, version)
    return render_fragment(request, PAGE, FRAGMENT, context, status=409 if refusal else 200)


def _case(request: HttpRequest, version: CampaignVersion) -> dict[str, Any]:
    """What the request would carry, or what is missing for it."""
    personal = holds(request.user, "datasets.view_personal")
    rehearsal = before.rehearsal(version)
    found: dict[str, Any] = {
        "rehearsal": rehearsal,
        "may_test": may(request.user, "test", version.campaign),
        "review": review.before_submission(version, rehearsal.held, personal=personal),
    }
    if rehearsal.held is not None and version.is_draft:
        counts = requests.counts_of(rehearsal.held)
        found["preview"] = preview.preview(version, by=request.user, counts=counts)
    return found


@require_POST
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back one's own request, before somebody has decided."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    open_request = get_object_or_404(Approval, version__campaign=campaign, status=Approval.Status.WAITING)
    if not review.is_own(open_request, request.user):
        raise PermissionDenied(_("Only the person who asked may withdraw a request."))
    in_queue = wants_fragment(request)
    try:
        requests.withdraw(open_request, by=request.user)
        if in_queue:
            return approvals.decided(request, open_request.pk, _("Withdrawn: the campaign can be edited again."))
        messages.success(request, _("Withdrawn: “%(name)s” can be edited again.") % {"name": campaign.name})
    except Refused as refusal:
        if in_queue:
            return approvals.refused(request, open_request.pk, refusal)
        messages.error(request, str(refusal))
    if request.POST.get("next") == "queue":
        return redirect("campaigns:approvals")
    return redirect("campaigns:canvas", slug)
