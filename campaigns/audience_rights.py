"""Audiences that a change puts on a canvas: the person who makes it has to have them shared for that."""

from __future__ import annotations

from typing import Any

from activities.graph import Graph
from orchcamp.accounts.models import User
from orchcamp.datasets import reading

SAVES = "save_audience"  # what it names it overwrites


def demand(before: Graph, after: Graph, *, by: User | None) -> None:
    """Raise Refused when a change newly names an audience that the person may not use, or saves into one that they may
    not change. What was on the canvas before may stay there."""
    if by is None:
        return
    reading.demand_usable(by, _named(before, saves=False), _named(after, saves=False))
    reading.demand_usable(by, _named(before, saves=True), _named(after, saves=True), "change")


def _named(graph: Graph, *, saves: bool) -> list[Any]:
    return [node.settings for node in graph.nodes.values() if (node.type == SAVES) == saves]
