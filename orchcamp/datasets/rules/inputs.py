"""What stands in the builder's inputs, written into the tree. Nothing typed is lost, be it right or wrong."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from ..schema import ColumnShape, DatasetShape
from . import moments, paths, tree
from .context import RuleContext, RuleError
from .operators import AGGREGATES, ANY, DAY, NUMBER, OPERATORS, figure_type, for_type

NUMERAL = re.compile(r"[+-]?\d{1,30}(?:[.,]\d{1,30})?")
SIZE_AT_MOST = 8_000_000
EXPRESSION = "="  # stands among the columns of an aggregate for an expression
Data = Mapping[str, Any]


class Inputs:
    """Reads ``name:path:part`` of a sent form."""

    def __init__(self, data: Data, name: str, ctx: RuleContext):
        self.data, self.name, self.ctx = data, name, ctx

    def merged(self, dataset: str) -> tree.Tree:
        """The tree with every visible input in its place. Raises RuleError when it is no tree at all."""
        root = tree.normal(self.stored())
        if dataset in self.ctx.model.datasets:
            self._merge(root, "", self.ctx.model.dataset(dataset), self.ctx.columns)
        return root

    def as_it_was(self) -> tree.Tree:
        """The tree as the hidden input holds it, whatever the visible ones say. Raises RuleError."""
        return tree.normal(self.stored())

    def stored(self) -> Any:
        """The tree as the hidden input holds it."""
        text = self.data.get(self.name) or "{}"
        if len(text) > SIZE_AT_MOST:
            raise RuleError("", _("the rule is larger than %(n)s MB.") % {"n": SIZE_AT_MOST // 1_000_000})
        try:
            found = json.loads(text)
        except RecursionError:
            raise RuleError("", _("the rule is nested too deeply; build it of fewer groups.")) from None
        except ValueError:
            raise RuleError("", _("the rule is not JSON; reload the page.")) from None
        if not isinstance(found, dict):
            raise RuleError("", _("expects an object such as {“group”: “and”, “items”: []}."))
        return found

    def _get(self, path: str, part: str) -> str | None:
        return self.data.get(f"{self.name}:{path}:{part}")

    def _merge(self, node: Any, path: str, shape: DatasetShape | None, extras: Mapping[str, ColumnShape]) -> None:
        if not isinstance(node, dict):
            return
        if "group" in node:
            kind = self._get(path, "group")
            node["group"] = kind if kind in ("and", "or", "except") else node["group"]
            for n, item in enumerate(node.get("items") or []):
                self._merge(item, f"{path}.{n}".lstrip("."), shape, extras)
        elif "link" in node:
            self._merge_link(node, path, shape)
        elif "filter" in node:
            self._merge_filter(node, path)
        elif "audience" in node:
            node["audience"] = self._get(path, "audience") or node["audience"]
            if (member := self._get(path, "member")) is not None:
                node["member"] = member != "no"
        elif self._get(path, "operator") is not None:
            self._merge_condition(node, path, shape, extras)

    def _merge_condition(
        self, node: dict[str, Any], path: str, shape: DatasetShape | None, extras: Mapping[str, ColumnShape]
    ) -> None:
        if "attribute" in node:
            column = column_at(node["attribute"], shape, self.ctx, extras)
            self._merge_test(node, path, column.type if column else "string")
        elif "expression" in node:
            text = self._get(path, "of-expression")
            node["expression"] = node["expression"] if text is None else text
            type = expression_type(node["expression"], shape, self.ctx, extras) or guessed(node)
            self._merge_test(node, path, type)
            if type == "boolean" and node.get("value") == "":
                node["value"] = True

    def _merge_filter(self, node: dict[str, Any], path: str) -> None:
        known = self.ctx.model.filters.get(str(node["filter"]))
        given = node.get("parameters")
        given = dict(given) if isinstance(given, dict) else {}
        for name, facts in known.parameters.items() if known else ():
            text = self._get(path, f"parameter-{name}")
            if text is not None and text.strip():
                given[name] = parameter(text, str(facts.get("type", "text")))
            elif text is not None:
                given.pop(name, None)
        node.pop("parameters", None)
        if given:
            node["parameters"] = given

    def _merge_link(self, node: dict[str, Any], path: str, shape: DatasetShape | None) -> None:
        end = end_of(node["link"], shape, self.ctx)
        self._merge(node.get("where"), f"{path}.w", end, {})
        mode = self._get(path, "mode")
        if mode is None:
            return
        function, _colon, operator = mode.partition(":")
        if function in ("some", "no"):
            for key in ("aggregate", "attribute", "expression", "operator", "value", "ignore_case"):
                node.pop(key, None)
            node["exists"] = function == "some"
        elif function == "count" or function in AGGREGATES:
            self._merge_figure(node, path, function, operator, end)

    def _merge_figure(
        self, node: dict[str, Any], path: str, function: str, operator: str, end: DatasetShape | None
    ) -> None:
        node.pop("exists", None)
        was, node["aggregate"] = node.get("aggregate"), function
        if function == "count" and operator:
            node.pop("attribute", None)
            node.pop("expression", None)
        elif self._get(path, "of") == EXPRESSION:
            was_of = node.pop("attribute", "")
            text = self._get(path, "of-expression")
            node["expression"] = text if text is not None else node.get("expression", f"[{was_of}]" if was_of else "")
        elif of := self._get(path, "of"):
            node.pop("expression", None)
            node["attribute"] = of
        type = figure_type(function, self._type_of(node, function, end)) or "float"
        if was is None:
            node.setdefault("operator", operator or "greater_or_equal")
            node.setdefault("value", 1)
        self._merge_test(node, path, type, operator)

    def _type_of(self, node: dict[str, Any], function: str, end: DatasetShape | None) -> str | None:
        """The type of what an aggregate is taken of; a column that it cannot be taken of gives way to one it can."""
        if "expression" in node:
            return expression_type(str(node["expression"]), end, self.ctx, {}) or None
        column = column_at(node.get("attribute"), end, self.ctx, {}) if end else None
        if function != "count" and (not column or not figure_type(function, column.type)):
            column = next((c for c in (end.columns.values() if end else ()) if figure_type(function, c.type)), None)
            node["attribute"] = column.name if column else node.get("attribute", "")
        return column.type if column else None

    # --- an operator and its value -----------------------------------------------------------------------------

    def _merge_test(self, node: dict[str, Any], path: str, type: str, operator: str = "") -> None:
        chosen = operator or self._get(path, "operator") or node.get("operator", "")
        if chosen not in OPERATORS or type not in OPERATORS[chosen].types:
            chosen = for_type(type)[0].name
        was = OPERATORS.get(node.get("operator", ""))
        node["operator"] = chosen
        if type == "string" and self._get(path, "operator") is not None:
            node.pop("ignore_case", None)
            if self._get(path, "ignore_case"):
                node["ignore_case"] = True
        takes = OPERATORS[chosen].takes
        if takes == "nothing":
            node.pop("value", None)
            node.pop("ignore_case", None)
            return
        given = self._given(node, path, type, was.takes if was else "")
        node["value"] = fitting(given, takes, type)

    def _given(self, node: dict[str, Any], path: str, type: str, was: str) -> Any:
        """The value as the inputs that were shown for the former operator say it."""
        old = node.get("value")
        if (name := self._get(path, "period")) is not None:
            return {"period": name, "n": self._days(path)} if name in moments.COUNTED else {"period": name}
        if was == "two":
            pair = old if isinstance(old, list) and len(old) == 2 else ["", ""]
            return [self._single(path, type, item, suffix) for item, suffix in zip(pair, ("", "2"), strict=True)]
        if was == "many" and self._get(path, "how") in (None, "value"):
            text = self._get(path, "value")
            return old if text is None else [typed(item, type) for item in items(text)]
        return self._single(path, type, old)

    def _days(self, path: str) -> Any:
        if self._get(path, "nhow") == "parameter":
            return {"parameter": self._get(path, "nparameter") or "days"}
        n = typed(self._get(path, "n") or "", "integer")
        return 30 if n == "" else n

    def _single(self, path: str, type: str, old: Any, suffix: str = "") -> Any:
        def get(part: str) -> str | None:
            return self._get(path, part + suffix)

        reference = old if isinstance(old, dict) else {}
        how = get("how") or next(iter(reference), "value")
        if how == "date" and type in DAY:
            if get("date") is None and "date" in reference:
                return old
            found = {"date": get("date") or "today"}
            n = typed(get("shift") or "", "integer")
            if n not in ("", 0) and get("date") is not None:
                found["shift"] = f"{'-' if get('way') != 'after' else '+'}{n} {get('unit') or 'days'}"
            return found
        if how in ("attribute", "variable", "expression", "parameter"):
            said = get(how)
            return {how: reference.get(how, "") if said is None else said}
        text = get("value")
        if text is not None:
            return typed(text, type)
        return "" if reference else old


def fitting(value: Any, takes: str, type: str) -> Any:
    """The value in the form that an operator takes, keeping what was said as far as it fits."""
    if takes == "period":
        return value if isinstance(value, dict) and "period" in value else {"period": "last_days", "n": 30}
    if isinstance(value, dict) and "period" in value:
        value = ""
    if takes == "two":
        pair = list(value) if isinstance(value, list) else [value]
        return ([*pair, "", ""] if value is not None else ["", ""])[:2]
    if takes == "many":
        if isinstance(value, dict):
            return value if {"variable", "parameter"} & value.keys() else []
        return value if isinstance(value, list) else [value] if value not in (None, "") else []
    if isinstance(value, list):
        value = value[0] if value else ""
    if takes == "pattern" and isinstance(value, dict) and {"attribute", "expression"} & value.keys():
        return ""
    return "" if value is None else value


def typed(text: str, type: str) -> Any:
    """What was typed, as a value of the column's type; left as it is when it is none."""
    text = text if type == "string" else text.strip()
    if type in NUMBER and NUMERAL.fullmatch(text):
        number = text.replace(",", ".")
        return float(number) if "." in number else int(number)
    if type == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def parameter(text: str, type: str) -> Any:
    """What was typed for a parameter of a predefined filter."""
    if type == "list":
        return [item if (number := typed(item, "float")) == item else number for item in items(text)]
    return typed(text, {"number": "float", "boolean": "boolean", "date": "date"}.get(type, "string"))


