"""The three parts of a version that people sign, each told by a hash: who gets it, what it says, when and how fast.

Every property belongs to exactly one of them. Where nodes stand, notes, and the order in which things are stored are in
none: they change nothing of what a run does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from activities import catalogue
from activities.base import Channel
from campaigns.models import Campaign, CampaignVersion
from campaigns.models.policy import FACETS
from orchcamp.datasets import usage

AUDIENCE, CONTENT, SCHEDULE = FACETS
PROPERTIES = {  # of a version, beside its canvas
    "dimension": AUDIENCE,
    "variables": AUDIENCE,
    "timezone": SCHEDULE,
    "schedule": SCHEDULE,
    "settings": SCHEDULE,
}
CALLS = {"webhook"}  # types that say something to others without being channels
CHANNEL_SETTINGS = {  # what is not content among the settings of a type that says something
    "configuration": AUDIENCE,  # it names the column of consent and the limits of frequency
    "category": AUDIENCE,  # marketing asks for consent
    "one_per_address": AUDIENCE,
    "address": AUDIENCE,
    "process_errors": AUDIENCE,
    "without_confirmation": SCHEDULE,
    "batch_size": SCHEDULE,
    "seconds": SCHEDULE,
    "tries": SCHEDULE,
}
TIMED = {"wait"}  # types whose settings say when, not who
NOWHERE = {"notes", "schema"}  # of a document
EDGE = {"source": "", "source_port": "out", "target": "", "target_port": "in"}
Parts = dict[str, dict[str, Any]]


def hashes(version: CampaignVersion) -> dict[str, str]:
    """Facet -> SHA-256 of exactly that part of a version, with what it has its campaign run by."""
    return hashes_with(version, version.planned())


def hashes_with(version: CampaignVersion, planned: Campaign) -> dict[str, str]:
    """The same with the properties of some state of its campaign. The predefined filters that the canvas names are read
    as they stand: a run would take them so, and who signed the audience signed what they say."""
    properties = {name: getattr(planned, name) for name in PROPERTIES}
    return hashes_of(version.document, properties, usage.filter_rules(version.document))


def hashes_of(
    document: Mapping[str, Any], properties: Mapping[str, Any], filters: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """The same for a canvas, properties and filters as they are stored."""
    return {facet: _hash(part) for facet, part in parts(document, properties, filters).items()}


def parts(
    document: Mapping[str, Any], properties: Mapping[str, Any], filters: Mapping[str, Any] | None = None
) -> Parts:
    """What each facet is made of."""
    found: Parts = {facet: {"nodes": {}, "properties": {}} for facet in FACETS}
    for name, value in properties.items():
        found[PROPERTIES.get(name, SCHEDULE)]["properties"][name] = value
    for id, node in (document.get("nodes") or {}).items():
        for facet, said in _node(node).items():
            found[facet]["nodes"][id] = said
    found[AUDIENCE]["edges"] = _edges(document.get("edges") or [])
    rest = {name: value for name, value in document.items() if name not in NOWHERE | {"nodes", "edges"}}
    found[AUDIENCE]["rest"] = rest
    if filters:
        found[AUDIENCE]["filters"] = filters
    return found


def _node(node: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What one node says to each facet; nothing for those that it does not touch."""
    type, settings = str(node.get("type")), node.get("settings") or {}
    says = _says(type)
    said: dict[str, dict[str, Any]] = {AUDIENCE: {"type": type, "disabled": bool(node.get("disabled"))}}
    name = str(node.get("name") or type)
    said.setdefault(CONTENT if says else AUDIENCE, {})["name"] = name
    if node.get("breakpoint"):
        said.setdefault(SCHEDULE, {})["breakpoint"] = True
    for key, value in settings.items():
        said.setdefault(facet_of(type, key, says=says), {}).setdefault("settings", {})[key] = value
    return said


def facet_of(type: str, setting: str, *, says: bool | None = None) -> str:
    """The one facet that a setting of a node belongs to."""
    if _says(type) if says is None else says:
        return CHANNEL_SETTINGS.get(setting, CONTENT)
    return SCHEDULE if type in TIMED else AUDIENCE


def _says(type: str) -> bool:
    try:
        return type in CALLS or issubclass(catalogue.get(type), Channel)
    except catalogue.UnknownActivity:
        return False


def _edges(edges: list[Mapping[str, Any]]) -> list[list[str]]:
    """Each transition once, in an order of their own; a port that is not written is the usual one."""
    return sorted({tuple(str(edge.get(key, usual)) for key, usual in EDGE.items()) for edge in edges})  # type: ignore[type-var]


def _hash(part: Mapping[str, Any]) -> str:
    text = json.dumps(_plain(part), sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: Any) -> Any:
    """The same whatever database it was read from: one writes 1e2 and 100.0 where another writes 100."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
