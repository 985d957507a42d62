"""Following a campaign: what one hears of it, and who else does."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from campaigns import following
from campaigns.models import Campaign, Following
from campaigns.running_settings import lenient
from orchcamp.accounts import access
from orchcamp.accounts.access import get_for
from orchcamp.accounts.models import User
from orchcamp.web import lists
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import toast, wants_fragment

SAID = {
    Following.Extent.ALL: gettext_lazy("You hear of everything that happens to “%(name)s”."),
    Following.Extent.IMPORTANT: gettext_lazy("You hear of failures and approvals of “%(name)s”."),
    Following.Extent.NONE: gettext_lazy("You hear nothing of “%(name)s” any more."),
}
FRAGMENTS = {"header": "campaigns/_follow.html", "row": "campaigns/_follow_row.html"}


class FollowerForm(forms.Form):
    """A person and how much they hear; only those who may see the campaign can be chosen."""

    person = forms.ModelChoiceField(label=gettext_lazy("Person"), queryset=User.objects.none())
    extent = forms.ChoiceField(label=gettext_lazy("Hears of"), choices=Following.Extent.choices)

    def __init__(self, data: Any = None, *, campaign: Campaign):
        super().__init__(data)
        people = access.who_may("view", campaign) | User.objects.filter(followings__campaign=campaign)
        self.fields["person"].queryset = people.distinct().order_by("username")  # type: ignore[attr-defined]


@require_POST
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Hear this much of a campaign oneself."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    extent = request.POST.get("extent", "")
    refusal = ""
    try:
        following.follow(campaign, request.user, extent, by=request.user)
        sentence = str(SAID[Following.Extent(extent)]) % {"name": campaign.name}
    except Refused as refused:
        sentence = refusal = str(refused)
    if not wants_fragment(request):
        (messages.error if refusal else messages.success)(request, sentence)
        return redirect("campaigns:followers", campaign.slug)
    context = {"campaign": campaign, "extent": following.extent(campaign, request.user)}
    fragment = FRAGMENTS.get(request.POST.get("where", ""), FRAGMENTS["header"])
    response = render(request, fragment, context | {"choices": Following.Extent.choices})
    return toast(response, sentence, "red" if refusal else "green")


@require_GET
def followers(request: HttpRequest, slug: str) -> HttpResponse:
    """What one hears oneself, who supervises, and for administrators who follows."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    return _page(request, campaign, FollowerForm(campaign=campaign) if access.administers(request.user) else None)


@require_POST
def set_follower(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose for somebody else what they hear of a campaign."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    if not access.administers(request.user):
        raise PermissionDenied(access.missing_right("accounts.change_user"))
    form = FollowerForm(request.POST, campaign=campaign)
    if not form.is_valid():
        return _page(request, campaign, form)
    person, extent = form.cleaned_data["person"], form.cleaned_data["extent"]
    try:
        following.follow(campaign, person, extent, by=request.user)
    except Refused as refused:
        form.add_error("person", str(refused))
        return _page(request, campaign, form)
    facts = {"person": person, "extent": Following.Extent(extent).label.lower()}
    messages.success(request, _("%(person)s hears of this campaign: %(extent)s.") % facts)
    return redirect("campaigns:followers", campaign.slug)


def _page(request: HttpRequest, campaign: Campaign, form: FollowerForm | None) -> HttpResponse:
    settings = lenient(campaign.settings)
    context = {
        "campaign": campaign,
        "supervisors": list(following.supervisors(campaign, settings)),
        "unseeing": list(following.unseeing(campaign, settings)),
        "page": lists.paginate(request, following.followers(campaign)) if form else None,
        "form": form,
        "choices": Following.Extent.choices,
    }
    return render(request, "campaigns/followers.html", context)
