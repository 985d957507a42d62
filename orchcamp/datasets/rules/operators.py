"""The operators: which types they take, what they need beside them, what they are the opposite of."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEXT = frozenset({"string"})
NUMBER = frozenset({"integer", "decimal", "float"})
DAY = frozenset({"date", "datetime"})
ORDERED = TEXT | NUMBER | DAY
ANY = ORDERED | {"boolean"}


@dataclass(frozen=True)
class Operator:
    name: str
    label: str | Promise
    types: frozenset[str]
    takes: str  # nothing, one, two, many, text, pattern, period
    base: str = ""  # of a negative operator: the positive one that it is the exact complement of
    day_label: str | Promise = ""  # how it is said of days


OPERATORS = {
    operator.name: operator
    for operator in (
        Operator("equals", _("is"), ANY, "one"),
        Operator("not_equals", _("is not"), ANY, "one", "equals"),
        Operator("greater_than", _("is more than"), ORDERED, "one", day_label=_("is after")),
        Operator("greater_or_equal", _("is at least"), ORDERED, "one", day_label=_("is on or after")),
        Operator("less_than", _("is less than"), ORDERED, "one", day_label=_("is before")),
        Operator("less_or_equal", _("is at most"), ORDERED, "one", day_label=_("is on or before")),
        Operator("between", _("is between"), ORDERED, "two"),
        Operator("not_between", _("is not between"), ORDERED, "two", "between"),
        Operator("in", _("is one of"), ANY, "many"),
        Operator("not_in", _("is none of"), ANY, "many", "in"),
        Operator("in_period", _("is in the period"), DAY, "period"),
        Operator("not_in_period", _("is not in the period"), DAY, "period", "in_period"),
        Operator("starts_with", _("starts with"), TEXT, "text"),
        Operator("not_starts_with", _("does not start with"), TEXT, "text", "starts_with"),
        Operator("ends_with", _("ends with"), TEXT, "text"),
        Operator("not_ends_with", _("does not end with"), TEXT, "text", "ends_with"),
        Operator("contains", _("contains"), TEXT, "text"),
        Operator("not_contains", _("does not contain"), TEXT, "text", "contains"),
        Operator("like", _("is like"), TEXT, "pattern"),
        Operator("not_like", _("is not like"), TEXT, "pattern", "like"),
        Operator("matches", _("matches the pattern"), TEXT, "pattern"),
        Operator("is_empty", _("is empty"), ANY, "nothing", "is_not_empty"),
        Operator("is_not_empty", _("is not empty"), ANY, "nothing"),
    )
}

AGGREGATES: dict[str, str | Promise] = {
    "count": _("Number"),
    "count_distinct": _("Number of different values"),
    "sum": _("Sum"),
    "avg": _("Average"),
    "min": _("Smallest"),
    "max": _("Greatest"),
    "stddev": _("Standard deviation"),
}


def for_type(type: str) -> list[Operator]:
    """The operators that a column of this type can take, in the order of a menu."""
    return [operator for operator in OPERATORS.values() if type in operator.types]


def label(operator: str, type: str) -> str:
    """How the operator is said of a value of this type."""
    found = OPERATORS[operator]
    return str(found.day_label if found.day_label and type in DAY else found.label)


def figure_type(function: str, column_type: str | None) -> str | None:
    """The type of an aggregate's figure; None when the function cannot be taken of the column."""
    if function in ("count", "count_distinct"):
        return "integer"
    if function in ("min", "max"):
        return column_type if column_type in ORDERED else None
    if column_type not in NUMBER:
        return None
    return column_type if function == "sum" else "float"
