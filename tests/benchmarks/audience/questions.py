"""Ten rules of rising difficulty, each beside the SQL that somebody who knows the data would write by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

YEAR_AGO, QUARTER_AGO = "TIMESTAMPTZ '2025-06-30 00:00:00+00'", "TIMESTAMPTZ '2026-04-01 00:00:00+00'"
RECENT = {"attribute": "bought_at", "operator": "in_period", "value": {"period": "last_days", "n": 90}}
THIS_YEAR = {"attribute": "bought_at", "operator": "in_period", "value": {"period": "last_days", "n": 365}}
NOW_SQL = "TIMESTAMPTZ '2026-06-30 12:00:00+00'"


@dataclass(frozen=True)
class Question:
    """A rule over profiles and the statement that counts the same rows, good for DuckDB and PostgreSQL."""

    name: str
    rule: dict[str, Any]
    sql: str


def bought(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"link": "purchases", "where": {"group": "and", "items": list(items)}, **more}


CATEGORY = {"attribute": "product.category", "operator": "equals", "value": "category 7"}
REGION = {"attribute": "store.region", "operator": "in", "value": ["region 1", "region 2"]}
IDS = [n * 97 for n in range(1, 5001)]

QUESTIONS = (
    Question(
        "1 one value",
        {"attribute": "city", "operator": "equals", "value": "Paris"},
        "SELECT count(*) FROM profiles WHERE city = 'Paris'",
    ),
    Question(
        "2 three ranges",
        {
            "group": "and",
            "items": [
                {"attribute": "age", "operator": "between", "value": [30, 45]},
                {"attribute": "score", "operator": "greater_than", "value": 60},
                {"attribute": "signed_up", "operator": "in_period", "value": {"period": "last_days", "n": 365}},
            ],
        },
        f"""SELECT count(*) FROM profiles WHERE age BETWEEN 30 AND 45 AND score > 60
            AND signed_up >= {YEAR_AGO} AND signed_up <= {NOW_SQL}""",
    ),
    Question(
        "3 text, or",
        {
            "group": "or",
            "items": [
                {"attribute": "email", "operator": "ends_with", "value": "@example.org"},
                {"attribute": "email", "operator": "contains", "value": "77"},
            ],
        },
        "SELECT count(*) FROM profiles WHERE email LIKE '%@example.org' OR email LIKE '%77%'",
    ),
    Question(
        "4 list of 5,000 values",
        {"attribute": "profile_id", "operator": "in", "value": IDS},
        f"SELECT count(*) FROM profiles WHERE profile_id IN ({', '.join(map(str, IDS))})",
    ),
    Question(
        "5 bought for 250 at once",
        bought({"attribute": "amount", "operator": "greater_than", "value": 250}),
        """SELECT count(*) FROM profiles p
            WHERE EXISTS (SELECT 1 FROM purchases b WHERE b.profile_id = p.profile_id AND b.amount > 250)""",
    ),
    Question(
        "6 category, last 90 days",
        bought(RECENT, CATEGORY),
        f"""SELECT count(*) FROM profiles p WHERE EXISTS (
            SELECT 1 FROM purchases b JOIN products t ON t.product_id = b.product_id
            WHERE b.profile_id = p.profile_id AND t.category = 'category 7'
            AND b.bought_at >= {QUARTER_AGO} AND b.bought_at <= {NOW_SQL})""",
    ),
    Question(
        "7 nothing for a year",
        bought(THIS_YEAR, exists=False),
        f"""SELECT count(*) FROM profiles p WHERE NOT EXISTS (
            SELECT 1 FROM purchases b WHERE b.profile_id = p.profile_id
            AND b.bought_at >= {YEAR_AGO} AND b.bought_at <= {NOW_SQL})""",
    ),
    Question(
        "8 three times in a region",
        bought(REGION, aggregate="count", operator="greater_or_equal", value=3),
        """SELECT count(*) FROM profiles p WHERE p.profile_id IN (
            SELECT b.profile_id FROM purchases b JOIN stores s ON s.store_id = b.store_id
            WHERE s.region IN ('region 1', 'region 2') GROUP BY b.profile_id HAVING count(*) >= 3)""",
    ),
    Question(
        "9 spent over 500 in a year",
        bought(THIS_YEAR, aggregate="sum", attribute="amount", operator="greater_than", value=500),
        f"""SELECT count(*) FROM profiles p WHERE p.profile_id IN (
            SELECT b.profile_id FROM purchases b WHERE b.bought_at >= {YEAR_AGO} AND b.bought_at <= {NOW_SQL}
            GROUP BY b.profile_id HAVING sum(b.amount) > 500)""",
    ),
    Question(
        "10 lapsed best customers",
        {
            "group": "except",
            "items": [
                {
                    "group": "and",
                    "items": [
                        {"attribute": "consent", "operator": "equals", "value": True},
                        bought(aggregate="sum", attribute="amount", operator="greater_or_equal", value=600),
                        bought(CATEGORY, REGION, exists=True),
                    ],
                },
                bought(RECENT),
            ],
        },
        f"""SELECT count(*) FROM profiles p WHERE p.consent
            AND p.profile_id IN (
                SELECT b.profile_id FROM purchases b GROUP BY b.profile_id HAVING sum(b.amount) >= 600)
            AND EXISTS (SELECT 1 FROM purchases b JOIN products t ON t.product_id = b.product_id
                JOIN stores s ON s.store_id = b.store_id
                WHERE b.profile_id = p.profile_id AND t.category = 'category 7'
                AND s.region IN ('region 1', 'region 2'))
            AND NOT EXISTS (SELECT 1 FROM purchases b WHERE b.profile_id = p.profile_id
                AND b.bought_at >= {QUARTER_AGO} AND b.bought_at <= {NOW_SQL})""",
    ),
)
