"""The rule as the builder edits it: plain JSON, perhaps unfinished, changed at a path such as ``0.w.2``."""

from __future__ import annotations

import copy
import re
from typing import Any

from django.utils.translation import gettext as _

from orchcamp.web.numbers import whole

from .context import RuleError
from .reader import DEPTH_AT_MOST

Tree = dict[str, Any]
MOST_LEVELS = 3 * DEPTH_AT_MOST  # of JSON: a group is an object and a list, and the builder wraps once more
PLACE = re.compile(r"items\[(\d+)\]|(where)")


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
    return {} if _is_empty(tree) else _plain(tree)


def _is_empty(node: Any) -> bool:
    return isinstance(node, dict) and "group" in node and not node.get("items")


def _plain(node: Any) -> Any:
    if isinstance(node, dict) and isinstance(node.get("items"), list):
        return {**node, "items": [_plain(item) for item in node["items"]]}
    if isinstance(node, dict) and "link" in node:
        rest = {key: value for key, value in node.items() if key != "where"}
        where = node.get("where")
        return rest if _is_empty(where) or not where else {**rest, "where": _plain(where)}
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


def add(tree: Tree, path: str, node: Tree) -> str:
    """Append to the group at a path; the new node's path."""
    group = at(tree, path)
    if not isinstance(group, dict) or not isinstance(group.get("items"), list):
        return path
    group["items"].append(node)
    return ".".join(filter(None, [path, str(len(group["items"]) - 1)]))


def remove(tree: Tree, path: str) -> str:
    """Take a node out; the path to go on from."""
    if found := _siblings(tree, path):
        items, place = found
        del items[place]
        parent = path.rpartition(".")[0]
        return ".".join(filter(None, [parent, str(min(place, len(items) - 1))])) if items else parent
    return path


def move(tree: Tree, path: str, by: int) -> str:
    """Swap a node with its neighbour; its new path."""
    if found := _siblings(tree, path):
        items, place = found
        other = place + by
        if 0 <= other < len(items):
            items[place], items[other] = items[other], items[place]
            return ".".join(filter(None, [path.rpartition(".")[0], str(other)]))
    return path


def wrap(tree: Tree, path: str) -> str:
    """Put a node into a group of its own."""
    if found := _siblings(tree, path):
        items, place = found
        items[place] = {"group": "and", "items": [items[place]]}
    return path


def ungroup(tree: Tree, path: str) -> str:
    """Put a group's items in its place."""
    found = _siblings(tree, path)
    group = at(tree, path)
    if found and isinstance(group, dict) and isinstance(group.get("items"), list):
        items, place = found
        items[place : place + 1] = group["items"]
    return path
