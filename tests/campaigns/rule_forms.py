"""Every form that a rule can have, each beside a few words of Python that say whom it keeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import mean, stdev
from typing import Any

from tests.builders import PEOPLE, PRODUCTS, PURCHASES

Row = dict[str, Any]
VARIABLES = {"town": "Paris", "least": 100, "towns": ["Lyon", "Nice"]}
VIPS = [1, 2, 4]
PRODUCT = {row["sku"]: row for row in PRODUCTS}


@dataclass(frozen=True)
class Form:
    """A rule, and the rows that satisfy it."""

    rule: Row
    holds: Callable[[Row], Any]
    dimension: str = "people"
    of_campaign: bool = False  # it reads a variable: only a campaign knows its value

    def expected(self, rows: list[Row]) -> int:
        return sum(bool(self.holds(row)) for row in rows)


def where(attribute: str, operator: str, *value: Any, **more: Any) -> Row:
    return {"attribute": attribute, "operator": operator, **({"value": value[0]} if value else {}), **more}


def group(kind: str, *items: Row) -> Row:
    return {"group": kind, "items": list(items)}


def bought(person: Row) -> list[Row]:
    return [row for row in PURCHASES if row["person_id"] == person["id"]]


def amounts(person: Row) -> list[float]:
    return [row["amount"] for row in bought(person) if row["amount"] is not None]


def brands(person: Row) -> set[str]:
    return {PRODUCT[row["product_id"]]["brand"] for row in bought(person)}


def figure(aggregate: str, operator: str, *value: Any, **more: Any) -> Row:
    asked = {"link": "purchases", "aggregate": aggregate, "attribute": "amount", "operator": operator}
    return asked | ({"value": value[0]} if value else {}) | more


def asked(text: str, operator: str, *value: Any) -> Row:
    return {"expression": text, "operator": operator, **({"value": value[0]} if value else {})}


PARIS = where("city", "equals", "Paris")
CONSENTS = where("consent", "equals", True)
BREWER = where("product.brand", "equals", "BrewMaster")
DEAR = where("amount", "greater_or_equal", 100)

GROUPS = {
    "and": Form(group("and", PARIS, CONSENTS), lambda p: p["city"] == "Paris" and p["consent"]),
    "or": Form(group("or", PARIS, CONSENTS), lambda p: p["city"] == "Paris" or p["consent"]),
    "except": Form(
        group("except", CONSENTS, PARIS, where("city", "equals", "Nice")),
        lambda p: p["consent"] and p["city"] not in ("Paris", "Nice"),
    ),
    "an empty group": Form(group("or"), lambda p: True),
    "groups in groups": Form(
        group("and", group("or", PARIS, where("city", "is_empty")), group("except", group("and"), CONSENTS)),
        lambda p: p["city"] in ("Paris", None) and not p["consent"],
    ),
}

CONDITIONS = {
    "equals": Form(PARIS, lambda p: p["city"] == "Paris"),
    "not equals, and nulls": Form(where("city", "not_equals", "Paris"), lambda p: p["city"] != "Paris"),
    "greater": Form(where("id", "greater_than", 4), lambda p: p["id"] > 4),
    "greater or equal": Form(where("born", "greater_or_equal", "1985-01-15"), lambda p: born(p) >= date(1985, 1, 15)),
    "less": Form(where("id", "less_than", 4), lambda p: p["id"] < 4),
    "less or equal": Form(where("joined", "less_or_equal", "2024-03-01"), lambda p: p["joined"].month <= 3),
    "between": Form(where("id", "between", [2, 4]), lambda p: 2 <= p["id"] <= 4),
    "not between": Form(
        where("born", "not_between", ["1980-01-01", "1990-12-31"]), lambda p: not 1980 <= born(p).year <= 1990
    ),
    "in": Form(where("city", "in", ["Lyon", "Nice"]), lambda p: p["city"] in ("Lyon", "Nice")),
    "not in": Form(where("city", "not_in", ["Lyon", "Nice"]), lambda p: p["city"] not in ("Lyon", "Nice")),
    "empty": Form(where("email", "is_empty"), lambda p: not p["email"]),
    "not empty": Form(where("email", "is_not_empty"), lambda p: p["email"]),
    "starts": Form(where("email", "starts_with", "ann"), lambda p: text(p).startswith("ann")),
    "starts not": Form(where("email", "not_starts_with", "ann"), lambda p: not text(p).startswith("ann")),
    "ends": Form(where("email", "ends_with", ".org"), lambda p: text(p).endswith(".org")),
    "ends not": Form(where("email", "not_ends_with", ".org"), lambda p: not text(p).endswith(".org")),
    "contains": Form(where("email", "contains", "an"), lambda p: "an" in text(p)),
    "contains not": Form(where("email", "not_contains", "an"), lambda p: "an" not in text(p)),
    "like": Form(where("email", "like", "_n%@%"), lambda p: re.fullmatch(".n.*@.*", text(p))),
    "like not": Form(where("email", "not_like", "_n%@%"), lambda p: not re.fullmatch(".n.*@.*", text(p))),
    "matches": Form(where("email", "matches", "^[a-z]{3}@"), lambda p: re.search("^[a-z]{3}@", text(p))),
    "whatever case": Form(
        where("email", "starts_with", "Ann@", ignore_case=True), lambda p: text(p).lower().startswith("ann@")
    ),
    "whatever case, in": Form(
        where("city", "in", ["PARIS", "nice"], ignore_case=True), lambda p: p["city"] in ("Paris", "Nice")
    ),
    "a path": Form(where("person.city", "equals", "Paris"), lambda b: buyer(b)["city"] == "Paris", "purchases"),
}


def born(person: Row) -> date:
    return person["born"] or date.min


def text(person: Row) -> str:
    return person["email"] or ""


def buyer(purchase: Row) -> Row:
    return next((row for row in PEOPLE if row["id"] == purchase["person_id"]), dict.fromkeys(PEOPLE[0]))


VALUES = {
    "another column": Form(
        {"link": "purchases", "where": where("amount", "equals", {"attribute": "product.price"})},
        lambda p: any(row["amount"] == PRODUCT[row["product_id"]]["price"] for row in bought(p)),
    ),
    "an expression": Form(
        where("name", "equals", {"expression": "Substring([email], 1, 3)"}, ignore_case=True),
        lambda p: p["name"].lower() == text(p)[:3].lower(),
    ),
    "an expression in the attribute's place": Form(
        asked("Length([name]) + Coalesce(Length([city]), 0)", "greater_than", 7),
        lambda p: len(p["name"]) + len(p["city"] or "") > 7,
    ),
    "a yes-or-no expression": Form(
        asked("Upper([city]) = 'PARIS' and not [consent]", "equals", True),
        lambda p: p["city"] == "Paris" and p["consent"] is False,
    ),
    "a variable": Form(
        where("city", "equals", {"variable": "town"}), lambda p: p["city"] == VARIABLES["town"], of_campaign=True
    ),
    "a number of a variable": Form(
        figure("sum", "greater_or_equal", {"variable": "least"}),
        lambda p: sum(amounts(p)) >= VARIABLES["least"],
        of_campaign=True,
    ),
    "a list of a variable": Form(
        where("city", "in", {"variable": "towns"}), lambda p: p["city"] in VARIABLES["towns"], of_campaign=True
    ),
    "a variable in an expression": Form(
        asked("[city] = $town", "equals", True), lambda p: p["city"] == VARIABLES["town"], of_campaign=True
    ),
}

COLLECTIONS = {
    "exists": Form({"link": "purchases", "exists": True}, bought),
    "exists not": Form({"link": "purchases", "exists": False}, lambda p: not bought(p)),
    "where, on the same row": Form(
        {"link": "purchases", "where": group("and", BREWER, where("amount", "less_than", 110))},
        lambda p: any(PRODUCT[b["product_id"]]["brand"] == "BrewMaster" and b["amount"] < 110 for b in bought(p)),
    ),
    "none where": Form(
        {"link": "purchases", "exists": False, "where": BREWER}, lambda p: "BrewMaster" not in brands(p)
    ),
    "nested": Form(
        {"link": "purchases", "where": {"link": "product.sales", "where": where("amount", "greater_than", 400)}},
        lambda p: "pot" in {row["product_id"] for row in bought(p)},
    ),
    "a to-one link": Form({"link": "person", "exists": False}, lambda b: not buyer(b)["id"], "purchases"),
}

AGGREGATES = {
    "count": Form(
        {"link": "purchases", "aggregate": "count", "operator": "equals", "value": 0}, lambda p: not bought(p)
    ),
    "count of a column, with a condition": Form(
        figure("count", "greater_or_equal", 1, where=DEAR), lambda p: sum(a >= 100 for a in amounts(p)) >= 1
    ),
    "count of different values, over a path": Form(
        figure("count_distinct", "equals", 2, attribute="product.brand"), lambda p: len(brands(p)) == 2
    ),
    "sum": Form(figure("sum", "between", [1, 110]), lambda p: 1 <= sum(amounts(p)) <= 110),
    "sum of nothing": Form(figure("sum", "less_than", 1), lambda p: sum(amounts(p)) < 1),
    "average": Form(figure("avg", "greater_than", 60), lambda p: amounts(p) and mean(amounts(p)) > 60),
    "smallest": Form(figure("min", "less_or_equal", 9), lambda p: amounts(p) and min(amounts(p)) <= 9),
    "greatest": Form(
        figure("max", "greater_or_equal", "2025-03-01", attribute="bought_at"),
        lambda p: any(row["bought_at"] and row["bought_at"].date() >= date(2025, 3, 1) for row in bought(p)),
    ),
    "standard deviation": Form(
        figure("stddev", "greater_than", 70), lambda p: len(amounts(p)) > 1 and stdev(amounts(p)) > 70
    ),
    "none of which is empty": Form(figure("max", "is_empty"), lambda p: not amounts(p)),
    "negative, and nothing satisfies it": Form(
        figure("max", "not_equals", 3), lambda p: not amounts(p) or max(amounts(p)) != 3
    ),
    "of an expression": Form(
        {"link": "purchases", "aggregate": "sum", "expression": "[amount] * 2", "operator": "equals", "value": 6},
        lambda p: sum(amounts(p)) * 2 == 6,
    ),
}

REUSED = {
    "a filter with its default": Form({"filter": "lives-in"}, lambda p: p["city"] == "Nice"),
    "a filter with parameters": Form(
        {"filter": "lives-in", "parameters": {"town": "Paris"}}, lambda p: p["city"] == "Paris"
    ),
    "a filter in a group": Form(
        group("except", CONSENTS, {"filter": "lives-in", "parameters": {"town": "Lyon"}}),
        lambda p: p["consent"] and p["city"] != "Lyon",
    ),
    "a filter with a variable": Form(
        {"filter": "lives-in", "parameters": {"town": {"variable": "town"}}},
        lambda p: p["city"] == VARIABLES["town"],
        of_campaign=True,
    ),
    "an audience": Form({"audience": "vips", "member": True}, lambda p: p["id"] in VIPS),
    "not in an audience": Form({"audience": "vips", "member": False}, lambda p: p["id"] not in VIPS),
    "an audience over a link": Form(
        {"link": "person", "where": {"audience": "vips"}}, lambda b: buyer(b)["id"] in VIPS, "purchases"
    ),
}


# --- Time -----------------------------------------------------------------------------------------------


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def month(day: date, shift: int = 0) -> date:
    """The first of a month."""
    number = day.year * 12 + day.month - 1 + shift
    return date(number // 12, number % 12 + 1, 1)


def quarter(day: date, shift: int = 0) -> date:
    return month(day, shift * 3 - (day.month - 1) % 3)


def year(day: date) -> date:
    return date(day.year, 1, 1)


def visits(today: date) -> list[Row]:
    """Days around every border of every period; the first hours of each, and once nothing."""
    firsts = [monday(today) + timedelta(weeks=w) for w in (-1, 0, 1, 2)]
    firsts += [month(today, n) for n in (-1, 0, 1, 2)] + [quarter(today, n) for n in (-1, 0, 1)]
    firsts += [date(today.year + n, 1, 1) for n in (-1, 0, 1)]
    days = {first + timedelta(days=shift) for first in firsts for shift in (-1, 0)}
    days |= {today + timedelta(days=n) for n in (-366, -365, -91, -90, -8, -7, -6, -1, 0, 1, 3, 4)}
    listed: list[date | None] = [*sorted(days), None]
    return [
        {"id": n, "day": day, "at": day and datetime.fromisoformat(f"{day}T00:00+00:00")}
        for n, day in enumerate(listed)
    ]


def periods(today: date) -> dict[str, Form]:
    days = timedelta(days=1)
    inside: dict[str, Callable[[date], bool]] = {
        "today": lambda d: d == today,
        "yesterday": lambda d: d == today - days,
        "tomorrow": lambda d: d == today + days,
        "this_week": lambda d: monday(d) == monday(today),
        "last_week": lambda d: monday(d) == monday(today) - 7 * days,
        "next_week": lambda d: monday(d) == monday(today) + 7 * days,
        "this_month": lambda d: month(d) == month(today),
        "last_month": lambda d: month(d) == month(today, -1),
        "next_month": lambda d: month(d) == month(today, 1),
        "this_quarter": lambda d: quarter(d) == quarter(today),
        "last_quarter": lambda d: quarter(d) == quarter(today, -1),
        "this_year": lambda d: d.year == today.year,
        "last_year": lambda d: d.year == today.year - 1,
        "last_days": lambda d: today - 7 * days <= d <= today,
        "next_days": lambda d: today < d <= today + 3 * days,
        "more_than_days_ago": lambda d: d < today - 90 * days,
        "anniversary_today": lambda d: (d.month, d.day) == (today.month, today.day),
    }
    counted = {"last_days": 7, "next_days": 3, "more_than_days_ago": 90}
    forms = {}
    for name, holds in inside.items():
        period = {"period": name} | ({"n": counted[name]} if name in counted else {})
        rule = where("at", "in_period", period)
        forms[name] = Form(rule, lambda v, holds=holds: v["day"] and holds(v["day"]), "visits")
    negative = where("day", "not_in_period", {"period": "this_month"})
    forms["not in it, and nulls"] = Form(negative, lambda v: not v["day"] or month(v["day"]) != month(today), "visits")
    return forms


def moving(today: date) -> dict[str, Form]:
    days = timedelta(days=1)
    starts = {
        "today": today,
        "yesterday": today - days,
        "tomorrow": today + days,
        "start_of_week": monday(today),
        "start_of_month": month(today),
        "start_of_quarter": quarter(today),
        "start_of_year": year(today),
    }
    forms = {
        name: Form(
            where("day", "less_than", {"date": name}), lambda v, start=start: v["day"] and v["day"] < start, "visits"
        )
        for name, start in starts.items()
    }
    forms["now"] = Form(where("at", "greater_than", {"date": "now"}), lambda v: v["day"] and v["day"] > today, "visits")
    shifts = {
        ("today", "-7 days"): today - 7 * days,
        ("tomorrow", "-48 hours"): today - days,
        ("today", "-1440 minutes"): today - days,
        ("start_of_week", "1 weeks"): monday(today) + 7 * days,
        ("start_of_month", "-1 months"): month(today, -1),
        ("start_of_year", "1 years"): date(today.year + 1, 1, 1),
    }
    for (name, shift), start in shifts.items():
        forms[f"{name} {shift}"] = Form(
            where("at", "greater_or_equal", {"date": name, "shift": shift}),
            lambda v, start=start: v["day"] and v["day"] >= start,
            "visits",
        )
    return forms


FAMILIES: dict[str, Callable[[date], dict[str, Form]]] = {
    "groups": lambda today: GROUPS,
    "conditions": lambda today: CONDITIONS,
    "values": lambda today: VALUES,
    "collections": lambda today: COLLECTIONS,
    "aggregates": lambda today: AGGREGATES,
    "filters and audiences": lambda today: REUSED,
    "periods": periods,
    "moving dates": moving,
}
