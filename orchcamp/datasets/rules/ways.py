"""Ways over links: a table widened by the columns at the end of one, no row lost and none multiplied."""

from __future__ import annotations

import ibis
from ibis.expr.types import Table

from ..schema import DataModel, Step


def rows(step: Step, model: DataModel) -> Table:
    """The linked dataset's rows that can be linked at all."""
    table = model.table(step.target)
    return table.filter(*(table[name].notnull() for name in step.target_columns))


def once(step: Step, model: DataModel) -> Table:
    """The linked rows, each key once: by the dataset's own key they are already."""
    found = rows(step, model)
    key = model.dataset(step.target).key
    if set(key) <= set(step.target_columns):
        return found
    window = ibis.window(group_by=list(step.target_columns), order_by=list(key))
    return found.mutate(place_in_group=ibis.row_number().over(window)).filter(ibis._.place_in_group == 0)


def joined(
    table: Table, steps: tuple[Step, ...], wanted: list[str], model: DataModel, mark: str
) -> tuple[Table, list[str]]:
    """The table with ``wanted`` columns of the end of a to-one way, and their made-up names, which hold ``mark``."""
    own = list(steps[0].source_columns)
    for n, step in enumerate(steps):
        last = n == len(steps) - 1
        columns = wanted if last else list(steps[n + 1].source_columns)
        names = [f"joined_{mark}_{n}_{i}" for i in range(len(columns))]
        keys = [f"key_{mark}_{n}_{i}" for i in range(len(step.target_columns))]
        there = once(step, model)
        there = there.select(
            **{new: there[old] for new, old in zip(keys, step.target_columns, strict=True)},
            **{new: there[old] for new, old in zip(names, columns, strict=True)},
        )
        table = table.left_join(there, [table[o] == there[k] for o, k in zip(own, keys, strict=True)])
        own = names
    return table, own