def shown(value: Any) -> str:
    """A parameter's value as its input shows it."""
    if isinstance(value, list):
        return listed(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, dict) else str(value)


def items(text: str) -> list[str]:
    """A list as it is typed: separated by commas or line ends; quotes allow a comma."""
    lines = (line.replace("\0", "") for line in text.splitlines())
    try:
        rows = list(csv.reader(lines, skipinitialspace=True))
    except csv.Error:
        return [text]
    return [item.strip() for row in rows for item in row if item.strip()]


def listed(values: list[Any]) -> str:
    """A list as it is shown: what ``items`` reads back."""
    said = []
    for value in values:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        said.append('"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n') else text)
    return ", ".join(said)


def column_at(
    path: Any, shape: DatasetShape | None, ctx: RuleContext, extras: Mapping[str, ColumnShape]
) -> ColumnShape | None:
    """The column at the end of a path, or None."""
    if shape is None:
        return None
    try:
        found = paths.attribute(path, shape, ctx, extras, "")
    except RuleError:
        return None
    if not found.steps:
        return extras.get(found.column) or shape.columns[found.column]
    return ctx.model.dataset(found.steps[-1].target).columns[found.column]


def expression_type(text: str, shape: DatasetShape | None, ctx: RuleContext, extras: Mapping[str, ColumnShape]) -> str:
    """The type of an expression; nothing while it cannot be read."""
    from .. import expressions  # they are read with what rules are made of

    if shape is None or not text.strip():
        return ""
    try:
        return expressions.read(text, shape.slug, replace(ctx, columns=extras)).type
    except Refused:
        return ""


def guessed(node: Mapping[str, Any]) -> str:
    """The type that a condition seems to be about, when what stands at its left cannot be read."""
    held = node.get("value")
    if isinstance(held, bool):
        return "boolean"
    if isinstance(held, int | float):
        return "float"
    types = OPERATORS[node["operator"]].types if node.get("operator") in OPERATORS else ANY
    return "string" if "string" in types else next(iter(sorted(types)))


def end_of(link: Any, shape: DatasetShape | None, ctx: RuleContext) -> DatasetShape | None:
    """The dataset that a link leads to, or None."""
    if shape is None:
        return None
    try:
        return ctx.model.dataset(paths.link(link, shape, ctx, "")[-1].target)
    except RuleError:
        return None
