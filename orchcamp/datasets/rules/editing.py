"""The deeds of the rule builder: each takes the tree, changes it, and says where to go on."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused
from orchcamp.web.numbers import whole

from ..schema import DatasetShape
from . import api, inputs, reuse, tree
from .context import RuleContext, RuleError
from .operators import for_type

Given = Mapping[str, Any]
PLACES_AT_MOST = 60

TURNS: dict[str, Callable[[tree.Tree, str], str]] = {  # deeds that need nothing but the place
    "add-group": lambda root, at: tree.add(root, at, tree.new_group()),
    "remove": tree.remove,
    "up": lambda root, at: tree.move(root, at, -1),
    "down": lambda root, at: tree.move(root, at, +1),
    "indent": tree.indent,
    "outdent": tree.outdent,
    "duplicate": tree.duplicate,
    "wrap": tree.wrap,
    "ungroup": tree.ungroup,
}


@dataclass(frozen=True)
class Edit:
    """One deed: the tree it changes, where, and what came with the request."""

    root: tree.Tree
    at: str
    given: Given
    dataset: str
    ctx: RuleContext

    def text(self, name: str) -> str:
        return str(self.given.get(name, ""))

    def shape(self, path: str) -> DatasetShape | None:
        return shape_at(self.root, path, self.dataset, self.ctx)


def shape_at(root: tree.Tree, path: str, dataset: str, ctx: RuleContext) -> DatasetShape | None:
    """The dataset that the items of the group at a path are about."""
    shape: DatasetShape | None = ctx.model.datasets.get(dataset)
    node: Any = root
    for part in filter(None, path.split(".")):
        if part == "w" and isinstance(node, dict):
            shape = inputs.end_of(node.get("link"), shape, ctx)
        node = tree.at(node, part) if isinstance(node, dict) else None
    return shape


def within(path: str, ctx: RuleContext) -> RuleContext:
    """The context of a place: columns that nodes added are there for the rows themselves only."""
    return replace(ctx, columns={}) if "w" in path.split(".") else ctx


def parent(path: str) -> str:
    """The group that a node is in."""
    return path.rpartition(".")[0]


def apply(root: tree.Tree, deed: str, given: Given, dataset: str, ctx: RuleContext) -> str:
    """Change the tree; the path that the keyboard goes on at. A deed that makes no sense changes nothing."""
    edit = Edit(root, str(given.get("at", "")), given, dataset, ctx)
    if deed in TURNS:
        return TURNS[deed](root, edit.at)
    return DEEDS[deed](edit) if deed in DEEDS else edit.at


def _add_condition(edit: Edit) -> str:
    node = _condition(edit.text("attribute"), edit.shape(edit.at), edit.ctx, edit.at, edit.given.get("value"))
    return tree.add(edit.root, edit.at, node)


def _set_attribute(edit: Edit) -> str:
    node, group = tree.at(edit.root, edit.at), parent(edit.at)
    if isinstance(node, dict) and ("attribute" in node or "expression" in node) and "link" not in node:
        shape, ctx = edit.shape(group), within(group, edit.ctx)
        new = _condition(edit.text("attribute"), shape, ctx, group, edit.given.get("value"))
        was = inputs.column_at(node.get("attribute"), shape, ctx, ctx.columns)
        now = inputs.column_at(new["attribute"], shape, ctx, ctx.columns)
        if "value" not in edit.given and was and now and was.type == now.type and not now.values:
            new = {**node, "attribute": new["attribute"]}
        tree.replace(edit.root, edit.at, new)
    return edit.at


def _condition(path: str, shape: DatasetShape | None, ctx: RuleContext, at: str, value: Any = None) -> tree.Tree:
    column = inputs.column_at(path, shape, ctx, within(at, ctx).columns)
    type = column.type if column else "string"
    if value is None:
        value = True if type == "boolean" else column.values[0] if column and column.values else ""
    else:
        value = inputs.typed(str(value), type)
    return {"attribute": path, "operator": for_type(type)[0].name, "value": value}


def _as_expression(edit: Edit) -> str:
    """What stands at the left becomes an expression that says the same."""
    node = tree.at(edit.root, edit.at)
    if isinstance(node, dict) and "attribute" in node and "link" not in node:
        rest = {key: value for key, value in node.items() if key != "attribute"}
        tree.replace(edit.root, edit.at, {"expression": f"[{node['attribute']}]", **rest})
    return edit.at


def _add_link(edit: Edit) -> str:
    return tree.add(edit.root, edit.at, {"link": edit.text("link"), "exists": True, "where": tree.new_group()})


def _add_figure(edit: Edit) -> str:
    """A figure over the same linked rows, beside what is asked of them already."""
    node = tree.at(edit.root, edit.at)
    if not isinstance(node, dict) or "link" not in node or not edit.at:
        return edit.at
    end = inputs.end_of(node["link"], edit.shape(parent(edit.at)), edit.ctx)
    number = next((c.name for c in (end.columns.values() if end else ()) if c.type in ("decimal", "float")), "")
    figure = {"link": node["link"], "aggregate": "sum" if number else "count"}
    figure |= {"attribute": number} if number else {}
    figure |= {"operator": "greater_or_equal", "value": 1, "where": copy.deepcopy(node.get("where"))}
    holder = tree.at(edit.root, parent(edit.at))
    if holder.get("group") == "and":
        return tree.add(edit.root, parent(edit.at), figure, (whole(edit.at.rpartition(".")[2]) or 0) + 1)
    return tree.add(edit.root, tree.wrap(edit.root, edit.at), figure)


def _add_filter(edit: Edit) -> str:
    return tree.add(edit.root, edit.at, {"filter": edit.text("filter")})


def _unfold(edit: Edit) -> str:
    """The filter's own rule takes its place, to be edited here and nowhere else."""
    node = tree.at(edit.root, edit.at)
    if isinstance(node, dict) and str(node.get("filter")) in edit.ctx.model.filters:
        rule = unfolded(node, edit.ctx)
        wrapped = tree.normal(rule)
        tree.replace(edit.root, edit.at, wrapped if "group" in rule or not rule else wrapped["items"][0])
    return edit.at


