"""How a program sends a campaign its signal: what it may bring, and the call as text to copy."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from activities import catalogue, variables

from . import signals
from .models import Campaign

PLACEHOLDER = "YOUR_TOKEN"
TYPES = dict(variables.TYPE_CHOICES)


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str  # in words
    value: str  # that a test takes, as a person types it


@dataclass(frozen=True)
class Call:
    """One signal that a campaign may take at some time."""

    key: str  # an id for the page
    title: str
    parameters: list[Parameter]
    curl: str
    http: str


def calls(campaign: Campaign) -> list[Call]:
    """The signals of a campaign: the one that begins a run, and one for each node of its canvas that waits for one."""
    found = []
    if campaign.by_signal:
        found.append(_call(campaign, "begin", _("Begin a run"), signals.parameters_of(campaign)))
    for id, node in campaign.latest_version().graph.nodes.items():
        if node.type == "external_signal" and not node.disabled:
            rows = catalogue.of(node).items("parameters")
            title = _("Release a run that waits at “%(node)s”") % {"node": node.name}
            found.append(_call(campaign, id, title, [row for row in rows if row.get("name")]))
    return found


def _call(campaign: Campaign, key: str, title: str, rows: list[Mapping[str, Any]]) -> Call:
    values = variables.tests(rows)
    body = json.dumps({"parameters": values}, ensure_ascii=False)
    place = reverse("campaigns:api_signal", args=[campaign.slug])
    shown = [
        Parameter(str(row["name"]), TYPES.get(row.get("type") or variables.TEXT, ""), variables.shown(row.get("value")))
        for row in rows
    ]
    return Call(key, title, shown, as_curl(place, body), as_http(place, body))


def as_curl(place: str, body: str) -> str:
    """A command for a shell."""
    headers = (f"Authorization: Bearer {PLACEHOLDER}", "Content-Type: application/json")
    parts = [f"curl -X POST {shlex.quote(settings.BASE_URL + place)}"]
    parts += [f"-H {shlex.quote(header)}" for header in headers]
    return " \\\n  ".join([*parts, f"--data-raw {shlex.quote(body)}"])


def as_http(place: str, body: str) -> str:
    """The request as it goes over the wire."""
    lines = [
        f"POST {place} HTTP/1.1",
        f"Host: {urlsplit(settings.BASE_URL).netloc}",
        f"Authorization: Bearer {PLACEHOLDER}",
        "Content-Type: application/json",
        f"Content-Length: {len(body.encode())}",
        "",
        body,
    ]
    return "\n".join(lines)
