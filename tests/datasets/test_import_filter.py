"""Predefined filters from files, and counting with them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from orchcamp.datasets.models import FilterRevision, PredefinedFilter
from tests.builders import make_shop
from tests.datasets.test_count_audience import run, write

BIG = {
    "link": "purchases",
    "where": {"attribute": "amount", "operator": "greater_or_equal", "value": {"parameter": "least"}},
}


@pytest.fixture(autouse=True)
def shop(db) -> None:
    make_shop()


def filter_file(place: Path, **changes: Any) -> str:
    facts = {
        "slug": "big-buyers",
        "label": "Big buyers",
        "dimension": "people",
        "rule": BIG,
        "parameters": {"least": {"type": "number", "default": 100}},
        **changes,
    }
    facts = {name: value for name, value in facts.items() if value is not ...}
    return write(place / f"{facts.get('slug', 'filter')}.json", {"schema": 1, "kind": "filter", "filter": facts})


def imported(file: str) -> dict[str, Any]:
    out = StringIO()
    call_command("import_filter", file, "--json", stdout=out)
    return json.loads(out.getvalue())


def refused(file: str) -> str:
    with pytest.raises(CommandError) as caught:
        call_command("import_filter", file)
    assert caught.value.returncode == 1
    return str(caught.value)


def counted(tmp_path: Path, rule: dict[str, Any], dataset: str = "people") -> int:
    (entry,), _sentence = run(dataset, write(tmp_path / "rule.json", rule))
    return entry["count"]


def test_an_imported_filter_counts_with_its_default_and_with_a_value(tmp_path):
    answer = imported(filter_file(tmp_path))
    assert answer == {"slug": "big-buyers", "label": "Big buyers", "dimension": "people", "revision": 1}
    assert counted(tmp_path, {"filter": "big-buyers"}) == 2
    assert counted(tmp_path, {"filter": "big-buyers", "parameters": {"least": 120}}) == 1
    assert counted(tmp_path, {"group": "except", "items": [{"group": "and"}, {"filter": "big-buyers"}]}) == 4


def test_importing_again_makes_a_new_revision_only_when_something_differs(tmp_path):
    imported(filter_file(tmp_path))
    assert imported(filter_file(tmp_path))["revision"] == 1
    again = imported(filter_file(tmp_path, parameters={"least": {"type": "number", "default": 120}}))
    assert again["revision"] == 2
    assert counted(tmp_path, {"filter": "big-buyers"}) == 1
    assert list(FilterRevision.objects.values_list("number", flat=True)) == [2, 1]


def test_yaml_is_read_too(tmp_path):
    text = """
schema: 1
kind: filter
filter:
  slug: joined-since
  label: Joined since
  dimension: people
  rule: {attribute: joined, operator: greater_or_equal, value: {parameter: day}}
  parameters: {day: {type: date, default: 2024-05-01}}
