"""Reports: what became of everybody, by campaign, run and delivery; on the page and as CSV."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from campaigns import charts, figures, reporting
from campaigns.models import Campaign, RemovedCampaign, Run
from orchcamp.accounts import audit
from orchcamp.accounts.access import demand, get_for, holds, reaches_everywhere
from orchcamp.messaging.models import Delivery
from orchcamp.web import csvs
from orchcamp.web.fragments import render_fragment
from orchcamp.web.lists import paginate
from orchcamp.web.numbers import whole


@require_GET
def report_list(request: HttpRequest) -> HttpResponse:
    """The campaigns that have run live, with their figures."""
    demand(request.user, "report", Campaign)
    campaigns = Campaign.objects.for_user(request.user, "report").filter(runs__mode=Run.Mode.LIVE).distinct()
    words = request.GET.get("q", "").strip()
    if words:
        campaigns = campaigns.filter(name__icontains=words)
    page = paginate(request, campaigns)
    found = reporting.by_campaign([campaign.slug for campaign in page])
    rows = [(campaign, found.get(campaign.slug)) for campaign in page]
    everywhere = reaches_everywhere(request.user, "campaigns.report_campaign")  # what is gone can be shared with nobody
    removed = RemovedCampaign.objects.filter(name__icontains=words, runs__gt=0)[:50] if everywhere else []
    context = {"page": page, "rows": rows, "q": words, "removed": removed}
    return render_fragment(request, "campaigns/report_list.html", "campaigns/_report_rows.html", context)


def _chosen(request: HttpRequest, slug: str) -> tuple[Campaign, Run | None, int | None, list[Delivery]]:
    """The campaign, and the run and delivery that the address narrows the report to."""
    campaign = get_for(request.user, "report", Campaign.objects.all(), slug=slug)
    run_id, chosen = whole(request.GET.get("run")), whole(request.GET.get("delivery"))
    run = None if run_id is None else get_object_or_404(campaign.runs.live(), pk=run_id)
    return campaign, run, chosen, list(reporting.deliveries_of(campaign, run))


@require_GET
def report(request: HttpRequest, slug: str) -> HttpResponse:
    campaign, run, chosen, offered = _chosen(request, slug)
    deliveries = [delivery for delivery in offered if chosen in (None, delivery.pk)]
    found = reporting.report(deliveries)
    domains = reporting.domains(deliveries)
    unit, moments = reporting.over_time(deliveries)
    runs = campaign.runs.live().select_related("version")
    context = {
        "campaign": campaign,
        "runs": runs,
        "run": run,
        "offered": offered,
        "chosen": chosen,
        "figures": found,
        "by_run": reporting.by_run(found, runs) if run is None and chosen is None else [],
        "kpis": figures.kpis(found),
        "falls": charts.waterfall(found.books),
        "charts": [charts.funnel(found.books, found.reactions), charts.over_time(unit, moments)]
        + ([charts.domains(domains)] if domains else []),
        "links": reporting.links(deliveries, personal=holds(request.user, "datasets.view_personal")),
        "replies": reporting.replies(deliveries),
    }
    return render_fragment(request, "campaigns/report_detail.html", "campaigns/_report_body.html", context)


@require_GET
def report_csv(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """One row a delivery and their totals; cells cannot become formulas of a spreadsheet."""
    campaign, _run, chosen, offered = _chosen(request, slug)
    deliveries = [delivery for delivery in offered if chosen in (None, delivery.pk)]
    audit.record(request.user, "exported report", campaign, deliveries=len(deliveries))
    return csvs.download(figures.table(reporting.report(deliveries)), f"{campaign.slug} {_('report')}")
