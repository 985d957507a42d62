"""What several expressions have in common is computed once: written to the lake, and read by each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.operations as ops
from ibis.expr.types import Table

LABOUR = (ops.Aggregate, ops.JoinChain, ops.WindowFunction, ops.Distinct, ops.Set)
WHOLE_ROWS = (ops.Distinct, ops.Set)  # what these give depends on every column of what they are given


def shared(tables: Sequence[Table], path: str, write: Callable[[Table, str], int]) -> list[Table]:
    """The same tables, reading the largest labour that all of them share from ``path``, where ``write`` puts it.

    Only the columns that they go on to use are written. Tables that share nothing worth it come back as they are.
    """
    roots = [table.op() for table in tables]
    common = _largest(roots) if len(roots) > 1 else None
    if common is None:
        return list(tables)
    whole = common.to_expr()
    slim = whole.select(*_used(roots, common))
    write(slim, path)
    kept = ibis.table(slim.schema(), name=path).op()
    return [root.replace({common: kept}).to_expr() for root in roots]


def _largest(roots: Sequence[ops.Node]) -> ops.Relation | None:
    """The relation that every root rests on, no other such one above it, that takes labour to compute."""
    found = [set(root.find(ops.Relation)) for root in roots]
    both = set.intersection(*found)
    below = {inner for relation in both for inner in relation.find(ops.Relation) if inner is not relation}
    tops = [relation for relation in both - below if relation.find(LABOUR)]
    return max(tops, key=lambda relation: len(relation.find(ops.Node)), default=None)


def _used(roots: Sequence[ops.Node], common: ops.Relation) -> list[str]:
    """The columns of the common relation that the roots use, in its order."""
    inside = set(common.find(ops.Node))
    above = {node for root in roots for node in root.find(ops.Node) if node not in inside}
    names = {node.name for node in above if isinstance(node, ops.Field)}
    if common in roots or any(isinstance(node, WHOLE_ROWS) for node in above):
        return list(common.schema.names)
    return [name for name in common.schema.names if name in names] or list(common.schema.names)[:1]
