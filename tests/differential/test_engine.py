"""What Spark must do as an engine, beside giving the same rows."""

from __future__ import annotations

import os
import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest

from activities import columns
from campaigns import store
from orchcamp.datasets import counting, engine, schema
from orchcamp.datasets.engine import spark
from tests.builders import make_shop

from .compare import difference, rows

ROWS = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "small": pa.array([1, None, -7], pa.int32()),
        "price": pa.array([Decimal("31.1"), None, Decimal("-0.0001")], pa.decimal128(18, 4)),
        "weight": pa.array([0.1, float("inf"), None], pa.float64()),
        "text": pa.array(["", None, "É\n'\"\\`"], pa.string()),
        "yes": pa.array([True, None, False], pa.bool_()),
        "day": pa.array([date(2024, 2, 29), date(1582, 10, 5), None], pa.date32()),
        "moment": pa.array([datetime(2024, 6, 1, 12, 0, 0, 1, UTC), datetime(1900, 1, 1, tzinfo=UTC), None]),
    }
)
ROWS = ROWS.set_column(7, "moment", ROWS["moment"].cast(pa.timestamp("us", tz="UTC")))


@pytest.fixture
def people(db, on_spark):
    make_shop()
    return schema.load().table("people")


def test_every_type_comes_back_as_it_went(both):
    table = ibis.memtable(ROWS)
    near, far = both(table)
    assert not difference(near, far)
    assert rows(far) == rows(ROWS)


@pytest.mark.parametrize(("writer", "reader"), [("spark", "duckdb"), ("duckdb", "spark"), ("spark", "spark")])
def test_what_one_engine_writes_the_other_reads(writer, reader, settings, on_spark):
    addresses = {"spark": settings.ENGINE, "duckdb": "duckdb://"}
    settings.ENGINE = addresses[writer]
    assert engine.name() == writer
    assert engine.write(ibis.memtable(ROWS), "runs/1/n1/out.parquet", order_by=["id"]) == 3
    settings.ENGINE = addresses[reader]
    assert engine.arrow(engine.table("runs/1/n1/out.parquet").order_by("id")).cast(ROWS.schema).equals(ROWS)


def test_figures_are_written_with_the_same_types_by_both(settings, on_spark):
    table = ibis.memtable(ROWS)
    grouped = table.group_by("yes").aggregate(
        n=table.count(), total=table.id.sum(), money=table.price.sum(), mean=table.small.mean(), most=table.day.max()
    )
    figures = grouped.mutate(
        place=ibis.row_number().over(order_by=ibis.asc("n")), never=ibis.null("string"), one=ibis.literal(1)
    )
    for address in (settings.ENGINE, "duckdb://"):
        settings.ENGINE = address
        engine.write(figures, f"runs/1/{engine.name()}")
    promised = {name: type.copy(nullable=True) for name, type in figures.schema().items()}
    assert dict(engine.table("runs/1/spark").schema()) == promised
    assert dict(engine.table("runs/1/duckdb").schema()) == promised


def test_a_population_is_written_once_as_a_folder_and_leaves_nothing_else(people):
    assert engine.write(people.filter(people.city == "Paris"), "runs/1/n1/out.parquet") == 3
    assert engine.write(people, "runs/1/n1/out.parquet") == 3
    assert [place.name for place in (engine.root() / "runs/1/n1").iterdir()] == ["out.parquet"]
    files = list((engine.root() / "runs/1/n1/out.parquet").iterdir())
    assert files and all(file.name.endswith(".parquet") and file.name[0] not in "._" for file in files)
    assert engine.count(engine.table("runs/1/n1/out.parquet")) == 3
    engine.drop("runs/1/n1/out.parquet")
    assert not engine.exists("runs/1/n1/out.parquet")


def test_of_two_writers_the_first_stands(people, monkeypatch):
    published = spark.publish_folder

    def later(part, place):
        place.mkdir(parents=True)
        (place / "part-0.parquet").write_bytes(next(part.glob("*.parquet")).read_bytes())
        published(part, place)

    monkeypatch.setattr(spark, "publish_folder", later)
    assert engine.write(people.limit(2), "runs/1/n2/out") == 2
    assert [place.name for place in (engine.root() / "runs/1/n2").iterdir()] == ["out"]
    assert [file.name for file in (engine.root() / "runs/1/n2/out").iterdir()] == ["part-0.parquet"]


def test_nobody_is_a_population_too(people):
    assert engine.write(people.filter(ibis.literal(False)), "runs/1/n3/out") == 0
    assert engine.table("runs/1/n3/out").columns == people.columns
    assert engine.count(engine.table("runs/1/n3/out")) == 0


