"""What is done to many campaigns at once, and to a tag everywhere."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import bulk, tagging
from campaigns.models import Campaign, Folder
from orchcamp.accounts.access import administers, get_for, missing_right
from orchcamp.web.errors import Refused
from orchcamp.web.lists import back_to
from orchcamp.web.numbers import whole

from .moving import question

MOST = 500  # as many as a page could ever hold


def _chosen(request: HttpRequest) -> QuerySet[Campaign]:
    slugs = request.POST.getlist("campaign")[:MOST]
    return (
        Campaign.objects.for_user(request.user)
        .filter(slug__in=slugs)
        .select_related("folder__parent__parent")
        .order_by("name")
    )


@require_http_methods(["POST"])
def many(request: HttpRequest) -> HttpResponse:
    """One deed for the rows that were ticked; deleting is asked about first."""
    deed, chosen = request.POST.get("do", ""), list(_chosen(request))
    back = redirect(back_to(request, "campaigns:list"))
    if deed not in bulk.DEEDS or not chosen:
        messages.warning(request, _("Nothing was done: tick the campaigns first, then choose what to do."))
        return back
    if deed == "delete" and request.POST.get("sure") != "yes":
        drafts = [campaign for campaign in chosen if campaign.status == Campaign.Status.DRAFT]
        context = {"chosen": chosen, "drafts": drafts, "back": back.url}
        return render(request, "campaigns/campaigns_delete.html", context)
    try:
        extra = _extra(request, deed)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return back
    if deed == "move" and (asked := question(request, chosen, extra, back.url)):
        return asked
    outcome = bulk.apply(deed, chosen, request.user, extra)
    if outcome.done or outcome.same:
        messages.success(request, outcome.sentence)
    if outcome.refusal:
        messages.warning(request, outcome.refusal)
    return back


def _extra(request: HttpRequest, deed: str) -> Any:
    """What the deed needs beside the campaigns: a folder, or tags."""
    if deed == "move":
        number = whole(request.POST.get("folder"))
        if not number:
            return None
        return get_for(request.user, "view", Folder.objects.all(), pk=number)
    if deed in {"tag", "untag"}:
        tags = bulk.tags_of(request.POST.get("tags", ""))
        if not tags:
            raise ValidationError(_("Write the tags first, separated by commas."))
        return tags
    return None


@require_http_methods(["POST"])
def rename_tag(request: HttpRequest) -> HttpResponse:
    """Spell a tag otherwise on every campaign, or merge it with another; for administrators."""
    if not administers(request.user):
        raise PermissionDenied(missing_right("accounts.change_user"))
    try:
        before, after = request.POST.get("tag", ""), request.POST.get("name", "")
        number = tagging.rename(before, after, by=request.user)
        messages.success(request, _("“%(tag)s” is changed on %(n)s campaigns.") % {"tag": before, "n": number})
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("campaigns:folders")
