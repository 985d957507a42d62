"""Datasets: the list, one dataset with its columns, links and rows, and the history of loads."""

from __future__ import annotations

import csv
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, Subquery
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from orchcamp.accounts import audit
from orchcamp.accounts.access import demand, get_for, holds, may, refusal
from orchcamp.web.fragments import render_fragment
from orchcamp.web.lists import paginate

from .. import engine, overview
from ..models import Dataset, Load

REJECTS_SHOWN = 50


def _personal(request: HttpRequest) -> bool:
    return holds(request.user, "datasets.view_personal")


@require_GET
def dataset_list(request: HttpRequest) -> HttpResponse:
    """All datasets: rows, size and last load."""
    demand(request.user, "view", Dataset)
    search = request.GET.get("q", "").strip()
    last = Load.objects.filter(dataset=OuterRef("pk"))
    found = Dataset.objects.for_user(request.user).select_related("snapshot").prefetch_related("columns")
    found = found.annotate(
        last_status=Subquery(last.values("status")[:1]), last_load=Subquery(last.values("started_at")[:1])
    )
    if search:
        found = found.filter(Q(label__icontains=search) | Q(slug__icontains=search))
    context = {
        "page": paginate(request, found),
        "search": search,
        "may_add": may(request.user, "add", Dataset),
        "no_add_reason": refusal(Dataset, "add"),
    }
    return render_fragment(request, "datasets/dataset_list.html", "datasets/_dataset_rows.html", context)


@require_GET
def dataset_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One dataset; ``?tab=`` rows or loads shows those instead of the columns."""
    dataset = get_for(request.user, "view", Dataset.objects.select_related("snapshot"), slug=slug)
    personal, tab = _personal(request), request.GET.get("tab", "columns")
    context: dict[str, Any] = {
        "dataset": dataset,
        "tab": tab if tab in {"columns", "rows", "loads"} else "columns",
        "personal": personal,
        "may_add": may(request.user, "add", Dataset),
        "no_add_reason": refusal(Dataset, "add"),
    }
    if context["tab"] == "rows" and dataset.snapshot:
        context["columns"], context["rows"] = overview.sample(dataset, personal=personal)
    elif context["tab"] == "loads":
        context["page"] = paginate(request, dataset.loads.select_related("by", "dataset"))
    elif context["tab"] == "columns":
        context["columns"] = overview.columns(dataset, personal=personal)
        context["diagram"] = overview.diagram(dataset)
    return render(request, "datasets/dataset_detail.html", context)


@require_GET
def column(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """The values of one column: a fragment under its row, or a page."""
    dataset = get_for(request.user, "view", Dataset.objects.select_related("snapshot"), slug=slug)
    found = get_object_or_404(dataset.columns.all(), name=name)
    context: dict[str, Any] = {"dataset": dataset, "column": found, "search": request.GET.get("q", "").strip()}
    if found.personal and not _personal(request):
        context["hidden"] = True
    elif dataset.snapshot:
        context |= overview.distribution(dataset, found, context["search"])
    return render_fragment(request, "datasets/column_detail.html", "datasets/_column.html", context)


@require_GET
def load_list(request: HttpRequest) -> HttpResponse:
    """Every load, the newest first."""
    demand(request.user, "view", Dataset)
    loads = Load.objects.filter(dataset__in=Dataset.objects.for_user(request.user)).select_related("dataset", "by")
    context = {"page": paginate(request, loads), "with_dataset": True}
    return render_fragment(request, "datasets/load_list.html", "datasets/_load_rows.html", context)


def _load(request: HttpRequest, load_id: int) -> Load:
    load = get_object_or_404(Load.objects.select_related("dataset", "by", "snapshot"), pk=load_id)
    get_for(request.user, "view", Dataset.objects.all(), pk=load.dataset_id)
    return load


@require_GET
def load_detail(request: HttpRequest, load_id: int) -> HttpResponse:
    """What became of one file's rows."""
    load, personal = _load(request, load_id), _personal(request)
    rejects: list[list[str]] = []
    if load.reject_path and personal and engine.exists(load.reject_path):
        with (engine.root() / load.reject_path).open(encoding="utf-8", newline="") as file:
            rejects = list(islice(csv.reader(file), 1, REJECTS_SHOWN + 1))
    context = {"load": load, "rejects": rejects, "personal": personal, "shown": len(rejects)}
    return render_fragment(request, "datasets/load_detail.html", "datasets/_load.html", context)


@require_GET
def reject_file(request: HttpRequest, load_id: int) -> HttpResponse:
    """The rejected rows as they stood in the file; they may hold personal data."""
    load = _load(request, load_id)
    if not _personal(request):
        raise PermissionDenied(_("The rejected rows hold personal data, which your profile may not see unmasked."))
    if not load.reject_path or not engine.exists(load.reject_path):
        raise Http404
    audit.record(request.user, "downloaded rejects", load.dataset, load=load.pk, rows=load.rejected)
    name = f"{load.dataset.slug}-{load.pk}-rejects.csv"
    return FileResponse(
        (engine.root() / load.reject_path).open("rb"), as_attachment=True, filename=name, content_type="text/csv"
    )
