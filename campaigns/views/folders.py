"""The tree of folders: made, renamed, moved, deleted, shared."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import folders, tagging
from campaigns.models import Campaign, Folder
from orchcamp.accounts import access, share_views
from orchcamp.accounts.access import administers, demand, get_for, may, refusal
from orchcamp.web.errors import Refused
from orchcamp.web.numbers import whole

from .moving import question


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
    tree = folders.tree(request.user, counted=True)
    context = {
        "tree": tree,
        "may_add": may(request.user, "add", Folder),
        "changeable": access.among(request.user, "change", [branch.folder for branch in tree]),
        "deletable": access.among(request.user, "delete", [branch.folder for branch in tree]),
        "no_add_reason": refusal(Folder, "add"),
        "no_delete_reason": refusal(Folder, "delete"),
        "administers": administers(request.user),
        "tags": tagging.known(tagging.texts(Campaign.objects.for_user(request.user))),
    }
    return render(request, "campaigns/folder_list.html", context)


def _parent(request: HttpRequest) -> Folder | None:
    number = whole(request.POST.get("parent"))
    return get_for(request.user, "view", Folder.objects.all(), pk=number) if number else None


@require_http_methods(["POST"])
def folder(request: HttpRequest, folder_id: int) -> HttpResponse:
    """Rename, move or delete a folder."""
    deletes = request.POST.get("do") == "delete"
    found = get_for(
        request.user,
        "delete" if deletes else "change",
        Folder.objects.select_related("parent__parent", "owner"),
        pk=folder_id,
    )
    try:
        if deletes:
            folders.delete(found, by=request.user)
            messages.success(request, _("The folder “%(name)s” is gone; its campaigns stay.") % {"name": found.name})
        else:
            parent = _parent(request)
            folders.demand_place(found, parent)
            if asked := question(request, [found], parent, reverse("campaigns:folders")):
                return asked
            folders.change(found, name=request.POST.get("name", ""), parent=parent, by=request.user)
            messages.success(request, _("The folder is changed."))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("campaigns:folders")


@require_http_methods(["GET", "POST"])
def folder_sharing(request: HttpRequest, folder_id: int) -> HttpResponse:
    """Who reaches a folder and what lies in it; a POST shares it with a person or group, or no more."""
    found = get_for(request.user, "change", Folder.objects.select_related("parent__parent", "owner"), pk=folder_id)
    if request.method == "POST":
        return share_views.answer(request, found, address=request.path, back=request.path)
    held = Campaign.objects.for_user(request.user).active().filter(folder=found).count()
    context = {"folder": found, "held": held} | share_views.section(request, found, request.path)
    return render(request, "campaigns/folder_sharing.html", context)
