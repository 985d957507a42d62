"""The engine: write once, count exactly, mix lake tables with memory, survive forks and threads."""

from __future__ import annotations

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import duckdb
import ibis
import pytest

from orchcamp.datasets import engine, schema
from orchcamp.datasets.models import Column, Dataset, Snapshot
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


def test_of_two_writers_at_once_one_wins_and_both_see_its_rows(model):
    people = model.table("people")
    barrier = threading.Barrier(4)

    def write(n: int) -> int:
        barrier.wait()
        return engine.write(people.limit(n), "runs/1/race/out")

    with ThreadPoolExecutor(4) as pool:
        counts = set(pool.map(write, [1, 2, 3, 4]))
    assert len(counts) == 1
    assert [path.name for path in (engine.root() / "runs/1/race").iterdir()] == ["out"]


def test_a_file_system_without_hard_links_is_written_once_too(model, monkeypatch):
    def refuse(*args):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    people = model.table("people")
    assert engine.write(people.limit(2), "runs/1/n3/out") == 2
    assert engine.write(people, "runs/1/n3/out") == 2
    assert [path.name for path in (engine.root() / "runs/1/n3").iterdir()] == ["out"]


def test_a_claim_that_a_dead_writer_left_is_not_waited_for_for_ever(model, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *args: (_ for _ in ()).throw(OSError(errno.ENOTSUP, "no")))
    monkeypatch.setattr(engine.lake, "CLAIM_SECONDS", 0.2)
    place = engine.root() / "runs/1/n4"
    place.mkdir(parents=True)
    (place / ".out.claim").touch()
    assert engine.write(model.table("people"), "runs/1/n4/out") == 6


def test_a_failed_query_leaves_nothing_behind(model):
    broken = ibis.table({"id": "int64", "no_such_column": "string"}, name=model.dataset("people").path)
    with pytest.raises(engine.Error):
        engine.write(broken.select("no_such_column"), "runs/1/n5/out")
    assert not list(engine.root().glob("runs/**/*"))


def test_a_folder_of_files_is_one_table(model):
    people = model.table("people")
    engine.write(people.filter(people.id <= 2), "runs/1/parts/a.parquet")
    engine.write(people.filter(people.id > 2), "runs/1/parts/b.parquet")
    assert engine.count(engine.table("runs/1/parts")) == 6


def test_odd_characters_in_a_path_are_only_characters(model):
    path = 'runs/it\'s [a] "test" *?/out'
    engine.write(model.table("people"), path)
    assert engine.count(engine.table(path)) == 6


def test_views_of_a_long_worker_do_not_pile_up(model, monkeypatch):
    monkeypatch.setattr(engine.duck, "VIEWS_KEPT", 5)
    for n in range(12):
        path = f"runs/{n}/n1/out"
        engine.write(model.table("people"), path)
        assert engine.count(engine.table(path)) == 6
    views = engine.connection().execute("SELECT count(*) FROM duckdb_views() WHERE view_name LIKE 'runs/%'").fetchone()
    assert views[0] <= 6
    assert engine.count(model.table("people")) == 6


def test_the_same_path_in_another_lake_is_another_table(model, settings, tmp_path):
    people = model.table("people")
    engine.write(people.limit(1), "runs/1/n6/out")
    assert engine.count(engine.table("runs/1/n6/out")) == 1
    first, settings.LAKE_DIR = settings.LAKE_DIR, tmp_path / "other"
    (tmp_path / "other" / "runs/1/n6").mkdir(parents=True)
    (first / "runs/1/n6/out").rename(tmp_path / "other" / "runs/1/n6/out")
    assert engine.count(engine.table("runs/1/n6/out")) == 1


def test_a_forked_worker_has_an_engine_of_its_own(model):
    assert engine.count(model.table("people")) == 6
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, str(engine.count(model.table("people"))).encode())
        finally:
            os._exit(0)
    os.close(writer)
    assert os.read(reader, 10) == b"6"
    assert os.waitpid(child, 0)[1] == 0
    assert engine.count(model.table("people")) == 6


def test_nothing_is_fetched_from_the_network():
    with pytest.raises(duckdb.Error, match="httpfs"):
        engine.connection().execute("SELECT * FROM 'https://example.com/people.parquet'")


def test_the_model_is_read_again_only_when_a_dataset_was_touched(model, django_assert_num_queries):
    schema.load()
    with django_assert_num_queries(1):
        assert schema.load() is schema.load.__globals__["_known"][1]
    people = Dataset.objects.get(slug="people")
    people.label = "Persons"
    people.save()
    assert schema.load().dataset("people").label == "Persons"


def test_an_older_snapshot_has_the_columns_of_its_file(model):
    people = Dataset.objects.get(slug="people")
    path = "datasets/people/2.parquet"
    engine.write(model.table("people").mutate(vip=True), path)
    Column.objects.create(dataset=people, name="vip", label="Vip", type="boolean", position=9)
    people.snapshot = Snapshot.objects.create(dataset=people, number=2, path=path, rows=6)
    people.save()
    assert "vip" in schema.load().dataset("people").columns
    pinned = schema.load({"people": 1})
    assert "vip" not in pinned.dataset("people").columns
    assert engine.count(pinned.table("people").filter(pinned.table("people").city == "Paris")) == 3
