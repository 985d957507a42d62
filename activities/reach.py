"""Columns at the end of a to-one path, beside the rows' own: what an address or a message may ask for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from ibis.expr.types import Table

from orchcamp.datasets.rules import RuleError, paths, ways
from orchcamp.datasets.rules.nodes import Attribute
from orchcamp.datasets.schema import ColumnShape, DataModel

from .columns import rule_context
from .populations import Context, Population

NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)  # a path means the same at any


def column(model: DataModel, dimension: str, path: str) -> ColumnShape | None:
    """The column that a dotted path over to-one links names; None when there is none."""
    found = _attribute(model, dimension, path)
    if found is None or not found.steps:
        return None
    return model.dataset(found.steps[-1].target).columns[path.rpartition(".")[2]]


def _attribute(model: DataModel, dimension: str, path: str) -> Attribute | None:
    if "." not in path or dimension not in model.datasets:
        return None
    ctx = rule_context(Context(model, NO_MOMENT))
    try:
        return paths.attribute(path, model.dataset(dimension), ctx, {}, "")
    except RuleError:
        return None


def known(model: DataModel, dimension: str, names: Iterable[str]) -> set[str]:
    """Those of the names that are paths to a column."""
    return {name for name in names if column(model, dimension, name) is not None}


def offered(model: DataModel, dimension: str) -> dict[str, ColumnShape]:
    """The columns one to-one link away, by path."""
    if dimension not in model.datasets:
        return {}
    return {
        f"{step.name}.{name}": shape
        for step in model.dataset(dimension).steps.values()
        if step.to_one and step.target in model.datasets
        for name, shape in model.datasets[step.target].columns.items()
    }


def wide(population: Population, names: Iterable[str], ctx: Context) -> Table:
    """The population's rows with all their columns, and one more for each of the names that is a path."""
    table = ctx.wide(population)
    own = list(table.columns)
    added: dict[str, str] = {}
    for place, path in enumerate(sorted(set(names))):
        found = _attribute(ctx.model, population.dimension, path)
        if found is not None and found.steps:
            table, (made,) = ways.joined(table, found.steps, [path.rpartition(".")[2]], ctx.model, f"reach_{place}")
            added[path] = made
    return table.select(*own, **{path: table[made] for path, made in added.items()}) if added else table
