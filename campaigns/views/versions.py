"""The versions of a campaign: their list, a next one, an earlier one again, and two beside each other."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from campaigns import comments
from campaigns.comments import Subject
from campaigns.controls import missing_right
from campaigns.models import Campaign, CampaignVersion
from campaigns.status import PUBLISHED
from campaigns.versions import comparison, drafting, restoring, states
from orchcamp.accounts.access import get_for
from orchcamp.web.errors import Refused
from orchcamp.web.lists import paginate
from orchcamp.web.numbers import whole

from . import remarks, scenes


@require_GET
def version_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Every version with who made, approved and published it, when and why."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    page = paginate(request, states.versions(campaign))
    lines = states.lines(campaign, page)
    newest = lines[0] if page.number == 1 else None
    context = {
        "campaign": campaign,
        "page": page,
        "lines": lines,
        "may_begin": newest is not None
        and campaign.status in PUBLISHED
        and newest.state not in (states.DRAFT, states.IN_REVIEW),
        "next": newest.version.number + 1 if newest else None,
        "talk": comments.by_version(campaign),
        "missing": missing_right(request.user, "change", campaign),
    }
    return render(request, "campaigns/version_list.html", context)


@require_POST
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the next version of a published campaign as a draft."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    try:
        draft = drafting.begin_next(campaign, by=request.user)
        sentence = _("Version %(number)s is open as a draft; what is in force goes on until it is published.")
        messages.success(request, sentence % {"number": draft.number})
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("campaigns:canvas", slug)


@require_POST
def restore(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Have an earlier version as the draft."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    version = get_object_or_404(CampaignVersion, campaign=campaign, number=number)
    try:
        draft = restoring.restore(version, by=request.user)
        sentence = _("Version %(number)s is a draft again, as version %(draft)s.")
        messages.success(request, sentence % {"number": number, "draft": draft.number})
        return redirect("campaigns:canvas", slug)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("campaigns:versions", slug)


@require_GET
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """``?a=&b=`` name the versions, ``?version=&version=`` the two that were ticked; else the last two."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    ticked = sorted(number for text in request.GET.getlist("version") if (number := whole(text)) is not None)
    if len(ticked) >= 2:
        ends = urlencode({"a": ticked[0], "b": ticked[-1]})
        return redirect(f"{reverse('campaigns:compare_versions', args=[slug])}?{ends}")
    known = list(campaign.versions.order_by("-number"))
    numbers = {version.number: version for version in known}
    a, b = (numbers.get(whole(request.GET.get(name)) or 0) for name in ("a", "b"))
    if (a is None or b is None) and len(known) > 1:
        a, b = known[1], known[0]
    context: dict[str, object] = {"campaign": campaign, "versions": known}
    if a is not None and b is not None:
        a.campaign = b.campaign = campaign
        context["comparison"] = comparison.compare(a, b, scenes.flow(request))
        context |= remarks.context(request, Subject(campaign, version=b))
    return render(request, "campaigns/version_compare.html", context)
