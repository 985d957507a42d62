"""What the data says to a rule: counts, sample rows, the statement, common values."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from orchcamp.accounts.access import demand, holds
from orchcamp.web.errors import Refused

from .. import counting, engine, preview, rules, schema
from ..models import Dataset
from ..rules import tree
from .builders import RULES, Desk, demand_visible, desk, refused

ROWS_AT_MOST = 50


def _answer(request: HttpRequest, ask: Callable[[Desk], HttpResponse]) -> HttpResponse:
    """An answer about the rule's rows; a mistake in the rule is shown beside the condition it is in."""
    found = None
    try:
        found = desk(request)
        return ask(found)
    except rules.RuleError as error:
        if found is None:
            return refused(request, str(error))
        response = render(request, f"{RULES}/_builder.html", found.builder(error=error))
        response["HX-Retarget"] = f"#{found.key}_rule"
        response["HX-Reswap"] = "outerHTML"
        return response
    except Refused as error:
        return refused(request, str(error))
    except engine.Failed as error:
        why = str(error).splitlines()[0]
        return refused(request, _("The engine could not answer: %(why)s") % {"why": why})


def ticket_of(request: HttpRequest, ticket: str | None = None) -> str:
    """What a question is called off by: nobody calls off another's."""
    return f"{request.user.pk}:{(ticket if ticket is not None else request.POST.get('ticket', ''))[:64]}"


@require_POST
def rule_count(request: HttpRequest) -> HttpResponse:
    """How many rows satisfy the rule, exactly."""

    def ask(found: Desk) -> HttpResponse:
        began = perf_counter()
        number = counting.counted(found.kept(), ticket_of(request))
        context = {
            "rows": number,
            "label": found.ctx.model.dataset(found.dataset).label.lower(),
            "seconds": f"{perf_counter() - began:.2f}",
            "time": time_format(timezone.localtime(), "H:i:s"),
            "arrived": found.arrived,
        }
        return render(request, f"{RULES}/_count.html", context)

    return _answer(request, ask)


@require_POST
def rule_figures(request: HttpRequest) -> HttpResponse:
    """Beside one condition: how many rows satisfy it alone, and together with all that stands before it."""
    at = request.POST.get("at", "")

    def ask(found: Desk) -> HttpResponse:
        if not at or tree.at(found.root, at) is None:
            raise Refused(_("The condition is not there any more."))
        ticket = ticket_of(request)
        alone = counting.counted(found.kept(tree.normal(tree.alone(found.root, at))), ticket)
        context: dict[str, Any] = {"alone": alone}
        try:
            context["together"] = counting.counted(found.kept(tree.up_to(found.root, at)), ticket)
        except rules.RuleError:
            context["unfinished"] = True
        return render(request, f"{RULES}/_figures.html", context)

    return _answer_in_place(request, ask)


def _answer_in_place(request: HttpRequest, ask: Callable[[Desk], HttpResponse]) -> HttpResponse:
    """Like an answer, but whatever is wrong is said where the answer would stand."""
    try:
        return ask(desk(request))
    except rules.RuleError as error:
        return refused(request, error.sentence, status=200)
    except Refused as error:
        return refused(request, str(error), status=200)
    except engine.Failed as error:
        return refused(request, str(error).splitlines()[0], status=200)


@require_POST
def rule_cancel(request: HttpRequest, ticket: str) -> HttpResponse:
    """Call off a count or a sample of one's own."""
    demand(request.user, "view", Dataset)
    counting.cancel(ticket_of(request, ticket))
    return HttpResponse(status=204)


@require_POST
def rule_rows(request: HttpRequest) -> HttpResponse:
    """The first rows that satisfy the rule, in the columns that were chosen."""

    def ask(found: Desk) -> HttpResponse:
        shape, kept = found.ctx.model.dataset(found.dataset), found.kept()
        columns = {**shape.columns, **{name: c for name, c in found.ctx.columns.items() if name in kept.columns}}
        chosen = [name for name in request.POST.getlist(f"{found.name}:columns") if name in columns]
        shown = {name: columns[name] for name in chosen} or columns
        personal = holds(request.user, "datasets.view_personal")
        sample = counting.asked(
            lambda: preview.sample(kept, shown, personal=personal, key=shape.key, at_most=ROWS_AT_MOST),
            ticket_of(request),
        )
        offered = [(column, column.name in shown) for column in columns.values()]
        context = found.builder() | {"sample": sample, "offered": offered, "most": ROWS_AT_MOST}
        return render(request, f"{RULES}/_rows.html", context)

    return _answer(request, ask)


@require_POST
def rule_sql(request: HttpRequest) -> HttpResponse:
    """The statement that a count would run."""

    def ask(found: Desk) -> HttpResponse:
        demand_visible(request, found.root)
        return render(request, f"{RULES}/_sql.html", {"sql": engine.sql(found.kept())})

    return _answer(request, ask)


@require_GET
def rule_values(request: HttpRequest) -> HttpResponse:
    """The most common values of a column, and how often it is empty."""
    demand(request.user, "view", Dataset)
    dataset, column = request.GET.get("dataset", ""), request.GET.get("column", "")
    return render(request, f"{RULES}/_values.html", values(request, dataset, column, request.GET.get("q", "")))


def values(request: HttpRequest, dataset: str, column: str, wanted: str) -> dict[str, Any]:
    """What the list of a column's values shows."""
    wanted = wanted.strip()[:200]
    context: dict[str, Any] = {"dataset": dataset, "column": column, "wanted": wanted}
    try:
        model = schema.load()
        shape = model.dataset(dataset).columns.get(column)
        if shape is None:
            raise Refused(_("There is no such column."))
        if shape.personal and not holds(request.user, "datasets.view_personal"):
            raise Refused(_("Your profile may not see the values of personal columns."))
        table, ticket = model.table(dataset), f"{request.user.pk}:values"
        context["values"], context["more"] = counting.asked(lambda: preview.frequencies(table, column, wanted), ticket)
        context["null_rate"] = counting.asked(lambda: preview.null_rate(table, column), ticket)
    except Refused as error:
        context["refusal"] = str(error)
    return context
