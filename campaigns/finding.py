"""The index of campaigns and their nodes: words without capitals and accents, made anew where a canvas has changed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from .models import Campaign, CampaignVersion, SearchEntry

AT_ONCE = 1000  # campaigns whose entries one search makes anew; the rest follows with the next
MOST_WORDS = 6
NAME, FOLDED = 160, 400
WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Words in small letters without accents, each after a space: `` ete a lyon``."""
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return "".join([f" {word}" for word in WORD.findall(plain)])


def words(text: str) -> list[str]:
    """What somebody typed, as words to look for; each may be the beginning of one."""
    return fold(text[:120]).split()[:MOST_WORDS]


def matching(field: str, wanted: list[str]) -> Q:
    """The condition that every word begins a word of a folded text."""
    found = Q()
    for word in wanted:
        found &= Q(**{f"{field}__contains": f" {word}"})
    return found


def fits(text: str, wanted: list[str]) -> bool:
    """The same for a text that is at hand."""
    folded = fold(text)
    return all(f" {word}" in folded for word in wanted)


def stale() -> QuerySet[Campaign]:
    """Campaigns that were changed since their entries were made, the latest first."""
    fresh = SearchEntry.objects.filter(campaign=OuterRef("pk"), node_id="", at__gte=OuterRef("modified_at"))
    return Campaign.objects.filter(~Exists(fresh)).order_by("-modified_at")


def refresh(at_most: int = AT_ONCE) -> int:
    """Make the entries of what has changed; how many campaigns that were. Two that do it at once do it twice."""
    newest = CampaignVersion.objects.filter(campaign=OuterRef("pk")).order_by("-number").values("pk")[:1]
    changed = list(stale().annotate(newest=Subquery(newest)).only("slug", "name", "modified_at")[:at_most])
    if not changed:
        return 0
    versions = CampaignVersion.objects.only("document").in_bulk([campaign.newest for campaign in changed])
    entries = [
        entry
        for campaign in changed
        for entry in _entries(campaign, versions[campaign.newest].document if campaign.newest in versions else {})
    ]
    with transaction.atomic():
        SearchEntry.objects.filter(campaign__in=changed).delete()
        SearchEntry.objects.bulk_create(entries, ignore_conflicts=True, batch_size=500)
    return len(changed)


def _entries(campaign: Campaign, document: dict[str, Any]) -> list[SearchEntry]:
    own = SearchEntry(
        campaign=campaign,
        name=campaign.name[:NAME],
        folded=fold(f"{campaign.name} {campaign.slug}")[:FOLDED],
        at=campaign.modified_at,
    )
    nodes = document.get("nodes", {})
    return [own, *(_node(campaign, id, node) for id, node in nodes.items() if isinstance(node, dict) and id)]


def _node(campaign: Campaign, id: str, node: dict[str, Any]) -> SearchEntry:
    name = str(node.get("name") or id)
    return SearchEntry(
        campaign=campaign,
        node_id=id[:60],
        kind=str(node.get("type", ""))[:60],
        name=name[:NAME],
        folded=fold(name)[:FOLDED],
    )
