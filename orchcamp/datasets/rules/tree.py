"""The rule as the builder edits it: plain JSON, perhaps unfinished, changed at a path such as ``0.w.2``."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from orchcamp.web.numbers import whole

from .context import RuleError
from .reader import DEPTH_AT_MOST

Tree = dict[str, Any]
MOST_LEVELS = 3 * DEPTH_AT_MOST  # of JSON: a group is an object and a list, and the builder wraps once more
PLACE = re.compile(r"items\[(\d+)\]|(where)")
CLOSED = "_closed"  # of a box that is folded; only the builder knows it


def demand_shallow(tree: Any) -> None:
    """Raise RuleError for what is nested so deeply that walking it would end in the middle."""
    level, depth = [tree], 0
    while level:
        level = [inner for node in level if isinstance(node, dict | list) for inner in _inside(node)]
        depth += 1
        if depth > MOST_LEVELS:
            raise RuleError("", _("the rule is nested deeper than %(n)s levels.") % {"n": DEPTH_AT_MOST})


def _inside(node: dict | list) -> Any:
    return node.values() if isinstance(node, dict) else node


def normal(tree: Any) -> Tree:
    """A copy whose root and whose every ``where`` is a group, so that there is always a place to add to."""
    demand_shallow(tree)
    return _group(_normal(copy.deepcopy(tree))) if tree else new_group()


def _group(node: Any) -> Tree:
    if isinstance(node, dict) and "group" in node:
        return node
    return {"group": "and", "items": [node] if node else []}


def _normal(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if "group" in node and isinstance(node.get("items", []), list):
        node["items"] = [_normal(item) for item in node.get("items", [])]
    elif "link" in node:
        node["where"] = _group(_normal(node.get("where")))
    return node


def plain(tree: Tree) -> Tree:
    """The tree without the empty groups that only the builder needs; ``{}`` when nothing is asked."""
    demand_shallow(tree)
    return {} if is_empty(tree) else _plain(tree)


def is_empty(node: Any) -> bool:
    """Whether it is a group of nothing."""
    return isinstance(node, dict) and "group" in node and not node.get("items")


def _plain(node: Any) -> Any:
    if isinstance(node, dict) and CLOSED in node:
        node = {key: value for key, value in node.items() if key != CLOSED}
    if isinstance(node, dict) and isinstance(node.get("items"), list):
        return {**node, "items": [_plain(item) for item in node["items"]]}
    if isinstance(node, dict) and "link" in node:
        rest = {key: value for key, value in node.items() if key != "where"}
        where = node.get("where")
        return rest if is_empty(where) or not where else {**rest, "where": _plain(where)}
    return node


def new_group() -> Tree:
    return {"group": "and", "items": []}


def path_of(place: str) -> str:
    """The builder's path of a place in an error: ``items[0].where.items[2].value`` is at ``0.w.2``."""
    found = []
    for part in place.split("."):
        match = PLACE.fullmatch(part)
        if match is None:
            break
        found.append("w" if match[2] else match[1])
    return ".".join(found)


def at(tree: Tree, path: str) -> Any:
    """The node at a path; None when there is none."""
    node: Any = tree
    for part in filter(None, path.split(".")):
        if not isinstance(node, dict):
            return None
        if part == "w":
            node = node.get("where")
        else:
            items = node.get("items")
            place = whole(part)
            node = items[place] if isinstance(items, list) and place is not None and place < len(items) else None
    return node


def _siblings(tree: Tree, path: str) -> tuple[list[Any], int] | None:
    """The list that holds the node of a path, and its place there."""
    parent, _dot, last = path.rpartition(".")
    holder, place = at(tree, parent), whole(last)
    if place is None or not isinstance(holder, dict) or not isinstance(holder.get("items"), list):
        return None
    return (holder["items"], place) if place < len(holder["items"]) else None


def is_within(path: str, other: str) -> bool:
    """Whether a path is another one, or lies below it."""
    return not other or path == other or path.startswith(f"{other}.")


def joined(*parts: object) -> str:
    """A path of its parts, the empty ones left out."""
    return ".".join(part for part in map(str, parts) if part)


def _items(tree: Tree, path: str) -> list[Any] | None:
    group = at(tree, path)
    found = group.get("items") if isinstance(group, dict) else None
    return found if isinstance(found, list) else None


def find(tree: Any, node: Any, path: str = "") -> str | None:
    """Where this very node stands."""
    if tree is node:
        return path
    inner = []
    if isinstance(tree, dict):
        inner = [(str(n), item) for n, item in enumerate(tree.get("items") or [])]
        inner += [("w", tree["where"])] if "where" in tree else []
    for part, child in inner:
        if (found := find(child, node, joined(path, part))) is not None:
            return found
    return None


