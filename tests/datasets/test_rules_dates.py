"""Dates that move, whole periods, and the zones they are reckoned in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from orchcamp.datasets import engine, rules
from tests.datasets.rule_stage import ROWS, kept, refusal, where
from tests.datasets.shop import context

MOMENTS = {
    1: datetime(2026, 2, 28, 22, 59, tzinfo=UTC),  # 28 February in Paris
    2: datetime(2026, 2, 28, 23, 0, tzinfo=UTC),  # midnight of 1 March in Paris
    3: datetime(2026, 3, 1, 10, 0, tzinfo=UTC),  # now
    4: datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC),
    5: datetime(2026, 3, 2, 23, 0, tzinfo=UTC),  # midnight of 3 March
    6: datetime(2025, 12, 31, 23, 0, tzinfo=UTC),  # New Year in Paris
    7: datetime(2004, 2, 29, 12, tzinfo=UTC),
    8: datetime(2024, 7, 14, 22, 0, tzinfo=UTC),  # midnight of 15 July, summer time
}
PERIODS = [
    ("today", None, [2, 3, 4]),
    ("yesterday", None, [1]),
    ("tomorrow", None, []),
    ("this_week", None, [1, 2, 3, 4]),
    ("next_week", None, [5]),
    ("last_week", None, []),
    ("this_month", None, [2, 3, 4, 5]),
    ("last_month", None, [1]),
    ("next_month", None, []),
    ("this_quarter", None, [1, 2, 3, 4, 5, 6]),
    ("last_quarter", None, []),
    ("this_year", None, [1, 2, 3, 4, 5, 6]),
    ("last_year", None, []),
    ("last_days", 0, [2, 3]),
    ("last_days", 1, [1, 2, 3]),
    ("next_days", 1, [4]),
    ("next_days", 2, [4, 5]),
    ("more_than_days_ago", 59, [7, 8]),
    ("more_than_days_ago", 58, [6, 7, 8]),
    ("anniversary_today", None, [2, 3, 4, 7]),
]


@pytest.mark.parametrize(("name", "n", "expected"), PERIODS)
def test_periods_are_reckoned_in_the_zone(name, n, expected):
    rows = {**ROWS, "people": [{"id": id, "joined": moment} for id, moment in MOMENTS.items()] + [{"id": 9}]}
    ctx = context(rows, timezone="Europe/Paris")
    period = {"period": name} | ({} if n is None else {"n": n})
    for operator, wanted in (
        ("in_period", expected),
        ("not_in_period", [i for i in range(1, 10) if i not in expected]),
    ):
        tree = where("joined", operator, period)
        found = engine.rows(rules.keep(ctx.model.table("people"), tree, "people", ctx))
        assert sorted(row["id"] for row in found) == wanted


@pytest.mark.parametrize(("name", "expected"), [("today", [1]), ("last_days", [1, 2]), ("anniversary_today", [1, 3])])
def test_periods_of_days(name, expected):
    days = [date(2026, 3, 1), date(2026, 2, 27), date(2004, 2, 29), None, date(2026, 3, 2)]
    rows = {**ROWS, "people": [{"id": n, "born": day} for n, day in enumerate(days, start=1)]}
    ctx = context(rows)
    period = {"period": name, "n": 2} if name == "last_days" else {"period": name}
    found = engine.rows(rules.keep(ctx.model.table("people"), where("born", "in_period", period), "people", ctx))
    assert sorted(row["id"] for row in found) == expected


@pytest.mark.parametrize(
    ("moving", "shift", "expected"),
    [
        ("today", "", "2026-02-28T23:00+00:00"),
        ("today", "-1 day", "2026-02-27T23:00+00:00"),
        ("tomorrow", "+2 hours", "2026-03-02T01:00+00:00"),
        ("now", "-90 minutes", "2026-03-01T08:30+00:00"),
        ("now", "+1 months", "2026-04-01T09:00+00:00"),  # eleven o'clock there, but summer time
        ("start_of_week", "", "2026-02-22T23:00+00:00"),
        ("start_of_quarter", "-1 years", "2024-12-31T23:00+00:00"),
        ("start_of_month", "-1 weeks", "2026-02-21T23:00+00:00"),
    ],
)
def test_moving_dates(moving, shift, expected):
    rows = {**ROWS, "people": [{"id": 1, "joined": datetime.fromisoformat(expected)}]}
    ctx = context(rows, timezone="Europe/Paris")
    value = {"date": moving} | ({"shift": shift} if shift else {})
    found = rules.keep(ctx.model.table("people"), where("joined", "equals", value), "people", ctx)
    assert engine.count(found) == 1


def test_a_day_column_beside_moments_has_its_midnight_in_the_projects_zone(settings):
    settings.TIME_ZONE = "America/New_York"
    rows = {
        **ROWS,
        "people": [
            {"id": 1, "born": date(2024, 7, 1), "joined": datetime(2024, 7, 1, 4, tzinfo=UTC)},
            {"id": 2, "born": date(2024, 1, 1), "joined": datetime(2024, 1, 1, 5, tzinfo=UTC)},
            {"id": 3, "born": date(2024, 1, 1), "joined": datetime(2024, 1, 1, 4, tzinfo=UTC)},
        ],
    }
    ctx = context(rows)
    found = engine.rows(
        rules.keep(ctx.model.table("people"), where("joined", "equals", {"attribute": "born"}), "people", ctx)
    )
    assert sorted(row["id"] for row in found) == [1, 2]
    found = engine.rows(rules.keep(ctx.model.table("people"), where("joined", "equals", "2024-07-01"), "people", ctx))
    assert [row["id"] for row in found] == [1]


def test_variables_are_typed_values():
    assert kept(where("age", "greater_than", {"variable": "least"}), variables={"least": 25}) == [2]
    assert kept(where("city", "in", {"variable": "cities"}), variables={"cities": ["Paris", "x"]}) == [1]
    assert "there is no variable “leest”" in refusal(
        where("age", "equals", {"variable": "leest"}), variables={"least": 1}
    )
    assert "expects a number" in refusal(where("age", "equals", {"variable": "least"}), variables={"least": "25"})
