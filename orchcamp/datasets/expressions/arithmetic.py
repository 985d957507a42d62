"""Arithmetic that ends in null where an engine would overflow, divide by zero or disagree with another one.

Whole numbers keep 64 bits, decimals 14 digits and four places, the rest are floating. What does not fit is null.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis.expr.types import Value

from .building import Building, constant, nothing, typed

WHOLE_AT_MOST = 9.2e18
FLOAT_AT_MOST = 1.7976931348623157e308
WIDE = "decimal(38, 4)"


def whole(value: Value) -> Value:
    """A whole number of 64 bits."""
    return typed(value, "integer")


def floating(value: Value) -> Value:
    return value.cast("float64")


def finite(value: Value) -> Value:
    """The value, or null for what no longer is a number."""
    return ibis.ifelse(value.abs() <= constant(FLOAT_AT_MOST, "float"), value, nothing("float"))


def _fits(figure: Value) -> Any:
    """Whether a whole number that was reckoned in floating point has 64 bits."""
    return figure.abs() < constant(WHOLE_AT_MOST, "float")


def _guarded(figure: Value, value: Value) -> Value:
    return ibis.ifelse(_fits(figure), value, nothing("integer"))


def total(building: Building, left: Value, right: Value) -> Value:
    """left + right"""
    left, right = building.tidy(left), building.tidy(right)
    if left.type().is_integer():
        return _guarded(floating(left) + floating(right), left + right)
    if left.type().is_decimal():
        return (left.cast(WIDE) + right.cast(WIDE)).try_cast("decimal(18, 4)")
    return finite(left + right)


def difference(building: Building, left: Value, right: Value) -> Value:
    """left - right"""
    left, right = building.tidy(left), building.tidy(right)
    if left.type().is_integer():
        return _guarded(floating(left) - floating(right), left - right)
    if left.type().is_decimal():
        return (left.cast(WIDE) - right.cast(WIDE)).try_cast("decimal(18, 4)")
    return finite(left - right)


def product(building: Building, left: Value, right: Value) -> Value:
    """left * right"""
    left, right = building.tidy(left), building.tidy(right)
    if left.type().is_integer():
        return _guarded(floating(left) * floating(right), left * right)
    if left.type().is_decimal():
        return (left.cast("decimal(19, 4)") * right).cast(WIDE).try_cast("decimal(18, 4)")  # 19: DuckDB, use 128 bits
    return finite(left * right)


def quotient(building: Building, left: Value, right: Value) -> Value:
    """left / right, never cut; null by zero."""
    return finite(building.tidy(left) / building.tidy(right).nullif(constant(0.0, "float")))


def rest(building: Building, left: Value, right: Value) -> Value:
    """left % right, with the sign of the left; null by zero."""
    left, right = building.tidy(left), building.tidy(right)
    if left.type().is_integer():
        by = ibis.ifelse(right == -1, constant(1, "integer"), right.nullif(constant(0, "integer")))
        return whole(left % by)
    if left.type().is_decimal():
        return (left.cast(WIDE) % right.nullif(ibis.literal(0).cast("decimal(18, 4)")).cast(WIDE)).try_cast(
            "decimal(18, 4)"
        )
    return left % right.nullif(constant(0.0, "float"))


def negated(building: Building, value: Value) -> Value:
    """-value"""
    value = building.tidy(value)
    return _guarded(floating(value), -value) if value.type().is_integer() else -value


def nearest(building: Building, value: Value) -> Value:
    """A float as the whole number next to it, away from zero at the half; null beyond 64 bits."""
    value = building.keep(value)
    half = (value.abs() + 0.5).floor()
    return _guarded(value, ibis.ifelse(value < 0, -whole(half), whole(half)))


def cut(building: Building, value: Value) -> Value:
    """A number as a whole one, what is behind the point left away; null beyond 64 bits."""
    if value.type().is_integer():
        return value
    value = building.keep(value)
    if value.type().is_decimal():
        one = ibis.literal(1).cast("decimal(18, 4)")
        return whole((value - value % one).cast("decimal(18, 0)"))
    return _guarded(value, whole(ibis.ifelse(value < 0, value.ceil(), value.floor())))
