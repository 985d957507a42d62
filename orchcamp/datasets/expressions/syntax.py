"""An expression as it was written: what the parser makes of a text, and how it is written again."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Place:
    """Where something begins in the text, from 1; two expressions are equal wherever they stand."""

    line: int = field(default=1, compare=False)
    column: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Constant:
    """A text, a number, true or false."""

    value: str | int | float | Decimal | bool
    place: Place = field(default_factory=Place, compare=False)
    depth: int = field(default=1, compare=False)

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, str):
            return "'" + self.value.replace("'", "''") + "'"
        return format(self.value, "f") if isinstance(self.value, Decimal) else repr(self.value)


@dataclass(frozen=True)
class Field:
    """A column of this row, or of one that a path leads to."""

    path: str
    place: Place = field(default_factory=Place, compare=False)
    depth: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"[{self.path}]"


@dataclass(frozen=True)
class Variable:
    """A variable of the campaign."""

    name: str
    place: Place = field(default_factory=Place, compare=False)
    depth: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"${self.name}"


@dataclass(frozen=True)
class Call:
    """A function of arguments."""

    name: str
    arguments: tuple[Node, ...]
    place: Place = field(default_factory=Place, compare=False)
    depth: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True)
class Operation:
    """An operator between operands; ``and`` and ``or`` have two or more, ``not`` and ``negate`` have one."""

    operator: str
    operands: tuple[Node, ...]
    place: Place = field(default_factory=Place, compare=False)
    depth: int = field(default=1, compare=False)

    def __str__(self) -> str:
        parts = [f"({part})" if isinstance(part, Operation) else str(part) for part in self.operands]
        if self.operator == "negate":
            return f"-{parts[0]}"
        if self.operator == "not":
            return f"not {parts[0]}"
        return f" {self.operator} ".join(parts)


Node = Constant | Field | Variable | Call | Operation
