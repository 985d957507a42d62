"""What a node remembers of earlier runs, changed by a person."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns import memories
from campaigns.models import Campaign
from orchcamp.accounts.access import get_for
from orchcamp.web.errors import Refused

from . import scenes


class MarkForm(forms.Form):
    mark = forms.DateTimeField()


@require_POST
def set_mark(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """Go on from another moment, or start again; the next live run follows it."""
    campaign = get_for(request.user, "publish", Campaign.objects.all(), slug=slug)
    if node_id not in campaign.latest_version().graph.nodes:
        raise Http404
    with timezone.override(ZoneInfo(campaign.timezone)):
        form = MarkForm(request.POST)
        again = "again" in request.POST
        if not again and not form.is_valid():
            messages.error(request, _("Write a date and a time, such as 2026-12-01T09:00. Nothing was changed."))
        else:
            try:
                memories.set_mark(campaign, node_id, None if again else form.cleaned_data["mark"], by=request.user)
            except Refused as error:
                messages.error(request, str(error))
            else:
                sentence = _("The next live run takes all.") if again else _("The next live run goes on from there.")
                messages.success(request, sentence)
    return redirect(f"{scenes.address(campaign)}?{urlencode({'node': node_id})}")
