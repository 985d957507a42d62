"""Generated rules on generated rows: the engine and a second reading in plain Python keep the same rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchcamp.datasets import engine, rules
from tests.datasets.second_reading import EXPRESSIONS, satisfies
from tests.datasets.shop import AUDIENCES, COLUMNS, FILTERS, KEYS, STEPS, context

TEXTS = st.sampled_from(["", "a", "A", "ab", "b", "a%b", "a_b", "É", "é", "a\nb", "\\", "Paris", "paris"])
NUMBERS = st.integers(-2, 4)
MONEY = st.sampled_from([0, 1, -1, 2, 31.1, 0.5, 2.25, 1.99999])
DAYS = st.dates(date(2026, 2, 26), date(2026, 3, 3))
MOMENTS = st.builds(
    lambda day, hours: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours),
    DAYS,
    st.sampled_from([0, 10, 23]),
)
VALUES = {
    "string": TEXTS,
    "integer": st.one_of(NUMBERS, st.sampled_from([0.5, 2.0])),
    "decimal": MONEY,
    "float": MONEY,
    "boolean": st.booleans(),
    "date": st.one_of(
        DAYS.map(str), MOMENTS.map(lambda m: m.isoformat()), st.just({"date": "today", "shift": "-1 days"})
    ),
    "datetime": st.one_of(DAYS.map(str), MOMENTS.map(lambda m: m.isoformat()), st.just({"date": "today"})),
}
CELLS = {
    "string": TEXTS,
    "integer": NUMBERS,
    "decimal": st.sampled_from([Decimal("0"), Decimal("1"), Decimal("31.1"), Decimal("-1"), Decimal("2.25")]),
    "float": st.sampled_from([0.0, 1.0, 0.5, -1.0, 31.1]),
    "boolean": st.booleans(),
    "date": DAYS,
    "datetime": MOMENTS,
}
PARAMETERS = {"number": NUMBERS, "list": st.lists(TEXTS, max_size=3), "date": DAYS.map(str)}
ORDER = ["greater_than", "less_than", "greater_or_equal", "less_or_equal"]
SAME = ["equals", "not_equals"]
WORDS = ["starts_with", "not_starts_with", "ends_with", "not_ends_with", "contains", "not_contains"]
FAMILY = {"integer": "number", "decimal": "number", "float": "number", "date": "day", "datetime": "day"}


@st.composite
def rows_of(draw: Any, slug: str) -> list[dict[str, Any]]:
    cells = {name: st.none() | CELLS[type] for name, type in COLUMNS[slug].items()}
    for name in KEYS[slug]:
        cells[name] = CELLS[COLUMNS[slug][name]]
    found = draw(st.lists(st.fixed_dictionaries(cells), max_size=5))
    return list({tuple(row[name] for name in KEYS[slug]): row for row in found}.values())


DATA = st.fixed_dictionaries({slug: rows_of(slug) for slug in COLUMNS})


def paths(dataset: str) -> list[tuple[str, str]]:
    found = list(COLUMNS[dataset].items())
    for step in STEPS:
        if step.source == dataset and step.to_one:
            found += [(f"{step.name}.{name}", type) for name, type in COLUMNS[step.target].items()]
    return found


def computed(dataset: str) -> list[tuple[str, str]]:
    return [(text, type) for text, type, _found in EXPRESSIONS[dataset]]


def saved(dataset: str) -> list[str]:
    return [slug for slug, (about, _keys) in AUDIENCES.items() if about == dataset]


def predefined(dataset: str) -> list[str]:
    return [slug for slug, facts in FILTERS.items() if facts[0] == dataset]


def links(dataset: str) -> list[tuple[str, str]]:
    near = [(step.name, step.target) for step in STEPS if step.source == dataset]
    far = [
        (f"{step.name}.{other.name}", other.target)
        for step in STEPS
        for other in STEPS
        if step.source == dataset and step.to_one and other.source == step.target
    ]
    return near + far


@st.composite
def asked(draw: Any, dataset: str, type: str) -> dict[str, Any]:
    """An operator and its value for something of a type, on rows of a dataset."""
    operators = [*SAME, "in", "not_in", "is_empty", "is_not_empty"]
    operators += [] if type == "boolean" else [*ORDER, "between", "not_between"]
    operators += [*WORDS, "like", "not_like"] if type == "string" else []
    operator = draw(st.sampled_from(operators))
    found: dict[str, Any] = {"operator": operator}
    if operator in ("is_empty", "is_not_empty"):
        return found
    others = [{"attribute": p} for p, t in paths(dataset) if FAMILY.get(t, t) == FAMILY.get(type, type)]
    others += [{"expression": e} for e, t in computed(dataset) if FAMILY.get(t, t) == FAMILY.get(type, type)]
    plain = VALUES[type]
    value = st.one_of(plain, plain, st.sampled_from(others)) if others else plain
    if operator in ("in", "not_in"):
        found["value"] = draw(st.lists(value, max_size=3))
    elif operator in ("between", "not_between"):
        found["value"] = [draw(value), draw(value)]
    else:
        found["value"] = draw(plain if operator in ("like", "not_like") else value)
    if type == "string" and draw(st.booleans()):
        found["ignore_case"] = True
    return found


@st.composite
def nodes(draw: Any, dataset: str, depth: int = 2) -> dict[str, Any]:
    kinds = ["condition", "condition", "expression"] + (["group", "collection", "aggregate"] if depth else [])
    kinds += (["audience"] if saved(dataset) else []) + (["filter"] if predefined(dataset) else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "expression":
        text, type = draw(st.sampled_from(computed(dataset)))
        return {"expression": text, **draw(asked(dataset, type))}
    if kind == "audience":
        member = draw(st.sampled_from([{}, {"member": True}, {"member": False}]))
        return {"audience": draw(st.sampled_from(saved(dataset))), **member}
    if kind == "filter":
        return draw(uses(dataset))
    if kind == "condition":
        path, type = draw(st.sampled_from(paths(dataset)))
        return {"attribute": path, **draw(asked(dataset, type))}
    if kind == "group":
        items = draw(st.lists(nodes(dataset, depth - 1), max_size=3))
        return {"group": draw(st.sampled_from(["and", "or", "except"])), "items": items}
    link, end = draw(st.sampled_from(links(dataset)))
    node: dict[str, Any] = {"link": link}
    if draw(st.booleans()):
        node["where"] = draw(nodes(end, depth - 1))
    if kind == "collection":
        return node | ({} if draw(st.booleans()) else {"exists": draw(st.booleans())})
    return node | draw(figures(dataset, end))


@st.composite
def uses(draw: Any, dataset: str) -> dict[str, Any]:
    """A predefined filter with some of the values that it asks for."""
    slug = draw(st.sampled_from(predefined(dataset)))
    given = {}
    for name, facts in FILTERS[slug][2].items():
        if draw(st.booleans()):
            given[name] = draw(PARAMETERS[facts["type"]])
    return {"filter": slug, **({"parameters": given} if given else {})}


@st.composite
def figures(draw: Any, dataset: str, end: str) -> dict[str, Any]:
    function = draw(st.sampled_from(["count", "count", "count_distinct", "sum", "min", "max", "avg"]))
    numbers = [(p, t) for p, t in paths(end) if FAMILY.get(t) == "number"]
    pool = numbers if function in ("sum", "avg") else [(p, t) for p, t in paths(end) if t != "boolean"]
    if function == "count" and draw(st.booleans()):
        return {"aggregate": function, **draw(asked(dataset, "integer"))}
    whole = [("attribute", path, type) for path, type in pool]
    whole += [("expression", e, t) for e, t in computed(end) if t in {type for _path, type in pool}]
    place, path, type = draw(st.sampled_from(whole))
    if function.startswith("count"):
        type = "integer"
    elif function == "avg":
        type = "float"
    return {"aggregate": function, place: path, **draw(asked(dataset, type))}


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=DATA, dataset=st.sampled_from(["people", "purchases"]), content=st.data())
def test_the_engine_keeps_the_rows_that_a_reading_row_by_row_keeps(data, dataset, content):
    tree = content.draw(nodes(dataset))
    ctx = context(data)
    table = ctx.model.table(dataset)
    rest = {"group": "except", "items": [{"group": "and"}, tree]}
    kept = engine.rows(rules.keep(table, tree, dataset, ctx))
    others = engine.rows(rules.keep(table, rest, dataset, ctx))
    expected = [row for row in data[dataset] if satisfies(data, dataset, row, tree)]
    key = KEYS[dataset][0]
    assert sorted(row[key] for row in kept) == sorted(row[key] for row in expected)
    assert sorted(row[key] for row in kept + others) == sorted(row[key] for row in data[dataset])
    assert rules.sentence(tree, dataset, ctx)
