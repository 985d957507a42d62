"""What an operator asks of a column, as an Ibis predicate.

Every predicate here is of a positive operator and is true where the operator holds; where it does not, or where a
null takes part, it is false or null. ``compiling`` makes the exact complement for the negative ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any
from weakref import WeakValueDictionary

import ibis
import pyarrow as pa
from ibis.expr.types import BooleanValue, Table
from ibis.expr.types import Value as Expression

from . import moments, zones
from .context import RuleContext
from .nodes import Literal, Period, Scalar, Test, Value

LITERALS_AT_MOST = 1_000  # a longer list becomes a table in memory
PLACES = Decimal("0.0001")
INTEGERS = (-(2**63), 2**63 - 1)
DECIMALS = (Decimal(-(10**34)), Decimal(10**34))
ARROW = {
    "string": pa.string(),
    "integer": pa.int64(),
    "decimal": pa.decimal128(38, 4),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", tz="UTC"),
}
_lists: WeakValueDictionary[tuple[str, str], Table] = WeakValueDictionary()

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "equals": lambda left, right: left == right,
    "greater_than": lambda left, right: left > right,
    "greater_or_equal": lambda left, right: left >= right,
    "less_than": lambda left, right: left < right,
    "less_or_equal": lambda left, right: left <= right,
}
NEVER = ibis.literal(False)


@dataclass(frozen=True)
class Asked:
    """A column (or a figure) of a known type, and how to find the other columns it is held against."""

    column: Expression
    type: str
    ctx: RuleContext
    other: Callable[[Value], Expression]


@dataclass(frozen=True)
class _Place:
    """Where a literal falls on the scale of a column: at one of its values, or just above it, or beyond the ends."""

    value: Any
    exact: bool = True
    beyond: int = 0


def satisfies(test: Test, asked: Asked) -> BooleanValue:
    """The positive side of the test."""
    from .operators import OPERATORS

    operator = OPERATORS[test.operator]
    name = operator.base or operator.name
    if name == "is_not_empty":
        return asked.column != "" if asked.type == "string" else asked.column.notnull()
    if name == "in_period" and test.period:
        return _in_period(test.period, asked)
    if test.ignore_case and name != "matches":
        asked = Asked(asked.column.lower(), asked.type, asked.ctx, asked.other)
    if name == "in":
        return _one_of(test, asked)
    if name == "between":
        low, high = test.values
        return _compared(asked, "greater_or_equal", low, test) & _compared(asked, "less_or_equal", high, test)
    if name in COMPARE:
        return _compared(asked, name, test.values[0], test)
    return _text(name, test, asked)


def _text(name: str, test: Test, asked: Asked) -> BooleanValue:
    if name == "matches":
        pattern = str(_literal(test.values[0]))
        return asked.column.re_search(f"(?i){pattern}" if test.ignore_case else pattern)
    if name == "like":
        pattern = str(_literal(test.values[0]))
        return like(asked.column, pattern.lower() if test.ignore_case else pattern)
    side = _side(asked, test.values[0], test)
    if name == "contains":
        return asked.column.contains(side)
    return asked.column.startswith(side) if name == "starts_with" else asked.column.endswith(side)


def like(column: Any, pattern: str) -> BooleanValue:
    """SQL's LIKE over the whole text, with ``\\`` as escape, alike on every engine."""
    pieces: list[str] = []
    wild = escaped = False
    plain = ""
    for character in pattern:
        if escaped or character not in "\\%_":
            plain, escaped = plain + character, False
            pieces.append(re.escape(character))
        elif character == "\\":
            escaped = True
        else:
            wild = True
            pieces.append(".*" if character == "%" else ".")
    if escaped:  # a single backslash at the end is itself
        plain += "\\"
        pieces.append(re.escape("\\"))
    if not wild:
        return column == plain
    if "\\" not in pattern:
        return column.like(pattern)
    return column.re_search(rf"(?s)\A{''.join(pieces)}\z")


def _literal(value: Value) -> Scalar:
    assert isinstance(value, Literal)
    return value.value


