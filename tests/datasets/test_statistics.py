"""What columns hold: counted once per snapshot, kept beside it."""

from __future__ import annotations

import json

import pytest

from orchcamp.datasets import engine, overview, statistics
from orchcamp.datasets.models import Column, Dataset
from tests.builders import make_dataset, make_link, make_shop

pytestmark = pytest.mark.django_db


def facts(slug: str) -> dict:
    dataset = Dataset.objects.get(slug=slug)
    return statistics.of(dataset.snapshot.path, {column.name: column.type for column in dataset.columns.all()})


def test_columns_are_counted_exactly():
    make_shop()
    found = facts("people")
    assert (found["city"]["rows"], found["city"]["nulls"], found["city"]["distinct"]) == (6, 1, 3)
    assert found["city"]["bars"] == [["Paris", 3], ["Lyon", 1], ["Nice", 1]]
    assert (found["born"]["least"], found["born"]["most"]) == ("1975-07-07", "2001-12-31")
    assert found["consent"]["bars"] == [[True, 4], [False, 1]]


def test_many_numbers_become_bars_of_equal_width():
    make_dataset("n", ["id"], {"id": "integer", "v": "float"}, [{"id": i, "v": i / 10} for i in range(121)])
    bars = facts("n")["v"]["bars"]
    assert len(bars) == statistics.BINS
    assert sum(rows for _end, rows in bars) == 121
    assert [end for end, _rows in bars][:3] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("name", ["n", "rows", "value", "nulls", "bin", "least", 'it\'s "odd"'])
def test_a_column_may_be_called_like_a_figure(name):
    make_dataset("odd", ["id"], {"id": "integer", name: "integer"}, [{"id": i, name: i % 20} for i in range(100)])
    assert facts("odd")[name]["distinct"] == 20
    column = Column.objects.get(name=name)
    assert overview.distribution(Dataset.objects.get(), column)["values"][0] == {"value": "0", "rows": 5, "share": 0.05}


def test_figures_are_kept_beside_the_snapshot_and_read_again():
    make_shop()
    facts("people")
    kept = engine.root() / statistics.place(Dataset.objects.get(slug="people").snapshot.path)
    changed = json.loads(kept.read_text())
    changed["city"]["distinct"] = 77
    kept.write_text(json.dumps(changed))
    assert facts("people")["city"]["distinct"] == 77
    kept.write_text("{half a")
    assert facts("people")["city"]["distinct"] == 3


def test_an_empty_dataset_has_figures_too():
    make_dataset("none", ["id"], {"id": "integer", "on": "date", "x": "float"}, [])
    assert facts("none")["x"]["bars"] == []
    assert overview.columns(Dataset.objects.get(), personal=True)[0].null_rate is None


def test_links_are_drawn_on_the_side_they_lead_to():
    make_shop()
    drawn = overview.diagram(Dataset.objects.get(slug="purchases"))
    assert [(n.slug, n.here, n.there, n.cardinality) for n in drawn.neighbours] == [
        ("people", "person", "purchases", "N:1"),
        ("products", "product", "sales", "N:1"),
    ]
    assert all(neighbour.x > drawn.x for neighbour in drawn.neighbours)
    people = overview.diagram(Dataset.objects.get(slug="people"))
    assert [(n.here, n.there, n.cardinality, n.x < people.x) for n in people.neighbours] == [
        ("purchases", "person", "1:N", True)
    ]


def test_a_dataset_linked_with_itself_is_drawn_on_both_sides():
    staff = make_dataset("staff", ["id"], {"id": "integer", "boss": "integer"}, [{"id": 1}])
    make_link(staff, ["boss"], staff, "manager", "team")
    drawn = overview.diagram(staff)
    assert [n.here for n in drawn.neighbours] == ["manager", "team"]
