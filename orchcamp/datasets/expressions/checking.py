"""Names and types: from syntax to parts that can be built, or a sentence about the place that cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from ..rules import moments, paths
from ..rules.context import RuleContext, RuleError
from ..rules.nodes import Attribute
from ..schema import ColumnShape, DatasetShape
from . import kinds, operators, syntax, typed
from .errors import ExpressionError
from .registry import KNOWN, REFUSED, Function, Parameter
from .syntax import Place
from .typed import Apply, Column, Constant, Convert, Typed

PLACES = Decimal("0.0001")


class Checker:
    """What there is for an expression to name: columns, links and variables."""

    def __init__(self, shape: DatasetShape | None, ctx: RuleContext, extras: Mapping[str, ColumnShape]):
        self.shape, self.ctx, self.extras = shape, ctx, extras

    def check(self, node: syntax.Node) -> Typed:
        """The part with its type."""
        if isinstance(node, syntax.Constant):
            kind = kinds.type_of(node.value)
            assert kind
            return Constant(node.value, kind, node.place)
        if isinstance(node, syntax.Field):
            return self._column(node)
        if isinstance(node, syntax.Variable):
            return self._variable(node)
        if isinstance(node, syntax.Call):
            return self._call(node)
        return operators.apply(node, [self.check(operand) for operand in node.operands], self)

    # --- names -------------------------------------------------------------------------------------------------

    def _column(self, node: syntax.Field) -> Typed:
        if node.path in self.extras:
            shape = self.extras[node.path]
            return Column(Attribute((), node.path, shape.type, shape.label), shape.type, node.place)
        if self.shape is None:
            hint = paths.closest(node.path, self.extras)
            raise problem(node.place, _("There is no column “%(name)s”. %(hint)s"), name=node.path, hint=hint)
        try:
            found = paths.attribute(node.path, self.shape, self.ctx, self.extras, "")
        except RuleError as error:
            raise problem(node.place, error.sentence) from None
        return Column(found, found.type, node.place)

    def column(self, name: str) -> Attribute:
        """A column of the dataset itself, whatever the rows carry beside it."""
        assert self.shape
        return Attribute((), name, self.shape.columns[name].type)

    def _variable(self, node: syntax.Variable) -> Typed:
        if node.name not in self.ctx.variables:
            hint = paths.closest(node.name, self.ctx.variables)
            raise problem(node.place, _("There is no variable “%(name)s”. %(hint)s"), name=node.name, hint=hint)
        value = self.ctx.variables[node.name]
        kind = kinds.type_of(value)
        if kind is None:
            raise problem(
                node.place,
                _("The variable “%(name)s” is a list or empty; an expression takes a text, a number, true or false."),
                name=node.name,
            )
        if isinstance(value, float):
            exact = Decimal(repr(value))
            if exact == round(exact, 4) and abs(exact) < 10**14:
                value, kind = exact, "decimal"
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
            raise problem(node.place, _("The variable “%(name)s” is too large a number."), name=node.name)
        return Constant(value, kind, node.place)

    # --- functions ---------------------------------------------------------------------------------------------

    def _call(self, node: syntax.Call) -> Typed:
        function = KNOWN.get(node.name.lower())
        if function is None:
            self._unknown(node)
        arguments = [self.check(argument) for argument in node.arguments]
        return self.applied(function, arguments, node.place)

    def _unknown(self, node: syntax.Call) -> NoReturn:
        if node.name.lower() in REFUSED:
            name, why = REFUSED[node.name.lower()]
            raise problem(node.place, _("%(name)s is not offered: %(why)s"), name=name, why=why)
        names = {one.lower(): one for one in (function.name for function in KNOWN.values())}
        hint = paths.closest(node.name.lower(), names) if len(node.name) < 100 else ""
        for lower, name in names.items():
            hint = hint.replace(f"“{lower}”", f"“{name}”")
        if "“" not in hint:
            hint = _("The functions are listed in the expression editor.")
        raise problem(node.place, _("There is no function “%(name)s”. %(hint)s"), name=node.name[:60], hint=hint)

    def applied(self, function: Function, arguments: Sequence[Typed], place: Place) -> Apply:
        """The function on these arguments, each brought to what the function takes."""
        count = len(arguments)
        if count < function.least or (function.most is not None and count > function.most):
            raise problem(
                place,
                _("%(name)s takes %(most)s, not %(count)s: %(signature)s."),
                name=function.name,
                most=_wanted(function),
                count=count,
                signature=function.signature,
            )
        taken = [self._fit(argument, _parameter(function, n), function) for n, argument in enumerate(arguments)]
        for group in ("same", "alike"):
            places = [n for n in range(count) if group in _parameter(function, n).kinds]
            shared = self.alike([taken[n] for n in places], function.name)
            for n, argument in zip(places, shared, strict=True):
                taken[n] = argument
        self._demand_level(function, taken)
        if function.settle:
            taken, type = function.settle(self, taken, place)
            return Apply(function, tuple(taken), type, place)
        types = [argument.type for argument in taken]
        result = function.result if isinstance(function.result, str) else function.result(types)
        return Apply(function, tuple(taken), result, place)

    def _fit(self, argument: Typed, parameter: Parameter, function: Function) -> Typed:
        if parameter.written and not isinstance(_unwrapped(argument), Constant):
            raise problem(
                argument.place,
                _("“%(part)s” of %(name)s is the same for every row; write it out or use a variable."),
                part=parameter.name,
                name=function.name,
            )
        for kind in parameter.kinds:
            fitted = self.fitted(argument, kind)
            if fitted is not None:
                return fitted
        raise problem(
            argument.place,
            _("%(name)s takes %(wanted)s for “%(part)s”, not %(given)s: %(signature)s."),
            name=function.name,
            wanted=_either(parameter),
            part=parameter.name,
            given=kinds.NAMES[argument.type],
            signature=function.signature,
        )

    def _demand_level(self, function: Function, arguments: Sequence[Typed]) -> None:
        if not function.aggregate or function.window:
            return
        for argument in arguments:
            if found := typed.aggregates(argument):
                raise problem(
                    found[0].place, _("%(name)s is a figure over rows and cannot be counted once more by %(outer)s."),
                    name=found[0].function.name, outer=function.name,
                )  # fmt: skip
            if typed.has_window(argument):
                raise problem(argument.place, _("A window cannot stand inside of %(outer)s."), outer=function.name)

    # --- types -------------------------------------------------------------------------------------------------

    def fitted(self, argument: Typed, kind: str) -> Typed | None:
        """The argument as this kind takes it; None when it cannot."""
        type = argument.type
        if kind in kinds.CLAUSES or type in kinds.CLAUSES:
            return argument if type == kind else None
        if kind in ("any", "same", "alike", type):
            return argument
        if kind == "number":
            return argument if type in kinds.NUMBERS else None
        if kind in ("float", "decimal") and kinds.common([type, kind]) == kind:
            return self.convert(argument, kind)
        if kind in ("day", "date", "datetime") and type == "string":
            argument = self._said(argument)
            type = argument.type
        if kind == "day":
            return argument if type in kinds.DAYS else None
        if kind == "datetime" and type in kinds.DAYS:
            return self.convert(argument, kind)
        return argument if type == kind else None

    def _said(self, argument: Typed) -> Typed:
        """A text that is written out and says a date is one, where a date is asked for."""
        if isinstance(argument, Constant) and isinstance(argument.value, str):
            found = kinds.day(argument.value, self.ctx.home)
            if found is not None:
                return Constant(found, "datetime" if isinstance(found, datetime) else "date", argument.place)
        return argument

    def alike(self, arguments: Sequence[Typed], what: str) -> list[Typed]:
        """The arguments in the one type that they have together."""
        if not arguments:
            return []
        if any(argument.type in kinds.DAYS for argument in arguments):
            arguments = [self._said(argument) for argument in arguments]
        type = kinds.common([argument.type for argument in arguments])
        if type is None:
            first = arguments[0].type
            other = next(one for one in arguments if kinds.family(one.type) != kinds.family(first))
            raise problem(
                other.place,
                _("%(what)s cannot take %(first)s and %(second)s together."),
                what=what,
                first=kinds.NAMES[first],
                second=kinds.NAMES[other.type],
            )
        return [self.convert(argument, type) for argument in arguments]

    def convert(self, argument: Typed, type: str) -> Typed:
        """The argument in a wider type of its family."""
        if argument.type == type:
            return argument
        if isinstance(argument, Constant):
            value = argument.value
            if type == "decimal" and abs(value) < 10**14:
                return replace(argument, value=Decimal(value).quantize(PLACES), type=type)
            if type == "float":
                return replace(argument, value=float(value), type=type)
            if type == "datetime" and isinstance(value, date):
                return replace(argument, value=self._midnight(value, argument.place), type=type)
        return Convert(argument, type, argument.place)

    def _midnight(self, value: date, place: Place) -> datetime:
        try:
            return moments.midnight(value, self.ctx.home)
        except OverflowError:
            raise problem(place, _("The date leaves the calendar.")) from None


def problem(place: Place, sentence: str, **facts: Any) -> ExpressionError:
    """A sentence about a place of the expression."""
    text = sentence % facts if facts else sentence
    return ExpressionError(text[:1].upper() + text[1:], place.line, place.column)


def _unwrapped(node: Typed) -> Typed:
    return node.inner if isinstance(node, Convert) else node


def _parameter(function: Function, n: int) -> Parameter:
    return function.parameters[min(n, len(function.parameters) - 1)]


def _wanted(function: Function) -> str:
    least, most = function.least, function.most
    if most is None:
        return _("at least %(n)s arguments") % {"n": least}
    if most == 0:
        return _("no arguments")
    if least != most:
        return _("%(least)s to %(most)s arguments") % {"least": least, "most": most}
    return _("one argument") if most == 1 else _("%(n)s arguments") % {"n": most}


def _either(parameter: Parameter) -> str:
    names = dict.fromkeys(str(kinds.NAMES.get(kind, _("a value"))) for kind in parameter.kinds)
    return _(" or ").join(names)
