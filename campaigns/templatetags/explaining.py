"""How the values of a row are shown in a sentence or a cell."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from campaigns.explaining import shown
from orchcamp.datasets import overview

register = template.Library()


@register.filter
def plainly(value: Any) -> str:
    """A value as a cell of a table, in the project's zone; texts as they are."""
    return value if isinstance(value, str) else (overview.shown(value) or "")


@register.filter
def said(value: Any) -> str:
    """A value in the reader's words; nothing is “empty”."""
    return _("empty") if value is None or value == "" else shown(value)
