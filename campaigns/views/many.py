"""What is done to many campaigns at once, to folders, and to a tag everywhere."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import bulk, folders, tagging
from campaigns.models import Campaign, Folder
from orchcamp.accounts.access import administers, demand, get_for, may, missing_right, refusal
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment
from orchcamp.web.lists import back_to
from orchcamp.web.numbers import whole

MOST = 500  # as many as a page could ever hold


def _chosen(request: HttpRequest) -> QuerySet[Campaign]:
    slugs = request.POST.getlist("campaign")[:MOST]
    return Campaign.objects.for_user(request.user).filter(slug__in=slugs).order_by("name")


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


@require_http_methods(["GET", "POST"])
def folder_list(request: HttpRequest) -> HttpResponse:
    """The tree of folders; a POST makes one."""
    demand(request.user, "view", Folder)
    if request.method == "POST":
        demand(request.user, "add", Folder)
        try:
            made = folders.create(request.POST.get("name", ""), _parent(request), by=request.user)
            messages.success(request, _("The folder “%(name)s” is there.") % {"name": made.name})
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("campaigns:folders")
    context = {
        "tree": folders.tree(request.user, counted=True),
        "may_add": may(request.user, "add", Folder),
        "may_change": may(request.user, "change", Folder),
        "administers": administers(request.user),
        "tags": tagging.known(tagging.texts(Campaign.objects.for_user(request.user))),
    }
    return render(request, "campaigns/folder_list.html", context)


def _parent(request: HttpRequest) -> Folder | None:
    number = whole(request.POST.get("parent"))
    return get_for(request.user, "view", Folder.objects.all(), pk=number) if number else None


@require_http_methods(["GET", "POST"])
def folder(request: HttpRequest, folder_id: int) -> HttpResponse:
    """Rename, move or delete a folder; a GET has the form, which the list asks for when somebody opens it."""
    if request.method == "GET":
        return _folder_form(request, get_for(request.user, "change", Folder.objects.all(), pk=folder_id))
    deletes = request.POST.get("do") == "delete"
    found = get_for(request.user, "delete" if deletes else "change", Folder.objects.all(), pk=folder_id)
    try:
        if deletes:
            folders.delete(found, by=request.user)
            messages.success(request, _("The folder “%(name)s” is gone; its campaigns stay.") % {"name": found.name})
        else:
            folders.change(found, name=request.POST.get("name", ""), parent=_parent(request), by=request.user)
            messages.success(request, _("The folder is changed."))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("campaigns:folders")


def _folder_form(request: HttpRequest, found: Folder) -> HttpResponse:
    tree = folders.tree(request.user)
    within = next((branch.within for branch in tree if branch.folder.pk == found.pk), frozenset({found.pk}))
    context = {
        "folder": found,
        "tree": tree,
        "within": within,
        "may_delete": may(request.user, "delete", found),
        "no_delete_reason": refusal(Folder, "delete"),
    }
    return render_fragment(request, "campaigns/folder_form.html", "campaigns/_folder_form.html", context)


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
