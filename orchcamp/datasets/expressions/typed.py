"""An expression that has been checked: every name resolved, every part of a known type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..rules.nodes import Attribute
from .registry import Function
from .syntax import Place


@dataclass(frozen=True, eq=False)
class Constant:
    value: Any
    type: str
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, eq=False)
class Column:
    attribute: Attribute
    type: str
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, eq=False)
class Apply:
    """A function of arguments, each already of the type that the function takes."""

    function: Function
    arguments: tuple[Typed, ...]
    type: str
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, eq=False)
class Convert:
    """A value in a wider type: a number among floats, a date beside moments."""

    inner: Typed
    type: str
    place: Place = field(default_factory=Place)


Typed = Constant | Column | Apply | Convert


def inside(node: Typed) -> tuple[Typed, ...]:
    """The parts that a part is made of."""
    if isinstance(node, Apply):
        return node.arguments
    return (node.inner,) if isinstance(node, Convert) else ()


def walk(node: Typed) -> Iterator[Typed]:
    """A part and everything in it."""
    yield node
    for inner in inside(node):
        yield from walk(inner)


def columns(node: Typed) -> dict[str, Attribute]:
    """The columns that are read, by path."""
    return {one.attribute.path: one.attribute for one in walk(node) if isinstance(one, Column)}


def aggregates(node: Typed) -> list[Apply]:
    """The figures over many rows, each as far out as it stands; those of a window count rows of their own."""
    if isinstance(node, Apply) and node.function.window:
        return []
    if isinstance(node, Apply) and node.function.aggregate:
        return [node]
    return [found for inner in inside(node) for found in aggregates(inner)]


def has_window(node: Typed) -> bool:
    return any(isinstance(one, Apply) and one.function.window for one in walk(node))
