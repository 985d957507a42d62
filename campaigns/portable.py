"""Campaigns as files: what ``export_campaign`` writes and ``import_campaign`` reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.validators import validate_slug
from django.db import transaction
from django.forms import ValidationError
from django.utils.translation import gettext as _

from activities import catalogue
from activities.graph import SCHEMA, Graph, Node
from activities.shapes import Shapes
from activities.variables import NAME
from orchcamp.accounts.models import User
from orchcamp.datasets.rules import RuleError
from orchcamp.datasets.schema import UnknownDataset
from orchcamp.web import documents
from orchcamp.web.errors import Refused

from . import canvas, files, lifecycle, running_settings
from .choices import choices
from .contexts import draft_context
from .errors import CampaignError, WrongStatus
from .models import Campaign
from .schedules import reading

NODE_ID = re.compile(r"[A-Za-z0-9_-]{1,60}")
SHAPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "slug": (str, "a text"),
    "name": (str, "a text"),
    "description": (str, "a text"),
    "tags": (list, "a list of texts"),
    "dimension": (str, "the slug of a dataset"),
    "timezone": (str, "a time zone such as Europe/Paris"),
    "variables": (dict, "an object: name → value"),
    "schedule": (dict, "an object with “frequency”"),
    "settings": (dict, "an object"),
}
DEFAULTS: dict[str, Any] = {
    "description": "",
    "tags": [],
    "dimension": "",
    "timezone": "UTC",
    "variables": {},
    "schedule": {},
    "settings": {},
}


class BadFile(CampaignError):
    """A campaign file that cannot be read; the sentence names the file or the place in it."""


# --- Out -------------------------------------------------------------------------------------------


def dump(campaign: Campaign) -> str:
    """The campaign as a file: the same text every time, references by slug, no secrets."""
    return json.dumps(to_json(campaign), ensure_ascii=False, indent=2) + "\n"


def to_json(campaign: Campaign) -> dict[str, Any]:
    version = campaign.latest_version()
    graph, planned = version.graph, version.planned()
    nodes = {id: _sorted(graph.nodes[id].to_json(), first=("type", "name")) for id in sorted(graph.nodes)}
    canvas_ = {"nodes": nodes, "edges": [edge.to_json() for edge in sorted(graph.edges)]}
    if graph.notes:
        canvas_["notes"] = {id: graph.notes[id].to_json() for id in sorted(graph.notes)}
    return {
        "schema": SCHEMA,
        "kind": "campaign",
        "campaign": {name: _sorted(getattr(planned, name)) for name in SHAPES},
        "canvas": canvas_,
    }


def _sorted(value: Any, first: tuple[str, ...] = ()) -> Any:
    """The same JSON with its keys in order, however the database keeps them."""
    if isinstance(value, dict):
        keys = [*(key for key in first if key in value), *sorted(key for key in value if key not in first)]
        return {key: _sorted(value[key]) for key in keys}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


# --- In --------------------------------------------------------------------------------------------


def read(path: Path) -> Any:
    """The document of a JSON or YAML file. Raises BadFile that names the file and the line."""
    try:
        return documents.read(path)
    except documents.BadDocument as error:
        raise BadFile(str(error)) from None


def load(document: Any, *, owner: User | None = None, beside: Path | None = None) -> Campaign:
    """Make a campaign, or replace the canvas and properties of the draft that has its slug. All or nothing.

    Files that the canvas names are taken along from the folder ``beside``.
    """
    properties, graph = parse(document)
    slug = properties.pop("slug")
    with transaction.atomic():
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is None:
            campaign = lifecycle.create(
                slug=slug, by=owner, document=graph.to_json(), **{"dimension": "", **DEFAULTS, **properties}
            )
        else:
            _replace(campaign, properties, graph, owner)
        if beside is not None:
            files.take_along(campaign, graph, beside, by=owner)
        _demand_dependencies(campaign, graph)
    return campaign


def _replace(campaign: Campaign, properties: dict[str, Any], graph: Graph, owner: User | None) -> None:
    draft = campaign.draft()
    if draft is None or campaign.status != Campaign.Status.DRAFT:
        status = campaign.get_status_display().lower()
        raise WrongStatus(
            _("There is a campaign “%(slug)s” already, and it is %(status)s; change the slug, or edit it again first.")
            % {"slug": campaign.slug, "status": status}
        )
    lifecycle.change_properties(campaign, by=owner, **DEFAULTS | properties)
    draft.refresh_from_db(fields=["revision"])
    canvas.edit(draft, lambda _old: graph, revision=draft.revision, by=owner, verb="imported canvas", deed="import")
    if owner is not None:
        Campaign.objects.filter(pk=campaign.pk).update(owner=owner)
        draft.author = owner
        draft.save(update_fields=["author"])


def ignored(document: Any) -> list[str]:
    """The places of names in a sound file that mean nothing to this version."""
    canvas_, found = document.get("canvas") or {}, document["campaign"]
    objects: dict[str, tuple[dict[str, Any], set[str]]] = {
        "": (document, {"schema", "kind", "campaign", "canvas"}),
        "campaign.": (found, set(SHAPES)),
        "canvas.": (canvas_, {"nodes", "edges", "notes"}),
    }
    for node_id, node in (canvas_.get("nodes") or {}).items():
        objects[f"canvas.nodes.{node_id}."] = (node, {"type", "name", "settings", "disabled", "breakpoint"})
    for note_id, note in (canvas_.get("notes") or {}).items():
        objects[f"canvas.notes.{note_id}."] = (note, {"text", "colour", "x", "y", "node"})
    for place, edge in enumerate(canvas_.get("edges") or []):
        objects[f"canvas.edges[{place}]."] = (edge, {"source", "source_port", "target", "target_port"})
    return [place + name for place, (given, known) in objects.items() for name in sorted(set(given) - known)]


def parse(document: Any) -> tuple[dict[str, Any], Graph]:
    """The properties and the canvas of a document. Raises Refused that names the place."""
    if not isinstance(document, dict) or document.get("kind") != "campaign":
        raise BadFile(_("This is not a campaign file: it must be an object with “kind”: “campaign”."))
    if document.get("schema") is True or document.get("schema") != SCHEMA:
        raise BadFile(
            _("“schema” is %(found)s; this version of Orchcamp reads %(known)s.")
            % {"found": document.get("schema"), "known": SCHEMA}
        )
    raw = document.get("campaign")
    if not isinstance(raw, dict):
        raise BadFile(_("“campaign” must be an object with “slug” and “name”."))
    properties = {name: raw[name] for name in SHAPES if name in raw and (raw[name] is not None or name not in DEFAULTS)}
    for name, value in properties.items():
        shape, words = SHAPES[name]
        if not isinstance(value, shape):
            raise BadFile(_("“%(name)s” of the campaign must be %(words)s.") % {"name": name, "words": words})
    _check_properties(properties)
    graph = Graph.from_json(document.get("canvas", {}))
    for id in graph.nodes:
        if not NODE_ID.fullmatch(id):
            raise BadFile(_("The node id “%(id)s” must be 1 to 60 letters, digits, “-” or “_”.") % {"id": id[:80]})
    for id in graph.notes:
        if not NODE_ID.fullmatch(id):
            raise BadFile(_("The note id “%(id)s” must be 1 to 60 letters, digits, “-” or “_”.") % {"id": id[:80]})
    return properties, graph


def _check_properties(properties: dict[str, Any]) -> None:
    running_settings.read(properties.get("settings", {}))
    for name, most in (("slug", 80), ("name", 120)):
        if not 0 < len(properties.get(name, "").strip()) <= most:
            place = {"name": name, "most": most}
            raise BadFile(_("“%(name)s” of the campaign is needed: a text of at most %(most)s characters.") % place)
    try:
        validate_slug(properties["slug"])
    except ValidationError:
        raise BadFile(
            _("The slug “%(slug)s” may hold letters, digits, “-” and “_” only.") % {"slug": properties["slug"]}
        ) from None
    if not all(isinstance(tag, str) for tag in properties.get("tags", [])):
        raise BadFile(_("“tags” of the campaign must be a list of texts."))
    for name, value in properties.get("variables", {}).items():
        if not NAME.fullmatch(name):
            raise BadFile(
                _("“%(name)s” cannot be the name of a variable; write letters, digits and “_”.") % {"name": name}
            )
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str | int | float) for item in values):
            raise BadFile(
                _("The variable “%(name)s” of the campaign must be a text, a number, true or false, or a list of such.")
                % {"name": name}
            )
    try:
        reading.read(properties.get("schedule", {}))
    except reading.BadSchedule as bad:
        raise BadFile(
            " ".join(
                _("“schedule.%(name)s” of the campaign: %(why)s") % {"name": name, "why": why}
                for name, why in bad.fields.items()
            )
        ) from None
    try:
        ZoneInfo(properties.get("timezone", "UTC"))
    except (KeyError, ValueError, OSError):
        raise BadFile(
            _("The time zone “%(zone)s” is not known; write one such as Europe/Paris.")
            % {"zone": properties["timezone"]}
        ) from None


# --- What the file relies on -------------------------------------------------------------------------


def _demand_dependencies(campaign: Campaign, graph: Graph) -> None:
    """Raise BadFile that names every dataset, column or channel configuration that is missing here."""
    ctx, offered = draft_context(campaign), choices()
    missing = []
    if campaign.dimension and campaign.dimension not in ctx.model.datasets:
        missing.append(_("the campaign's dimension: there is no dataset “%(slug)s”") % {"slug": campaign.dimension})
    compiler = Shapes(graph, ctx)
    for id in graph.order():
        found = _refused(graph.nodes[id], compiler, offered)
        missing += [f"“{graph.nodes[id].name}” ({id}): {sentence}" for sentence in found]
    if missing:
        raise BadFile(_("The campaign cannot be used here. %(missing)s") % {"missing": " · ".join(missing)})


def _refused(node: Node, compiler: Shapes, offered: dict[str, Any]) -> list[str]:
    """What a node's settings say that cannot be here; a half-done node is no reason to refuse a file."""
    try:
        cls = catalogue.get(node.type)
    except catalogue.UnknownActivity:
        return []  # drawn grey, refuses to run
    form = cls.form_class(node.settings, scope=compiler.scope(node.id, offered), draft=True)
    if not form.is_valid():
        return list(form.sentences())
    try:
        compiler.outputs(node.id)
    except (RuleError, UnknownDataset) as error:
        # of a rule only the names matter here; what else is wrong with it the alerts panel says
        named = not isinstance(error, RuleError) or error.place.rpartition(".")[2] in {
            "attribute",
            "link",
            "filter",
            "audience",
        }
        return [str(error)] if named else []
    except Refused:
        return []
    return []
