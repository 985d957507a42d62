"""The message of a node: looked at as any row of its population, and sent as a proof."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from activities.graph import Node
from campaigns import contexts, previewing, progress
from campaigns.models import Campaign, CampaignVersion
from orchcamp.accounts import audit
from orchcamp.accounts.access import get_for, holds, may
from orchcamp.datasets.models import Dataset
from orchcamp.messaging.content import Rendered
from orchcamp.messaging.models import Delivery, SeedAddress
from orchcamp.messaging.views.frames import framed
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment
from orchcamp.web.numbers import whole

from . import showing

SHOWN = ("desktop", "phone", "text")


def _found(request: HttpRequest, action: str, slug: str, node_id: str) -> tuple[Campaign, CampaignVersion, Node]:
    """The node that sends, if this person may do that with its campaign."""
    campaign = get_for(request.user, action, Campaign.objects.all(), slug=slug)
    version = showing.shown(request, campaign)
    version.campaign = campaign
    graph = version.graph
    if node_id not in graph.nodes or not contexts.is_channel(graph.nodes[node_id]):
        raise Http404
    return campaign, version, graph.nodes[node_id]


def _number(text: str | None) -> int:
    return whole(text) or 1


def _preview(request: HttpRequest, version: CampaignVersion, node: Node) -> previewing.Preview:
    masked = not holds(request.user, "datasets.view_personal")
    try:
        return previewing.preview(version, node, _number(request.GET.get("row")), masked=masked)
    except Refused as error:
        return previewing.Preview(problems=[str(error)], counted=False)


def _sample(request: HttpRequest, campaign: Campaign) -> Rendered | None:
    """What the first recipient of ``?delivery=`` will get, for those who may see personal data."""
    number = whole(request.GET.get("delivery"))
    if number is None or not holds(request.user, "datasets.view_personal"):
        return None
    delivery = Delivery.objects.filter(campaign=campaign.slug, pk=number).first()
    return progress.sample(delivery) if delivery else None


@require_safe
def message(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """Subject, body and plain text as one recipient would get them."""
    campaign, version, node = _found(request, "view", slug, node_id)
    shown, may_see_rows, is_mail = request.GET.get("show"), may(request.user, "view", Dataset), node.type == "email"
    context: dict[str, Any] = {
        "campaign": campaign,
        "version": version,
        "node": node,
        "preview": _preview(request, version, node),
        "shown": shown if shown in SHOWN or (shown == "values" and may_see_rows) else "desktop",
        "may_see_rows": may_see_rows,
        "masked": not holds(request.user, "datasets.view_personal"),
        "is_mail": is_mail,
        "may_proof": is_mail and may(request.user, "test", campaign) and may(request.user, "view", SeedAddress),
        "seeds": SeedAddress.objects.all(),
    }
    return render_fragment(request, "campaigns/message.html", "campaigns/_message_preview.html", context)


@require_safe
def message_body(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """The rendered HTML alone, for a sandboxed frame; of a planned sending its first recipient's."""
    campaign, version, node = _found(request, "view", slug, node_id)
    if (sample := _sample(request, campaign)) is not None:
        return framed(sample.html)
    preview = _preview(request, version, node)
    if preview.rendered is not None:
        return framed(preview.rendered.html)
    said = "".join(f"<p>{escape(problem)}</p>" for problem in preview.problems)
    nothing = f"<p>{escape(_('Nobody is in this population, so there is nothing to show.'))}</p>"
    return framed(f'<body style="font-family:sans-serif;color:#535d6c;padding:16px">{said or nothing}</body>')


@require_POST
def proof(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """Send the message to seed addresses, and to nobody else."""
    campaign, version, node = _found(request, "test", slug, node_id)
    if node.type != "email":
        raise Http404
    number = _number(request.POST.get("row"))
    seeds = [pk for sent in request.POST.getlist("seeds") if (pk := whole(sent)) is not None]
    if not may(request.user, "view", SeedAddress):
        raise Http404
    try:
        masked = not holds(request.user, "datasets.view_personal")
        sent = previewing.send_proof(version, node, number, seeds, masked=masked)
    except Refused as error:
        messages.error(request, str(error))
    else:
        audit.record(request.user, "sent proof", campaign, node=node.id, addresses=sent)
        text = ngettext("The proof went to %(n)s address.", "The proof went to %(n)s addresses.", sent)
        messages.success(request, text % {"n": sent})
    return redirect(f"{reverse('campaigns:message', args=[slug, node_id])}?row={number}")
