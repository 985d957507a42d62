"""Save audience: what goes on, and the rows that would be saved."""

from __future__ import annotations

from typing import Any

from activities import catalogue
from activities.columns import shapes
from activities.populations import Context
from orchcamp.datasets.audiences import shaped
from tests.activities.stage import clean, make_scope

from . import Case, everyone, some, untied


def written(settings: dict[str, Any], arrival: Any = None) -> Any:
    """The rows that a live run writes."""

    def tables(ctx: Context) -> dict[str, Any]:
        people = (arrival or everyone())(ctx)
        cleaned = clean("save_audience", settings, scope=make_scope(ctx, columns=shapes(people)))
        rows = catalogue.build("save_audience", cleaned)._rows(people, ctx)
        return {"saved": shaped(rows.table, ctx.model.dataset("people"))}

    return tables


KEPT = {"audience": "best", "columns": [{"column": "city", "name": "town"}, {"column": "points"}]}
CASES = [
    Case("the path ends", {"audience": "best"}, expected={}),
    Case("going on", {"audience": "best", "out": True}, expected={"out": range(1, 9)}),
    Case("the keys are saved", KEPT, tables=written({"audience": "best"})),
    Case("with columns of the dimension", KEPT, tables=written(KEPT)),
    Case(
        "with a column that a node added",
        KEPT,
        tables=written(
            {"audience": "best", "columns": [{"column": "rank", "name": ""}]},
            some(1, 2, 3, rank=("decimal", {1: 1, 3: 2})),
        ),
    ),
    Case(
        "rows without counterpart go on, are not saved, and are counted",
        {"audience": "best", "out": True},
        arrived=[untied(1, 2)],
        expected={"lost 0: not saved: a reconciliation found no counterpart for them": [None, None]},
    ),
    Case(
        "only rows with a counterpart are in the audience",
        KEPT,
        tables=written({"audience": "best", "columns": [{"column": "town"}, {"column": "name"}]}, untied(1, 2)),
        expected={"saved": [1, 2]},
    ),
]
