"""Values of a predefined filter's rule that can be asked for on each use, and those that are."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..schema import DatasetShape
from . import api, computed, paths
from .context import RuleContext, RuleError
from .operators import NUMBER, OPERATORS, figure_type

DEPTH_AT_MOST = 50
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Askable:
    """One value that stands in a rule."""

    place: str
    words: str  # the condition it stands in
    name: str  # what its parameter would be called
    type: str  # a key of reuse.PARAMETERS
    value: Any


@dataclass(frozen=True)
class _Slot:
    """Where a value stands, or a parameter in its place."""

    path: Path
    node: Mapping[str, Any]  # the condition
    shape: DatasetShape
    name: str
    type: str
    value: Any


def askable(rule: Any, dataset: str, ctx: RuleContext, taken: Collection[str]) -> list[Askable]:
    """The plain values of a rule, in its order."""
    found = []
    for slot in _slots(rule, ctx.model.dataset(dataset), ctx, ()):
        items = slot.value if isinstance(slot.value, list) else [slot.value]
        if any(isinstance(item, dict | list) or item is None for item in items):
            continue
        try:
            said = api.phrase(slot.node, slot.shape.slug, replace(ctx, columns={}))
        except RuleError:
            continue
        place = "/".join(map(str, slot.path))
        found.append(Askable(place, said, _free(slot.name, taken), slot.type, slot.value))
    return found


def ask(rule: Any, place: str, name: str) -> Any:
    """The rule with a parameter where a value stood."""
    changed = copy.deepcopy(rule)
    at = changed
    *way, last = place.split("/")
    for step in way:
        at = at[int(step) if isinstance(at, list) else step]
    at[int(last) if isinstance(at, list) else last] = {"parameter": name}
    return changed


def asked(rule: Any, dataset: str, ctx: RuleContext) -> dict[str, str]:
    """The parameters that stand in a rule, and the type that each must have."""
    found: dict[str, str] = {}
    for slot in _slots(rule, ctx.model.dataset(dataset), ctx, ()):
        if isinstance(slot.value, dict) and isinstance(name := slot.value.get("parameter"), str):
            found.setdefault(name, slot.type)
    return found


def _free(name: str, taken: Collection[str]) -> str:
    names = [name, *(f"{name}_{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _slots(node: Any, shape: DatasetShape, ctx: RuleContext, path: Path) -> Iterator[_Slot]:
    if not isinstance(node, dict) or len(path) > 2 * DEPTH_AT_MOST:
        return
    for n, item in enumerate(node.get("items") or [] if "group" in node else []):
        yield from _slots(item, shape, ctx, (*path, "items", n))
    inner = shape
    if "link" in node:
        try:
            inner = ctx.model.dataset(paths.link(node["link"], shape, ctx, "")[-1].target)
        except RuleError:
            return
        yield from _slots(node.get("where"), inner, ctx, (*path, "where"))
    if "filter" in node:
        yield from _of_filter(node, shape, ctx, path)
    elif "value" in node:
        yield from _of_condition(node, shape, inner, ctx, path)


def _of_filter(node: dict[str, Any], shape: DatasetShape, ctx: RuleContext, path: Path) -> Iterator[_Slot]:
    known, given = ctx.model.filters.get(str(node["filter"])), node.get("parameters")
    if known is None or not isinstance(given, dict):
        return
    for name, facts in known.parameters.items():
        if name in given:
            yield _Slot((*path, "parameters", name), node, shape, name, facts["type"], given[name])


def _of_condition(
    node: dict[str, Any], shape: DatasetShape, inner: DatasetShape, ctx: RuleContext, path: Path
) -> Iterator[_Slot]:
    type, operator, value = _type(node, shape, inner, ctx), OPERATORS.get(str(node.get("operator"))), node["value"]
    if type is None or operator is None:
        return
    name = str(node.get("attribute") or node.get("aggregate") or "value").rpartition(".")[2]
    own = "number" if type in NUMBER else {"string": "text", "boolean": "boolean"}.get(type, "date")
    if operator.takes == "period":
        if isinstance(value, dict) and "n" in value:
            yield _Slot((*path, "value", "n"), node, shape, "days", "number", value["n"])
    elif operator.takes == "two" and isinstance(value, list):
        for n, item in enumerate(value):
            yield _Slot((*path, "value", n), node, shape, f"{name}_{('from', 'to')[n > 0]}", own, item)
    elif isinstance(value, dict) and isinstance(value.get("shift"), dict):
        yield _Slot((*path, "value", "shift"), node, shape, "shift", "text", value["shift"])
    else:
        yield _Slot((*path, "value"), node, shape, name, "list" if operator.takes == "many" else own, value)


def _type(node: dict[str, Any], shape: DatasetShape, inner: DatasetShape, ctx: RuleContext) -> str | None:
    try:
        if "expression" in node:
            found = computed.read(node["expression"], inner, ctx, {}, "").type
        elif "attribute" in node:
            found = paths.attribute(node["attribute"], inner, ctx, {}, "").type
        else:
            found = "integer"
        return figure_type(str(node["aggregate"]), found) if "aggregate" in node else found
    except RuleError:
        return None
