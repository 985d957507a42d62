"""What opens inside a rule builder: lists of attributes, filters, audiences and groups to choose from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from .. import marks, predefined, rules
from ..rules import editing, forms, inputs, paths, picker, tree
from ..schema import DatasetShape
from . import keeping
from .builders import RULES, Desk, demand_visible
from .expressions import opened
from .rule_answers import values

TABS = ("all", "mine", "favourites")


def _place(request: HttpRequest, found: Desk) -> tuple[str, DatasetShape]:
    """The group that is meant, and what its rows are. Raises Refused."""
    at = request.POST.get("at", "")
    group = editing.parent(at) if request.POST.get("deed") == "set-attribute" else at
    shape = found.shape(group)
    if shape is None:
        raise Refused(_("What this is about is not there any more."))
    return group, shape


def _attributes(request: HttpRequest, found: Desk) -> HttpResponse:
    """The picker of attributes: one level of the tree, what a search finds, or what the person marked."""
    group, shape = _place(request, found)
    ctx, deed = editing.within(group, found.ctx), request.POST.get("do", "")
    wanted, kind = request.POST.get("q", "").strip(), request.POST.get("kind", "")
    tab = "marked" if request.POST.get("tab") == "marked" and not wanted else "all"
    starred = marks.favourites(request.user, shape.slug)  # type: ignore[arg-type]
    context = _common(request, found) | {"searching": bool(wanted), "tab": tab, "kind": kind, "wanted": wanted}
    if deed == "branch":
        listing = picker.branch(shape, ctx, request.POST.get("base", "")).of_kind(kind)
    elif wanted:
        listing = picker.search(shape, ctx, wanted, kind)
    elif tab == "marked":
        recent = [path for path in marks.recent(request.user, shape.slug) if path not in starred]  # type: ignore[arg-type]
        context["recent"] = picker.listed(shape, ctx, recent).of_kind(kind)
        listing = picker.listed(shape, ctx, starred).of_kind(kind)
    else:
        listing = picker.level(shape, ctx).of_kind(kind)
    context["listing"] = listing.with_stars(starred)
    return render(request, f"{RULES}/{'_picker' if deed == 'pick' else '_listing'}.html", context)


def _common(request: HttpRequest, found: Desk) -> dict[str, Any]:
    at = request.POST.get("at", "")
    key = f"{found.name}_{at or 'root'}".replace(".", "_").replace(":", "_")
    return {"name": found.name, "at": at, "deed": request.POST.get("deed", "add-condition"), "id": f"{key}_pick"}


def _star(request: HttpRequest, found: Desk) -> HttpResponse:
    """Star an attribute, or take its star away."""
    _group, shape = _place(request, found)
    path = request.POST.get("attribute", "")
    if inputs.column_at(path, shape, found.ctx, found.ctx.columns) is None:
        raise Refused(_("There is no such column."))
    starred = marks.star(request.user, shape.slug, path)  # type: ignore[arg-type]
    return render(request, f"{RULES}/_star.html", _common(request, found) | {"path": path, "starred": starred})


def _about(request: HttpRequest, found: Desk) -> HttpResponse:
    """What is known of an attribute, and how its values are distributed."""
    group, shape = _place(request, found)
    ctx, path = editing.within(group, found.ctx), request.POST.get("attribute", "")
    known = paths.attribute(path, shape, ctx, ctx.columns, "")
    owner = known.steps[-1].target if known.steps else shape.slug
    context = _common(request, found) | {
        "path": path,
        "column": picker.at_end(owner, known.column, ctx),
        "owner": ctx.model.dataset(owner),
        "added": not known.steps and known.column in ctx.columns,
        "about_id": f"{_common(request, found)['id']}_about_{path}".replace(".", "_"),
    }
    if not context["added"]:
        context |= values(request, owner, known.column, request.POST.get("vq", ""))
    template = "_about_values" if "vq" in request.POST else "_about"
    return render(request, f"{RULES}/{template}.html", context)


def _filters(request: HttpRequest, found: Desk) -> HttpResponse:
    """Predefined filters of these rows: all, one's own, or the favourites; each with what it asks."""
    _group, shape = _place(request, found)
    tab = request.POST.get("tab", "all")
    usable = predefined.visible_to(request.user).filter(dataset__slug=shape.slug)
    if tab == "mine":
        usable = usable.filter(owner=request.user)
    elif tab == "favourites":
        usable = usable.filter(favourite_of=request.user)
    if wanted := request.POST.get("q", "").strip():
        usable = usable.filter(label__icontains=wanted)
    entries = []
    for row in usable[: picker.FOUND_AT_MOST]:
        if held := found.ctx.model.filters.get(row.slug):
            entries.append(
                {"filter": row, "words": predefined.sentence(held, found.ctx.model), "asks": held.parameters}
            )
    labels = dict(zip(TABS, (_("All"), _("Mine"), _("Favourites")), strict=True))
    context = _common(request, found) | {"entries": entries, "tab": tab, "tabs": labels.items(), "wanted": wanted}
    context["deed"] = "swap-filter" if context["deed"] == "swap-filter" else "add-filter"
    template = "_filter_list" if "q" in request.POST else "_filters"
    return render(request, f"{RULES}/{template}.html", context | {"label": shape.label})


