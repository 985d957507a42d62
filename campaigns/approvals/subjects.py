"""What conditions are asked of: a version with its campaign, its counts, and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activities.graph import Graph
from campaigns.contexts import is_channel
from campaigns.models import Campaign, CampaignVersion, Folder
from campaigns.progress import arrived
from orchcamp.accounts.access import FOLDERS_DEEP

from .conditions import Subject

Counts = Mapping[str, Mapping[str, int]]


def of(
    version: CampaignVersion, *, requester: Any, counts: Counts | None, parents: Mapping[int, int | None] | None = None
) -> Subject:
    """The subject of one request; ``parents`` (folder -> its parent) saves asking, as do groups that were prefetched."""
    planned = version.planned()
    return Subject(
        name=version.campaign.name,
        tags=frozenset(str(tag).casefold() for tag in version.campaign.tags),
        channels=frozenset(channels(version.graph)),
        size=None if counts is None else size(version.graph, counts),
        dimension=planned.dimension,
        folders=frozenset(_around(version.campaign, parents)),
        requester=requester.pk if requester is not None else None,
        groups=frozenset(group.pk for group in requester.groups.all()) if requester is not None else frozenset(),
    )


def channels(graph: Graph) -> set[str]:
    """The types of the channels that a canvas sends by."""
    return {node.type for node in graph.nodes.values() if is_channel(node) and not node.disabled}


def targeted(graph: Graph, counts: Counts) -> dict[str, int]:
    """Channel node -> how many rows arrive there, by these counts."""
    nodes = [node for node in graph.nodes.values() if is_channel(node) and not node.disabled]
    found = {node.id: arrived(graph, node.id, counts) for node in nodes}  # type: ignore[arg-type]
    return {id: rows for id, rows in found.items() if rows is not None}


def size(graph: Graph, counts: Counts) -> int:
    """How large an audience is: what arrives at all channels together; without any, the largest population."""
    at_channels = targeted(graph, counts)
    if at_channels or channels(graph):
        return sum(at_channels.values())
    return max((rows for ports in counts.values() for rows in ports.values()), default=0)


def parents() -> dict[int, int | None]:
    """Folder -> the one around it."""
    return dict(Folder.objects.values_list("pk", "parent"))


def _around(campaign: Campaign, known: Mapping[int, int | None] | None) -> list[int]:
    found: list[int] = []
    folder = campaign.folder_id
    if folder is None:
        return found
    around = known if known is not None else parents()
    while folder is not None and folder not in found and len(found) <= FOLDERS_DEEP:
        found.append(folder)
        folder = around.get(folder)
    return found