def add(tree: Tree, path: str, node: Tree, place: int | None = None) -> str:
    """Put a node into the group at a path, at its end or before the item at ``place``; the new node's path."""
    items = _items(tree, path)
    if items is None:
        return path
    place = len(items) if place is None else max(0, min(place, len(items)))
    items.insert(place, node)
    return joined(path, place)


def replace(tree: Tree, path: str, node: Tree) -> str:
    """Put another node in the place of one."""
    if found := _siblings(tree, path):
        items, place = found
        items[place] = node
    return path


def remove(tree: Tree, path: str) -> str:
    """Take a node out; the path to go on from."""
    if found := _siblings(tree, path):
        items, place = found
        del items[place]
        parent = path.rpartition(".")[0]
        return joined(parent, min(place, len(items) - 1)) if items else parent
    return path


def move(tree: Tree, path: str, by: int) -> str:
    """Swap a node with its neighbour; its new path."""
    if found := _siblings(tree, path):
        items, place = found
        other = place + by
        if 0 <= other < len(items):
            items[place], items[other] = items[other], items[place]
            return joined(path.rpartition(".")[0], other)
    return path


def transfer(tree: Tree, path: str, group: str, place: int | None = None) -> str:
    """Put a node into another group, at its end or before the item at ``place``; its new path."""
    found, target = _siblings(tree, path), _items(tree, group)
    if found is None or target is None or is_within(group, path):
        return path
    items, was = found
    node = items[was]
    place = len(target) if place is None else max(0, min(place, len(target)))
    if items is target and place > was:
        place -= 1
    del items[was]
    target.insert(place, node)
    return find(tree, node) or ""


def indent(tree: Tree, path: str) -> str:
    """Put a node into the group before it, or into a group of its own."""
    parent, _dot, last = path.rpartition(".")
    place = whole(last)
    before = joined(parent, place - 1) if place else ""
    if before and _siblings(tree, path) and _items(tree, before) is not None:
        return transfer(tree, path, before)
    return joined(wrap(tree, path), 0) if _siblings(tree, path) else path


def outdent(tree: Tree, path: str) -> str:
    """Put a node behind the group it is in."""
    parent = path.rpartition(".")[0]
    outer, _dot, last = parent.rpartition(".")
    place = whole(last)
    return path if place is None or _items(tree, outer) is None else transfer(tree, path, outer, place + 1)


def duplicate(tree: Tree, path: str) -> str:
    """Put a copy of a node behind it; the copy's path."""
    if found := _siblings(tree, path):
        items, place = found
        items.insert(place + 1, copy.deepcopy(items[place]))
        return joined(path.rpartition(".")[0], place + 1)
    return path


def wrap(tree: Tree, path: str) -> str:
    """Put a node into a group of its own."""
    if found := _siblings(tree, path):
        items, place = found
        items[place] = {"group": "and", "items": [items[place]]}
    return path


def ungroup(tree: Tree, path: str) -> str:
    """Put a group's items in its place."""
    found, inner = _siblings(tree, path), _items(tree, path)
    if found and inner is not None:
        items, place = found
        items[place : place + 1] = inner
    return path


def fold(tree: Any, closed: bool) -> None:
    """Fold or unfold every box below the outermost."""
    for node in walk(tree):
        if isinstance(node, dict):
            node.pop(CLOSED, None)
            if closed and node is not tree and ("group" in node or "link" in node):
                node[CLOSED] = True


def walk(tree: Any) -> Iterator[Any]:
    """Every node, each before those in it."""
    yield tree
    if isinstance(tree, dict):
        items = tree.get("items")
        for item in items if isinstance(items, list) else []:
            yield from walk(item)
        if isinstance(tree.get("where"), dict):
            yield from walk(tree["where"])


def alone(tree: Tree, path: str) -> Tree:
    """The rule with nothing but one node in it; boxes of linked rows around it stay, for they say what it is about."""
    found = at(tree, path)
    while path:
        path, _dot, last = path.rpartition(".")
        if last == "w":
            found = {**at(tree, path), "where": found}
    return found


def up_to(tree: Tree, path: str) -> Tree:
    """The rule cut off behind one node."""
    here, _dot, rest = path.partition(".")
    if not here:
        return tree
    if here == "w":
        return {**tree, "where": up_to(tree["where"], rest)}
    place = int(here)
    return {**tree, "items": [*tree["items"][:place], up_to(tree["items"][place], rest)]}
