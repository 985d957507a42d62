"""The rule builder's requests, and the page where audiences are tried out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from ibis.expr.types import Table

from orchcamp.accounts.access import demand, holds
from orchcamp.web.errors import Refused

from .. import counting, engine, preview, rules, schema
from ..models import Dataset
from ..rules import editing, forms, picker, tree
from ..rules.inputs import Inputs

RULES = "datasets/rules"


@dataclass
class Desk:
    """One builder as a request brings it: its tree, and what the tree is about."""

    name: str
    ctx: rules.RuleContext
    dataset: str
    dimension_field: str
    scope: str
    root: tree.Tree

    def builder(self, *, focus: str | None = None, error: rules.RuleError | None = None) -> dict[str, Any]:
        return forms.builder(
            self.name,
            self.root,
            self.dataset,
            self.ctx,
            self.scope,
            error=error,
            focus=focus,
            dimension_field=self.dimension_field,
        )

    def kept(self) -> Table:
        """The rows that the rule keeps, of the whole dataset. Raises Refused."""
        table = self.ctx.model.table(self.dataset)
        if self.ctx.columns:
            try:
                return rules.keep(table, tree.plain(self.root), self.dataset, replace(self.ctx, columns={}))
            except rules.RuleError as error:
                rules.check(tree.plain(self.root), self.dataset, self.ctx)
                why = _("The rule uses a column that only the canvas knows; test the campaign to count it.")
                raise Refused(why) from error
        return rules.keep(table, tree.plain(self.root), self.dataset, self.ctx)


def desk(request: HttpRequest) -> Desk:
    """The builder that a request is about. Raises Refused."""
    demand(request.user, "view", Dataset)
    name = request.POST.get("name", "")
    scope = request.POST.get(f"{name}:scope", "")
    ctx, dataset, dimension_field = forms.unsealed(scope, schema.load(), timezone.now())
    return Desk(name, ctx, dataset, dimension_field, scope, Inputs(request.POST, name, ctx).merged(dataset))


@require_POST
def rule_editor(request: HttpRequest) -> HttpResponse:
    """One deed of the builder; the builder again, or the piece of it that was asked for."""
    deed = request.POST.get("do", "")
    try:
        found = desk(request)
        if deed in ("pick", "branch", "search"):
            return _picked(request, found, deed)
        if deed == "dataset":
            _chosen_elsewhere(found, request.POST.get(found.dimension_field, ""))
    except Refused as error:
        return _refused(request, str(error))
    if deed == "sentence":
        return render(request, f"{RULES}/_sentence.html", found.builder(error=_problem(found)))
    focus = editing.apply(found.root, deed, request.POST, found.dataset, found.ctx)
    return render(request, f"{RULES}/_builder.html", found.builder(focus=None if deed == "dataset" else focus))


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
    place = forms.Nowhere(found.ctx.model, dataset, {}, found.ctx.now, found.ctx.timezone, found.ctx.variables)
    found.dataset, found.ctx = dataset, forms.context_of(place)
    found.scope = forms.sealed(place, found.dimension_field)


def _picked(request: HttpRequest, found: Desk, deed: str) -> HttpResponse:
    """The picker, one level of it, or what a search finds."""
    at, then = request.POST.get("at", ""), request.POST.get("deed", "add-condition")
    group = at if then == "add-condition" else at.rpartition(".")[0]
    shape = editing.shape_at(found.root, group, found.dataset, found.ctx)
    if shape is None:
        return _refused(request, _("What this is about is not there any more."))
    ctx, wanted = editing.within(group, found.ctx), request.POST.get("q", "").strip()
    if deed == "branch":
        listing = picker.branch(shape, ctx, request.POST.get("base", ""))
    else:
        listing = picker.search(shape, ctx, wanted) if wanted else picker.level(shape, ctx)
    context = {"listing": listing, "name": found.name, "at": at, "deed": then, "searching": bool(wanted)}
    context["id"] = f"{found.name}_{at or 'root'}".replace(".", "_").replace(":", "_") + "_pick"
    return render(request, f"{RULES}/{'_picker' if deed == 'pick' else '_listing'}.html", context)


def _refused(request: HttpRequest, sentence: str, status: int = 422) -> HttpResponse:
    response = render(request, f"{RULES}/_refusal.html", {"refusal": sentence}, status=status)
    if request.POST.get("do"):  # the builder stays as it is
        response["HX-Reswap"] = "beforeend"
    return response


def _answer(request: HttpRequest, ask: Callable[[Desk], HttpResponse]) -> HttpResponse:
    """An answer about the rule's rows; a mistake in the rule is shown beside the condition it is in."""
    found = None
    try:
        found = desk(request)
        return ask(found)
    except rules.RuleError as error:
        if found is None:
            return _refused(request, str(error))
        response = render(request, f"{RULES}/_builder.html", found.builder(error=error))
        response["HX-Retarget"] = f"#{found.name.replace(':', '_').replace('.', '_')}_rule"
        response["HX-Reswap"] = "outerHTML"
        return response
    except Refused as error:
        return _refused(request, str(error))
    except engine.Failed as error:
        why = str(error).splitlines()[0]
        return _refused(request, _("The engine could not answer: %(why)s") % {"why": why})


