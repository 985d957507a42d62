"""A part of a rule, or all of it, kept as a predefined filter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from orchcamp.accounts.access import demand
from orchcamp.web.errors import Refused

from .. import predefined, rules, schema
from ..models import PredefinedFilter
from ..rules import editing, tree
from .builders import Desk, demand_visible


def _part(request: HttpRequest, found: Desk) -> tuple[tree.Tree, str]:
    """What is to be kept, and the dataset whose rows it is about. Raises Refused."""
    demand(request.user, "add", PredefinedFilter)
    at = request.POST.get("at", "")
    shape, node = found.shape(editing.parent(at)), tree.at(found.root, at)
    if shape is None or not isinstance(node, dict):
        raise Refused(_("What this is about is not there any more."))
    plain = tree.plain(node)
    if not plain:
        raise Refused(_("There is no condition yet that a filter could keep."))
    demand_visible(request, plain)
    return plain, shape.slug


def words(request: HttpRequest, found: Desk) -> str:
    """What would be kept, said. Raises Refused when it is unfinished."""
    plain, dataset = _part(request, found)
    return rules.sentence(plain, dataset, replace(found.ctx, columns={}))


def keep(request: HttpRequest, found: Desk) -> tuple[str, str]:
    """Keep it; if that is wished, the rule asks through the filter from now on. Raises Refused."""
    at = request.POST.get("at", "")
    plain, dataset = _part(request, found)
    label, shared = request.POST.get("keep-label", "").strip(), bool(request.POST.get("keep-shared"))
    if not label:
        raise Refused(_("Give the filter a name."))
    kept = predefined.create(label=label, dataset=dataset, rule=plain, shared=shared, by=request.user)
    if request.POST.get("keep-used"):
        held = {**found.ctx.model.filters, kept.slug: schema.load().filter(kept.slug)}
        found.ctx = replace(found.ctx, model=replace(found.ctx.model, filters=held))
        at = swap(found.root, at, kept.slug)
    return at, _("Saved as the predefined filter “%(label)s”.") % {"label": kept.label}


def swap(root: tree.Tree, at: str, slug: str) -> str:
    """The filter in the place of what stood there; the whole rule when that is the outermost group."""
    node: dict[str, Any] = {"filter": slug}
    if at:
        tree.replace(root, at, node)
        return at
    root.clear()
    root.update(tree.normal(node))
    return "0"
