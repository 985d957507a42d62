"""The expression editor: fields, variables and functions to put in, and what is typed, checked and tried at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from orchcamp.accounts.access import demand, holds
from orchcamp.web.errors import Refused

from .. import counting, engine, expressions, preview, schema
from ..models import Column, Dataset
from ..rules import forms, inputs, picker
from ..schema import ColumnShape
from .builders import arriving
from .rule_answers import ticket_of

TEMPLATES = "datasets/expressions"
ROWS_TRIED = 5
TEXT_AT_MOST = 100_000
RESULT = "_result"


def opened(request: HttpRequest, place: forms.Place, target: str, expects: str = "", figure: str = "") -> HttpResponse:
    """The editor below the input whose id is ``target``."""
    context = {
        "scope": forms.sealed(place),
        "target": target,
        "expects": expects,
        "figure": figure,
        "variables": sorted(place.variables),
        "categories": _categories(),
        "listing": _fields(forms.unsealed(forms.sealed(place), place.model, place.now), "", ""),
    }
    return render(request, f"{TEMPLATES}/_editor.html", context)


def _categories() -> dict[str, list[Any]]:
    """The functions by category, in the order they are listed."""
    found: dict[str, list[Any]] = {}
    for function in expressions.functions():
        found.setdefault(str(expressions.CATEGORIES[function.category]), []).append(function)
    return found


def _fields(place: forms.Unsealed, base: str, wanted: str) -> picker.Listing:
    shape = place.ctx.model.datasets.get(place.dataset)
    if shape is None:  # rows of a file: only its own columns are known
        return picker.Listing([picker.entry(column) for column in place.ctx.columns.values()])
    if base:
        return picker.branch(shape, place.ctx, base)
    return picker.search(shape, place.ctx, wanted) if wanted else picker.level(shape, place.ctx)


def _place(request: HttpRequest) -> forms.Unsealed:
    demand(request.user, "view", Dataset)
    return forms.unsealed(request.POST.get("scope", ""), schema.load(), timezone.now())


@require_POST
def expression_editor(request: HttpRequest) -> HttpResponse:
    """The editor of a settings field."""
    try:
        place = _place(request)
    except Refused as error:
        return render(request, f"{TEMPLATES}/_refusal.html", {"refusal": str(error)}, status=422)
    ctx, dataset = place.ctx, place.dataset
    if place.dimension_field:
        dataset = request.POST.get(place.dimension_field, "")
    there = forms.Nowhere(
        ctx.model,
        dataset,
        ctx.columns,
        ctx.now,
        ctx.timezone,
        ctx.variables,
        rows="" if place.dimension_field else place.rows,
    )
    asked = (request.POST.get(name, "")[:200] for name in ("target", "expects", "figure"))
    return opened(request, there, *asked)


@require_POST
def expression_fields(request: HttpRequest) -> HttpResponse:
    """One level of the fields, or those that a search finds."""
    try:
        listing = _fields(_place(request), request.POST.get("base", ""), request.POST.get("q", "").strip())
    except Refused as error:
        return render(request, f"{TEMPLATES}/_refusal.html", {"refusal": str(error)}, status=422)
    context = {"listing": listing, "scope": request.POST.get("scope", ""), "searching": bool(request.POST.get("q"))}
    return render(request, f"{TEMPLATES}/_fields.html", context)


@require_POST
def expression_check(request: HttpRequest) -> HttpResponse:
    """Whether what is typed can be used, where it cannot, and what it gives for the first rows."""
    text = request.POST.get("text", "")[:TEXT_AT_MOST]
    context: dict[str, Any] = {"target": request.POST.get("target", "")}
    try:
        place = _place(request)
        if text.strip():
            context |= _tried(request, place, text)
    except expressions.ExpressionError as error:
        context |= {"refusal": str(error), "trouble": _trouble(text, error)}
    except (Refused, engine.Failed) as error:
        context["refusal"] = str(error).splitlines()[0]
    return render(request, f"{TEMPLATES}/_check.html", context)


@dataclass(frozen=True)
class Trouble:
    """Where an expression is wrong: the line, a caret under the place, and the place in the whole text."""

    line: int
    column: int
    text: str
    caret: str
    position: int


def _trouble(text: str, error: Any) -> Trouble | None:
    lines = text.split("\n")
    line, column = getattr(error, "line", 0) or 0, getattr(error, "column", 0) or 0
    if not 1 <= line <= len(lines):
        return None
    shown, before = lines[line - 1], max(0, column - 1)
    start = max(0, before - 50)
    position = sum(len(one) + 1 for one in lines[: line - 1]) + before
    return Trouble(line, column, shown[start : start + 100], " " * (before - start) + "^", position)


def _tried(request: HttpRequest, place: forms.Unsealed, text: str) -> dict[str, Any]:
    ctx, dataset = place.ctx, place.dataset
    found = _read(request, text, place)
    context: dict[str, Any] = {"type": dict(Column.Type.choices).get(found.type, found.type), "found": found}
    shape = ctx.model.datasets.get(dataset)
    known = shape is not None and (place.rows or not ctx.columns.keys() & set(found.columns_used))
    if shape is not None and known and not found.aggregate:
        context["sample"] = counting.asked(
            lambda: _sample(request, place, text, found), ticket_of(request, "expression")
        )
    return context


def _read(request: HttpRequest, text: str, place: forms.Unsealed) -> expressions.Expression:
    """The expression, if it is what is asked for here. Raises ExpressionError."""
    expects = request.POST.get("expects", "")
    expects = expects if expects in {*schema.TYPES, "number", "day"} else ""
    if not request.POST.get("figure"):
        return expressions.check(text, place.dataset, place.ctx, expects or None)
    found = expressions.read(text, place.dataset, place.ctx)
    if not found.aggregate:
        raise expressions.ExpressionError(
            _("A figure over the rows is asked for here; use Sum, Count, Max or another.")
        )
    expressions.demand_type(found, expects or None)
    return found


def _sample(request: HttpRequest, place: forms.Unsealed, text: str, found: Any) -> preview.Sample:
    """The key, the columns that are used, and the result, of the first rows."""
    ctx, shape = place.ctx, place.ctx.model.dataset(place.dataset)
    table = arriving(ctx, place.dataset, place.rows)
    if not found.window:
        table = table.order_by(list(shape.key)).limit(ROWS_TRIED)
    with_result = expressions.add(table, {RESULT: text}, place.dataset, ctx)
    columns = {**shape.columns, **ctx.columns}
    shown = {name: columns[name] for name in (*shape.key, *found.columns_used) if name in columns}
    personal = any(_is_personal(path, place) for path in found.columns_used)
    shown[RESULT] = ColumnShape(RESULT, _("Result"), found.type, personal)
    may_see = holds(request.user, "datasets.view_personal")
    return preview.sample(with_result, shown, personal=may_see, key=shape.key, at_most=ROWS_TRIED)


def _is_personal(path: str, place: forms.Unsealed) -> bool:
    shape = place.ctx.model.dataset(place.dataset)
    column = inputs.column_at(path, shape, place.ctx, place.ctx.columns)
    return bool(column and column.personal)
