"""The functions: what they take, give and do, and one example of each that the documentation shows and tests run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CATEGORIES: dict[str, str | Promise] = {
    "aggregate": _("Aggregate"),
    "date": _("Date"),
    "geo": _("Geomarketing"),
    "number": _("Numeric"),
    "other": _("Other"),
    "string": _("Text"),
    "window": _("Window"),
}
Words = str | Promise


@dataclass(frozen=True)
class Parameter:
    """What a function takes in one place.

    ``kind`` is a type, a family (``number``, ``day``), ``any``, ``same`` or ``alike`` (those of one name are brought to
    one type), a clause such as ``when``, or several of them in a tuple. ``written`` asks for a value that stands in the expression
    itself, or a variable: it is known before any row is read.
    """

    name: str
    kind: str | tuple[str, ...] = "any"
    written: bool = False
    default: Any = None
    optional: bool = False
    repeats: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        return self.kind if isinstance(self.kind, tuple) else (self.kind,)


@dataclass(frozen=True)
class Function:
    """One function of the language."""

    name: str
    category: str  # a key of CATEGORIES
    parameters: tuple[Parameter, ...]
    result: str | Callable[[Sequence[str]], str]  # a type, or how it follows from the arguments' types
    help: Words
    build: Callable[..., Any]
    example: str = ""
    expected: Any = None  # the example's value on SAMPLE
    raw: bool = False  # ``build`` takes the arguments before they are built
    aggregate: bool = False
    window: bool = False
    windowed: Callable[..., Any] | None = None  # how an aggregate is built in a window, when otherwise
    settle: Callable[..., tuple[list[Any], str]] | None = None  # (checker, arguments, place) -> arguments, type

    @property
    def signature(self) -> str:
        """How it is called: ``Left(s, n)``; what may be left out stands in brackets."""
        text = ""
        for parameter in self.parameters:
            part = f"{', ' if text else ''}{parameter.name}"
            text += f"[{part}]" if parameter.optional else part + (", …" if parameter.repeats else "")
        return f"{self.name}({text})"

    @property
    def least(self) -> int:
        return sum(not parameter.optional for parameter in self.parameters)

    @property
    def most(self) -> int | None:
        return None if any(parameter.repeats for parameter in self.parameters) else len(self.parameters)

    @property
    def gives(self) -> str:
        """The type of the result, for people: a type, or “as its arguments”."""
        return self.result if isinstance(self.result, str) else "as its arguments"


KNOWN: dict[str, Function] = {}  # lower-cased name -> function
REFUSED: dict[str, tuple[str, Words]] = {}  # lower-cased name -> (name, why it is not here)


def function(
    name: str,
    category: str,
    takes: Sequence[Parameter | tuple[Any, ...]],
    result: str | Callable[[Sequence[str]], str],
    help: Words,
    example: str,
    expected: Any,
    **options: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function whose value the decorated one builds."""
    parameters = tuple(one if isinstance(one, Parameter) else Parameter(*one) for one in takes)

    def enter(build: Callable[..., Any]) -> Callable[..., Any]:
        made = Function(name, category, parameters, result, help, build, example, expected, **options)
        assert name.lower() not in KNOWN, name
        KNOWN[name.lower()] = made
        return build

    return enter


def refuse(name: str, why: Words) -> None:
    """Enter a function of the reference that cannot be offered, with the reason."""
    REFUSED[name.lower()] = (name, why)


def functions() -> list[Function]:
    """All functions, by category and name."""
    order = list(CATEGORIES)
    return sorted(KNOWN.values(), key=lambda one: (order.index(one.category), one.name.lower().strip("_")))
