"""What an operator can be held against, as inputs: values, other columns, variables, moving dates, expressions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from ..schema import ColumnShape, DatasetShape, Step
from . import inputs, moments
from .boxes import Choices, Part, Value
from .context import RuleContext
from .operators import DAY, NUMBER, OPERATORS, figure_type

EDITED_AT_MOST = 5_000
REFERENCES = ("date", "attribute", "variable", "expression", "parameter")


def value(
    node: dict[str, Any],
    column: ColumnShape,
    shape: DatasetShape,
    extras: Mapping[str, ColumnShape],
    ctx: RuleContext,
    end: str,
) -> Value:
    """What the node's operator takes; ``end`` is the dataset whose values may be suggested."""
    operator = str(node.get("operator", ""))
    takes = OPERATORS[operator].takes if operator in OPERATORS else "one"
    found = Value(operator, takes, column.type, ignore_case=bool(node.get("ignore_case")))
    found.dataset, found.column, found.asks = end, column.name, ctx.parameters is not None
    found.suggests = bool(end) and column.name not in extras and takes in ("one", "many", "text")
    found.suggests = found.suggests and column.type != "boolean"
    given = node.get("value", "")
    if takes == "period":
        _fill_period(found, given)
    elif takes == "two":
        pair = given if isinstance(given, list) and len(given) == 2 else ["", ""]
        found.parts = [Part(_("From")), Part(_("To"), "2")]
        for part, item in zip(found.parts, pair, strict=True):
            _fill(part, item, column, takes)
    elif takes == "many":
        found.parts = [Part(_("Values, separated by commas"), many=True)]
        _fill_many(found.parts[0], given)
    elif takes != "nothing":
        found.parts = [Part(_("Value"))]
        _fill(found.parts[0], given, column, takes)
    for part in found.parts:
        _offer(part, found, shape, extras, ctx)
    if any(part.how != "value" or part.fixed for part in found.parts):
        found.suggests = False
    return found


def _fill_period(found: Value, given: Any) -> None:
    given = given if isinstance(given, dict) else {}
    found.period, found.n = str(given.get("period", "")), given.get("n", "")
    if isinstance(found.n, dict):
        found.n, found.parameter = "", str(found.n.get("parameter", ""))
    found.counted = found.period in moments.COUNTED
    found.periods = [(name, str(words) % {"n": "…"}) for name, words in moments.PERIODS.items()]


def _fill(part: Part, given: Any, column: ColumnShape, takes: str) -> None:
    part.input = "date" if column.type == "date" else "text"
    if column.type == "boolean":
        part.options = [("true", _("yes")), ("false", _("no"))]
    elif column.values and takes == "one":
        part.options = [(item, item) for item in column.values]
    if isinstance(given, dict):
        return _fill_reference(part, given)
    part.text = written(given)
    if part.options and part.text and part.text not in dict(part.options):
        part.options = [(part.text, part.text), *part.options]
    if part.input == "date" and part.text and not _is_day(part.text):
        part.input = "text"
    return None


def _fill_reference(part: Part, given: dict[str, Any]) -> None:
    part.how = next((how for how in REFERENCES if how in given), "")
    part.chosen = str(given.get(part.how, ""))
    if not part.how:
        part.fixed = json.dumps(given, ensure_ascii=False)
    match = moments.SHIFT.fullmatch(str(given.get("shift", "")))
    if match:
        part.shift, part.unit, part.after = abs(int(match[1])), f"{match[2]}s", not match[1].startswith("-")


def _fill_many(part: Part, given: Any) -> None:
    if isinstance(given, dict):
        return _fill_reference(part, given)
    values = given if isinstance(given, list) else []
    if any(isinstance(item, dict) for item in values):
        part.fixed = json.dumps(given, ensure_ascii=False)
    part.text = inputs.listed(values[:EDITED_AT_MOST])
    if len(values) > EDITED_AT_MOST:  # too many to edit by hand: kept as they are
        part.fixed = _("%(n)s values") % {"n": f"{len(values):,}"}
    return None


def _offer(part: Part, value: Value, shape: DatasetShape, extras: Mapping[str, ColumnShape], ctx: RuleContext) -> None:
    """The ways of saying it that fit here; one that is in use is offered even where it does not fit."""
    part.hows = [("value", _("values") if part.many else _("a value"))]
    if value.type in DAY and not part.many:
        part.hows.append(("date", _("a moving date")))
        part.movings = [(name, str(words)) for name, words in moments.MOVING.items()]
    if value.takes != "pattern" and not part.many:
        if part.how == "attribute":
            part.others = comparable(value.type, shape, extras, ctx)
        if part.how == "attribute" or comparable(value.type, shape, extras, ctx, at_most=1):
            part.hows.append(("attribute", _("another column")))
        part.hows.append(("expression", _("an expression")))
    if ctx.variables or part.how == "variable":
        part.hows.append(("variable", _("a variable")))
    if ctx.parameters is not None or part.how == "parameter":
        part.hows.append(("parameter", _("a parameter: asked on each use")))
    if part.how == "attribute" and part.chosen not in dict(part.others):
        part.others.insert(0, (part.chosen, part.chosen))
    if part.how == "variable":
        part.others = [(name, name) for name in dict.fromkeys([part.chosen, *ctx.variables]) if name]


def _is_day(text: str) -> bool:
    return len(text) == 10 and text[4] == text[7] == "-"


def written(value: Any) -> str:
    """A literal as its input shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, dict) else str(value)


def aggregated(end: DatasetShape, function: str, ctx: RuleContext) -> list[tuple[str, str, str]]:
    """(path, title, type) of the columns that an aggregate can be taken of: its own and one to-one link further."""
    found = []
    for prefix, shape, title in _near(end, ctx):
        for column in shape.columns.values():
            if figure_type(function, column.type):
                found.append((prefix + column.name, title + (column.label or column.name), column.type))
    return found


def comparable(
    type: str, shape: DatasetShape, extras: Mapping[str, ColumnShape], ctx: RuleContext, at_most: int = 0
) -> Choices:
    """(path, title) of the columns that a column of this type can be held against; ``at_most`` 0 means all."""
    family = next((types for types in (NUMBER, DAY) if type in types), frozenset({type}))
    found = [(name, column.label or name) for name, column in extras.items() if column.type in family]
    for prefix, near, title in _near(shape, ctx):
        if at_most and len(found) >= at_most:
            break
        found += [
            (prefix + column.name, title + (column.label or column.name))
            for column in near.columns.values()
            if column.type in family and (prefix or column.name not in extras)
        ]
    return found


def _near(shape: DatasetShape, ctx: RuleContext) -> list[tuple[str, DatasetShape, str]]:
    near = [("", shape, "")]
    for step in to_one(shape):
        near.append((f"{step.name}.", ctx.model.dataset(step.target), f"{step.name.replace('_', ' ')} › "))
    return near


def to_one(shape: DatasetShape) -> list[Step]:
    return [step for step in shape.steps.values() if step.to_one]