def unfolded(node: tree.Tree, ctx: RuleContext) -> tree.Tree:
    """The rule of a predefined filter, with the values that one use of it gives."""
    known, held = ctx.model.filters[str(node["filter"])], node.get("parameters")
    values = {
        name: facts.get("default", reuse.STAND_INS.get(str(facts.get("type")), ""))
        for name, facts in known.parameters.items()
    }
    values |= held if isinstance(held, dict) else {}
    return _filled(copy.deepcopy(dict(known.rule)), values)


def _filled(node: Any, values: Mapping[str, Any]) -> Any:
    """A rule whose parameters stand for these values."""
    if isinstance(node, dict):
        if set(node) == {"parameter"}:
            return values.get(node["parameter"], "")
        return {key: _filled(value, values) for key, value in node.items()}
    if isinstance(node, list):
        whole_list = [_filled(item, values) for item in node]
        return [one for item in whole_list for one in (item if isinstance(item, list) else [item])]
    return node


def _clear(edit: Edit) -> str:
    edit.root.clear()
    edit.root.update(tree.new_group())
    return ""


def _move(edit: Edit) -> str:
    """To another group, as far as the rows there are the same, or what is asked can be asked of them too."""
    node, target = tree.at(edit.root, edit.at), edit.text("into")
    if isinstance(node, dict) and fits(node, parent(edit.at), target, edit):
        return tree.transfer(edit.root, edit.at, target, whole(edit.text("place")))
    raise Refused(_("What is asked there is about other rows: it cannot be moved into that group."))


def _toggle(edit: Edit) -> str:
    node = tree.at(edit.root, edit.at)
    if isinstance(node, dict) and not node.pop(tree.CLOSED, False):
        node[tree.CLOSED] = True
    return edit.at


def _fold_all(edit: Edit, closed: bool) -> str:
    tree.fold(edit.root, closed)
    return edit.at


DEEDS: dict[str, Callable[[Edit], str]] = {
    "add-condition": _add_condition,
    "add-expression": lambda edit: tree.add(edit.root, edit.at, {"expression": "", "operator": "equals", "value": ""}),
    "add-link": _add_link,
    "add-figure": _add_figure,
    "add-filter": _add_filter,
    "add-audience": lambda edit: tree.add(edit.root, edit.at, {"audience": edit.text("audience"), "member": True}),
    "set-attribute": _set_attribute,
    "as-expression": _as_expression,
    "unfold": _unfold,
    "move": _move,
    "toggle": _toggle,
    "fold": lambda edit: _fold_all(edit, True),
    "spread": lambda edit: _fold_all(edit, False),
    "clear": _clear,
}


def fits(node: tree.Tree, here: str, there: str, edit: Edit) -> bool:
    """Whether what is asked in one group can be asked in another."""
    source, target = edit.shape(here), edit.shape(there)
    if source and target and source.slug == target.slug:
        return True
    return target is not None and not refusal(node, target, within(there, edit.ctx))


def refusal(node: Any, shape: DatasetShape, ctx: RuleContext) -> str:
    """Why a node cannot be asked of these rows, in words; nothing when it can."""
    try:
        api.check(tree.plain(node), shape.slug, ctx)
    except RuleError as error:
        return error.sentence
    return ""


@dataclass(frozen=True)
class Place:
    """A group that a node can be moved into."""

    path: str
    words: str
    depth: int


def places(edit: Edit) -> list[Place]:
    """The groups that the node at a path can be moved into."""
    node, here = tree.at(edit.root, edit.at), parent(edit.at)
    found: list[Place] = []
    if not edit.at or not isinstance(node, dict):
        return found
    for path, group in _groups(edit.root, ""):
        if path != here and not tree.is_within(path, edit.at) and fits(node, here, path, edit):
            found.append(Place(path, _said(edit, path, group), path.count(".") + 1 if path else 0))
        if len(found) == PLACES_AT_MOST:
            break
    return found


def _groups(node: Any, path: str) -> Iterator[tuple[str, tree.Tree]]:
    if isinstance(node, dict) and isinstance(node.get("items"), list):
        yield path, node
        for n, item in enumerate(node["items"]):
            yield from _groups(item, tree.joined(path, n))
    elif isinstance(node, dict) and isinstance(node.get("where"), dict):
        yield from _groups(node["where"], tree.joined(path, "w"))


def _said(edit: Edit, path: str, group: tree.Tree) -> str:
    shape = edit.shape(path)
    try:
        if shape and not tree.is_empty(group):
            return api.phrase(tree.plain(group), shape.slug, within(path, edit.ctx))
    except Refused:
        return _("an unfinished group")
    return _("an empty group")
