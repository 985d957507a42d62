"""One node: its settings in the side panel, and the message it sends."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import canvas, contexts
from campaigns.errors import StaleCanvas
from campaigns.models import Campaign, CampaignVersion
from orchcamp.accounts.access import get_for
from orchcamp.datasets import reading
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import wants_fragment

from . import panels, scenes, showing


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """The side panel of one node."""
    action = "view" if request.method == "GET" else "change"
    campaign = get_for(request.user, action, Campaign.objects.all(), slug=slug)
    version = showing.shown(request, campaign)
    if request.method == "POST":
        return save(request, campaign, version, node_id, request.POST)
    if not wants_fragment(request):
        return redirect(f"{scenes.address(campaign)}?{urlencode({'node': node_id})}")
    if node_id not in version.graph.nodes:
        sentence = _("This node is no longer on the canvas; somebody removed it.")
        return panels.stale(request, campaign, version, sentence, node_id)
    return panels.answer(request, campaign, version, node_id)


def save(
    request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str, data: QueryDict
) -> HttpResponse:
    """Keep the settings; a half-done node can be kept, a wrong one is shown again."""
    typed = {"typed_name": data.get("node_name", ""), "typed_disabled": "node_disabled" in data}
    if node_id not in version.graph.nodes or not version.is_draft:
        sentence = _("This node is no longer here to be changed: it was removed, or its version was frozen.")
        return panels.stale(request, campaign, version, sentence, node_id, data)
    ctx = contexts.draft_context(version.planned())
    if reading.hidden_in(ctx.model, version.graph.nodes[node_id].settings):
        return panels.answer(request, campaign, version, node_id, refusal=reading.hidden_sentence())
    form = panels.form(version.graph, ctx, node_id, data, user=request.user)
    typed |= {"form": form, "revision": str(panels.revision(request))}
    if form.editing or not form.is_valid():
        return panels.answer(request, campaign, version, node_id, **typed)
    change = {"name": typed["typed_name"], "disabled": typed["typed_disabled"], "settings": form.cleaned_data}
    change["automatic"] = "auto" in data  # saved because its panel was left: such steps of one node are one
    try:
        canvas.configure_node(version, node_id, revision=panels.revision(request), by=request.user, **change)
    except StaleCanvas as stale:
        return panels.stale(request, campaign, version, str(stale), node_id, data)
    except Refused as refusal:
        return panels.answer(request, campaign, version, node_id, refusal=str(refusal), **typed)
    if not wants_fragment(request):
        messages.success(request, _("Saved."))
        return redirect(f"{scenes.address(campaign)}?{urlencode({'node': node_id})}")
    return panels.told(panels.answer(request, campaign, version, node_id, saved=True), version)
