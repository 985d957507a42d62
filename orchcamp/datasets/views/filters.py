"""Predefined filters: the list, one of them, making and changing them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from orchcamp.accounts.access import demand, may
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment
from orchcamp.web.lists import paginate

from .. import predefined, reading, schema
from ..filter_forms import Desk, rows
from ..models import FilterRevision, PredefinedFilter
from ..rules import reuse, tree

REVISIONS_SHOWN = 20


@require_GET
def filter_list(request: HttpRequest) -> HttpResponse:
    """All filters that a person may use, their own, or those they starred."""
    demand(request.user, "view", PredefinedFilter)
    tab, search = request.GET.get("tab", "all"), request.GET.get("q", "").strip()
    stars = PredefinedFilter.favourite_of.through.objects.filter(predefinedfilter=OuterRef("pk"), user=request.user.pk)
    found = predefined.visible_to(request.user).annotate(starred=Exists(stars)).order_by("-starred", "label")
    if tab == "mine":
        found = found.filter(owner=request.user)
    elif tab == "favourites":
        found = found.filter(starred=True)
    if search:
        found = found.filter(Q(label__icontains=search) | Q(slug__icontains=search) | Q(description__icontains=search))
    context = {
        "page": paginate(request, found),
        "search": search,
        "tab": tab,
        "shapes": schema.load().filters,
        "may_add": may(request.user, "add", PredefinedFilter),
    }
    return render_fragment(request, "datasets/filter_list.html", "datasets/_filter_rows.html", context)


@require_GET
def filter_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One filter: its rule in words, what it asks for, who uses it, what it was before."""
    found = _visible(request, slug)
    model = schema.load()
    shape = model.filter(slug)
    revisions = FilterRevision.objects.filter(filter=found).select_related("by")[:REVISIONS_SHOWN]
    context = {
        "filter": found,
        "sentence": _said(shape, model),
        "parameters": [(name, facts, reuse.PARAMETERS[facts["type"]]) for name, facts in shape.parameters.items()],
        "uses": predefined.seen(request.user, predefined.used_by(slug)),
        "revisions": [(revision, _said(_at(shape, revision), model)) for revision in revisions],
        "starred": found.favourite_of.filter(pk=request.user.pk).exists(),
        "may_change": may(request.user, "change", found) and predefined.may_change(request.user, found),
        "may_delete": may(request.user, "delete", found) and predefined.may_change(request.user, found),
        "try_it": urlencode({"dataset": shape.dataset, "rule": json.dumps({"filter": slug})}),
    }
    return render(request, "datasets/filter_detail.html", context)


@require_http_methods(["GET", "POST"])
def filter_create(request: HttpRequest) -> HttpResponse:
    """A new filter of a dataset; ``?dataset=`` and ``?rule=`` say what it begins with."""
    demand(request.user, "add", PredefinedFilter)
    model, dataset = schema.load(), request.GET.get("dataset", "")
    if dataset not in model.datasets:
        return render(request, "datasets/filter_dataset.html", {"datasets": list(model.datasets.values())})
    desk = Desk(model, dataset, data=request.POST or None, initial={"rule": _rule_of(request)})

    def save() -> PredefinedFilter:
        facts = desk.form.cleaned_data
        return predefined.create(**facts, dataset=dataset, parameters=desk.declared, by=request.user)

    return _edited(request, desk, save, None)


@require_http_methods(["GET", "POST"])
def filter_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a filter: a new revision."""
    found = _own(request, slug, "change")
    revision = predefined.revision(found)
    if reading.hidden_in(schema.load(), revision.rule):
        raise PermissionDenied(reading.hidden_sentence())
    initial = {"label": found.label, "description": found.description, "shared": found.shared, "rule": revision.rule}
    initial |= {"parameters": rows(revision.parameters), "declared": revision.parameters}
    desk = Desk(schema.load(), found.dataset.slug, data=request.POST or None, initial=initial)

    def save() -> PredefinedFilter:
        found.revision = int(request.POST.get("revision") or found.revision)
        return predefined.change(found, **desk.form.cleaned_data, parameters=desk.declared, by=request.user)

    return _edited(request, desk, save, found)


def _edited(request: HttpRequest, desk: Desk, save: Any, found: PredefinedFilter | None) -> HttpResponse:
    error = ""
    if request.method == "POST" and desk.form.is_valid() and desk.parameters.is_valid():
        if desk.asking:
            desk = desk.ask(request.POST["ask"])
        else:
            try:
                kept = save()
            except Refused as refused:
                error = str(refused)
            else:
                messages.success(request, _("“%(label)s” is saved.") % {"label": kept.label})
                return redirect("datasets:filter", slug=kept.slug)
    context = {"desk": desk, "filter": found, "error": error, "uses": predefined.used_by(found.slug) if found else []}
    return render(request, "datasets/filter_form.html", context)


@require_POST
def filter_favourite(request: HttpRequest, slug: str) -> HttpResponse:
    """Star a filter, or no longer."""
    found = _visible(request, slug)
    predefined.favourite(found, by=request.user, on=request.POST.get("on") == "1")
    back = request.POST.get("back", "")
    return redirect(reverse("datasets:filters") if back == "list" else reverse("datasets:filter", args=[slug]))


@require_http_methods(["GET", "POST"])
def filter_delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Say who uses it, then delete it."""
    found = _own(request, slug, "delete")
    uses = predefined.used_by(slug)
    if request.method == "POST":
        try:
            predefined.delete(found, by=request.user, confirmed=request.POST.get("typed") == found.label)
        except predefined.FilterInUse:  # its sentence names what this person may not be able to see
            messages.error(request, _("Type the label exactly as it is written: the filter is in use."))
        else:
            messages.success(request, _("“%(label)s” is deleted.") % {"label": found.label})
            return redirect("datasets:filters")
    context = {"filter": found, "uses": predefined.seen(request.user, uses)}
    return render(request, "datasets/filter_delete.html", context)


def _visible(request: HttpRequest, slug: str) -> PredefinedFilter:
    demand(request.user, "view", PredefinedFilter)
    return get_object_or_404(predefined.visible_to(request.user), slug=slug)


def _own(request: HttpRequest, slug: str, action: str) -> PredefinedFilter:
    """A filter that the person may change: with the right to, and their own or as administrator."""
    found = _visible(request, slug)
    demand(request.user, action, PredefinedFilter)
    if not predefined.may_change(request.user, found):
        raise PermissionDenied(_("This filter belongs to somebody else; only they and administrators can change it."))
    return found


def _said(shape: schema.FilterShape, model: schema.DataModel) -> str:
    try:
        return predefined.sentence(shape, model)
    except Refused as error:
        return _("It cannot be used: %(why)s") % {"why": error}


def _at(shape: schema.FilterShape, revision: FilterRevision) -> schema.FilterShape:
    facts = (shape.slug, shape.label, shape.dataset, revision.rule, revision.parameters, revision.number)
    return schema.FilterShape(*facts)


def _rule_of(request: HttpRequest) -> dict[str, Any]:
    try:
        found = tree.plain(json.loads(request.GET.get("rule") or "{}"))
    except (ValueError, RecursionError, Refused):
        return {}
    return found if isinstance(found, dict) else {}
