"""What a type's settings are, for programs and for readers: derived from its form, never written twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import override

from orchcamp.datasets.rules.forms import RuleField

from . import catalogue
from .base import Activity
from .fields import (
    CODE,
    RESERVED,
    CodeField,
    ColumnsField,
    InboundField,
    LinesField,
    MomentField,
    ScopedChoiceField,
)
from .forms import SettingsForm
from .pairs import PairsField
from .rows import PartField, RowsField
from .variables import ValueField

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLACE = {
    "type": ["object", "null"],
    "properties": {"node": {"type": "string"}, "port": {"type": "string"}},
    "required": ["node", "port"],
}


def schema(kind: type[Activity]) -> dict[str, Any]:
    """The JSON Schema of a type's settings."""
    with override("en"):
        return {"$schema": DIALECT, "title": str(kind.label), "description": str(kind.help), **_object(kind.form_class)}


def _object(form_class: type[SettingsForm]) -> dict[str, Any]:
    form = form_class()
    fields = {name: _described(form, name, field) for name, field in form.fields.items()}
    required = [name for name, field in form.fields.items() if field.required and "default" not in fields[name]]
    return {
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _described(form: SettingsForm, name: str, field: forms.Field) -> dict[str, Any]:
    words = {"title": str(field.label or name), "description": str(field.help_text)}
    default = form.get_initial_for_field(field, name)
    described = {key: text for key, text in words.items() if text} | _shape(field)
    return described if default is None else described | {"default": default}


def _shape(field: forms.Field) -> dict[str, Any]:
    """The schema of a field's JSON; the first that fits."""
    if isinstance(field, RowsField):
        return {"type": "array", "items": _object(field.form_class), "minItems": field.at_least}
    if isinstance(field, PartField):
        part = _object(field.form_class)
        return part | {
            "type": ["object", "null"],
            "required": sorted({*(field.switches if len(field.switches) == 1 else ()), *part.get("required", ())}),
        }
    if isinstance(field, ValueField):
        return {"type": ["string", "number", "array"]}
    if isinstance(field, RuleField):
        return {"type": "object", "format": "rule"}
    if isinstance(field, PairsField):
        pair = {name: {"type": "string"} for name in (field.first, field.second)}
        return {"type": "array", "items": {"type": "object", "properties": pair, "required": list(pair)}}
    if isinstance(field, InboundField):
        return PLACE
    if isinstance(field, ColumnsField | LinesField):
        return {"type": "array", "items": {"type": "string"}}
    if isinstance(field, ScopedChoiceField | MomentField):
        return {"type": "string"} | ({"format": "date-time"} if isinstance(field, MomentField) else {})
    if isinstance(field, forms.ChoiceField):
        return {"type": "string", "enum": [key for key, _label in cast("list[tuple[Any, Any]]", field.choices)]}
    if isinstance(field, forms.BooleanField):
        return {"type": "boolean", "default": False}
    if isinstance(field, forms.IntegerField):
        return _number(field) | {"type": "number" if isinstance(field, forms.FloatField) else "integer"}
    return _text(field)


def _number(field: forms.IntegerField) -> dict[str, Any]:
    bounds = {"minimum": field.min_value, "maximum": field.max_value}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _text(field: forms.Field) -> dict[str, Any]:
    described: dict[str, Any] = {"type": "string"}
    if isinstance(field, CodeField):
        described |= {"pattern": f"^{CODE.pattern}$", "not": {"enum": sorted(RESERVED)}}
    longest = getattr(field, "max_length", None)
    return described | ({"maxLength": longest} if longest else {})


# --- The reference -------------------------------------------------------------------------------

GROUPS = {"data": "Data", "targeting": "Targeting", "flow": "Flow", "channel": "Channels"}
OPENING = """# Activities

Every activity type of the canvas, its ports and its settings as they stand in a campaign file. This page is derived
from the forms; `make docs` writes it again.
The JSON Schema of one type: `python manage.py describe_activity TYPE`.

A setting that has a default may be left out. Columns are those that reach the node: the columns of the targeting
dimension, and those that nodes before it added. A rule is a tree as the rule builder edits it; `{}` is everyone.
"""


def reference() -> str:
    """The page for readers, in Markdown."""
    with override("en"):
        parts = [OPENING]
        group = ""
        for kind in catalogue.all_types():
            if kind.group != group:
                group = kind.group
                parts.append(f"## {GROUPS[group]}\n")
            parts.append(_chapter(kind))
        return "\n".join(parts)


def _chapter(kind: type[Activity]) -> str:
    inputs = ", ".join(
        f"`{p.name}`{'' if p.required else ' (optional)'}{' (many)' if p.many else ''}" for p in kind.inputs
    )
    outputs = ", ".join(f"`{port.name}`" for port in kind(kind.initial()).ports())
    lines = [f"### {kind.label} (`{kind.key}`)", "", str(kind.help), ""]
    lines += [f"In: {inputs or 'none'}. Out, when new: {outputs or 'none'}.", ""]
    rows = list(_settings(schema(kind)))
    if rows:
        lines += ["| setting | value | meaning |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(lines)


def _settings(described: Mapping[str, Any], prefix: str = "") -> list[str]:
    rows = []
    for name, field in described["properties"].items():
        meaning = " ".join(filter(None, [f"{field.get('title', name)}.", field.get("description", "")]))
        required = " **Required.**" if name in described.get("required", ()) else ""
        rows.append(f"| `{prefix}{name}` | {_value(field)} | {_escaped(meaning)}{required} |")
        inner = field.get("items", field)
        if "properties" in inner and "node" not in inner["properties"]:
            rows += _settings(inner, f"{prefix}{name}{'[]' if 'items' in field else ''}.")
    return rows


def _value(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        value = " ".join(f"`{key}`" for key in field["enum"] if key)
    else:
        types = field["type"] if isinstance(field["type"], list) else [field["type"]]
        value = " or ".join(field.get("format", name) if name in ("object", "string") else name for name in types)
    default = field.get("default")
    return value + (
        f"; default `{default}`" if isinstance(default, str | int) and not isinstance(default, bool) else ""
    )


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
