"""Read audience: members that are still there, with their columns, and those that are gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchcamp.datasets.schema import DataModel
from tests.activities.stage import make_model, table

from . import PEOPLE, STORES, Case


def saved(*rows: Mapping[str, Any]):
    """The people, and an audience of these rows."""

    def model() -> DataModel:
        found = make_model(PEOPLE, STORES)
        return replace(
            found, tables={**found.tables, "audience:vips": table(rows, {"id": "integer", "score": "integer"})}
        )

    return model


MEMBERS = saved({"id": 1, "score": 9}, {"id": 4}, {"id": 99, "score": 1})
CASES = [
    Case("keys only", {"audience": "vips"}, arrived=[], model=MEMBERS, expected={"out": [1, 4]}),
    Case("with a column", {"audience": "vips", "columns": ["score"]}, arrived=[], model=MEMBERS),
    Case("nobody in it", {"audience": "vips"}, arrived=[], model=saved(), expected={"out": []}),
    Case("nothing saved yet", {"audience": "none_yet"}, arrived=[], expected={"out": []}),
    Case("what arrives only gives the order", {"audience": "vips"}, model=MEMBERS, expected={"out": [1, 4]}),
    Case(
        "an empty one goes on where it may",
        {"audience": "vips", "keep_empty": True, "process_errors": True},
        arrived=[],
        model=saved({"id": 77}),
        expected={"out": []},
    ),
]
