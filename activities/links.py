"""Links that an enrichment tied to a population: how rules behind it see them, and how a run keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ibis.expr.types import Table

from orchcamp.datasets.schema import ColumnShape, DataModel, DatasetShape, Step

from .populations import Linked, Population

PREFIX = "link:"  # of the slug under which the rows of a link are a dataset of their own


def extended(model: DataModel, population: Population) -> DataModel:
    """The model with the population's links as links of its dimension."""
    if not population.links or population.dimension not in model.datasets:
        return model
    shape = model.datasets[population.dimension]
    steps = {name: _step(name, population.dimension, linked) for name, linked in population.links.items()}
    shapes = {PREFIX + name: linked.shape for name, linked in population.links.items()}
    tables = {PREFIX + name: linked.table for name, linked in population.links.items()}
    datasets = {**model.datasets, **shapes, shape.slug: replace(shape, steps={**shape.steps, **steps})}
    return replace(model, datasets=datasets, tables={**model.tables, **tables})


def _step(name: str, dimension: str, linked: Linked) -> Step:
    return Step(name, dimension, linked.source_columns, PREFIX + name, linked.target_columns, linked.to_one)


def to_json(linked: Linked, path: str) -> dict[str, Any]:
    """What a run notes of a link whose rows it keeps under a lake path."""
    shape = linked.shape
    return {
        "path": path,
        "label": shape.label,
        "key": list(shape.key),
        "columns": [asdict(column) for column in shape.columns.values()],
        "steps": [asdict(step) for step in shape.steps.values()],
        "source_columns": list(linked.source_columns),
        "target_columns": list(linked.target_columns),
        "to_one": linked.to_one,
    }


def from_json(name: str, kept: Mapping[str, Any], table: Table) -> Linked:
    """The link whose rows are ``table``."""
    columns = [ColumnShape(**{**column, "values": tuple(column["values"])}) for column in kept["columns"]]
    ends = ("source_columns", "target_columns")
    steps = [Step(**{**step, **{end: tuple(step[end]) for end in ends}}) for step in kept["steps"]]
    shape = DatasetShape(
        PREFIX + name,
        kept["label"],
        tuple(kept["key"]),
        {column.name: column for column in columns},
        steps={step.name: step for step in steps},
    )
    return Linked(table, shape, tuple(kept["source_columns"]), tuple(kept["target_columns"]), kept["to_one"])
