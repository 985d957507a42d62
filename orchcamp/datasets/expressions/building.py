"""The table that an expression is built on: its columns, and the values that are put aside for later use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.operations as ops
from django.utils.translation import gettext as _
from ibis.expr.types import Table, Value

from ..rules.context import RuleContext
from ..schema import TYPES
from . import clocks
from .errors import ExpressionError

SIMPLE = (ops.Field, ops.Literal)
SIZE_KEPT, DEPTH_KEPT = 24, 8  # a larger value is computed once, in a column of its own
SIZE_REPEATED = 4  # a smaller one may as well be written out wherever it is needed
SIZE_AT_MOST = 200_000
STEPS_AT_MOST = 80
UNFOLDED_AT_MOST = 100  # parts of a value that an engine may write out again
TEXT_AT_MOST = 50_000  # characters of a text that an expression makes longer
TEXTS_AT_MOST = (
    500_000  # characters that such texts of one row may have together: engines hold thousands of rows at once
)


class Building:
    """A table that grows: what several places need is computed once, in a column of its own.

    Without it a function that names its argument twice would double the statement each time it is nested.
    """

    def __init__(self, table: Table, ctx: RuleContext, columns: Mapping[str, str], key: tuple[str, ...] = ()):
        self.table, self.ctx, self.columns, self.key = table, ctx, columns, key
        self.size, self.steps, self._serial = 0, 0, 0
        self.longest, self.texts = 0, 0  # how long a text can have become by now; all that were made, together
        self._made: dict[Any, str] = {}
        self._unfolded: dict[str, int] = {}  # column -> the parts of its value, were all in it written out
        self.figures: dict[Any, str] = {}  # aggregate -> column that holds it already

    def column(self, path: str, type: str) -> Value:
        """The column that a path leads to, of its type."""
        return typed(self.table[self.columns[path]], type)

    def start(self) -> None:
        """Another expression begins: each has its own measure."""
        self.size, self.steps, self.longest = 0, 0, 0

    def lengthen(self, to: int) -> None:
        """The expression's texts may be this long by now. Raises ExpressionError where engines cannot hold them."""
        self.longest = min(to, TEXT_AT_MOST)
        self.hold(self.longest)

    def hold(self, characters: int) -> None:
        """One more text of a row. Raises ExpressionError when there are too many for thousands of rows at once."""
        self.texts += characters
        if self.texts > TEXTS_AT_MOST:
            sentence = _("The expression makes texts that may grow too long; pad, replace or join fewer of them.")
            raise ExpressionError(sentence)

    def keep(self, value: Value, always: bool = False) -> Value:
        """The value as a column of its own, unless it is hardly more than one already."""
        operation = value.op()
        if isinstance(operation, SIMPLE) or (
            isinstance(operation, ops.Cast) and isinstance(operation.arg, ops.Literal)
        ):
            return value
        name = self._made.get(operation)
        if name is None:
            if not always and weight(operation)[0] <= SIZE_REPEATED:
                return value
            self._weigh(value)
            name = self._fresh()
            self._unfolded[name] = weight(operation, self._unfolded)[0]
            self.table = self.table.mutate(**{name: value})
            self._made[operation] = name
            self.steps += 1
        return self.table[name]

    def tidy(self, value: Value) -> Value:
        """The value, as a column of its own when it has grown large."""
        size, depth = weight(value.op())
        return self.keep(value) if size > SIZE_KEPT or depth > DEPTH_KEPT else value

    def finish(self, named: Mapping[str, Value]) -> dict[str, str]:
        """Add the results; the names of their columns."""
        names: dict[str, str] = {}
        for name in named:
            names[name] = f"result_{len(names)}_{self._fresh()}"
        held = {names[name]: self._held(value) for name, value in named.items()}
        self.table = self.table.mutate(**held)
        return names

    def _held(self, value: Value) -> Value:
        """The value, which no engine writes out again in place of a column: that would undo what was put aside.

        DuckDB asks a filter as early as it can, down through every column that leads to it, unless it could fail there;
        a sum of whole numbers could.
        """
        if weight(value.op(), self._unfolded)[0] <= UNFOLDED_AT_MOST:
            return value
        value = self.keep(value, always=True)
        known = value.notnull().cast("int64")
        return ibis.ifelse(known + known >= known, value, ibis.null(value.type()))

    def _weigh(self, value: Value) -> None:
        self.size += weight(value.op())[0]
        if self.size > SIZE_AT_MOST or self.steps > STEPS_AT_MOST:
            raise ExpressionError(_("The expression unfolds to too large a question; make several columns of it."))

    def _fresh(self) -> str:
        taken = set(self.table.columns)
        while (name := f"step_{self._serial}") in taken:
            self._serial += 1
        return name

    def local(self, moment: Value, zone: ZoneInfo | None = None) -> Value:
        """What the clock of a zone (the project's) shows at a moment."""
        return self.keep(clocks.shown(self.keep(moment), zone or self.ctx.home, self.keep))

    def instant(self, shown: Value, zone: ZoneInfo | None = None) -> Value:
        """The moment at which the clock of a zone shows this; the first, when it does so twice."""
        return self.keep(clocks.instant(self.keep(shown), zone or self.ctx.home, self.keep))


def weight(operation: ops.Node, known: Mapping[str, int] = {}) -> tuple[int, int]:  # noqa: B006
    """How many parts the statement of a value has when written out, and how deep it goes.

    ``known`` says how many parts stand behind a column; others are one.
    """
    found: dict[ops.Node, tuple[int, int]] = {}
    waiting = [operation]
    while waiting:
        node = waiting[-1]
        if node in found:
            waiting.pop()
            continue
        if isinstance(node, ops.Field):
            found[node] = (known.get(node.name, 1), 1)
            continue
        inner = [n for n in node.__children__ if isinstance(n, ops.Value | ops.Analytic)]
        missing = [one for one in inner if one not in found]
        if missing:
            waiting.extend(missing)
            continue
        waiting.pop()
        sizes = [found[one] for one in inner]
        found[node] = (1 + sum(size for size, _depth in sizes), 1 + max((depth for _size, depth in sizes), default=0))
    return found[operation]


def typed(value: Value, type: str) -> Value:
    """The value in the form that its type has in the data."""
    wanted = ibis.dtype(TYPES[type])
    have = value.type()
    if have == wanted or have(nullable=True) == wanted:
        return value
    return value.try_cast(wanted) if type == "decimal" else value.cast(wanted)


def long(value: Value) -> Value:
    """A whole number that an engine answers with 32 bits, though Ibis takes it for 64."""
    return value.cast("int32").cast("int64")


def constant(value: Any, type: str) -> Value:
    """A literal of a type."""
    if type == "float":  # engines take 1.5 for a decimal
        return ibis.literal(repr(float(value))).cast("float64")
    return ibis.literal(value, type=TYPES[type])


def nothing(type: str) -> Value:
    """An empty value of a type."""
    return ibis.null(TYPES[type])
