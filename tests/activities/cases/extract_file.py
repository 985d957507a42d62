"""Extract file: what goes on, and the rows of the file in their order."""

from __future__ import annotations

from typing import Any

from activities import catalogue
from activities.columns import shapes
from activities.populations import Context
from tests.activities.stage import clean, make_scope

from . import Case, everyone, some, untied


def extracted(settings: dict[str, Any], arrival: Any = None) -> Any:
    def tables(ctx: Context) -> dict[str, Any]:
        people = (arrival or everyone())(ctx)
        cleaned = clean("extract_file", settings, scope=make_scope(ctx, columns=shapes(people)))
        return {"file": catalogue.build("extract_file", cleaned)._rows(people, ctx)[0]}

    return tables


TOWNS = {"columns": [{"source": "city"}], "remove_duplicates": True}
CASES = [
    Case("the rows go on", {}, expected={"out": range(1, 9)}),
    Case("the path ends", {"outbound": False}, expected={}),
    Case("every column", {}, tables=extracted({})),
    Case("without duplicates", {}, tables=extracted(TOWNS)),
    Case("without duplicates, sorted", {}, tables=extracted({**TOWNS, "sort": [{"by": "age", "descending": True}]})),
    Case(
        "expressions, and a column that a node added",
        {},
        tables=extracted(
            {"columns": [{"expression": "Upper([name])", "label": "n"}, {"source": "rank"}], "sort": [{"by": "rank"}]},
            some(1, 2, 3, rank=("decimal", {1: 2, 3: 1})),
        ),
    ),
    Case(
        "rows without counterpart have their own columns and empty ones of the dimension",
        {},
        arrived=[untied(1, 2)],
        expected={"out": [1, 2, None, None]},
    ),
    *(
        Case(name, {}, tables=extracted({"columns": columns, **more}, untied(1, 2)))
        for name, columns, more in [
            ("rows without counterpart: every column", [], {}),
            (
                "rows without counterpart: expressions, over links too",
                [
                    {"expression": "Coalesce([name], 'nobody')", "label": "who"},
                    {"expression": "Upper([home.region])", "label": "region"},
                    {"source": "line"},
                ],
                {"sort": [{"by": "town"}]},
            ),
            ("rows without counterpart: each town once", [{"source": "town"}], {"remove_duplicates": True}),
        ]
    ),
]
