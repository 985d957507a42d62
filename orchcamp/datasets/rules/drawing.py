"""The rule as the builder draws it: nested boxes of plain values for the templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from ..schema import ColumnShape, DatasetShape, Step
from . import inputs, moments, tree
from .context import RuleContext
from .operators import AGGREGATES, DAY, NUMBER, OPERATORS, figure_type, for_type, label

Choices = list[tuple[str, str]]
SHIFT_UNITS: Choices = [(unit, unit) for unit in ("minutes", "hours", "days", "weeks", "months", "years")]
SUGGESTED_AT_MOST = 60


@dataclass
class Box:
    """One node: its inputs are called ``{name}:{path}:…``."""

    kind: str  # group, condition, link, unknown
    name: str
    path: str
    node: Any
    error: str = ""
    first: bool = False
    last: bool = False
    focus: bool = False
    root: bool = False
    joint: str = ""  # the word before it
    items: list[Box] = field(default_factory=list)
    where: Box | None = None
    title: str = ""
    way: str = ""
    hint: str = ""
    choices: Choices = field(default_factory=list)
    columns: Choices = field(default_factory=list)
    value: Value | None = None

    @property
    def prefix(self) -> str:
        return f"{self.name}:{self.path}:"

    @property
    def key(self) -> str:
        """An id for the page, usable in a selector."""
        return f"{self.name}_{self.path or 'root'}".replace(".", "_").replace(":", "_")


@dataclass
class Value:
    """What an operator takes, as inputs."""

    operator: str
    takes: str
    type: str
    how: str = "value"
    hows: Choices = field(default_factory=list)
    text: str = ""
    text2: str = ""
    input: str = "text"
    options: Choices = field(default_factory=list)
    period: str = ""
    n: Any = ""
    counted: bool = False
    moving: str = ""
    shift: Any = ""
    unit: str = "days"
    after: bool = False
    others: Choices = field(default_factory=list)
    chosen: str = ""
    ignore_case: bool = False
    suggests: bool = False
    dataset: str = ""
    column: str = ""
    fixed: str = ""  # a value that only its JSON can say
    operators: Choices = field(default_factory=list)
    periods: Choices = field(default_factory=list)
    movings: Choices = field(default_factory=list)
    units: Choices = field(default_factory=lambda: SHIFT_UNITS)

    @property
    def is_text(self) -> bool:
        return self.type == "string"

    @property
    def is_number(self) -> bool:
        return self.type in NUMBER


class Drawer:
    """Draws the boxes of one builder."""

    def __init__(self, name: str, ctx: RuleContext, errors: Mapping[str, str], focus: str | None = None):
        self.name, self.ctx, self.errors, self.focus = name, ctx, errors, focus

    def root(self, root: tree.Tree, dataset: str) -> Box:
        return self.box(root, "", self.ctx.model.dataset(dataset), self.ctx.columns)

    def box(self, node: Any, path: str, shape: DatasetShape | None, extras: Mapping[str, ColumnShape]) -> Box:
        box = Box("unknown", self.name, path, node, self.errors.get(path, ""), focus=path == self.focus, root=not path)
        if isinstance(node, dict) and "group" in node:
            self._group(box, shape, extras)
        elif isinstance(node, dict) and "link" in node:
            self._link(box, shape)
        elif isinstance(node, dict) and "attribute" in node:
            self._condition(box, shape, extras)
        else:
            box.title = json.dumps(node, ensure_ascii=False)[:200]
        return box

    def _group(self, box: Box, shape: DatasetShape | None, extras: Mapping[str, ColumnShape]) -> None:
        box.kind = "group"
        box.choices = [
            ("and", _("All of these")),
            ("or", _("Any of these")),
            ("except", _("The first, but none of the others")),
        ]
        kind, items = box.node.get("group"), box.node.get("items") or []
        for n, item in enumerate(items):
            inner = self.box(item, f"{box.path}.{n}".lstrip("."), shape, extras)
            inner.first, inner.last = n == 0, n == len(items) - 1
            inner.joint = "" if n == 0 else {"and": _("and"), "or": _("or"), "except": _("but not")}.get(str(kind), "")
            box.items.append(inner)

    def _condition(self, box: Box, shape: DatasetShape | None, extras: Mapping[str, ColumnShape]) -> None:
        box.kind = "condition"
        path = box.node.get("attribute")
        column = inputs.column_at(path, shape, self.ctx, extras)
        *way, name = str(path).split(".")
        box.title, box.way, box.hint = (column.label or column.name) if column else name, " › ".join(way), str(path)
        if column and shape:
            box.choices = [(operator.name, label(operator.name, column.type)) for operator in for_type(column.type)]
            end = shape.slug if not way else self._end(shape, way)
            box.value = self._value(box.node, column, shape, extras, end)
        else:
            box.choices = [(str(box.node.get("operator", "")), str(box.node.get("operator", "")))]

    def _end(self, shape: DatasetShape, way: list[str]) -> str:
        for name in way:
            shape = self.ctx.model.dataset(shape.steps[name].target)
        return shape.slug

    def _link(self, box: Box, shape: DatasetShape | None) -> None:
        box.kind, node = "link", box.node
        end = inputs.end_of(node["link"], shape, self.ctx)
        *way, name = str(node["link"]).split(".")
        box.title, box.way, box.hint = name.replace("_", " "), " › ".join(way), end.label if end else str(node["link"])
        box.where = self.box(node.get("where"), f"{box.path}.w".lstrip("."), end, {})
        function, operator = node.get("aggregate"), str(node.get("operator", ""))
        box.choices = self._modes(end)
        if function is None:
            box.hint = "some" if node.get("exists", True) else "no"
        elif function == "count" and not node.get("attribute"):
            box.hint = f"count:{operator}"
            if box.hint not in dict(box.choices):
                box.choices.append(
                    (
                        box.hint,
                        f"{_('has a number that')} {label(operator, 'integer') if operator in OPERATORS else operator}",
                    )
                )
        else:
            box.hint = str(function)
        if function is not None and end:
            self._figure(box, str(function), end)

    def _modes(self, end: DatasetShape | None) -> Choices:
        modes = [
            ("some", _("has any")),
            ("no", _("has no")),
            ("count:greater_or_equal", _("has at least")),
            ("count:less_or_equal", _("has at most")),
            ("count:equals", _("has exactly")),
            ("count:greater_than", _("has more than")),
            ("count:less_than", _("has fewer than")),
            ("count:between", _("has between")),
        ]
        for function, words in AGGREGATES.items():
            if function != "count" and end and any(figure_type(function, c.type) for c in end.columns.values()):
                modes.append((function, str(words)))
        return modes

    def _figure(self, box: Box, function: str, end: DatasetShape) -> None:
        columns = aggregated(end, function, self.ctx)
        box.columns = [(path, title) for path, title, _type in columns]
        chosen = str(box.node.get("attribute", ""))
        type = next((t for path, _title, t in columns if path == chosen), None)
        if function == "count":
            box.columns = [] if box.hint.startswith("count:") else box.columns
            type = "integer"
        elif type is None:
            box.columns.append((chosen, chosen))
        figure = figure_type(function, type) or "float"
        box.value = self._value(box.node, ColumnShape("", "", figure), end, {}, "")
        box.value.hows = []
        box.value.operators = [(operator.name, label(operator.name, figure)) for operator in for_type(figure)]

    def _value(
        self,
        node: dict[str, Any],
        column: ColumnShape,
        shape: DatasetShape,
        extras: Mapping[str, ColumnShape],
        end: str,
    ) -> Value:
        operator = str(node.get("operator", ""))
        takes = OPERATORS[operator].takes if operator in OPERATORS else "one"
        given = node.get("value", "")
        value = Value(operator, takes, column.type, ignore_case=bool(node.get("ignore_case")))
        value.input = {"date": "date", "datetime": "text"}.get(column.type, "text")
        value.dataset, value.column = end, column.name
        value.suggests = bool(end) and column.name not in extras and takes in ("one", "many", "text")
        if column.type == "boolean":
            value.options, value.suggests = [("true", _("yes")), ("false", _("no"))], False
        elif column.values and takes == "one":
            value.options = [(item, item) for item in column.values]
        self._fill(value, given)
        if takes in ("one", "text", "pattern"):
            value.hows = self._hows(value, shape, extras, takes)
        return value

    def _hows(self, value: Value, shape: DatasetShape, extras: Mapping[str, ColumnShape], takes: str) -> Choices:
        hows = [("value", _("a value"))]
        if value.type in DAY:
            hows.append(("date", _("a moving date")))
            value.movings = [(name, str(words)) for name, words in moments.MOVING.items()]
        if takes != "pattern":
            value.others = comparable(value.type, shape, extras, self.ctx)
            if value.others:
                hows.append(("attribute", _("another column")))
        if self.ctx.variables:
            hows.append(("variable", _("a variable")))
        if value.how == "attribute" and value.chosen not in dict(value.others):
            value.others.insert(0, (value.chosen, value.chosen))
        if value.how == "variable":
            value.others = [(name, name) for name in dict.fromkeys([value.chosen, *self.ctx.variables]) if name]
        return hows

    def _fill(self, value: Value, given: Any) -> None:
        if value.takes == "period":
            given = given if isinstance(given, dict) else {}
            value.period, value.n = str(given.get("period", "")), given.get("n", "")
            value.counted = value.period in moments.COUNTED
            value.periods = [(name, str(words) % {"n": "…"}) for name, words in moments.PERIODS.items()]
        elif value.takes == "many":
            values = given if isinstance(given, list) else []
            if any(isinstance(item, dict) for item in values) or isinstance(given, dict):
                value.fixed = json.dumps(given, ensure_ascii=False)
            value.text = inputs.listed(values[:5_000])
            if len(values) > 5_000:  # too many to edit by hand: kept as they are
                value.fixed = _("%(n)s values") % {"n": f"{len(values):,}"}
        elif value.takes == "two":
            pair = given if isinstance(given, list) and len(given) == 2 else ["", ""]
            value.text, value.text2 = (written(item) for item in pair)
            if any(isinstance(item, dict) for item in pair):
                value.fixed = json.dumps(given, ensure_ascii=False)
        elif isinstance(given, dict):
            self._fill_reference(value, given)
        else:
            value.text = written(given)
            if value.options and value.text and value.text not in dict(value.options):
                value.options = [(value.text, value.text), *value.options]
        if value.input == "date" and value.takes == "one" and value.text and not _is_day(value.text):
            value.input = "text"

    def _fill_reference(self, value: Value, given: dict[str, Any]) -> None:
        value.how = next((how for how in ("date", "attribute", "variable") if how in given), "")
        value.chosen = str(given.get(value.how, ""))
        if not value.how:
            value.fixed = json.dumps(given, ensure_ascii=False)
        match = moments.SHIFT.fullmatch(str(given.get("shift", "")))
        if match:
            value.shift, value.unit, value.after = abs(int(match[1])), f"{match[2]}s", not match[1].startswith("-")


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
    type: str, shape: DatasetShape, extras: Mapping[str, ColumnShape], ctx: RuleContext
) -> list[tuple[str, str]]:
    """(path, title) of the columns that a column of this type can be held against."""
    family = next((types for types in (NUMBER, DAY) if type in types), frozenset({type}))
    found = [(name, column.label or name) for name, column in extras.items() if column.type in family]
    for prefix, near, title in _near(shape, ctx):
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
