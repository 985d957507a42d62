"""Explain: a key or an address is typed, and the canvas shows which way that row went."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import explaining, palette
from campaigns.explaining import Reader
from campaigns.models import Campaign, CampaignVersion
from campaigns.tracing import Key, Stage
from orchcamp.accounts.access import get_for, holds, may, refusal
from orchcamp.datasets import counting, engine
from orchcamp.datasets.models import Dataset, PredefinedFilter
from orchcamp.datasets.predefined import visible_to
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import wants_fragment

from . import scenes

LONGEST = 400


@require_http_methods(["GET", "POST"])
def explain(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: the panel with its field. POST: the way of the row that was typed."""
    campaign = get_for(request.user, "view", Campaign.objects.select_related("owner"), slug=slug)
    version = campaign.latest_version()
    if request.method == "GET" and not wants_fragment(request):
        return redirect(f"{scenes.address(campaign)}?explain")
    context = panel(request, campaign, version)
    if wants_fragment(request):
        return render(request, "campaigns/_explain.html", context)
    page = scenes.scene(request, campaign, version) | {"palette": palette.groups()}
    return render(request, "campaigns/canvas.html", page | context | {"panel": "campaigns/_explain.html"})


def reader_of(request: HttpRequest) -> Reader:
    """What the person may see of rows."""
    closed = PredefinedFilter.objects.exclude(pk__in=visible_to(request.user).values("pk")).values_list(
        "slug", flat=True
    )
    return Reader(may(request.user, "view", Dataset), holds(request.user, "datasets.view_personal"), frozenset(closed))


def panel(request: HttpRequest, campaign: Campaign, version: CampaignVersion) -> dict[str, Any]:
    """The field, and what was found."""
    version.campaign = campaign
    asked = {
        name: request.POST.get(name, "").strip()[:LONGEST] for name in ("q", "column", "dimension", "source", "key")
    }
    run, reader = scenes.last_run(version), reader_of(request)
    stage = explaining.stage_of(version, None if asked["source"] == "draft" else run)
    context: dict[str, Any] = {"campaign": campaign, "asked": asked, "run": run, "reader": reader}
    if stage.purged():
        context["gone"], stage = True, explaining.stage_of(version, None)
    slugs = explaining.dimensions(stage, version.planned().dimension)
    dimension = asked["dimension"] if asked["dimension"] in slugs else (slugs[0] if slugs else "")
    context |= {
        "dimension": dimension,
        "dimensions": [(slug, stage.ctx.model.dataset(slug).label) for slug in slugs],
        "columns": explaining.identifiers(stage.ctx.model, dimension, reader) if dimension else {},
        "draft": stage.run is None,
    }
    if request.method == "POST" and (asked["q"] or asked["key"]):
        context |= _answer(request, campaign, stage, dimension, reader, asked)
    return context


def _answer(
    request: HttpRequest, campaign: Campaign, stage: Stage, dimension: str, reader: Reader, asked: dict[str, str]
) -> dict[str, Any]:
    """The way of the row, the rows to choose from, or the sentence that says why there is none."""
    if stage.run is None and not may(request.user, "test", campaign):
        return {
            "refusal": _("No run has kept rows, and to compute the draft: %(why)s") % {"why": refusal(Campaign, "test")}
        }
    if not dimension:
        return {"refusal": _("This canvas has no rows to look through yet; build an audience first.")}

    def ask() -> dict[str, Any]:
        key = _key(asked["key"])
        if key is None:
            found = explaining.find(stage.ctx, dimension, asked["q"], reader, asked["column"])
            if len(found) > 1:
                return {
                    "choices": [(json.dumps(row.key, default=str), explaining.key_text(row.key), row) for row in found]
                }
            key = found[0].key
        key = explaining.demand(stage.ctx, dimension, key, reader)
        return {"explanation": explaining.explain(stage, dimension, key, reader)}

    try:
        return counting.asked(ask, f"{request.user.pk}-explain")
    except (Refused, engine.Failed) as error:
        return {"refusal": str(error).splitlines()[0]}


def _key(text: str) -> Key | None:
    """A key that was chosen from several rows; None when there is none, or nonsense."""
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    plain = isinstance(found, list) and found and all(isinstance(part, str | int | float | bool) for part in found)
    return tuple(found) if plain else None
