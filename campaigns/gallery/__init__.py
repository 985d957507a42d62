"""Templates: ready canvases that come with the product, and those that people save from their campaigns.

The ready ones are the campaign files of this folder, made for the demo's data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.text import slugify
from django.utils.translation import gettext as _

from activities import catalogue
from activities.base import Channel
from activities.graph import Graph, Node
from campaigns import lifecycle, portable
from campaigns.choices import choices
from campaigns.errors import CampaignError
from campaigns.models import Campaign, CampaignTemplate
from orchcamp.accounts import access, audit
from orchcamp.accounts.models import User

FOLDER = Path(__file__).parent
ORDER = ("welcome", "win-back", "birthday", "back-in-stock", "seasonal-waves", "product-launch")
Choices = Mapping[str, list[tuple[str, str]]]
CARRIED = ("tags", "variables", "schedule", "settings")  # what a template keeps beside name, dimension and canvas


@dataclass(frozen=True)
class Template:
    """What a campaign can begin with, wherever it is kept."""

    key: str
    name: str
    description: str
    dimension: str
    graph: Graph
    properties: Mapping[str, Any]
    author: User | None = None
    saved: CampaignTemplate | None = None  # None: it comes with the product


# --- What there is -----------------------------------------------------------------------------------


@cache
def ready() -> tuple[Template, ...]:
    """The templates that come with the product, the usual ones first."""
    found = {path.stem: _read(path) for path in sorted(FOLDER.glob("*.json"))}
    return tuple(found[key] for key in [*ORDER, *(key for key in found if key not in ORDER)])


def _read(path: Path) -> Template:
    properties, graph = portable.parse(json.loads(path.read_text(encoding="utf-8")))
    kept = {name: properties[name] for name in CARRIED}
    return Template(path.stem, properties["name"], properties["description"], properties["dimension"], graph, kept)


def saved(user: User) -> QuerySet[CampaignTemplate]:
    """The templates that people have saved; whose profile does not reach everywhere sees only their own."""
    rows = CampaignTemplate.objects.select_related("author")
    everywhere = access.reaches_everywhere(user, access.codename(Campaign, "add"))
    return rows if everywhere else rows.filter(author=user)


def of(row: CampaignTemplate) -> Template:
    """A template that somebody saved, to be shown and used."""
    graph = Graph.from_json(row.document)
    return Template(row.slug, row.name, row.description, row.dimension, graph, row.properties, row.author, row)


def find(key: str, user: User) -> Template:
    """One template. Raises Http404 when there is none of that key for this person."""
    for template in ready():
        if template.key == key:
            return template
    row = saved(user).filter(slug=key).first()
    if row is None:
        raise Http404(_("There is no such template; it may have been removed."))
    return of(row)


# --- Using one ---------------------------------------------------------------------------------------


def use(template: Template, *, by: User | None, name: str = "") -> Campaign:
    """A new draft that begins with the template's canvas."""
    graph = _fitted(template.graph, choices())
    with transaction.atomic():
        campaign = lifecycle.create(
            name=(name.strip() or template.name)[:120],
            dimension=template.dimension,
            by=by,
            document=graph.to_json(),
            description=template.description,
            **template.properties,
        )
        audit.record(by, "used template", campaign, template=template.key)
    return campaign


def _fitted(graph: Graph, offered: Choices) -> Graph:
    """The canvas with channel configurations that are here: where only one can be meant, it is taken."""
    for node in graph.nodes.values():
        known = [slug for slug, _label in offered.get(_configurations(node), [])]
        if len(known) == 1 and node.settings.get("configuration") not in known:
            graph = graph.with_node(replace(node, settings={**node.settings, "configuration": known[0]}))
    return graph


def _configurations(node: Node) -> str:
    """Under which name the choices of a node's configuration are kept; "" for what sends no messages."""
    try:
        is_channel = issubclass(catalogue.get(node.type), Channel)
    except catalogue.UnknownActivity:
        return ""
    if not is_channel:
        return ""
    return "configurations" if node.type == "email" else f"configurations_{node.type}"


def missing(template: Template, offered: Choices) -> list[str]:
    """The datasets and channel configurations that the template names and that are not offered here."""
    datasets = {slug for slug, _label in offered["datasets"]}
    wanted = [template.dimension, *(node.settings.get("dimension") for node in template.graph.nodes.values())]
    absent = [slug for slug in dict.fromkeys(wanted) if isinstance(slug, str) and slug and slug not in datasets]
    for node in _fitted(template.graph, offered).nodes.values():
        known = {slug for slug, _label in offered.get(_configurations(node), [])}
        named = node.settings.get("configuration")
        if _configurations(node) and named and named not in known:
            absent.append(str(named))
    return list(dict.fromkeys(absent))


# --- Saving one --------------------------------------------------------------------------------------


def save(campaign: Campaign, *, name: str, description: str, by: User) -> CampaignTemplate:
    """Keep a campaign's canvas and properties as a template. Files of the campaign stay with it."""
    name, description = name.strip(), description.strip()
    version = campaign.latest_version()
    planned = version.planned()
    kept = {field: getattr(planned, field) for field in CARRIED}
    if kept["schedule"].get("frequency") == "once":
        kept["schedule"] = {"frequency": "asap"}  # its date is about this campaign
    dated = ("valid_from", "valid_until")
    kept["schedule"] = {name: value for name, value in kept["schedule"].items() if name not in dated}
    taken = _("There is a template “%(name)s” already; give this one another name.") % {"name": name}
    names = [*(template.name for template in ready()), *CampaignTemplate.objects.values_list("name", flat=True)]
    if name.lower() in {other.lower() for other in names}:
        raise CampaignError(taken)
    try:
        with transaction.atomic():
            template = CampaignTemplate.objects.create(
                slug=_free_slug(name),
                name=name,
                description=description,
                dimension=planned.dimension,
                document=version.document,
                properties=kept,
                author=by,
            )
            audit.record(by, "saved as template", campaign, template=template.slug)
    except IntegrityError:
        raise CampaignError(taken) from None
    return template


def _free_slug(name: str) -> str:
    base = slugify(name)[:70] or "template"
    taken = {template.key for template in ready()} | set(CampaignTemplate.objects.values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := base if n == 1 else f"{base}-{n}") not in taken)


def may_remove(user: User, template: Template) -> bool:
    """Whether a person may remove a saved template: its author, and those who administer."""
    if template.saved is None:
        return False
    return template.saved.author_id == user.pk or access.administers(user)


def remove(template: Template, *, by: User) -> None:
    """Take a saved template away; campaigns that began with it keep what they have."""
    if template.saved is None or not may_remove(by, template):
        raise CampaignError(
            _("“%(name)s” can be removed by its author and by administrators only.") % {"name": template.name}
        )
    with transaction.atomic():
        audit.record(by, "removed template", template.saved, name=template.name)
        template.saved.delete()
