"""The rule builder's deeds, and the page where audiences are tried out."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from orchcamp.accounts.access import demand
from orchcamp.web.errors import Refused

from .. import marks, rules, schema
from ..models import Dataset
from ..rules import clipboard, editing, forms, tree
from . import keeping
from .builders import RULES, Desk, demand_visible, desk, refused
from .rule_panels import PANELS


@require_POST
def rule_editor(request: HttpRequest) -> HttpResponse:
    """One deed of the builder; the builder again, or the piece of it that was asked for."""
    deed = request.POST.get("do", "")
    focus: str | None = None
    notice = ""
    try:
        found = desk(request)
        if deed in PANELS:
            return PANELS[deed](request, found)
        if deed == "sentence":
            return render(request, f"{RULES}/_sentence.html", found.builder(error=_problem(found)) | {"again": True})
        focus, notice = _done(request, found, deed)
    except Refused as error:
        return refused(request, str(error))
    return render(request, f"{RULES}/_builder.html", found.builder(focus=focus, notice=notice))


def _done(request: HttpRequest, found: Desk, deed: str) -> tuple[str | None, str]:
    """Do it; the path that the keyboard goes on at, and what there is to say. Raises Refused."""
    at = request.POST.get("at", "")
    if deed == "dataset":
        _chosen_elsewhere(found, request.POST.get(found.dimension_field, ""))
        return None, ""
    if deed in ("copy", "cut"):
        clipboard.take(request.session, tree.at(found.root, at), found.shape(editing.parent(at)))
        return (
            (tree.remove(found.root, at), _("Cut; paste it in any rule."))
            if deed == "cut"
            else (
                at,
                _("Copied; paste it in any rule."),
            )
        )
    if deed == "paste":
        copied = clipboard.held(request.session)
        if copied is None:
            raise Refused(_("Nothing was copied yet; the menu of a condition has Copy."))
        node = clipboard.paste(copied, found.shape(at), editing.within(at, found.ctx))
        return tree.add(found.root, at, node), ""
    if deed == "keep-filter":
        return keeping.keep(request, found)
    if deed == "swap-filter":
        return keeping.swap(found.root, at, request.POST.get("filter", "")), ""
    if deed == "unfold":
        demand_visible(request, tree.at(found.root, at))
    focus = editing.apply(found.root, deed, request.POST, found.dataset, found.ctx)
    if deed in ("add-condition", "set-attribute"):
        _remember(request, found, at if deed == "add-condition" else editing.parent(at))
    return focus, ""


def _remember(request: HttpRequest, found: Desk, group: str) -> None:
    shape, path = found.shape(group), request.POST.get("attribute", "")
    if shape and path and len(path) <= 255:
        marks.used(request.user, shape.slug, path)  # type: ignore[arg-type]


def _problem(found: Desk) -> rules.RuleError | None:
    try:
        rules.check(tree.plain(found.root), found.dataset, found.ctx)
    except rules.RuleError as error:
        return rules.RuleError("", error.sentence)
    except schema.UnknownDataset:
        pass
    return None


def _chosen_elsewhere(found: Desk, dataset: str) -> None:
    """The form's own field names another dataset now."""
    ctx = found.ctx
    place = forms.Nowhere(ctx.model, dataset, {}, ctx.now, ctx.timezone, ctx.variables, ctx.parameters)
    found.dataset, found.ctx = dataset, forms.context_of(place)
    found.scope = forms.sealed(place, found.dimension_field)


@require_http_methods(["GET"])
def explore(request: HttpRequest) -> HttpResponse:
    """Pick a dimension, build a rule, count it. The address can carry both."""
    demand(request.user, "view", Dataset)
    model = schema.load()
    dimensions = [shape for shape in model.datasets.values() if shape.target]
    others = [shape for shape in model.datasets.values() if not shape.target]
    slug = request.GET.get("dataset") or (dimensions or others or [schema.DatasetShape("", "", (), {})])[0].slug
    place = forms.Nowhere(model, slug if slug in model.datasets else "", {}, timezone.now(), settings.TIME_ZONE)
    form = forms.ExploreForm(place, _rule_of(request))
    context = {
        "dimensions": dimensions,
        "others": others,
        "slug": slug,
        "form": form,
        "shape": model.datasets.get(slug),
    }
    return render(request, "datasets/rules/explore.html", context)


def _rule_of(request: HttpRequest) -> Any:
    try:
        found = json.loads(request.GET.get("rule") or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
