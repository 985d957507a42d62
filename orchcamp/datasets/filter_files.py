"""Predefined filters as files: what ``import_filter`` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from orchcamp.web import documents

from . import predefined, rules, schema
from .models import PredefinedFilter

SCHEMA = 1
WRAPPING = {"schema", "kind", "filter"}
NEEDED = {"slug", "dimension", "rule"}
KNOWN = NEEDED | {"label", "description", "parameters", "shared"}


def load(path: Path, *, by: Any = None) -> tuple[PredefinedFilter, bool]:
    """The filter of a file and whether it is new; one with its slug gets a new revision. Raises Refused."""
    facts = _facts(documents.read(path), path)
    try:
        return _kept(facts, by)
    except rules.RuleError as error:
        raise _bad(path, f"filter.{error.place}", error.sentence) from None
    except schema.UnknownDataset as error:
        raise _bad(path, "filter.dimension", str(error)) from None


def _kept(facts: dict[str, Any], by: Any) -> tuple[PredefinedFilter, bool]:
    slug, rule, parameters = facts["slug"], facts["rule"], facts.get("parameters") or {}
    label, description = facts.get("label") or slug, facts.get("description") or ""
    found = PredefinedFilter.objects.filter(slug=slug).select_related("dataset").first()
    if found is None:
        shared = facts.get("shared", True)
        named = {"slug": slug, "label": label, "description": description, "dataset": facts["dimension"]}
        return predefined.create(**named, rule=rule, parameters=parameters, shared=shared, by=by), True
    if found.dataset.slug != facts["dimension"]:
        raise rules.RuleError(
            "dimension",
            _("there is a filter “%(slug)s” already, about “%(own)s”; give this one another slug.")
            % {"slug": slug, "own": found.dataset.slug},
        )
    changed = {"label": label, "description": description, "shared": facts.get("shared")}
    return predefined.change(found, rule=rule, parameters=parameters, by=by, **changed), False


def _facts(document: Any, path: Path) -> dict[str, Any]:
    if not isinstance(document, dict) or document.get("kind") != "filter":
        raise _bad(path, "", _("this is not a filter file: it must be an object with “kind”: “filter”."))
    if document.get("schema") is True or document.get("schema") != SCHEMA:
        why = _("is %(found)s; this version of Orchcamp reads %(known)s.")
        raise _bad(path, "schema", why % {"found": document.get("schema"), "known": SCHEMA})
    if unknown := set(map(str, document)) - WRAPPING:
        raise _bad(path, "", _("unknown key “%(key)s”.") % {"key": min(unknown)})
    facts = document.get("filter")
    if not isinstance(facts, dict):
        raise _bad(path, "filter", _("must be an object with “slug”, “label”, “dimension” and “rule”."))
    if unknown := set(map(str, facts)) - KNOWN:
        place = {"key": min(unknown), "known": ", ".join(sorted(KNOWN))}
        raise _bad(path, "filter", _("unknown key “%(key)s”; known here: %(known)s.") % place)
    for name in sorted(NEEDED - set(facts)):
        raise _bad(path, "filter", _("“%(name)s” is missing.") % {"name": name})
    for name in ("slug", "label", "dimension", "description"):
        if not isinstance(facts.get(name) or "", str):
            raise _bad(path, f"filter.{name}", _("must be a text."))
    if not isinstance(facts["rule"], dict):
        raise _bad(path, "filter.rule", _("must be an object such as {“group”: “and”, “items”: []}."))
    if not isinstance(facts.get("shared", True), bool):
        raise _bad(path, "filter.shared", _("must be true or false."))
    return facts


def _bad(path: Path, place: str, sentence: str) -> predefined.FilterError:
    return predefined.FilterError(f"{path}: {place}: {sentence}" if place else f"{path}: {sentence}")
