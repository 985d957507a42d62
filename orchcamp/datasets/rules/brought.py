"""Datasets that exist only where a rule stands (rows of a file, a link of an enrichment), carried along with its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ..schema import ColumnShape, DataModel, DatasetShape, Step

MARK = ":"  # in the slug of a dataset that no manifest names


def to_json(model: DataModel, dataset: str) -> dict[str, Any]:
    """The datasets that are not everyone's, and the links that lead from the rule's dataset to them."""
    shapes = [asdict(shape) for slug, shape in model.datasets.items() if MARK in slug]
    steps = model.datasets[dataset].steps.values() if dataset in model.datasets else ()
    return {"shapes": shapes, "steps": [asdict(step) for step in steps if MARK in step.target]} if shapes else {}


def from_json(kept: Mapping[str, Any], model: DataModel, dataset: str) -> DataModel:
    """The model with what was carried along."""
    if not kept:
        return model
    datasets = {**model.datasets, **{shape["slug"]: _shape(shape) for shape in kept["shapes"]}}
    if dataset in datasets and kept["steps"]:
        steps = {step["name"]: _step(step) for step in kept["steps"]}
        datasets[dataset] = replace(datasets[dataset], steps={**datasets[dataset].steps, **steps})
    return replace(model, datasets=datasets)


def _shape(kept: Mapping[str, Any]) -> DatasetShape:
    columns = {name: ColumnShape(**{**c, "values": tuple(c["values"])}) for name, c in kept["columns"].items()}
    steps = {name: _step(step) for name, step in kept["steps"].items()}
    return DatasetShape(**{**kept, "key": tuple(kept["key"]), "columns": columns, "steps": steps})


def _step(kept: Mapping[str, Any]) -> Step:
    ends = {name: tuple(kept[name]) for name in ("source_columns", "target_columns")}
    return Step(**{**kept, **ends})
