"""Update data: every operation over rows that match, do not, match twice or do not fit."""

from __future__ import annotations

from typing import Any

from activities import catalogue
from activities.columns import shapes
from activities.populations import Context
from orchcamp.datasets import updating
from tests.activities.stage import clean, make_scope

from . import Case, everyone, some, untied

PAIRS = [{"source": "city", "destination": "code"}]
FIELDS = [{"destination": "region", "expression": "Upper([name])", "condition": "[age] > 20"}]
STORES = [{"code": "Paris", "region": "old"}, {"code": "Lyon", "region": "old"}, {"code": "Nice", "region": None}]
SETTINGS = {"dataset": "stores", "identification": PAIRS, "fields": FIELDS}


def changed(arrival: Any = None, **settings: Any) -> Any:
    """The judged rows, and the dataset after the change."""

    def tables(ctx: Context) -> dict[str, Any]:
        people = (arrival or everyone())(ctx)
        cleaned = clean("update_data", SETTINGS | settings, scope=make_scope(ctx, columns=shapes(people)))
        rows, change = catalogue.build("update_data", cleaned)._prepared(people, ctx)
        shape, old = ctx.model.dataset("stores"), ctx.model.table("stores")
        judged = updating.judged(change, rows, old, shape.key)
        types = {name: column.type for name, column in shape.columns.items()}
        good = judged.filter(judged.fault.isnull())
        return {"judged": judged, "after": updating.after(change, good, old, types)}

    return tables


CASES = [
    Case("the rows go on and none is rejected yet", SETTINGS, expected={"out": range(1, 9), "rejects": []}),
    *(
        Case(operation, SETTINGS, stores=STORES, tables=changed(operation=operation))
        for operation in updating.OPERATIONS
    ),
    Case(
        "a column that a node added, and values that do not fit",
        SETTINGS,
        stores=STORES,
        tables=changed(
            some(1, 3, 8, town=("string", {1: "Nice", 3: "Metz"})),
            identification=[{"source": "town", "destination": "code"}],
            fields=[{"destination": "region", "source": "points"}],
        ),
    ),
    Case(
        "rows without counterpart that another column identifies are written like any",
        SETTINGS,
        stores=[{"code": "town 0", "region": "old"}],
        tables=changed(
            untied(1, lines=2),
            identification=[{"source": "town", "destination": "code"}],
            fields=[{"destination": "region", "expression": "Coalesce([name], 'new')"}],
        ),
        expected={"after": ["town 0", "town 1"]},
    ),
    Case(
        "rows without counterpart that nothing identifies are rejected",
        SETTINGS,
        stores=[{"code": "Paris", "region": "old"}],
        tables=changed(untied(1, lines=2)),
        expected={"after": ["Paris"]},
    ),
]
