"""A possible reason why nothing was sent: what was looked at, what shows it, and the way to mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from activities.graph import Graph
from orchcamp.web.templatetags.ui import thousands

from .models import Campaign, Run
from .progress import Sending, Step

OK, WHY, LATER = "ok", "why", "later"
Evidence = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Mend:
    """Where to go to put it right."""

    label: str
    address: str


@dataclass(frozen=True)
class Check:
    """One possible reason: whether it is the one, what shows it, and how to mend it."""

    title: str
    state: str  # ok: not this; why: this is why; later: the run has not come so far
    sentence: str
    evidence: Evidence = ()
    mends: tuple[Mend, ...] = ()

    @property
    def guilty(self) -> bool:
        return self.state == WHY


@dataclass(frozen=True)
class Scene:
    """What the checks look at."""

    campaign: Campaign
    run: Run | None
    steps: list[Step] = field(default_factory=list)
    sendings: list[Sending] = field(default_factory=list)

    @property
    def graph(self) -> Graph:
        return self.run.graph if self.run else self.campaign.latest_version().graph

    @property
    def channels(self) -> list[Step]:
        return [step for step in self.steps if step.is_channel]

    def page(self, anchor: str = "") -> str:
        return reverse("campaigns:run", args=[self.campaign.slug, self.run.pk if self.run else 0]) + anchor

    def node(self, id: str, label: str = "") -> Mend:
        address = reverse("campaigns:canvas", args=[self.campaign.slug])
        return Mend(label or _("Open the node"), f"{address}?node={id}")


def rows(number: int) -> str:
    return str(thousands(number))


def moment(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else ""
