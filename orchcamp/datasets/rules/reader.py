"""From the JSON tree to nodes: every mistake is found here, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from ..schema import ColumnShape, DatasetShape
from . import computed, literals, paths, reuse
from .context import RuleContext, RuleError
from .literals import keys
from .nodes import Aggregate, Collection, Condition, FilterUse, Group, Membership, Node, Source, Test, Value
from .operators import AGGREGATES, OPERATORS, Operator, figure_type

DEPTH_AT_MOST = 50
NODES_AT_MOST = 10_000
EXPRESSIONS_AT_MOST = 300
SOURCES_AT_MOST = 100  # columns and expressions in one list
EVERYONE = Group("and")


@dataclass
class _Budget:
    nodes: int = 0
    expressions: int = 0

    def spend(self, given: object) -> None:
        """Count what stands in the place of a column or value, if it is an expression."""
        self.expressions += isinstance(given, dict) and "expression" in given
        if self.expressions > EXPRESSIONS_AT_MOST:
            raise RuleError("", _("the rule has more than %(n)s expressions.") % {"n": EXPRESSIONS_AT_MOST})


@dataclass(frozen=True)
class Reader:
    """Reads nodes about the rows of one dataset."""

    shape: DatasetShape
    ctx: RuleContext
    extras: Mapping[str, ColumnShape]
    budget: _Budget
    depth: int = 0

    def node(self, tree: object, place: str) -> Node:
        """One node of any kind."""
        self.budget.nodes += 1
        if self.budget.nodes > NODES_AT_MOST:
            raise RuleError("", _("the rule has more than %(n)s nodes.") % {"n": f"{NODES_AT_MOST:,}"})
        if self.depth > DEPTH_AT_MOST:
            raise RuleError(_short(place), _("the rule is nested deeper than %(n)s levels.") % {"n": DEPTH_AT_MOST})
        if not isinstance(tree, dict):
            raise RuleError(place, _("expects an object such as {“group”: “and”, “items”: []}."))
        if "group" in tree:
            return self._group(tree, place)
        if "link" in tree:
            return self._aggregate(tree, place) if "aggregate" in tree else self._collection(tree, place)
        if "filter" in tree:
            return self._filter(tree, place)
        if "audience" in tree:
            return self._membership(tree, place)
        if "attribute" in tree or "expression" in tree:
            return self._condition(tree, place)
        found = ", ".join(map(str, tree)) or _("nothing")
        raise RuleError(
            place,
            _("a node is one of: group, attribute, expression, link, filter, audience; found: %(keys)s.")
            % {"keys": literals.shown(found)},
        )

    def deeper(self, **changes: Any) -> Reader:
        return replace(self, depth=self.depth + 1, **changes)

    def _group(self, tree: dict[str, Any], place: str) -> Group:
        keys(tree, {"group", "items"}, place)
        if tree["group"] not in ("and", "or", "except"):
            raise RuleError(
                _at(place, "group"),
                _("expects “and”, “or” or “except”, not %(value)s.") % {"value": literals.shown(tree["group"])},
            )
        items = tree.get("items", [])
        if not isinstance(items, list):
            raise RuleError(_at(place, "items"), _("expects a list of nodes."))
        inner = self.deeper()
        return Group(tree["group"], tuple(inner.node(item, _at(place, f"items[{n}]")) for n, item in enumerate(items)))

    def _filter(self, tree: dict[str, Any], place: str) -> FilterUse:
        keys(tree, {"filter", "parameters"}, place)
        shape = reuse.used_filter(tree["filter"], self.shape, self.ctx, _at(place, "filter"))
        given = reuse.bound(shape, tree.get("parameters", {}), self.ctx, _at(place, "parameters"))
        ctx = replace(self.ctx, columns={}, parameters=given, within=(*self.ctx.within, shape.slug))
        try:
            node = self.deeper(ctx=ctx, extras={}).node(shape.rule, "") if shape.rule else EVERYONE
        except RuleError as error:
            raise RuleError(
                place, _("in the filter “%(slug)s”: %(why)s") % {"slug": shape.slug, "why": error}
            ) from None
        said = tuple(reuse.said(name, held, shape.parameters[name]) for name, held in given.items())
        return FilterUse(shape.slug, shape.label, node, said)

    def _membership(self, tree: dict[str, Any], place: str) -> Membership:
        keys(tree, {"audience", "member"}, place)
        shape = reuse.used_audience(tree["audience"], self.shape, self.ctx, _at(place, "audience"))
        member = tree.get("member", True)
        if not isinstance(member, bool):
            raise RuleError(_at(place, "member"), _("expects true or false."))
        return Membership(shape.slug, shape.label, member)

    def _where(self, tree: dict[str, Any], target: str, place: str) -> tuple[Node, Reader]:
        inner = self.deeper(shape=self.ctx.model.dataset(target), extras={})
        if "where" not in tree or tree["where"] == {}:
            return EVERYONE, inner
        return inner.node(tree["where"], _at(place, "where")), inner

    def _collection(self, tree: dict[str, Any], place: str) -> Collection:
        keys(tree, {"link", "exists", "where"}, place)
        steps = paths.link(tree["link"], self.shape, self.ctx, _at(place, "link"))
        exists = tree.get("exists", True)
        if not isinstance(exists, bool):
            raise RuleError(_at(place, "exists"), _("expects true or false."))
        return Collection(steps, exists, self._where(tree, steps[-1].target, place)[0])

    def _aggregate(self, tree: dict[str, Any], place: str) -> Aggregate:
        keys(tree, {"link", "aggregate", "attribute", "expression", "where", "operator", "value", "ignore_case"}, place)
        steps = paths.link(tree["link"], self.shape, self.ctx, _at(place, "link"))
        where, inner = self._where(tree, steps[-1].target, place)
        function = tree["aggregate"]
        if not isinstance(function, str) or function not in AGGREGATES:
            hint = paths.closest(str(function), AGGREGATES)
            raise RuleError(
                _at(place, "aggregate"),
                _("there is no aggregate %(name)s. %(hint)s") % {"name": literals.shown(function), "hint": hint},
            )
        of: Source | None = None
        if "attribute" in tree or "expression" in tree:
            of = inner.source(tree, place)
        elif function != "count":
            raise RuleError(place, _("“%(name)s” needs an “attribute”: the column to take it of.") % {"name": function})
        type = figure_type(function, of.type if of else None)
        if type is None and of:
            raise RuleError(
                _at(place, "attribute" if "attribute" in tree else "expression"),
                _("%(name)s cannot be taken of “%(path)s”, which is %(what)s.")
                % {"name": function, "path": of.path, "what": literals.article(of.type)},
            )
        return Aggregate(steps, function, of, where, self._test(tree, type or "integer", place), type or "integer")

    def _condition(self, tree: dict[str, Any], place: str) -> Condition:
        keys(tree, {"attribute", "expression", "operator", "value", "ignore_case"}, place)
        found = self.source(tree, place)
        return Condition(found, self._test(tree, found.type, place))

    def source(self, tree: dict[str, Any], place: str) -> Source:
        """What a node asks about: a column, or an expression in its place."""
        if "expression" not in tree:
            return paths.attribute(tree["attribute"], self.shape, self.ctx, self.extras, _at(place, "attribute"))
        if "attribute" in tree:
            raise RuleError(place, _("takes “attribute” or “expression”, not both."))
        self.budget.spend(tree)
        return computed.read(tree["expression"], self.shape, self.ctx, self.extras, _at(place, "expression"))

    def _test(self, tree: dict[str, Any], type: str, place: str) -> Test:
        if "operator" not in tree:
            raise RuleError(place, _("“operator” is missing."))
        operator = OPERATORS.get(tree["operator"]) if isinstance(tree["operator"], str) else None
        if operator is None:
            hint = paths.closest(str(tree["operator"]), OPERATORS)
            raise RuleError(
                _at(place, "operator"),
                _("there is no operator %(name)s. %(hint)s") % {"name": literals.shown(tree["operator"]), "hint": hint},
            )
        if type not in operator.types:
            raise RuleError(
                _at(place, "operator"),
                _("“%(operator)s” cannot be asked of %(what)s.")
                % {"operator": operator.name, "what": literals.article(type)},
            )
        ignore_case = tree.get("ignore_case", False)
        if not isinstance(ignore_case, bool):
            raise RuleError(_at(place, "ignore_case"), _("expects true or false."))
        base = operator.base or operator.name
        if operator.takes == "nothing":
            if "value" in tree:
                raise RuleError(_at(place, "value"), _("“%(name)s” takes no value.") % {"name": operator.name})
            return Test(operator.name)
        if "value" not in tree:
            raise RuleError(place, _("“value” is missing."))
        if operator.takes == "period":
            return Test(operator.name, period=literals.period(tree["value"], self.ctx, _at(place, "value")))
        values = self._values(tree["value"], operator, type, _at(place, "value"))
        if operator.takes == "pattern":
            for item in values:
                if not hasattr(item, "value"):
                    raise RuleError(_at(place, "value"), _("a pattern is a text, not another column."))
                literals.pattern(str(item.value), base, _at(place, "value"))
        return Test(operator.name, values, ignore_case=ignore_case and type == "string")

    def _value(self, given: object, type: str, place: str) -> tuple[Value, ...]:
        self.budget.spend(given)
        return literals.value(given, type, self.shape, self.ctx, self.extras, place)

    def _values(self, given: object, operator: Operator, type: str, place: str) -> tuple[Value, ...]:
        if operator.takes not in ("two", "many"):
            if isinstance(given, list):
                raise RuleError(place, _("“%(name)s” takes one value, not a list.") % {"name": operator.name})
            found = self._value(given, type, place)
            if len(found) != 1:
                raise RuleError(place, _("“%(name)s” takes one value, not a list.") % {"name": operator.name})
            return found
        if isinstance(given, dict) and given.keys() & {"variable", "parameter"}:
            values = self._value(given, type, place)
        elif not isinstance(given, list):
            raise RuleError(place, _("“%(name)s” takes a list of values.") % {"name": operator.name})
        elif len(given) > literals.LIST_AT_MOST:
            raise RuleError(place, _("the list has more than %(n)s values.") % {"n": f"{literals.LIST_AT_MOST:,}"})
        elif sum(isinstance(item, dict) for item in given) > SOURCES_AT_MOST:
            raise RuleError(place, _("the list has more than %(n)s columns or expressions.") % {"n": SOURCES_AT_MOST})
        else:
            values = tuple(one for n, item in enumerate(given) for one in self._value(item, type, f"{place}[{n}]"))
        if operator.takes == "two" and len(values) != 2:
            raise RuleError(place, _("“%(name)s” takes two values: from and to.") % {"name": operator.name})
        return values


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _short(place: str) -> str:
    return place if len(place) <= 120 else f"{place[:60]}…{place[-40:]}"


def read(tree: object, dataset: str, ctx: RuleContext) -> Node:
    """The rule as nodes. ``{}`` is a rule that keeps every row. Raises RuleError."""
    shape = ctx.model.dataset(dataset)
    if tree == {}:
        return EVERYONE
    return Reader(shape, ctx, ctx.columns, _Budget()).node(tree, "")
