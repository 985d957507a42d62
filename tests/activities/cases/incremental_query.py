"""Incremental query: the first run, later ones, days and moments, and what is remembered."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import ibis

from activities.types.incremental_query import RETURNED
from orchcamp.datasets import engine
from orchcamp.datasets.schema import TYPES, DataModel
from tests.activities.stage import shape, table

from . import Case

COLUMNS = {"id": "integer", "city": "string", "born_on": "date", "created_at": "datetime"}
EVENTS = [
    {"id": 1, "city": "Paris", "born_on": date(2026, 5, 30), "created_at": datetime(2026, 5, 30, 8, tzinfo=UTC)},
    {"id": 2, "city": "Lyon", "born_on": date(2026, 5, 31), "created_at": datetime(2026, 5, 31, 9, tzinfo=UTC)},
    {"id": 3, "city": "Paris", "born_on": date(2026, 5, 31), "created_at": datetime(2026, 5, 31, 9, 0, 1, tzinfo=UTC)},
    {"id": 4, "city": "Paris", "born_on": date(2026, 6, 1), "created_at": datetime(2026, 6, 1, 9, tzinfo=UTC)},
    {"id": 5, "city": None, "born_on": date(2026, 6, 2), "created_at": datetime(2026, 6, 1, 9, 0, 1, tzinfo=UTC)},
    {"id": 6, "city": "Paris", "born_on": None, "created_at": None},
]
MARK = "2026-05-31T09:00:00+00:00"
RULE = {"attribute": "city", "operator": "equals", "value": "Paris"}
PATH = "memories/spring/node/1.parquet"


def model(**returned: datetime) -> Any:
    """The events, and keys (``k3=moment``) that were returned before."""

    def made() -> DataModel:
        if returned:
            rows = [{"id": int(key[1:]), RETURNED: moment} for key, moment in returned.items()]
            engine.write(ibis.memtable(rows, schema={"id": "int64", RETURNED: TYPES["datetime"]}), PATH)
        return DataModel(
            {"events": shape("events", ("id",), COLUMNS, {"email": "city"})}, {"events": table(EVENTS, COLUMNS)}
        )

    return made


def memory(**more: str) -> dict[str, Any]:
    return {"memories": {"node": {"mark": MARK, "dimension": "events", **more}}}


BY_DATE = {"dimension": "events", "mode": "date", "date_column": "created_at"}
BY_DAY = BY_DATE | {"date_column": "born_on"}
BY_MEMORY = {"dimension": "events", "mode": "exclude"}
OFFER = {"choices": {"dimensions": [("events", "Events")]}}
BEFORE = {"k2": datetime(2026, 5, 1, tzinfo=UTC), "k3": datetime(2026, 5, 31, 8, tzinfo=UTC)}


def case(name: str, settings: dict[str, Any], expected: list[int], **more: Any) -> Case:
    return Case(name, settings, arrived=[], scope=OFFER, expected={"out": expected}, **({"model": model()} | more))


CASES = [
    case("the first run takes all that has begun", BY_DATE, [1, 2, 3, 4, 6]),
    case("the first run by a rule", BY_DATE | {"rule": RULE}, [1, 3, 4, 6]),
    case("later than the mark, not after the run", BY_DATE, [3, 4], context=memory()),
    case("days: the mark's day is looked at again", BY_DAY, [2, 3, 4], context=memory()),
    case("days: less what it has returned", BY_DAY, [2, 4], context=memory(path=PATH), model=model(**BEFORE)),
    case("by memory: the first run", BY_MEMORY, [1, 2, 3, 4, 5, 6]),
    case("by memory: never twice", BY_MEMORY, [1, 4, 5, 6], context=memory(path=PATH), model=model(**BEFORE)),
    case(
        "by memory: again after so many days",
        BY_MEMORY | {"history_days": 20, "rule": RULE},
        [1, 4, 6],
        context=memory(path=PATH),
        model=model(**BEFORE),
    ),
    case(
        "what another dimension returned does not count",
        BY_MEMORY,
        [1, 2, 3, 4, 5, 6],
        context={"memories": {"node": {"mark": MARK, "dimension": "people", "path": PATH}}},
    ),
]