"""
    imported(write(tmp_path / "filter.yaml", text))
    assert counted(tmp_path, {"filter": "joined-since"}) == 2
    assert counted(tmp_path, {"filter": "joined-since", "parameters": {"day": "2024-06-01"}}) == 1


def test_an_imported_filter_is_shared_and_belongs_to_whom_it_is_given(mark, tmp_path):
    imported(filter_file(tmp_path))
    call_command("import_filter", filter_file(tmp_path, slug="own", shared=False), "--owner", "mark")
    assert PredefinedFilter.objects.get(slug="big-buyers").shared
    own = PredefinedFilter.objects.get(slug="own")
    assert (own.owner, own.shared) == (mark, False)


BAD = [
    ({"slug": ...}, "filter: “slug” is missing"),
    ({"slug": "no spaces"}, "filter.slug: expects letters"),
    ({"dimension": "peeple"}, "filter.dimension: There is no dataset “peeple”"),
    ({"rule": []}, "filter.rule: must be an object"),
    ({"colour": 1}, "filter: unknown key “colour”"),
    ({"shared": 1}, "filter.shared: must be true or false"),
    ({"parameters": {}}, "filter.rule.where.value: the filter has no parameter “least”"),
    ({"parameters": {"least": {"type": "money"}}}, "filter.parameters.least.type: expects one of: text, number"),
    ({"parameters": {"least": {"type": "number", "default": "x"}}}, "filter.parameters.least.default: expects a number"),
    ({"parameters": {"least": {"type": "text"}}}, "filter.rule.where.value (parameter “least”): expects a number"),
    ({"parameters": {"1x": {"type": "text"}}}, "filter.parameters: “1x”: the name of a parameter"),
    ({"parameters": {"least": 3}}, "filter.parameters.least: expects an object"),
    ({"parameters": {"least": {"type": "number", "min": 3}}}, "unknown key “min”"),
    ({"rule": {"attribute": "citty", "operator": "is_empty"}}, "filter.rule.attribute: People has no column “citty”"),
    ({"rule": {"filter": "big-buyers"}}, "filter.rule.filter: there is no predefined filter"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), BAD, ids=[sentence for _changes, sentence in BAD])
def test_a_bad_filter_gets_a_sentence_with_file_and_place(tmp_path, changes, sentence):
    file = filter_file(tmp_path, **changes)
    if changes.get("rule", {}) == {"filter": "big-buyers"}:
        sentence = "filter.rule.filter: the filter “big-buyers” reaches itself: big-buyers → big-buyers"
    said = refused(file)
    assert said.startswith(f"{file}: ")
    assert sentence in said
    assert not PredefinedFilter.objects.exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"kind": "campaign"}', '{"kind": "filter", "schema": 2}', '"x"'])
def test_a_file_without_a_filter_gets_a_sentence(tmp_path, content):
    assert str(tmp_path) in refused(write(tmp_path / "bad.json", content))


def test_a_filter_that_reaches_itself_through_another_is_refused(tmp_path):
    imported(filter_file(tmp_path, slug="a", rule={}, parameters={}))
    imported(filter_file(tmp_path, slug="b", rule={"filter": "a"}, parameters={}))
    linked = {"link": "purchases", "where": {"link": "person", "where": {"filter": "b"}}}
    said = refused(filter_file(tmp_path, slug="a", rule=linked, parameters={}))
    assert "reaches itself: a → b → a" in said
    assert counted(tmp_path, {"filter": "b"}) == 6


def test_a_change_that_would_break_a_filter_built_on_it_is_refused(tmp_path):
    imported(filter_file(tmp_path))
    imported(filter_file(tmp_path, slug="b", rule={"filter": "big-buyers", "parameters": {"least": 5}}, parameters={}))
    said = refused(filter_file(tmp_path, rule={}, parameters={}))
    assert "the filter “b” uses “big-buyers”" in said
    assert counted(tmp_path, {"filter": "b"}) == 2


def test_the_dataset_of_a_filter_does_not_change(tmp_path):
    imported(filter_file(tmp_path))
    said = refused(filter_file(tmp_path, dimension="products", rule={}, parameters={}))
    assert "filter.dimension: there is a filter “big-buyers” already, about “people”" in said


def test_an_unknown_owner_is_named(tmp_path):
    with pytest.raises(CommandError, match="There is no active user “nobody”"):
        call_command("import_filter", filter_file(tmp_path), "--owner", "nobody")


def test_a_tower_of_filters_ends_in_a_sentence(tmp_path):
    imported(filter_file(tmp_path, slug="f0", rule={}, parameters={}))
    for n in range(1, 12):
        both = {"group": "and", "items": [{"filter": f"f{n - 1}"}] * 2}
        imported(filter_file(tmp_path, slug=f"f{n}", rule=both, parameters={}))
    top = {"group": "or", "items": [{"filter": "f11"}] * 9}
    assert "more than 10,000 nodes" in refused(filter_file(tmp_path, slug="top", rule=top, parameters={}))
