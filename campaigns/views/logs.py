"""The logs of a campaign: what happened, step by step, and with which variables; on the page and as CSV."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from campaigns import logs, pace
from campaigns.logs import LOG, STEPS, TABS, VARIABLES, Narrowed
from campaigns.models import Campaign, LogEntry, NodeRun, Run
from orchcamp.accounts import audit
from orchcamp.accounts.access import get_for
from orchcamp.web import csvs
from orchcamp.web.fragments import render_fragment
from orchcamp.web.lists import paginate

CALM = 5  # seconds: nobody reads a log faster


def _chosen(request: HttpRequest, slug: str) -> tuple[Campaign, Run | None, Narrowed, str]:
    """The campaign, and the run, filters and tab that the address asks for."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    by = Narrowed.read(request.GET)
    run = None if by.run is None else get_object_or_404(campaign.runs, pk=by.run)
    tab = tab if (tab := request.GET.get("tab", LOG)) in TABS else LOG
    return campaign, run, by, tab


@require_GET
def log(request: HttpRequest, slug: str) -> HttpResponse:
    campaign, run, by, tab = _chosen(request, slug)
    names = logs.node_names(campaign, by.run)
    context = {
        "campaign": campaign,
        "run": run,
        "by": by,
        "tab": tab,
        "runs": campaign.runs.defer("document", "policy", "foresight")[:50],
        "names": sorted(names.items(), key=lambda item: item[1].lower()),
        "people": logs.people(campaign),
        "severities": LogEntry.Severity.choices,
        "statuses": NodeRun.Status.choices,
        **_listed(request, campaign, run, by, tab, names),
    }
    return render_fragment(request, "campaigns/log.html", "campaigns/_log_body.html", context)


def _listed(
    request: HttpRequest, campaign: Campaign, run: Run | None, by: Narrowed, tab: str, names: dict[str, str]
) -> dict[str, Any]:
    """What the chosen tab shows, and how soon it is worth asking again."""
    if tab == VARIABLES:
        shown = run or campaign.runs.first()
        if shown is not None:
            shown.campaign = campaign
        return {"shown": shown, "variables": logs.variables(shown) if shown else []}
    going = [run] if run is not None else list(campaign.runs.open())
    paces = [seconds for on in going if (seconds := pace.seconds(on, on.nodes.all()))]
    if tab == STEPS:
        page = paginate(request, logs.steps(campaign, by), per_page=25)
        listed: dict[str, Any] = {"page": page, "steps": logs.with_counts(page, campaign)}
    else:
        page = paginate(request, logs.entries(campaign, by), per_page=50, wide=True)
        for entry in page:
            entry.node_name = names.get(entry.node_id, entry.node_id)
        listed = {"page": page}
    return listed | {"every": max(CALM, min(paces)) if paces and page.number == 1 else None}


@require_GET
def log_csv(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """What the filters leave, all of it; cells cannot become formulas of a spreadsheet."""
    campaign, _run, by, tab = _chosen(request, slug)
    table = logs.steps_table(campaign, by) if tab == STEPS else logs.log_table(campaign, by)
    audit.record(request.user, "exported log", campaign, part=tab)
    return csvs.download(table, f"{campaign.slug} {tab if tab == STEPS else LOG}")
