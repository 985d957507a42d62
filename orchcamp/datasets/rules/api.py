"""The things one does with a rule."""

from __future__ import annotations

from typing import Any

from ibis.expr.types import Table

from . import compiling, words
from .context import RuleContext
from .nodes import Node
from .reader import read


def parse(tree: Any, dataset: str, ctx: RuleContext) -> Node:
    """The rule with every name and value resolved. Raises RuleError."""
    return read(tree, dataset, ctx)


def check(tree: Any, dataset: str, ctx: RuleContext) -> None:
    """Raise RuleError, whose sentence names the place, unless the rule can be used on this dataset."""
    read(tree, dataset, ctx)


def keep(table: Table, tree: Any, dataset: str, ctx: RuleContext) -> Table:
    """The rows of ``table`` that satisfy the rule: lazy, same columns, each row as often as it came."""
    return compiling.keep(table, ctx.model.dataset(dataset), read(tree, dataset, ctx), ctx)


def mark(table: Table, tree: Any, dataset: str, ctx: RuleContext, name: str) -> Table:
    """All rows of ``table`` with a column ``name`` that says whether each satisfies the rule: lazy."""
    return compiling.mark(table, ctx.model.dataset(dataset), read(tree, dataset, ctx), ctx, name)


def sentence(tree: Any, dataset: str, ctx: RuleContext) -> str:
    """The rule in words."""
    return words.say(read(tree, dataset, ctx))


def phrase(tree: Any, dataset: str, ctx: RuleContext) -> str:
    """The rule in words, as it goes on after “where”."""
    return words.phrase(read(tree, dataset, ctx))
