"""Who uses a saved audience or a predefined filter: each package that refers to them tells what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F
from django.utils.functional import Promise

from .models import FilterRevision
from .schema import AUDIENCE, FILTER, DataModel


@dataclass(frozen=True)
class Use:
    """One thing that would change with it."""

    kind: str | Promise  # "Campaign", "Audience", "Filter", for people
    obj: models.Model
    address: str = ""  # where it is looked at
    places: tuple[str, ...] = ()  # within it: names of nodes, for people

    def __str__(self) -> str:
        return str(self.obj)


Provider = Callable[[str], Iterable[Use]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Have ``provider`` asked, with ``audience:slug`` or ``filter:slug``; called when the applications are ready."""
    if provider not in _providers:
        _providers.append(provider)


def uses(name: str) -> list[Use]:
    """Everything that names ``audience:slug`` or ``filter:slug``, also through predefined filters."""
    return [use for provider in _providers for use in provider(name)]


def names(model: DataModel, value: Any) -> set[str]:
    """The audiences and filters that some JSON names, through other filters too, as ``audience:slug`` and so on."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        for name in set(_named(waiting.pop())) - found:
            found.add(name)
            if name.startswith(FILTER) and (shape := model.filters.get(name.removeprefix(FILTER))):
                waiting.append(shape.rule)
    return found


def filter_rules(value: Any) -> dict[str, dict[str, Any]]:
    """Slug -> rule and parameters, as they stand, of the predefined filters that some JSON names, through other filters too.

    Read from the rows, whoever asks; a filter that is not there is left out. No query where none is named.
    """
    found: dict[str, dict[str, Any]] = {}
    waiting = {name.removeprefix(FILTER) for name in _named(value) if name.startswith(FILTER)}
    while waiting:
        current = FilterRevision.objects.filter(filter__slug__in=waiting, number=F("filter__revision"))
        rows = list(current.values_list("filter__slug", "rule", "parameters"))
        found |= {slug: {"rule": rule, "parameters": parameters} for slug, rule, parameters in rows}
        further = (name for _slug, rule, _parameters in rows for name in _named(rule) if name.startswith(FILTER))
        waiting = {name.removeprefix(FILTER) for name in further} - found.keys()
    return found


def _named(value: Any) -> Iterator[str]:
    level = [value]
    while level:
        item = level.pop()
        if isinstance(item, Mapping):
            for key, prefix in (("audience", AUDIENCE), ("filter", FILTER)):
                if isinstance(slug := item.get(key), str):
                    yield prefix + slug
            level += item.values()
        elif isinstance(item, list | tuple):
            level += item
