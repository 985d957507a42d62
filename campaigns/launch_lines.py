"""A launch as a line of the calendar: all that it says, worked out before the page is drawn, which has hundreds."""

from __future__ import annotations

from typing import NamedTuple

from django.utils import timezone
from django.utils.safestring import SafeString

from orchcamp.web.templatetags.ui import address, icon

from .calendars import Launch

ICONS = {  # state -> Material Symbols name; whatever else a run is, it is on its way
    "planned": "edit_calendar",
    "scheduled": "schedule",
    "failed": "error",
    "succeeded": "check_circle",
    "stopped": "stop_circle",
}


class Line(NamedTuple):
    key: str  # of its elements
    looks: str  # classes
    name: str
    clock: str  # the time of day here
    moment: str  # for machines
    title: str  # on hover
    icon: SafeString
    label: str
    elsewhere: str  # the time on the campaign's clocks, where they show another
    zone: str
    address: str
    move: str  # where its date is changed; empty for what has begun


def line(launch: Launch) -> Line:
    """The line of a launch, in the zone and the language of the reader."""
    campaign, run = launch.campaign, launch.run
    state, label, elsewhere = launch.state, launch.label, launch.elsewhere
    return Line(
        launch.key,
        f"launch launch-{state}{' launch-late' if launch.is_late else ''}",
        campaign.name,
        f"{timezone.localtime(launch.at):%H:%M}",
        launch.at.isoformat(),
        " · ".join(filter(None, (campaign.name, label, campaign.dimension, elsewhere))),
        icon(ICONS.get(state, "play_circle")),
        label,
        elsewhere,
        campaign.timezone,
        address("campaigns:run", campaign.slug, run.pk) if run else address("campaigns:canvas", campaign.slug),
        "" if run else address("campaigns:reschedule", campaign.slug),
    )
