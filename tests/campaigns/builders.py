"""Builders of campaigns: small canvases over the shop of ``tests.builders``."""

from __future__ import annotations

from typing import Any

from activities.graph import Edge, Graph, Node
from campaigns.models import Campaign, CampaignVersion
from orchcamp.accounts.models import User
from orchcamp.messaging.models import ChannelConfiguration

EVERYONE: dict[str, Any] = {"group": "and", "items": []}
PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}


def audience(rule: dict[str, Any] | None = None, *, dimension: str = "people", keep_empty: bool = False) -> dict:
    """Settings of a build audience."""
    return {"dimension": dimension, "rule": rule or EVERYONE, "keep_empty": keep_empty}


def email(**changes: Any) -> dict[str, Any]:
    """Settings of an email."""
    return {
        "configuration": "newsletter",
        "subject": "Hello {{ name }}",
        "preheader": "",
        "format": "html",
        "body": "<p>Hello {{ name }}</p>",
        "text": "",
        "category": "marketing",
        "without_confirmation": False,
        "track_opens": True,
        "track_clicks": True,
        "one_per_address": True,
        "address": "",
        **changes,
    }


def graph(nodes: dict[str, tuple[str, dict[str, Any]]], *edges: str) -> Graph:
    """A canvas from ``{"a": ("build_audience", settings)}`` and edges like ``"a.out>b"``."""
    built = Graph({id: Node(id, type, id.title(), settings) for id, (type, settings) in nodes.items()})
    for edge in edges:
        start, target = edge.split(">")
        source, port = start.split(".") if "." in start else (start, "out")
        target, _, entry = target.partition(".")
        built = built.with_edge(Edge(source, port, target, entry or "in"))
    return built


def simple_graph(**settings: Any) -> Graph:
    """Everyone → email → end."""
    nodes = {"people": ("build_audience", audience()), "mail": ("email", email(**settings)), "end": ("end", {})}
    return graph(nodes, "people>mail", "mail>end")


def targeting_graph() -> Graph:
    """Parisians (3), split into consenting and the rest; no channel, so it runs to its end in test mode."""
    subsets = [
        {
            "code": "yes",
            "label": "Consents",
            "rule": {"attribute": "consent", "operator": "equals", "value": True},
            "limit": None,
            "sort": None,
            "skip_empty": False,
        }
    ]
    nodes = {
        "paris": ("build_audience", audience(PARIS)),
        "split": ("split", {"subsets": subsets, "complement": True, "overlap": False}),
        "yes": ("end", {}),
        "rest": ("end", {}),
    }
    return graph(nodes, "paris>split", "split.yes>yes", "split.complement>rest")


def make_configuration(slug: str = "newsletter", **changes: Any) -> ChannelConfiguration:
    """An email configuration that points at a local server: by itself at a port where none is, not even a demo's."""
    fields: dict[str, Any] = {
        "label": slug.title(),
        "sender_name": "Shop",
        "sender_address": "shop@example.org",
        "host": "127.0.0.1",
        "port": 9,
        "security": "none",
        "consent_column": "consent",
    }
    return ChannelConfiguration.objects.create(slug=slug, **fields | changes)


def make_campaign(
    canvas: Graph | None = None, *, owner: User | None = None, slug: str = "spring", **changes: Any
) -> Campaign:
    """A draft campaign on the shop's people, with one draft version."""
    campaign = Campaign.objects.create(
        slug=slug, name=changes.pop("name", slug.title()), dimension="people", owner=owner, **changes
    )
    document = (canvas or simple_graph()).to_json()
    CampaignVersion.objects.create(campaign=campaign, document=document, author=owner)
    return campaign
