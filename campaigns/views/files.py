"""Files of a campaign: uploaded in the panel of a node, looked into, and downloaded from runs."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from campaigns import contexts, files, filing
from campaigns.models import Campaign, CampaignVersion, Run, RunFile
from orchcamp.accounts import audit
from orchcamp.accounts.access import get_for, holds, missing_right
from orchcamp.datasets import engine
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment

from . import nodes, panels

PERSONAL = "datasets.view_personal"


@require_http_methods(["GET", "POST"])
def node_file(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """GET: the first rows of the node's file. POST: take an upload or detect the columns, and keep the settings."""
    action = "view" if request.method == "GET" else "change"
    campaign = get_for(request.user, action, Campaign.objects.all(), slug=slug)
    version = campaign.latest_version()
    if node_id not in version.graph.nodes or version.graph.nodes[node_id].type != "load_file":
        raise Http404
    if request.method == "POST":
        return _taken(request, campaign, version, node_id)
    context: dict[str, Any] = {"campaign": campaign, "node": version.graph.nodes[node_id]}
    try:
        ctx = contexts.draft_context(version.planned()).at(node_id)
        settings = version.graph.nodes[node_id].settings
        context["look"] = filing.look(settings, ctx, personal=holds(request.user, PERSONAL))
    except Refused as refusal:
        context["refusal"] = str(refusal)
    return render_fragment(request, "campaigns/file_preview.html", "campaigns/_file_preview.html", context)


def _taken(request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str) -> HttpResponse:
    data = request.POST.copy()
    try:
        if upload := request.FILES.get("upload"):
            data["file"] = files.keep(campaign, upload.name or "", upload, by=request.user).name
        elif data.get("do") == "upload":
            raise Refused(_("Choose a file to upload."))
        if data.get("do") == "detect" or not any(name.startswith("columns-0-") for name in data):
            _fill(version, node_id, data)
    except Refused as refusal:
        form = panels.form(version.graph, contexts.draft_context(version.planned()), node_id, data)
        more: dict[str, Any] = {"form": form, "refusal": str(refusal), "revision": str(panels.revision(request))}
        return panels.answer(request, campaign, version, node_id, typed_name=data.get("node_name", ""), **more)
    return nodes.save(request, campaign, version, node_id, data)


def _fill(version: CampaignVersion, node_id: str, data: QueryDict) -> None:
    """Put the columns that the file has in place of those that were typed."""
    ctx = contexts.draft_context(version.planned())
    form = panels.form(version.graph, ctx, node_id, data)
    form.is_valid()
    settings = {**form.cleaned_data, "file": data.get("file", ""), "columns": []}
    found = filing.columns(settings, ctx)
    for name in [name for name in data if name.startswith("columns-")]:
        del data[name]
    for place, column in enumerate(found):
        for name, value in column.items():
            if value not in ("", False, None):
                data[f"columns-{place}-{name}"] = "on" if value is True else str(value)


@require_GET
def run_file(request: HttpRequest, slug: str, run_id: int, file_id: int) -> HttpResponseBase:
    """Download a file that a run made; it holds whatever the rows hold."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    run = get_object_or_404(Run, campaign=campaign, pk=run_id)
    file = get_object_or_404(RunFile, run=run, pk=file_id)
    if not holds(request.user, PERSONAL):
        raise PermissionDenied(missing_right(PERSONAL))
    place = engine.root() / file.path
    if not place.is_file():
        return render(request, "404.html", {"exception": _("This file was removed with the run's rows.")}, status=404)
    audit.record(request.user, "downloaded file", campaign, run=run.pk, file=file.name, rows=file.rows)
    return FileResponse(
        place.open("rb"), as_attachment=True, filename=file.name, content_type="application/octet-stream"
    )
