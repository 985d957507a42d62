"""What several expressions have in common is computed once, and changes nothing about what they give."""

from __future__ import annotations

import ibis
import pytest

from orchcamp.datasets import engine


@pytest.fixture
def people(settings, tmp_path):
    settings.LAKE_DIR = tmp_path
    rows = [{"id": n, "city": ["Paris", "Lyon", None][n % 3], "name": f"n{n}", "age": n % 7} for n in range(60)]
    engine.write(ibis.memtable(rows), "datasets/people/1.parquet")
    return engine.table("datasets/people/1.parquet")


def ranked(people):
    rank = ibis.row_number().over(group_by=people.city, order_by=[people.age, people.id])
    return people.mutate(rank=rank)


def told(table) -> list[dict]:
    return sorted(engine.rows(table), key=str)


def test_two_parts_of_one_labour_read_its_file_and_give_the_same_rows(people):
    table = ranked(people)
    parts = [table.filter(table["rank"] < 3).select("id"), table.filter(table["rank"] >= 3).select("id", "city")]
    shared = engine.shared(parts, "runs/1/n/.shared.parquet")
    assert [told(part) for part in shared] == [told(part) for part in parts]
    assert set(engine.table("runs/1/n/.shared.parquet").columns) == {"id", "city", "rank"}  # name and age are not used
    assert all("row_number" not in engine.sql(part).lower() for part in shared)


def test_parts_that_share_only_a_file_stay_as_they_are(people):
    parts = [people.filter(people.age > 3).select("id"), people.filter(people.age <= 3).select("id")]
    assert engine.shared(parts, "runs/1/n/.shared.parquet")[0].equals(parts[0])
    assert not engine.exists("runs/1/n/.shared.parquet")


def test_whole_rows_keep_every_column_that_makes_them_different(people):
    table = ranked(people)
    parts = [table.distinct().select("city"), table.select("id")]
    shared = engine.shared(parts, "runs/1/n/.shared.parquet")
    assert [told(part) for part in shared] == [told(part) for part in parts]


def test_the_same_rows_twice_are_written_once(people):
    table = ranked(people).select("id", "rank")
    shared = engine.shared([table, table], "runs/1/n/.shared.parquet")
    assert [told(part) for part in shared] == [told(table)] * 2
    assert "row_number" not in engine.sql(shared[0]).lower()


def test_one_table_alone_shares_nothing(people):
    (same,) = engine.shared([ranked(people)], "runs/1/n/.shared.parquet")
    assert same.equals(ranked(people)) and not engine.exists("runs/1/n/.shared.parquet")
