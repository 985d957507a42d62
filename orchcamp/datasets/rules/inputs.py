"""What stands in the builder's inputs, written into the tree. Nothing typed is lost, be it right or wrong."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from ..schema import ColumnShape, DatasetShape
from . import moments, paths, tree
from .context import RuleContext, RuleError
from .operators import AGGREGATES, DAY, NUMBER, OPERATORS, figure_type, for_type

NUMERAL = re.compile(r"[+-]?\d{1,30}(?:[.,]\d{1,30})?")
SIZE_AT_MOST = 8_000_000
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

    def stored(self) -> Any:
        """The tree as the hidden input holds it."""
        text = self.data.get(self.name) or "{}"
        if len(text) > SIZE_AT_MOST:
            raise RuleError("", _("the rule is larger than %(n)s MB.") % {"n": SIZE_AT_MOST // 1_000_000})
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
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
        elif "attribute" in node and self._get(path, "operator") is not None:
            column = column_at(node["attribute"], shape, self.ctx, extras)
            self._merge_test(node, path, column.type if column else "string")

    def _merge_link(self, node: dict[str, Any], path: str, shape: DatasetShape | None) -> None:
        end = end_of(node["link"], shape, self.ctx)
        self._merge(node.get("where"), f"{path}.w", end, {})
        mode = self._get(path, "mode")
        if mode is None:
            return
        function, _colon, operator = mode.partition(":")
        if function in ("some", "no"):
            for key in ("aggregate", "attribute", "operator", "value", "ignore_case"):
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
        elif of := self._get(path, "of"):
            node["attribute"] = of
        column = column_at(node.get("attribute"), end, self.ctx, {}) if end else None
        if function != "count" and (not column or not figure_type(function, column.type)):
            column = next((c for c in (end.columns.values() if end else ()) if figure_type(function, c.type)), None)
            node["attribute"] = column.name if column else node.get("attribute", "")
        type = figure_type(function, column.type if column else None) or "float"
        if was is None:
            node.setdefault("operator", operator or "greater_or_equal")
            node.setdefault("value", 1)
        self._merge_test(node, path, type, operator)

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
            n = typed(self._get(path, "n") or "", "integer")
            return {"period": name, "n": 30 if n == "" else n} if name in moments.COUNTED else {"period": name}
        if was == "two":
            pair = old if isinstance(old, list) and len(old) == 2 else ["", ""]
            ends = (self._get(path, "value"), self._get(path, "value2"))
            return [o if e is None else typed(e, type) for e, o in zip(ends, pair, strict=True)]
        if was == "many":
            text = self._get(path, "value")
            return old if text is None else [typed(item, type) for item in items(text)]
        return self._single(path, type, old)

    def _single(self, path: str, type: str, old: Any) -> Any:
        how = self._get(path, "how") or ("value" if not isinstance(old, dict) else next(iter(old), ""))
        if how == "date" and type in DAY:
            found = {"date": self._get(path, "date") or "today"}
            n = typed(self._get(path, "shift") or "", "integer")
            unit = self._get(path, "unit") or "days"
            if n not in ("", 0) and self._get(path, "date") is not None:
                found["shift"] = f"{'-' if self._get(path, 'way') != 'after' else '+'}{n} {unit}"
            return found
        if how in ("attribute", "variable"):
            return {how: self._get(path, how) or (old.get(how, "") if isinstance(old, dict) else "")}
        text = self._get(path, "value")
        if text is not None:
            return typed(text, type)
        return "" if isinstance(old, dict) else old


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
        return value if isinstance(value, list) else [value] if value not in (None, "") else []
    if isinstance(value, list):
        value = value[0] if value else ""
    if takes == "pattern" and isinstance(value, dict) and "attribute" in value:
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


def end_of(link: Any, shape: DatasetShape | None, ctx: RuleContext) -> DatasetShape | None:
    """The dataset that a link leads to, or None."""
    if shape is None:
        return None
    try:
        return ctx.model.dataset(paths.link(link, shape, ctx, "")[-1].target)
    except RuleError:
        return None
