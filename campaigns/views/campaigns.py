"""A campaign's birth, properties, shares, copy and end, and what uses it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from campaigns import lifecycle, moving, shelving, usage, variables
from campaigns.choices import choices
from campaigns.forms import CampaignForm, DeleteForm, DuplicateForm
from campaigns.models import Campaign, Folder
from campaigns.versions import drafting
from orchcamp.accounts import share_views
from orchcamp.accounts.access import demand, get_for
from orchcamp.web.errors import Refused
from orchcamp.web.lists import back_to

from .moving import question


def _form(request: HttpRequest, initial: dict[str, Any], at: Folder | None = None) -> CampaignForm:
    """``at`` is the folder where the campaign lies: it may stay there, whoever may put something into it."""
    folders = moving.offered(request.user)  # type: ignore[arg-type]
    return CampaignForm(
        request.POST or None,
        initial=initial,
        dimensions=choices()["dimensions"],
        folders=folders | Folder.objects.filter(pk=at.pk) if at else folders,
    )


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new campaign: its name and whom it is about; the canvas comes next."""
    demand(request.user, "add", Campaign)
    form = _form(request, {"timezone": settings.TIME_ZONE})
    if request.method == "POST" and not form.editing and form.is_valid():
        try:
            campaign = lifecycle.create(by=request.user, **form.cleaned_data)
            return redirect("campaigns:canvas", campaign.slug)
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {"form": form, "campaign": None, "back": _list(request)}
    return render(request, "campaigns/campaign_form.html", context)


@require_http_methods(["GET", "POST"])
def properties(request: HttpRequest, slug: str) -> HttpResponse:
    """Name, purpose, dimension and place of a campaign; a draft's can be changed."""
    campaign = get_for(request.user, "change", Campaign.objects.select_related("owner", "folder"), slug=slug)
    plan = drafting.open_plan(campaign)
    form = _form(request, CampaignForm.of(plan or campaign), campaign.folder)
    if request.method == "POST" and not form.editing and form.is_valid():
        if asked := question(request, [campaign], form.cleaned_data["folder"], request.path):
            return asked
        gone = set((plan or campaign).variables) - set(form.cleaned_data["variables"])
        try:
            lifecycle.change_properties(campaign, by=request.user, **form.cleaned_data)
            messages.success(request, _("Properties saved."))
            _warn_of_gone(request, campaign, gone)
            return redirect("campaigns:canvas", campaign.slug)
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {"form": form, "campaign": campaign, "is_draft": plan is not None, "back": _canvas(campaign)}
    return render(request, "campaigns/campaign_form.html", context | _shared(request, campaign))


def _warn_of_gone(request: HttpRequest, campaign: Campaign, names: set[str]) -> None:
    """Say which nodes still read a variable that was removed."""
    graph = campaign.latest_version().graph
    for name in sorted(names):
        if users := variables.used_by(graph, name):
            facts = {"name": name, "nodes": ", ".join(users)}
            messages.warning(request, _("The variable “%(name)s” is gone, and these still use it: %(nodes)s.") % facts)


def _shared(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """What the section of a campaign's shares shows."""
    return share_views.section(request, campaign, reverse("campaigns:share", args=[campaign.slug]))


@require_http_methods(["POST"])
def share(request: HttpRequest, slug: str) -> HttpResponse:
    """Share a campaign with a person or group at a level, or (``remove``) no more."""
    campaign = get_for(request.user, "change", Campaign.objects.select_related("owner", "folder"), slug=slug)
    back = reverse("campaigns:properties", args=[campaign.slug])
    return share_views.answer(request, campaign, address=request.path, back=back)


def _list(request: HttpRequest) -> str:
    """The list as the person left it."""
    return back_to(request, "campaigns:list")


def _canvas(campaign: Campaign) -> str:
    return reverse("campaigns:canvas", args=[campaign.slug])


@require_http_methods(["GET", "POST"])
def duplicate(request: HttpRequest, slug: str) -> HttpResponse:
    """A draft with the same canvas and properties, under another name."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    demand(request.user, "add", Campaign)
    form = DuplicateForm(request.POST or None, initial={"name": (_("%(name)s (copy)") % {"name": campaign.name})[:120]})
    if request.method == "POST" and form.is_valid():
        copy = lifecycle.duplicate(campaign, by=request.user, name=form.cleaned_data["name"])
        messages.success(request, _("Duplicated: this is the copy."))
        return redirect("campaigns:canvas", copy.slug)
    context = {"form": form, "campaign": campaign, "back": _canvas(campaign)}
    return render(request, "campaigns/campaign_duplicate.html", context)


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Remove a draft for good; its name has to be typed."""
    campaign = get_for(request.user, "delete", Campaign.objects.all(), slug=slug)
    form = DeleteForm(request.POST or None, campaign=campaign)
    if request.method == "POST" and form.is_valid():
        try:
            lifecycle.delete(campaign, by=request.user)
            messages.success(request, _("“%(name)s” was deleted.") % {"name": campaign.name})
            return redirect(_list(request))
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {"form": form, "campaign": campaign, "back": _canvas(campaign), "runs": campaign.runs.count()}
    return render(request, "campaigns/campaign_delete.html", context)


@require_http_methods(["GET", "POST"])
def archive(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a campaign out of sight; it can still be found, reported and duplicated."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    if request.method == "GET":
        context = {"campaign": campaign, "back": _canvas(campaign)}
        return render(request, "campaigns/campaign_archive.html", context)
    try:
        shelving.archive(campaign, by=request.user)
        messages.success(request, _("“%(name)s” is archived.") % {"name": campaign.name})
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("campaigns:canvas", campaign.slug)
    return redirect(_list(request))


@require_http_methods(["POST"])
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a campaign out of the archive."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    try:
        shelving.restore(campaign, by=request.user)
        facts = {"name": campaign.name, "status": campaign.get_status_display().lower()}
        messages.success(request, _("“%(name)s” is out of the archive: %(status)s.") % facts)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("campaigns:canvas", campaign.slug)


@require_GET
def uses(request: HttpRequest, slug: str) -> HttpResponse:
    """What uses a campaign: others that call it, the audiences it saves, and what reads those."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    found = usage.uses_of(campaign, request.user)
    return render(request, "campaigns/campaign_uses.html", {"campaign": campaign, "found": found})
