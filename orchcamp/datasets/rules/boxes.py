"""What the builder draws: nested boxes of plain values for the templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .operators import NUMBER

Choices = list[tuple[str, str]]
SHIFT_UNITS: Choices = [(unit, unit) for unit in ("minutes", "hours", "days", "weeks", "months", "years")]


@dataclass
class Box:
    """One node: its inputs are called ``{name}:{path}:…``."""

    kind: str  # group, condition, expression, link, filter, audience, unknown
    name: str
    path: str
    node: Any
    error: str = ""
    first: bool = False
    last: bool = False
    follows: bool = False  # a group stands before it
    focus: bool = False
    root: bool = False
    closed: bool = False
    joint: str = ""  # the word before it
    tone: str = ""  # of a group: and, or, except
    items: list[Box] = field(default_factory=list)
    where: Box | None = None
    title: str = ""
    way: str = ""
    hint: str = ""
    words: str = ""  # what a folded box says
    choices: Choices = field(default_factory=list)
    columns: Choices = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)  # the parameters of a filter
    value: Value | None = None

    @property
    def prefix(self) -> str:
        return f"{self.name}:{self.path}:"

    @property
    def key(self) -> str:
        """An id for the page, usable in a selector."""
        return f"{self.name}_{self.path or 'root'}".replace(".", "_").replace(":", "_")

    @property
    def template(self) -> str:
        kind = self.kind if self.kind in ("group", "link", "filter", "audience") else "condition"
        return f"datasets/rules/_{'folded' if self.closed else kind}.html"

    @property
    def draggable(self) -> bool:
        """Whether it stands in a group, and can be moved; a box of linked rows keeps its own group."""
        return not self.root and not self.path.endswith("w")

    @property
    def can(self) -> str:
        """The deeds of its menu that not every box has."""
        holds = self.kind in ("group", "link")
        deeds = {
            "up": not self.first,
            "down": not self.last,
            "indent": self.follows,
            "outdent": self.inner,
            "open": holds and self.closed,
            "close": holds and not self.closed,
            "ungroup": self.kind == "group",
            "add-figure": self.kind == "link",
            "as-expression": self.kind == "condition",
            "unfold": self.kind == "filter" and not self.error,
        }
        if self.root:
            return "whole" if self.items else ""
        return " ".join(deed for deed, possible in deeds.items() if possible) if self.draggable else ""

    @property
    def inner(self) -> bool:
        """Whether it can be moved out of the group it is in."""
        return "." in self.path and self.path.rpartition(".")[0].rpartition(".")[2] != "w"

    @property
    def computed(self) -> bool:
        """Whether a figure is taken of an expression."""
        return "expression" in self.node

    @property
    def absent(self) -> bool:
        """Whether members of an audience are left out."""
        return self.node.get("member") is False


@dataclass
class Asked:
    """One parameter of a predefined filter, as an input."""

    name: str
    label: str
    type: str
    text: str = ""
    default: str = ""
    fixed: str = ""  # a value that only its JSON can say

    @property
    def shown(self) -> str:
        return self.text or self.default


@dataclass
class Part:
    """One thing that a column is held against: a value, or something that stands for one."""

    label: str
    suffix: str = ""  # of the names of its inputs; the second of two has "2"
    how: str = "value"
    hows: Choices = field(default_factory=list)
    text: str = ""
    input: str = "text"
    options: Choices = field(default_factory=list)
    many: bool = False
    moving: str = ""
    shift: Any = ""
    unit: str = "days"
    after: bool = False
    others: Choices = field(default_factory=list)
    chosen: str = ""
    fixed: str = ""  # what only its JSON can say
    movings: Choices = field(default_factory=list)
    units: Choices = field(default_factory=lambda: SHIFT_UNITS)


@dataclass
class Value:
    """What an operator takes, as inputs."""

    operator: str
    takes: str
    type: str
    parts: list[Part] = field(default_factory=list)
    period: str = ""
    n: Any = ""
    counted: bool = False
    parameter: str = ""  # of a period: the parameter that says the number of days
    asks: bool = False  # whether parameters may stand for values here
    ignore_case: bool = False
    suggests: bool = False
    dataset: str = ""
    column: str = ""
    operators: Choices = field(default_factory=list)
    periods: Choices = field(default_factory=list)

    @property
    def is_text(self) -> bool:
        return self.type == "string"

    @property
    def is_number(self) -> bool:
        return self.type in NUMBER
