"""The operators: what they take, and what they give."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import Value

from . import kinds, syntax
from .arithmetic import difference, negated, product, quotient, rest, total
from .building import Building
from .registry import Function, Parameter
from .typed import Apply, Constant, Typed

if TYPE_CHECKING:
    from .checking import Checker

FALSE = ibis.literal(False)
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _operator(name: str, build: Callable[..., Any]) -> Function:
    return Function(name, "operator", (Parameter("value", repeats=True),), "", "", build)


def _compared(name: str) -> Function:
    return _operator(name, lambda _building, left, right: COMPARE[name](left, right))


def _balanced(join: Callable[[Any, Any], Any]) -> Callable[..., Value]:
    def build(_building: Building, *parts: Value) -> Value:
        found = list(parts)
        while len(found) > 1:
            pairs = zip(found[::2], found[1::2], strict=False)
            found = [join(left, right) for left, right in pairs] + (found[-1:] if len(found) % 2 else [])
        return found[0]

    return build


FUNCTIONS = {
    **{name: _compared(name) for name in COMPARE},
    "+": _operator("+", total),
    "-": _operator("-", difference),
    "*": _operator("*", product),
    "/": _operator("/", quotient),
    "%": _operator("%", rest),
    "negate": _operator("-", negated),
    "and": _operator("and", _balanced(lambda left, right: left & right)),
    "or": _operator("or", _balanced(lambda left, right: left | right)),
    "not": _operator(
        "not", lambda _building, value: value == FALSE
    ),  # “NOT x IS NULL” would be read as “NOT (x IS NULL)”
    "join": _operator("+", lambda _building, *parts: reduce(lambda left, right: left + right, parts)),
}


def apply(node: syntax.Operation, operands: list[Typed], checker: Checker) -> Typed:
    """The operator on checked operands. Raises ExpressionError."""
    from .checking import problem

    name = node.operator
    for operand in operands:
        if operand.type in kinds.CLAUSES:
            raise problem(operand.place, _("%(what)s is no value of its own."), what=kinds.NAMES[operand.type])
    if name in COMPARE:
        return Apply(FUNCTIONS[name], tuple(checker.alike(operands, f"“{name}”")), "boolean", node.place)
    if name in ("and", "or", "not"):
        for operand in operands:
            if operand.type != "boolean":
                raise problem(
                    operand.place,
                    _("“%(name)s” takes conditions, which are true or false, not %(given)s."),
                    name=name,
                    given=kinds.NAMES[operand.type],
                )
        return Apply(FUNCTIONS[name], tuple(operands), "boolean", node.place)
    return _arithmetic(node, operands, checker)


def _arithmetic(node: syntax.Operation, operands: list[Typed], checker: Checker) -> Typed:
    from .checking import problem

    name = node.operator
    if name == "+" and all(operand.type == "string" for operand in operands):
        return Apply(FUNCTIONS["join"], tuple(operands), "string", node.place)
    for operand in operands:
        if operand.type not in kinds.NUMBERS:
            hint = ""
            if operand.type in kinds.DAYS:
                hint = _(" Use AddDays, SubDays or DaysDiff.")
            elif operand.type == "string":
                hint = _(" Use ToInteger or ToDouble, or ToString on the other side.")
            sign = "-" if name == "negate" else name
            raise problem(
                operand.place,
                _("“%(name)s” takes numbers, not %(given)s.") + hint,
                name=sign,
                given=kinds.NAMES[operand.type],
            )
    if name == "negate":
        (operand,) = operands
        if isinstance(operand, Constant):
            return Constant(-operand.value, operand.type, node.place)
        return Apply(FUNCTIONS[name], (operand,), operand.type, node.place)
    type = "float" if name == "/" else kinds.common([operand.type for operand in operands])
    assert type
    return Apply(FUNCTIONS[name], tuple(checker.convert(operand, type) for operand in operands), type, node.place)
