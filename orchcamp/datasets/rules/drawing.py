"""The rule as the builder draws it: the tree turned into boxes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from ..schema import ColumnShape, DatasetShape
from . import api, inputs, offers, tree
from .boxes import Asked, Box, Choices
from .context import RuleContext
from .operators import AGGREGATES, OPERATORS, figure_type, for_type, label

Extras = Mapping[str, ColumnShape]


class Drawer:
    """Draws the boxes of one builder."""

    def __init__(self, name: str, ctx: RuleContext, errors: Mapping[str, str], focus: str | None = None):
        self.name, self.ctx, self.errors, self.focus = name, ctx, errors, focus

    def root(self, root: tree.Tree, dataset: str) -> Box:
        return self.box(root, "", self.ctx.model.dataset(dataset), self.ctx.columns)

    def box(self, node: Any, path: str, shape: DatasetShape | None, extras: Extras) -> Box:
        box = Box("unknown", self.name, path, node, self.errors.get(path, ""), focus=path == self.focus, root=not path)
        keys = node if isinstance(node, dict) else {}
        if "group" in keys:
            self._group(box, shape, extras)
        elif "link" in keys:
            self._link(box, shape)
        elif "attribute" in keys:
            self._condition(box, shape, extras)
        elif "expression" in keys:
            self._expression(box, shape, extras)
        elif "filter" in keys:
            self._filter(box)
        elif "audience" in keys:
            self._audience(box, shape)
        else:
            box.title = json.dumps(node, ensure_ascii=False)[:200]
        return box

    def _fold(self, box: Box, shape: DatasetShape | None, extras: Extras) -> bool:
        """Whether the box is folded; then it says what is in it, unless the mistake is there."""
        within = any(tree.is_within(path, box.path) for path in self.errors)
        box.closed = bool(box.node.get(tree.CLOSED)) and not within and box.draggable
        if box.closed:
            ctx = RuleContext(self.ctx.model, self.ctx.now, self.ctx.timezone, self.ctx.variables, extras)
            try:
                box.words = api.phrase(tree.plain(box.node), shape.slug if shape else "", ctx)
            except Refused:
                box.words = _("unfinished")
        return box.closed

    def _group(self, box: Box, shape: DatasetShape | None, extras: Extras) -> None:
        box.kind = "group"
        box.choices = [
            ("and", _("All of these")),
            ("or", _("Any of these")),
            ("except", _("The first, but none of the others")),
        ]
        box.tone = str(box.node.get("group"))
        joint = {"and": _("and"), "or": _("or"), "except": _("but not")}.get(box.tone, "")
        if self._fold(box, shape, extras):
            return
        items = box.node.get("items") or []
        for n, item in enumerate(items):
            inner = self.box(item, tree.joined(box.path, n), shape, extras)
            inner.first, inner.last = n == 0, n == len(items) - 1
            inner.follows = n > 0 and isinstance(items[n - 1], dict) and "group" in items[n - 1]
            inner.joint = joint if n else ""
            box.items.append(inner)

    def _condition(self, box: Box, shape: DatasetShape | None, extras: Extras) -> None:
        box.kind = "condition"
        path = box.node.get("attribute")
        column = inputs.column_at(path, shape, self.ctx, extras)
        *way, name = str(path).split(".")
        box.title, box.way, box.hint = (column.label or column.name) if column else name, " › ".join(way), str(path)
        if column and shape:
            box.choices = operators(column.type)
            end = shape.slug if not way else self._end(shape, way)
            box.value = offers.value(box.node, column, shape, extras, self.ctx, end)
        else:
            box.choices = [(str(box.node.get("operator", "")), str(box.node.get("operator", "")))]

    def _expression(self, box: Box, shape: DatasetShape | None, extras: Extras) -> None:
        box.kind, box.title = "expression", str(box.node.get("expression", ""))
        type = inputs.expression_type(box.title, shape, self.ctx, extras) or inputs.guessed(box.node)
        box.choices = operators(type)
        if shape:
            box.value = offers.value(box.node, ColumnShape("", "", type), shape, extras, self.ctx, "")

    def _end(self, shape: DatasetShape, way: list[str]) -> str:
        for name in way:
            shape = self.ctx.model.dataset(shape.steps[name].target)
        return shape.slug

    # --- linked rows --------------------------------------------------------------------------------------------

    def _link(self, box: Box, shape: DatasetShape | None) -> None:
        box.kind, node = "link", box.node
        end = inputs.end_of(node["link"], shape, self.ctx)
        *way, name = str(node["link"]).split(".")
        box.title, box.way, box.hint = name.replace("_", " "), " › ".join(way), end.label if end else str(node["link"])
        if self._fold(box, shape, {}):
            return
        box.where = self.box(node.get("where"), tree.joined(box.path, "w"), end, {})
        function, operator = node.get("aggregate"), str(node.get("operator", ""))
        box.choices = self._modes(end)
        if function is None:
            box.hint = "some" if node.get("exists", True) else "no"
        elif function == "count" and not node.get("attribute") and "expression" not in node:
            box.hint = f"count:{operator}"
            if box.hint not in dict(box.choices):
                said = label(operator, "integer") if operator in OPERATORS else operator
                box.choices.append((box.hint, f"{_('has a number that')} {said}"))
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
        columns = offers.aggregated(end, function, self.ctx)
        box.columns = [(path, title) for path, title, _type in columns]
        box.columns.append((inputs.EXPRESSION, _("an expression…")))
        chosen = str(box.node.get("attribute", ""))
        type = next((t for path, _title, t in columns if path == chosen), None)
        if function == "count":
            box.columns = [] if box.hint.startswith("count:") else box.columns
            type = "integer"
        elif "expression" in box.node:
            type = inputs.expression_type(str(box.node["expression"]), end, self.ctx, {})
        elif type is None:
            box.columns.append((chosen, chosen))
        figure = figure_type(function, type) or "float"
        box.value = offers.value(box.node, ColumnShape("", "", figure), end, {}, self.ctx, "")
        for part in box.value.parts:
            part.hows = [how for how in part.hows if how[0] not in ("attribute", "expression") or how[0] == part.how]
        box.value.operators = operators(figure)

    # --- what is kept elsewhere ---------------------------------------------------------------------------------

    def _filter(self, box: Box) -> None:
        box.kind, box.title = "filter", str(box.node["filter"])
        known = self.ctx.model.filters.get(box.title)
        if known is None:
            box.error = box.error or _("There is no predefined filter “%(name)s” any more.") % {"name": box.title}
            return
        box.hint, box.title = box.title, known.label
        given = box.node.get("parameters")
        given = given if isinstance(given, dict) else {}
        for name, facts in known.parameters.items():
            held, type = given.get(name), str(facts.get("type", "text"))
            asked = Asked(name, str(facts.get("label") or name.replace("_", " ")), type)
            asked.text, asked.default = inputs.shown(held), inputs.shown(facts.get("default"))
            asked.fixed = json.dumps(held, ensure_ascii=False) if isinstance(held, dict) else ""
            box.asked.append(asked)

    def _audience(self, box: Box, shape: DatasetShape | None) -> None:
        box.kind, chosen = "audience", str(box.node["audience"])
        known = self.ctx.model.audiences.get(chosen)
        box.title, box.hint = known.label if known else chosen, chosen
        box.choices = [
            (found.slug, found.label) for found in self.ctx.model.offered if shape and found.dataset == shape.slug
        ]
        if chosen not in dict(box.choices):
            box.choices.insert(0, (chosen, box.title))
        if known is None:
            box.error = box.error or _("There is no audience “%(name)s” any more.") % {"name": chosen}


def operators(type: str) -> Choices:
    """The operators of a type, as they are said of it."""
    return [(operator.name, label(operator.name, type)) for operator in for_type(type)]
