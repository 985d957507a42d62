"""The engine: write once, count exactly, mix lake tables with memory."""

from __future__ import annotations

import ibis
import pytest

from orchcamp.datasets import engine, schema
from tests.builders import make_shop


@pytest.fixture
def model(db):
    make_shop()
    return schema.load()


def test_a_lake_table_counts(model):
    assert engine.count(model.table("people")) == 6


def test_a_population_is_written_once(model):
    people = model.table("people")
    assert engine.write(people.filter(people.city == "Paris"), "runs/1/n1/out") == 3
    assert engine.write(people, "runs/1/n1/out") == 3
    assert engine.count(engine.table("runs/1/n1/out")) == 3


def test_memory_and_lake_mix(model):
    wanted = ibis.memtable({"id": [1, 2, 77]})
    found = model.table("people").semi_join(wanted, "id")
    assert engine.write(found, "runs/1/n2/out", order_by=["id"]) == 2
    assert [row["id"] for row in engine.rows(engine.table("runs/1/n2/out"))] == [1, 2]
