"""Rules that mean harm: each ends in a sentence or a count, in bounded time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from orchcamp.web.errors import Refused
from tests.datasets.rule_stage import ALL, both, bought, kept, refusal, where
from tests.datasets.test_count_audience import run

GENEROUS = 20  # seconds of this process, whatever else the machine does


@contextmanager
def bounded() -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < GENEROUS


def tower(depth: int, build: Any) -> dict[str, Any]:
    tree = where("id", "equals", 1)
    for _n in range(depth):
        tree = build(tree)
    return tree


@pytest.mark.parametrize(
    "build",
    [
        lambda tree: both(tree),
        lambda tree: both(both(), tree, group="except"),
        lambda tree: {"link": "shop", "where": {"link": "visitors", "where": tree}},
        lambda tree: bought("equals", 1, where={"link": "person", "where": tree}),
    ],
    ids=["groups", "exceptions", "collections", "aggregates"],
)
def test_ten_thousand_levels_end_in_a_sentence(build):
    with bounded():
        assert "nested deeper than 50 levels" in refusal(tower(10_000, build))


def test_ten_thousand_levels_in_a_file_end_in_a_sentence(db, tmp_path):
    from tests.builders import make_shop

    make_shop()
    file = tmp_path / "deep.json"
    file.write_text('{"group":"and","items":[' * 10_000 + "]}" * 10_000)
    with bounded():
        (entry,), _sentence = run("people", str(file))
    assert "nested" in entry["error"]


def test_an_expression_of_ten_thousand_levels_ends_in_a_sentence():
    for text in ("(" * 10_000 + "1" + ")" * 10_000, "not " * 4_000 + "true", "-" * 10_000 + "1", "Abs(" * 4_000 + "1"):
        with bounded():
            refusal({"expression": text, "operator": "equals", "value": 1})


@pytest.mark.parametrize("operator", ["in", "not_in"])
def test_a_list_of_200_000_values_is_counted(operator):
    with bounded():
        found = kept(where("id", operator, list(range(2, 200_002))))
    assert found == ([2, 3, 4] if operator == "in" else [1])


def test_a_list_of_200_000_texts_is_counted_in_any_case():
    with bounded():
        assert kept(where("city", "in", ["PARIS", *(f"c{n}" for n in range(199_999))], ignore_case=True)) == [1, 2]


def test_a_list_of_200_000_columns_or_expressions_is_refused():
    for item in ({"attribute": "id"}, {"expression": "[id] + 1"}):
        with bounded():
            assert "more than 100 columns or expressions" in refusal(where("age", "in", [item] * 200_000))


def test_thousands_of_expressions_are_refused():
    one = {"expression": "[age] + 1", "operator": "equals", "value": 2}
    with bounded():
        assert "more than 300 expressions" in refusal(both(*[one] * 5_000))


@pytest.mark.parametrize("operator", ["equals", "contains", "like", "matches", "starts_with"])
def test_a_megabyte_of_text_ends_in_a_sentence(operator):
    with bounded():
        assert "longer than" in refusal(where("city", operator, "x" * 1_000_000))


def test_a_megabyte_of_expression_ends_in_a_sentence():
    with bounded():
        assert "longer than 20,000 characters" in refusal(
            {"expression": "1 + " * 250_000 + "1", "operator": "equals", "value": 1}
        )


def test_a_megabyte_as_a_name_ends_in_a_short_sentence():
    name = "x" * 1_000_000
    for tree in (
        where(name, "is_empty"),
        where("city", name, "x"),
        {"link": name},
        {"filter": name},
        {"audience": name},
        {name: 1},
        {"group": name},
        where("age", "equals", {"variable": name}),
    ):
        with bounded():
            assert len(refusal(tree)) < 2_000


SQL = [
    "'; DROP TABLE people; --",
    "' OR '1'='1",
    '"; SELECT 1',
    "\\'; --",
    "$$x$$",
    "{{7*7}}",
    "/* */",
    "\x1b[2J",
]


@pytest.mark.parametrize("text", SQL)
def test_sql_in_a_text_is_text(text):
    for operator in ("equals", "contains", "starts_with", "ends_with"):
        assert kept(where("city", operator, text)) == []
    assert kept(where("city", "not_in", [text])) == ALL
    assert kept(where("city", "not_like", text)) == ALL
    quoted = text.replace("'", "''")
    assert kept({"expression": f"[city] = '{quoted}'", "operator": "equals", "value": True}) == []


@pytest.mark.parametrize(
    "text", ["read_csv('/etc/passwd')", "ReadText('/etc/passwd')", "getenv('HOME')", "(select 1)", "1; drop table x"]
)
def test_an_expression_reaches_no_file_and_no_sql(text):
    with bounded():
        refusal({"expression": text, "operator": "equals", "value": "x"})


PAD = "RPad([city], 10000, 'a')"


@pytest.mark.parametrize(
    "text",
    [
        "Replace(" * 20 + "[city]" + ", 'a', 'bb')" * 20,
        " + ".join([PAD] * 60),
        "Upper(" * 60 + PAD + ")" * 60,
        "JuxtWords(" * 60 + PAD + ", 'a')" * 60,
    ],
)
def test_texts_that_would_grow_without_end_are_refused(text):
    with bounded():
        assert "texts that may grow too long" in refusal({"expression": text, "operator": "equals", "value": "x"})


@pytest.mark.parametrize(
    "text",
    [
        f"Replace(Replace({PAD}, 'a', {PAD}), 'a', {PAD})",
        f"RPad('a', 10000, {PAD})",
        f"Replace({PAD}, 'a', RPad('b', 10000, 'b'))",
        "JuxtWords(" * 30 + "[city]" + ", 'a')" * 30,
        "Smart(" * 30 + "[city]" + ")" * 30,
    ],
)
def test_texts_that_grow_are_counted_within_bounds(text):
    with bounded():
        assert kept({"expression": text, "operator": "equals", "value": "x"}) == []


def test_texts_of_many_expressions_are_refused_together():
    one = [{"expression": f"RPad([city], 10000, '{n}')", "operator": "equals", "value": "x"} for n in range(60)]
    with bounded(), pytest.raises(Refused, match="texts that may grow too long"):
        kept(both(*one))


def test_division_by_zero_satisfies_no_positive_condition():
    zero = {"expression": "[age] / ([id] - [id])", "operator": "equals", "value": 0}
    assert kept(zero) == []
    assert kept({**zero, "operator": "not_equals"}) == ALL
    assert kept({"expression": "[age] % 0", "operator": "is_empty"}) == ALL


@pytest.mark.parametrize(
    "tree",
    [None, 0, "x", [], [[]], {"group": []}, {"group": "and", "items": [None]}, {"attribute": {}}, {"link": []},
     {"filter": {}}, {"audience": []}, {"expression": {}}, {"filter": "grown", "parameters": {"least": {}}},
     {"filter": "grown", "parameters": {"least": [1]}}, {"audience": "some", "member": "no"},
     {"attribute": "id", "operator": [], "value": 1}, {"link": "purchases", "aggregate": {}, "operator": "equals", "value": 1}],
    ids=json.dumps,
)  # fmt: skip
def test_what_is_no_rule_ends_in_a_sentence(tree):
    assert refusal(tree)
