"""Tags of the rule builder."""

from __future__ import annotations

import json
from typing import Any

from django import template

register = template.Library()

TYPE_ICONS = {
    "string": "notes",
    "integer": "tag",
    "decimal": "tag",
    "float": "tag",
    "boolean": "toggle_on",
    "date": "calendar_today",
    "datetime": "schedule",
    "one": "arrow_forward",
    "many": "stacks",
}


@register.simple_tag
def vals(**values: Any) -> str:
    """Values that a button sends along, for ``hx-vals``."""
    return json.dumps({key: str(value) for key, value in values.items()})


@register.filter
def type_icon(type: str) -> str:
    """The symbol of a column type."""
    return TYPE_ICONS.get(type, "circle")
