"""The deeds of the rule builder: each takes the tree, changes it, and says where to go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..schema import DatasetShape
from . import tree
from .context import RuleContext
from .inputs import column_at, end_of
from .operators import for_type

DEEDS: dict[str, Callable[[tree.Tree, str], str]] = {
    "add-group": lambda root, at: tree.add(root, at, tree.new_group()),
    "remove": tree.remove,
    "up": lambda root, at: tree.move(root, at, -1),
    "down": lambda root, at: tree.move(root, at, +1),
    "wrap": tree.wrap,
    "ungroup": tree.ungroup,
}


def shape_at(root: tree.Tree, path: str, dataset: str, ctx: RuleContext) -> DatasetShape | None:
    """The dataset that the items of the group at a path are about."""
    shape: DatasetShape | None = ctx.model.datasets.get(dataset)
    node: Any = root
    for part in filter(None, path.split(".")):
        if part == "w" and isinstance(node, dict):
            shape = end_of(node.get("link"), shape, ctx)
        node = tree.at(node, part) if isinstance(node, dict) else None
    return shape


def within(path: str, ctx: RuleContext) -> RuleContext:
    """The context of a place: columns that nodes added are there for the rows themselves only."""
    if "w" not in path.split("."):
        return ctx
    return RuleContext(ctx.model, ctx.now, ctx.timezone, ctx.variables)


def apply(root: tree.Tree, deed: str, given: Mapping[str, Any], dataset: str, ctx: RuleContext) -> str:
    """Change the tree; the path that the keyboard goes on at. A deed that makes no sense changes nothing."""
    at = str(given.get("at", ""))
    if deed in DEEDS:
        return DEEDS[deed](root, at)
    if deed == "clear":
        root.clear()
        root.update(tree.new_group())
    elif deed == "add-condition":
        return tree.add(
            root, at, _condition(str(given.get("attribute", "")), shape_at(root, at, dataset, ctx), ctx, at)
        )
    elif deed == "add-link":
        return tree.add(root, at, {"link": str(given.get("link", "")), "exists": True, "where": tree.new_group()})
    elif deed == "set-attribute" and isinstance(node := tree.at(root, at), dict) and "attribute" in node:
        group = at.rpartition(".")[0]
        new = _condition(str(given.get("attribute", "")), shape_at(root, group, dataset, ctx), ctx, group)
        node.clear()
        node.update(new)
    return at


def _condition(path: str, shape: DatasetShape | None, ctx: RuleContext, at: str) -> tree.Tree:
    column = column_at(path, shape, ctx, within(at, ctx).columns)
    type = column.type if column else "string"
    value: Any = True if type == "boolean" else column.values[0] if column and column.values else ""
    return {"attribute": path, "operator": for_type(type)[0].name, "value": value}
