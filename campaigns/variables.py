"""The variables of a campaign: rows of a form, and where the canvas uses them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from activities import variables
from activities.graph import Graph


def rows(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Variables as the rows of a form."""
    return [{"name": name, "type": variables.type_of(value), "value": value} for name, value in values.items()]


def values(found: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows of a form as variables."""
    return {row["name"]: row["value"] for row in found}


def used_by(graph: Graph, name: str) -> list[str]:
    """The names of the nodes whose settings name a variable."""
    written = re.compile(rf"\$\(?{re.escape(name)}\b|\bvariables\.{re.escape(name)}\b")
    return [node.name for node in graph.nodes.values() if _uses(node.settings, name, written)]


def _uses(settings: Any, name: str, written: re.Pattern[str]) -> bool:
    level = [settings]
    while level:
        item = level.pop()
        if isinstance(item, Mapping):
            if name in (item.get("variable"), item.get("of")):
                return True
            level += item.values()
        elif isinstance(item, list | tuple):
            level += item
        elif isinstance(item, str) and written.search(item):
            return True
    return False
