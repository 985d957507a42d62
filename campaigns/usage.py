"""Which campaigns use a saved audience or a predefined filter, and what uses a campaign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max, Q, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from orchcamp.accounts import access
from orchcamp.accounts.models import User
from orchcamp.datasets import schema
from orchcamp.datasets.models import Audience
from orchcamp.datasets.usage import Use, names, uses

from .models import Campaign, CampaignVersion


def campaigns_that_use(name: str) -> Iterator[Use]:
    """The campaigns whose newest or published canvas names it, with the nodes that do."""
    model = schema.load()
    yield from _campaigns_where(lambda node: name in names(model, node))


def _campaigns_where(names_it: Callable[[dict[str, Any]], bool], containing: str = "") -> Iterator[Use]:
    """The campaigns with nodes that do so; ``containing`` is a text that each such canvas holds."""
    newest = Campaign.objects.active().annotate(newest=Max("versions__number"))  # type: ignore[attr-defined]
    numbers = dict(newest.values_list("pk", "newest"))
    versions = CampaignVersion.objects.filter(Q(number__in=set(numbers.values())) | Q(published_at__isnull=False))
    if containing:
        versions = versions.annotate(text=Cast("document", TextField())).filter(text__contains=f'"{containing}"')
    found: dict[Campaign, dict[str, None]] = {}
    for version in versions.select_related("campaign").order_by("campaign__name"):
        if version.campaign_id not in numbers:  # type: ignore[attr-defined]
            continue
        if version.published_at is None and version.number != numbers[version.campaign_id]:  # type: ignore[attr-defined]
            continue
        nodes = version.document.get("nodes", {})
        places = [node.get("name") or id for id, node in nodes.items() if names_it(node)]
        if places:
            found.setdefault(version.campaign, {}).update(dict.fromkeys(places))
    for campaign, held in found.items():
        address = reverse("campaigns:canvas", kwargs={"slug": campaign.slug})
        yield Use(_("Campaign"), campaign, address, tuple(held))


@dataclass(frozen=True)
class Uses:
    """What uses a campaign, as far as one person sees it."""

    callers: list[Use] = field(default_factory=list)  # campaigns that send it a signal
    audiences: list[tuple[Audience, str, list[Use]]] = field(default_factory=list)  # saved by it: node, and readers
    hidden: int = 0  # uses that this person may not see

    def __bool__(self) -> bool:
        return bool(self.callers or self.audiences or self.hidden)


def uses_of(campaign: Campaign, user: User) -> Uses:
    """Who sends a campaign signals, which audiences it saves, and what reads those."""
    callers = list(_campaigns_where(lambda node: calls(node, campaign.slug), campaign.slug))
    made = Audience.objects.filter(maker__startswith=f"{campaign.slug}/").order_by("label")
    seen = access.among(user, "view", made)
    nodes = campaign.latest_version().graph.nodes
    readers = [(audience, list(uses(f"audience:{audience.slug}"))) for audience in made]
    shown, hidden = _seen(callers, user)
    audiences = []
    for audience, found in readers:
        kept, more = _seen(found, user)
        hidden += more
        if audience.pk not in seen:
            hidden += 1 + len(kept)
            continue
        node = nodes.get(audience.maker.partition("/")[2])
        audiences.append((audience, node.name if node else "", kept))
    return Uses(shown, audiences, hidden)


def calls(node: Any, slug: str) -> bool:
    """Whether a node names the campaign, wherever in its settings it names campaigns."""
    level = [node]
    while level:
        item = level.pop()
        if isinstance(item, dict):
            if item.get("campaign") == slug:
                return True
            level += item.values()
        elif isinstance(item, list):
            level += item
    return False


def _seen(found: list[Use], user: User) -> tuple[list[Use], int]:
    """The uses that the person may see, and how many they may not."""
    kept = [use for use in found if access.may(user, "view", use.obj)]
    return kept, len(found) - len(kept)
