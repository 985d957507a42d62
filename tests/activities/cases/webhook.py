"""Webhook: what goes on, and the rows that are posted with their numbers."""

from __future__ import annotations

from typing import Any

from activities import catalogue
from activities.columns import shapes
from activities.populations import Context
from tests.activities.stage import clean, make_scope

from . import Case, everyone, untied

URL = {"url": "https://example.org/hook"}


def posted(arrival: Any = None, **settings: Any) -> Any:
    def tables(ctx: Context) -> dict[str, Any]:
        people = (arrival or everyone())(ctx)
        scope = make_scope(ctx, columns=shapes(people))
        node = catalogue.build("webhook", clean("webhook", URL | settings, scope=scope))
        return {"calls": node._rows(people, ctx)[0]}

    return tables


CASES = [
    Case("the rows go on and none is rejected yet", URL, expected={"out": range(1, 9), "rejects": []}),
    Case("the path ends", URL | {"outbound": False}, expected={"rejects": []}),
    Case("every column", URL, tables=posted()),
    Case("an expression", URL, tables=posted(columns=[{"expression": "[points] * 2", "label": "twice"}])),
    Case(
        "rows without counterpart are posted too",
        {},
        tables=posted(untied(1, 2), columns=[{"source": "town"}, {"expression": "[age] + [line]", "label": "sum"}]),
    ),
    Case("rows without counterpart go on", URL, arrived=[untied(1)], expected={"out": [1, None, None], "rejects": []}),
]