def _audiences(request: HttpRequest, found: Desk) -> HttpResponse:
    """Saved audiences whose members are such rows."""
    _group, shape = _place(request, found)
    usable = [audience for audience in found.ctx.model.offered if audience.dataset == shape.slug]
    context = _common(request, found) | {"audiences": sorted(usable, key=lambda one: one.label), "label": shape.label}
    return render(request, f"{RULES}/_audiences.html", context)


def _preview(request: HttpRequest, found: Desk) -> HttpResponse:
    """What a predefined filter asks, with the values it is given here."""
    at = request.POST.get("at", "")
    shape = found.shape(editing.parent(at))
    node = tree.at(found.root, at)
    if shape is None or not isinstance(node, dict) or "filter" not in node:
        raise Refused(_("The filter is not there any more."))
    demand_visible(request, node)
    try:
        words = rules.sentence(editing.unfolded(node, found.ctx), shape.slug, found.ctx)
    except rules.RuleError as error:
        words = error.sentence
    return render(request, f"{RULES}/_preview.html", {"words": words})


def _keep(request: HttpRequest, found: Desk) -> HttpResponse:
    """Under which name a part of the rule, or all of it, is kept as a predefined filter."""
    words = keeping.words(request, found)
    return render(request, f"{RULES}/_keep.html", _common(request, found) | {"words": words})


def _places(request: HttpRequest, found: Desk) -> HttpResponse:
    """The groups that a part can be moved into."""
    edit = editing.Edit(found.root, request.POST.get("at", ""), request.POST, found.dataset, found.ctx)
    return render(request, f"{RULES}/_places.html", _common(request, found) | {"places": editing.places(edit)})


def _expression(request: HttpRequest, found: Desk) -> HttpResponse:
    """The expression editor for one input of the rule."""
    at = request.POST.get("at", "")
    node = tree.at(found.root, at)
    inside = isinstance(node, dict) and "link" in node  # what an aggregate is taken of is about the linked rows
    group = tree.joined(at, "w") if inside else editing.parent(at)
    shape = found.shape(group)
    if shape is None:
        raise Refused(_("What this is about is not there any more."))
    ctx = editing.within(group, found.ctx)
    rows = found.rows if ctx.columns else ""
    place = forms.Nowhere(ctx.model, shape.slug, ctx.columns, ctx.now, ctx.timezone, ctx.variables, None, rows)
    return opened(request, place, request.POST.get("target", ""))


PANELS: dict[str, Callable[[HttpRequest, Desk], HttpResponse]] = {
    "pick": _attributes,
    "branch": _attributes,
    "search": _attributes,
    "star": _star,
    "about": _about,
    "pick-filter": _filters,
    "pick-audience": _audiences,
    "preview": _preview,
    "keep": _keep,
    "places": _places,
    "expression": _expression,
}
