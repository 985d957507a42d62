"""All activity types by key; a new module under ``types/`` is found by itself."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from . import types
from .base import Activity
from .graph import Node

GROUPS = ("data", "targeting", "flow", "channel")
A = TypeVar("A", bound=type[Activity])
_catalogue: dict[str, type[Activity]] = {}


class UnknownActivity(Refused):
    """A stored key without a module: drawn grey, refuses to run, breaks nothing."""


def register(cls: A) -> A:
    if cls.key in _catalogue:
        raise ValueError(f"Activity key {cls.key!r} is taken by {_catalogue[cls.key]}")
    _catalogue[cls.key] = cls
    return cls


def load() -> None:
    """Import every module under ``types/``; called once, when Django is ready."""
    for module in iter_modules(types.__path__):
        import_module(f"{types.__name__}.{module.name}")


def get(key: str) -> type[Activity]:
    try:
        return _catalogue[key]
    except KeyError:
        sentence = _("This version of Orchcamp has no activity “{key}”; install it, or remove the node.")
        raise UnknownActivity(sentence.format(key=key)) from None


def build(key: str, settings: Mapping[str, Any]) -> Activity:
    return get(key)(settings)


def of(node: Node) -> Activity:
    """The activity of a node on a canvas, with its settings as stored."""
    return build(node.type, node.settings)


def all_types() -> list[type[Activity]]:
    """Every type, in the order of the palette: by group, then as a reader would meet them."""
    return sorted(_catalogue.values(), key=lambda cls: (GROUPS.index(cls.group), cls.position, cls.key))