def _ticket(request: HttpRequest, ticket: str) -> str:
    return f"{request.user.pk}:{ticket[:64]}"


@require_POST
def rule_count(request: HttpRequest) -> HttpResponse:
    """How many rows satisfy the rule, exactly."""

    def ask(found: Desk) -> HttpResponse:
        began = perf_counter()
        number = counting.counted(found.kept(), _ticket(request, request.POST.get("ticket", "")))
        seconds = f"{perf_counter() - began:.2f}"
        label = found.ctx.model.dataset(found.dataset).label.lower()
        now = time_format(timezone.localtime(), "H:i:s")
        return render(
            request, f"{RULES}/_count.html", {"rows": number, "label": label, "seconds": seconds, "time": now}
        )

    return _answer(request, ask)


@require_POST
def rule_cancel(request: HttpRequest, ticket: str) -> HttpResponse:
    """Call off a count or a sample of one's own."""
    demand(request.user, "view", Dataset)
    counting.cancel(_ticket(request, ticket))
    return HttpResponse(status=204)


@require_POST
def rule_rows(request: HttpRequest) -> HttpResponse:
    """The first rows that satisfy the rule."""

    def ask(found: Desk) -> HttpResponse:
        shape, kept = found.ctx.model.dataset(found.dataset), found.kept()
        personal = holds(request.user, "datasets.view_personal")
        sample = counting.asked(
            lambda: preview.sample(kept, shape.columns, personal=personal, key=shape.key),
            _ticket(request, request.POST.get("ticket", "")),
        )
        return render(request, f"{RULES}/_rows.html", {"sample": sample})

    return _answer(request, ask)


@require_POST
def rule_sql(request: HttpRequest) -> HttpResponse:
    """The statement that a count would run."""
    return _answer(request, lambda found: render(request, f"{RULES}/_sql.html", {"sql": engine.sql(found.kept())}))


@require_GET
def rule_values(request: HttpRequest) -> HttpResponse:
    """The most common values of a column."""
    demand(request.user, "view", Dataset)
    dataset, column = request.GET.get("dataset", ""), request.GET.get("column", "")
    wanted = request.GET.get("q", "").strip()[:200]
    context: dict[str, Any] = {"dataset": dataset, "column": column, "wanted": wanted}
    try:
        model = schema.load()
        shape = model.dataset(dataset).columns.get(column)
        if shape is None:
            raise Refused(_("There is no such column."))
        if shape.personal and not holds(request.user, "datasets.view_personal"):
            raise Refused(_("Your profile may not see the values of personal columns."))
        table = model.table(dataset)
        context["values"], context["more"] = counting.asked(
            lambda: preview.frequencies(table, column, wanted), f"{request.user.pk}:values"
        )
    except Refused as error:
        context["refusal"] = str(error)
    return render(request, f"{RULES}/_values.html", context)


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
