"""A rule that has been read: every name resolved, every value of the right type."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ..schema import Step

Scalar = str | int | float | bool | Decimal | date | datetime


@dataclass(frozen=True)
class Attribute:
    """A column, here or over to-one links."""

    steps: tuple[Step, ...]
    column: str
    type: str  # a key of schema.TYPES
    label: str = ""

    @property
    def path(self) -> str:
        return ".".join([*(step.name for step in self.steps), self.column])


@dataclass(frozen=True)
class Computed:
    """An expression over the row, where a column could stand."""

    text: str
    type: str  # a key of schema.TYPES
    given: tuple[tuple[str, Any], ...] = ()  # values of the parameters of the filter around it
    steps: tuple[Step, ...] = ()

    @property
    def path(self) -> str:
        return self.text


@dataclass(frozen=True)
class Literal:
    """One value, already reckoned; ``shown`` is how the rule said it, when that was not the value itself."""

    value: Scalar
    shown: str = ""


@dataclass(frozen=True)
class Period:
    """A whole period as days: from ``start`` to before ``end``; or, to the moment, from and to an instant."""

    name: str
    n: int = 0
    shown: str = ""  # how the rule said ``n``, when that was not the number itself


Source = Attribute | Computed
Value = Literal | Source


@dataclass(frozen=True)
class Group:
    kind: str  # and, or, except
    items: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Test:
    """What is asked of a value: an operator and what it is held against."""

    operator: str
    values: tuple[Value, ...] = ()
    period: Period | None = None
    ignore_case: bool = False


@dataclass(frozen=True)
class Condition:
    attribute: Source
    test: Test


@dataclass(frozen=True)
class Collection:
    """Some linked row satisfies the whole of ``where``, or none does."""

    steps: tuple[Step, ...]
    exists: bool
    where: Node


@dataclass(frozen=True)
class Aggregate:
    """What is asked of a figure over the linked rows that satisfy ``where``."""

    steps: tuple[Step, ...]
    function: str
    attribute: Source | None
    where: Node
    test: Test
    type: str = field(default="integer")  # of the figure


@dataclass(frozen=True)
class Membership:
    """The row's key is in a saved audience, or is not."""

    audience: str
    label: str
    member: bool


@dataclass(frozen=True)
class FilterUse:
    """A predefined filter: its rule, read with the values it was given."""

    filter: str
    label: str
    node: Node
    given: tuple[tuple[str, str], ...] = ()  # parameter and value, as they are said


Node = Group | Condition | Collection | Aggregate | Membership | FilterUse
