"""Choices between values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ibis
from django.utils.translation import gettext as sentence
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Value

from ..building import Building, constant, nothing
from ..registry import Parameter, function
from ..syntax import Place
from ..typed import Apply, Typed

if TYPE_CHECKING:
    from ..checking import Checker

SAME, ALIKE = "same", "alike"


def last(types: Sequence[str]) -> str:
    """The type of the last argument."""
    return types[-1]


def certain(condition: Value) -> Any:
    """A condition that counts as false where it is unknown."""
    return condition.fill_null(False)


# --- Case --------------------------------------------------------------------------------------------------------


@function(
    "When", "other", [("condition", "boolean"), ("value", "any")], "when", _("A case of Case: used inside of it only."),
    "Case(When([age] >= 18, 'adult'))", "adult", raw=True,
)  # fmt: skip
@function(
    "Else", "other", [("value", "any")], "else", _("What Case gives when no condition holds: its last argument."),
    "Case(When([age] < 18, 'minor'), Else('adult'))", "adult", raw=True,
)  # fmt: skip
def clause(_building: Building, *_parts: Typed) -> Value:
    raise AssertionError("a clause is built by the function around it")


def _settle(checker: Checker, arguments: list[Typed], place: Place) -> tuple[list[Typed], str]:
    """Every value of the cases in one type; Else at the end only."""
    from ..checking import problem

    clauses = [one for one in arguments if isinstance(one, Apply)]
    for one in clauses[:-1]:
        if one.type == "else":
            raise problem(one.place, sentence("Else(…) is the last argument of Case, and stands there once."))
    values = checker.alike([one.arguments[-1] for one in clauses], "Case")
    found: list[Typed] = [
        replace(one, arguments=(*one.arguments[:-1], value)) for one, value in zip(clauses, values, strict=True)
    ]
    return found, values[0].type


@function(
    "Case", "other",
    [Parameter("When(condition, value)", "when"),
     Parameter("Else(value)", ("when", "else"), optional=True, repeats=True)],
    last, _("The value of the first When whose condition holds, or else that of Else, or null."),
    "Case(When([age] < 18, 'young'), When([age] < 65, 'grown'), Else('old'))", "grown", raw=True, settle=_settle,
)  # fmt: skip
def case(building: Building, *clauses: Apply) -> Value:
    from ..compiling import build

    *_rest, end = clauses
    made = [[building.tidy(build(part, building)) for part in one.arguments] for one in clauses]
    otherwise = made.pop()[0] if end.type == "else" else nothing(end.arguments[-1].type)
    return (
        ibis.cases(*((certain(condition), value) for condition, value in made), else_=otherwise) if made else otherwise
    )


# --- The others --------------------------------------------------------------------------------------------------


@function(
    "Iif", "other", [("condition", "boolean"), ("v1", SAME), ("v2", SAME)], last,
    _("v1 when the condition holds, v2 when it does not or is unknown."), "Iif([age] >= 18, 'adult', 'minor')", "adult",
)  # fmt: skip
def iif(_building: Building, condition: Value, yes: Value, no: Value) -> Value:
    return ibis.ifelse(certain(condition), yes, no)


@function(
    "Decode", "other", [("v1", SAME), ("v2", SAME), ("v3", ALIKE), ("v4", ALIKE)], last,
    _("v3 when v1 is v2, else v4; nulls are equal to nothing."), "Decode([city], 'Paris', 75, 0)", 75,
)  # fmt: skip
@function(
    "IfEquals", "string", [("a", SAME), ("b", SAME), ("c", ALIKE), ("d", ALIKE)], last,
    _("c when a is b, else d; nulls are equal to nothing."), "IfEquals([city], 'Paris', 'here', 'there')", "here",
)  # fmt: skip
def decode(_building: Building, left: Value, right: Value, yes: Value, no: Value) -> Value:
    return ibis.ifelse(certain(left == right), yes, no)


@function(
    "Coalesce", "other", [("v1", SAME), Parameter("v2", SAME, repeats=True)], last,
    _("The first of the values that is not null."), "Coalesce([note], 'none')", "none",
)  # fmt: skip
def coalesce(_building: Building, *values: Value) -> Value:
    return ibis.coalesce(*values)


@function(
    "NoNull", "other", [("value", "string")], "string", _("The text, '' when it is null."), "NoNull([note]) + '!'", "!",
)  # fmt: skip
def no_null(_building: Building, value: Value) -> Value:
    return value.fill_null("")


@function(
    "IsEmptyString", "other", [("v1", "string"), ("v2", SAME), ("v3", SAME)], last,
    _("v2 when v1 is null or '', else v3."), "IsEmptyString([note], 'no note', [note])", "no note",
)  # fmt: skip
def is_empty_string(_building: Building, value: Value, empty: Value, full: Value) -> Value:
    return ibis.ifelse(value.fill_null("") == constant("", "string"), empty, full)
