"""Types of values, and what they have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NUMBERS = ("integer", "decimal", "float")
DAYS = ("date", "datetime")
CLAUSES = ("when", "else", "partition", "order", "descending")  # not values: only certain functions take them
NAMES: dict[str, str | Promise] = {
    "string": _("a text"),
    "integer": _("a whole number"),
    "decimal": _("a number"),
    "float": _("a number"),
    "number": _("a number"),
    "boolean": _("true or false"),
    "date": _("a date"),
    "datetime": _("a date with a time"),
    "day": _("a date"),
    "when": _("When(…)"),
    "else": _("Else(…)"),
    "partition": _("PartitionBy(…)"),
    "order": _("OrderBy(…)"),
    "descending": _("Desc(…)"),
}
DAY_FORM = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT_FORM = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")


def family(type: str) -> str:
    """Types of one family can be compared."""
    return "number" if type in NUMBERS else "day" if type in DAYS else type


def common(types: Sequence[str]) -> str | None:
    """The type that values of all these types have together; None when there is none."""
    if len({family(type) for type in types}) != 1:
        return None
    for widest in ("float", "decimal", "datetime"):
        if widest in types:
            return widest
    return types[0]


def type_of(value: Any) -> str | None:
    """The type of a constant in Python."""
    for kind, name in (
        (bool, "boolean"),
        (int, "integer"),
        (float, "float"),
        (Decimal, "decimal"),
        (str, "string"),
        (datetime, "datetime"),
        (date, "date"),
    ):
        if isinstance(value, kind):
            return name
    return None


def day(text: str, home: ZoneInfo) -> date | datetime | None:
    """The date or moment that a text says; one without zone is in the project's; None when it says none."""
    try:
        if DAY_FORM.fullmatch(text):
            return date.fromisoformat(text)
        if MOMENT_FORM.fullmatch(text):
            found = datetime.fromisoformat(text)
            return (found if found.tzinfo else found.replace(tzinfo=home)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None
