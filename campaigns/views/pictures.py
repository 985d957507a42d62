"""The canvas to take along: a picture of it as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from campaigns import picture
from campaigns.models import Campaign, CampaignVersion, Run
from orchcamp.accounts.access import get_for

from . import scenes, showing


@require_GET
def canvas_svg(request: HttpRequest, slug: str) -> HttpResponse:
    """The drawing with its counts, as it is now and flows for this person; ``?theme=dark`` for a dark ground."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    version = showing.shown(request, campaign)
    version.campaign = campaign
    run = scenes.last_run(version)
    drawing, _problems = scenes.drawn(version, run, scenes.flow(request))
    theme = picture.THEMES.get(request.GET.get("theme", ""), picture.LIGHT)
    content = picture.svg(drawing, title=campaign.name, facts=facts(version, run), theme=theme)
    response = HttpResponse(content, content_type="image/svg+xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name(version)}.svg"'
    return response


def name(version: CampaignVersion) -> str:
    """What files of this canvas are called, without their ending."""
    return f"{version.campaign.slug}-v{version.number}"


def facts(version: CampaignVersion, run: Run | None) -> list[str]:
    """Which state of the campaign the picture shows."""
    found = [_("Version %(number)s") % {"number": version.number}, version.campaign.get_status_display()]
    if run is not None:
        sentence = (
            _("counts of the run of %(when)s") if run.mode == Run.Mode.LIVE else _("counts of the test of %(when)s")
        )
        found.append(sentence % {"when": _moment(run.started_at)})
    return [*found, _("drawn %(when)s") % {"when": _moment(timezone.now())}]


def _moment(moment) -> str:
    local = timezone.localtime(moment)
    return f"{formats.date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"