def test_an_order_holds_over_all_parts(people, monkeypatch):
    many = ibis.memtable(pa.table({"id": range(1000)})).mutate(batch=ibis._.id * 37 % 101)
    spark.session.backend()._session.conf.set("spark.sql.shuffle.partitions", "4")
    try:
        engine.write(many, "runs/1/n4/plan", order_by=["batch", "id"])
    finally:
        spark.session.backend()._session.conf.set("spark.sql.shuffle.partitions", "1")
    files = engine.lake.parts(engine.root() / "runs/1/n4/plan")
    found = [
        row
        for file in files
        for row in zip(*(pa.parquet.read_table(file)[c].to_pylist() for c in ("batch", "id")), strict=True)
    ]
    assert len(files) == 4 and found == sorted(found) and len(found) == 1000


def test_rows_that_pass_through_get_a_second_name_for_every_part(people):
    engine.write(people, "runs/1/n5/out")
    engine.link("runs/1/n5/out", "runs/1/n6/out")
    one, other = (next((engine.root() / f"runs/1/{node}/out").iterdir()) for node in ("n5", "n6"))
    assert os.path.samefile(one, other)
    assert store._stored(engine.table("runs/1/n5/out")) == "runs/1/n5/out"


def test_odd_characters_in_a_path_are_only_characters(people):
    path = 'runs/it\'s [a] {b,c} "test" `x` *?#%20\\n/out'
    engine.write(people, path)
    assert engine.count(engine.table(path)) == 6


def test_a_failed_query_leaves_nothing_behind_and_says_why_in_a_line(people):
    broken = ibis.table({"id": "int64", "no_such_column": "string"}, name=schema.load().dataset("people").path)
    with pytest.raises(engine.Failed, match="no_such_column") as caught:
        engine.write(broken.select("no_such_column"), "runs/1/n7/out")
    assert "\n" not in str(caught.value)
    assert list((engine.root() / "runs/1/n7").iterdir()) == []


def test_a_file_that_is_gone_is_named(people):
    with pytest.raises(engine.Unreadable, match=r"runs/9/gone.*it is not there"):
        engine.count(ibis.table({"id": "int64"}, name="runs/9/gone"))


def test_memory_and_lake_mix(people):
    found = people.semi_join(ibis.memtable({"id": [1, 2, 77]}), "id")
    assert [row["id"] for row in engine.rows(found.order_by("id"))] == [1, 2]
    assert engine.rows(people.order_by("id"), limit=1)[0]["name"] == "Ann"


def test_the_views_of_a_long_worker_do_not_pile_up(people, monkeypatch):
    monkeypatch.setattr(spark, "VIEWS_KEPT", 5)
    for n in range(8):
        engine.count(ibis.memtable({"id": [n]}))
    assert len(spark.session.backend()._session.sql("SHOW VIEWS").collect()) <= 6


def test_the_statement_is_spark_sql(people):
    assert "`city`" in engine.sql(people.filter(people.city == "Paris"))


def test_a_question_can_be_called_off(people, monkeypatch):
    big = ibis.range(200_000).unnest().name("n").as_table()  # times itself: hours of work, little to hold
    slow = big.cross_join(big.view()).filter(lambda t: (t.n % 7) == (t.n_right % 11))
    monkeypatch.setattr(counting, "limit", lambda: 600)
    threading.Timer(1.5, counting.cancel, ["t1"]).start()
    with pytest.raises(counting.Cancelled, match=r"question was called off"):  # not: took longer than …
        counting.counted(slow, "t1")
    assert engine.count(people) == 6


def test_a_fork_starts_its_own_and_leaves_its_parents_alone(people):
    assert engine.count(people) == 6
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, str(engine.count(people)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    assert os.read(reader, 10) == b"6"
    assert os.waitpid(child, 0)[1] == 0
    assert engine.count(people) == 6


def test_after_its_java_process_died_the_next_question_starts_another(people):
    assert engine.count(people) == 6
    from pyspark import SparkContext

    SparkContext._gateway.proc.kill()
    SparkContext._gateway.proc.wait()
    with pytest.raises(engine.Failed, match="session has ended"):
        engine.count(people)
    assert engine.count(people) == 6


def test_lots_fall_alike_for_keys_of_every_type(both):
    table = ibis.memtable(ROWS)
    lots = table.select("id", **{f"by_{name}": columns.draw(table, [name, "id"], "spring") for name in table.columns})
    assert not difference(*both(lots))
