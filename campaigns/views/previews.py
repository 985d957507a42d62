"""What goes over a transition: count, rows, columns, changes and export, from the last run or asked of the draft."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from campaigns import counts, drawing, transitions
from campaigns.models import Campaign, CampaignVersion
from campaigns.transitions import Carried
from orchcamp.accounts import audit
from orchcamp.accounts.access import demand, get_for, holds, may, refusal
from orchcamp.datasets import counting, engine, exporting
from orchcamp.datasets.models import Dataset
from orchcamp.web.errors import Refused
from orchcamp.web.numbers import whole

from . import scenes

TABS = [
    ("rows", gettext_lazy("Rows")),
    ("columns", gettext_lazy("Columns")),
    ("changes", gettext_lazy("Changes")),
    ("export", gettext_lazy("Export")),
]


def panel(
    request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str, port: str
) -> dict[str, Any]:
    """The panel of one transition."""
    version.campaign = campaign
    graph, run = version.graph, scenes.last_run(version)
    figures = counts.transition_counts(version, run, counts.previous_run(run))
    exit = next((exit for exit in drawing.exits_of(graph, node_id, figures) if exit.port == port), None)
    targets = [(edge, graph.nodes[edge.target].name) for edge in exit.targets] if exit else []
    stored = exit is not None and not exit.stale and transitions.stored(version, run, node_id, port) is not None
    return {
        "campaign": campaign,
        "version": version,
        "revision": str(version.revision),
        "node": graph.nodes[node_id],
        "port": port,
        "exit": exit,
        "targets": targets,
        "run": run,
        "stored": stored,
        "gone": transitions.gone(run, node_id, port),
        "may_count": may(request.user, "test", campaign),
        "may_see_rows": may(request.user, "view", Dataset),
        "no_rows_reason": refusal(Dataset, "view"),
        "ticket": get_random_string(12),
        "editable": version.is_draft and may(request.user, "change", campaign),
        "part": "rows",
        "shape": [] if stored and may(request.user, "view", Dataset) else _shape(version, node_id, port),
    }


def _shape(version: CampaignVersion, node_id: str, port: str) -> list[transitions.ColumnLine]:
    """The columns that the draft would give; nothing while it cannot be compiled."""
    try:
        found = transitions.carried(version, None, node_id, port, live=True)
    except Refused:
        return []
    return transitions.column_lines(found, version.graph, node_id)


def part(request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str, port: str) -> HttpResponse:
    """One piece of the panel: rows, columns, the distribution of one, what changed, or the form of an export."""
    version.campaign = campaign
    name = request.GET.get("part", "")
    context: dict[str, Any] = {
        "campaign": campaign,
        "node": version.graph.nodes[node_id],
        "port": port,
        "part": name if name in READ else "rows",
        "parts": [(part, str(label)) for part, label in TABS],
        "live": "live" in request.GET,
        "masked": not holds(request.user, "datasets.view_personal"),
    }
    if not may(request.user, "view", Dataset):
        context["refusal"] = refusal(Dataset, "view")
        return render(request, "campaigns/_transition_view.html", context, status=403)
    try:
        run = scenes.last_run(version)
        found = transitions.carried(version, run, node_id, port, live=context["live"])
        ask = lambda: READ[context["part"]](request, version, found, node_id, port)  # noqa: E731
        context |= counting.asked(ask, _ticket(request, f"{context['part']}-{node_id}-{port}"))
    except (Refused, engine.Failed) as error:
        context["refusal"] = str(error).splitlines()[0]
    return render(request, "campaigns/_transition_view.html", context)


def _personal(request: HttpRequest) -> bool:
    return holds(request.user, "datasets.view_personal")


def _rows(request: HttpRequest, version: CampaignVersion, found: Carried, node_id: str, port: str) -> dict[str, Any]:
    chosen = [name for name in request.GET.getlist("columns") if name in found.shapes]
    page = transitions.page(found, chosen, whole(request.GET.get("page")) or 1, personal=_personal(request))
    for line in page["lines"]:
        line["key"] = json.dumps(line["key"], default=str) if line["key"] else ""
    offered = [(name, shape, name in chosen or not chosen) for name, shape in found.shapes.items()]
    return {"page": page, "offered": offered, "chosen": chosen, "dimension": found.population.dimension}


def _columns(request: HttpRequest, version: CampaignVersion, found: Carried, node_id: str, port: str) -> dict[str, Any]:
    hidden = found.hidden(personal=_personal(request))
    lines = transitions.column_lines(found, version.graph, node_id)
    return {"lines": [(line, line.name in hidden) for line in lines]}


def _distribution(
    request: HttpRequest, version: CampaignVersion, found: Carried, node_id: str, port: str
) -> dict[str, Any]:
    name, wanted = request.GET.get("column", ""), request.GET.get("q", "").strip()[:200]
    return {"column": name, **transitions.distribution(found, name, wanted, personal=_personal(request))}


def _changes(request: HttpRequest, version: CampaignVersion, found: Carried, node_id: str, port: str) -> dict[str, Any]:
    run = found.run or scenes.last_run(version)
    before = counts.previous_run(run) if found.run else run
    live = counts.previous_live_run(run)
    asked = [("previous", before)] + ([("live", live)] if live and live != before else [])
    personal = _personal(request)
    found_all = [
        (kind, transitions.compared(found, node_id, port, each, personal=personal)) for kind, each in asked if each
    ]
    return {"comparisons": found_all}


def _export(request: HttpRequest, version: CampaignVersion, found: Carried, node_id: str, port: str) -> dict[str, Any]:
    hidden = found.hidden(personal=_personal(request))
    offered = [(name, shape, name in found.population.key or name in found.population.extras) for name, shape in found.shapes.items() if name not in hidden]  # fmt: skip
    return {
        "offered": offered,
        "left_out": len(hidden),
        "formats": [(form, form.upper()) for form in exporting.FORMATS],
    }


READ = {"rows": _rows, "columns": _columns, "distribution": _distribution, "changes": _changes, "export": _export}


@require_POST
def export(request: HttpRequest, slug: str, node_id: str, port: str) -> HttpResponse:
    """The rows that the last run kept as a file; without the right to see them, personal columns are left out."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    demand(request.user, "view", Dataset)
    version, form, personal = campaign.latest_version(), request.POST.get("format", ""), _personal(request)
    version.campaign = campaign
    try:
        found = transitions.carried(version, scenes.last_run(version), node_id, port, live=False)
        names = [
            n for n in found.shapes if n in request.POST.getlist("columns") and n not in found.hidden(personal=personal)
        ]
        if form not in exporting.FORMATS or not names:
            raise Refused(_("Choose a format and at least one column."))
        key = [found.wide[name] for name in found.population.key]
        table = found.wide.order_by(key).select(*names)
        place, rows = counting.asked(lambda: exporting.write(table, form), _ticket(request, f"export-{node_id}-{port}"))
    except (Refused, engine.Failed) as error:
        messages.error(request, str(error).splitlines()[0])
        return redirect(scenes.address(campaign))
    facts = {"node": node_id, "port": port, "run": found.run.pk if found.run else None, "columns": names}
    audit.record(request.user, "exported population", campaign, rows=rows, format=form, personal=personal, **facts)
    file = place.open("rb")
    place.unlink()  # the open file is read to its end all the same
    name = f"{slug}-{node_id}-{port}.{form}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=exporting.FORMATS[form])


def live_count(
    request: HttpRequest, campaign: Campaign, version: CampaignVersion, node_id: str, port: str
) -> HttpResponse:
    """The exact count of the draft as it is, without a run; can be stopped by its ticket."""
    version.campaign = campaign
    context: dict[str, Any] = {"campaign": campaign, "node_id": node_id, "port": port}
    try:
        found = transitions.carried(version, None, node_id, port, live=True)
        context["rows"] = counting.counted(found.population.table, _ticket(request, request.GET.get("ticket", "")))
    except Refused as error:
        context["refusal"] = str(error)
    return render(request, "campaigns/_transition_count.html", context)


def cancel(request: HttpRequest) -> HttpResponse:
    """Stop one's own count."""
    counting.cancel(_ticket(request, request.POST.get("ticket", "")))
    return HttpResponse(status=204)


def _ticket(request: HttpRequest, sent: str) -> str:
    """Tickets of one person cannot stop the counts of another."""
    return f"{request.user.pk}-{sent[:40]}"