def _place(value: Scalar, type: str, ctx: RuleContext) -> _Place:
    """The literal on the column's own scale."""
    if type == "integer" and isinstance(value, int | Decimal):
        return _number(value, int(value // 1), *INTEGERS)
    if type == "decimal" and isinstance(value, int | Decimal):
        if not DECIMALS[0] < value < DECIMALS[1]:
            return _Place(0, beyond=1 if value > 0 else -1)
        exact = Decimal(value)
        scaled = (exact.scaleb(4) // 1).scaleb(-4)
        return _number(exact, scaled if scaled <= exact else scaled - PLACES, *DECIMALS)
    if type == "float" and isinstance(value, int | Decimal):
        return _Place(float(value))
    if type == "date" and isinstance(value, datetime):
        local = value.astimezone(ctx.home)
        return _Place(local.date(), exact=moments.midnight(local.date(), ctx.home) == value)
    if type == "datetime" and not isinstance(value, datetime) and isinstance(value, date):
        return _Place(moments.midnight(value, ctx.home))
    return _Place(value)


def _number(value: int | Decimal, floor: Any, lowest: Any, highest: Any) -> _Place:
    floor = floor - 1 if floor > value else floor
    if value < lowest or value > highest:
        return _Place(0, beyond=1 if value > 0 else -1)
    return _Place(floor, exact=floor == value)


def _constant(value: Any, type: str) -> Expression:
    if type == "decimal":
        return ibis.literal(value, type=f"decimal({18 if abs(value) < 10**14 else 38}, 4)")
    if type == "datetime":
        return ibis.literal(value, type=zones.INSTANT)
    return ibis.literal(value)


def _compared(asked: Asked, name: str, value: Value, test: Test) -> BooleanValue:
    if not isinstance(value, Literal):
        return COMPARE[name](_own(asked, value), _side(asked, value, test))
    place = _place(value.value, asked.type, asked.ctx)
    if place.beyond:
        below = name in ("less_than", "less_or_equal")
        return asked.column.notnull() if name != "equals" and below == (place.beyond > 0) else NEVER
    constant = _constant(place.value, asked.type)
    if test.ignore_case:
        constant = constant.lower()  # type: ignore[attr-defined]
    if not place.exact:  # the literal lies between this value and the next
        if name == "equals":
            return NEVER
        name = "greater_than" if name.startswith("greater") else "less_or_equal"
    return COMPARE[name](asked.column, constant)


def _own(asked: Asked, value: Value) -> Expression:
    """The column itself, as an instant when it is held against instants."""
    if asked.type == "date" and getattr(value, "type", "") == "datetime":
        return zones.midnights(asked.column, asked.ctx.home)
    return asked.column


def _side(asked: Asked, value: Value, test: Test) -> Expression:
    if isinstance(value, Literal):
        found = _constant(value.value, asked.type)
    else:
        found = asked.other(value)
        if asked.type == "datetime" and value.type == "date":
            found = zones.midnights(found, asked.ctx.home)
    return found.lower() if test.ignore_case else found  # type: ignore[attr-defined]


def _one_of(test: Test, asked: Asked) -> BooleanValue:
    constants: set[Any] = set()
    others: list[BooleanValue] = []
    for value in test.values:
        if not isinstance(value, Literal):
            others.append(_compared(asked, "equals", value, test))
            continue
        place = _place(value.value, asked.type, asked.ctx)
        if place.exact and not place.beyond:
            constants.add(place.value)
    if constants:
        others.insert(0, _isin(asked, sorted(constants), test))
    return reduce(lambda left, right: left | right, others) if others else NEVER


def _isin(asked: Asked, values: Sequence[Any], test: Test) -> BooleanValue:
    if len(values) > LITERALS_AT_MOST:
        table = _memory(values, asked.type)
        return asked.column.isin(table.value.lower() if test.ignore_case else table.value)
    constants = [_constant(value, asked.type) for value in values]
    if test.ignore_case:
        constants = [constant.lower() for constant in constants]  # type: ignore[attr-defined]
    return asked.column == constants[0] if len(constants) == 1 else asked.column.isin(constants)


def _memory(values: Sequence[Any], type: str) -> Table:
    """The values as a table; the same values are the same table, so that equal rules are equal expressions."""
    array = pa.array(values, ARROW[type])
    digest = hashlib.sha256(repr(values).encode()).hexdigest()
    table = _lists.get((type, digest))
    if table is None:
        table = _lists[type, digest] = ibis.memtable(pa.table({"value": array}))
    return table


def _in_period(period: Period, asked: Asked) -> BooleanValue:
    now, zone, column = asked.ctx.now, asked.ctx.zone, asked.column
    today = now.astimezone(zone).date()

    def edge(day: date) -> Expression:
        return ibis.literal(day) if asked.type == "date" else _constant(moments.midnight(day, zone), "datetime")

    if period.name == "anniversary_today":
        return _anniversary(today, asked)
    if period.name == "more_than_days_ago":
        return column < edge(today - timedelta(days=period.n))
    if period.name == "last_days":
        until = ibis.literal(today) if asked.type == "date" else _constant(now, "datetime")
        return (column >= edge(today - timedelta(days=period.n))) & (column <= until)
    if period.name == "next_days":
        since = ibis.literal(today) if asked.type == "date" else _constant(now, "datetime")
        return (column > since) & (column < edge(today + timedelta(days=period.n + 1)))
    start, end = moments.days(period.name, today)
    return (column >= edge(start)) & (column < edge(end))


def _anniversary(today: date, asked: Asked) -> BooleanValue:
    if asked.type == "datetime":
        return zones.anniversaries(asked.column, today, asked.ctx.zone)
    found = (asked.column.month() == today.month) & (asked.column.day() == today.day)
    if (today.month, today.day) == (3, 1) and not zones.is_leap(today.year):
        found = found | ((asked.column.month() == 2) & (asked.column.day() == 29))
    return found
