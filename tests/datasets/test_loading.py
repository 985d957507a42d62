"""Loading: every kind of file, types, rejects with lines, and what is kept of a key."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchcamp.datasets.models import Dataset, Load
from tests.datasets.loads import load, load_text, refused, rejects, rows, types, workbook

pytestmark = pytest.mark.django_db

PEOPLE = "id,name,age,score,paid,born,seen\n1,Ann,30,1.5,true,1980-05-01,2024-01-01 10:00:00\n2,,,,,,\n"


def test_types_of_a_delimited_file_are_found(tmp_path):
    result = load_text(tmp_path, "things.csv", PEOPLE)
    assert (result.read, result.kept, result.rejected, result.replaced) == (2, 2, 0, 0)
    found = ["integer", "string", "integer", "float", "boolean", "date", "datetime"]
    assert list(types().values()) == found
    first, second = rows()
    assert first == {
        "id": 1,
        "name": "Ann",
        "age": 30,
        "score": 1.5,
        "paid": True,
        "born": date(1980, 5, 1),
        "seen": datetime(2024, 1, 1, 10, tzinfo=UTC),
    }
    assert set(second.values()) == {2, None}


@pytest.mark.parametrize(
    ("cells", "type"),
    [
        (["1", "-2", "0"], "integer"),
        (["007", "008"], "string"),
        (["+33612345678", "+33612345679"], "string"),
        (["1", "2.5"], "float"),
        (["1", "1e5"], "string"),
        (["1_000", "2"], "string"),
        (["99999999999999999999", "1"], "float"),
        (["true", "FALSE"], "boolean"),
        (["yes", "no"], "string"),
        (["2024-02-29", "2024-01-01"], "date"),
        (["2023-02-29", "2024-01-01"], "string"),
        (["2024-01-01", "2024-01-01T10:00"], "datetime"),
        (["2024-01-01 10:00:00+02:00", "2024-01-01T10:00:00Z"], "datetime"),
        (["", ""], "string"),
        (["infinity", "2024-01-01"], "string"),
        (["nan", "1.0"], "string"),
    ],
)
def test_a_type_is_taken_only_if_every_value_fits(tmp_path, cells, type):
    lines = "".join(f"{i},{cell}\n" for i, cell in enumerate(cells))
    load_text(tmp_path, "things.csv", f"id,value\n{lines}")
    assert types()["value"] == type


def test_a_late_value_widens_the_type_that_the_first_rows_have(tmp_path):
    lines = "".join(f"{i},{i}\n" for i in range(30_000))
    load_text(tmp_path, "things.csv", f"id,value\n{lines}30000,2.5\n")
    assert types()["value"] == "float"
    load_text(tmp_path, "others.csv", f"id,value\n{lines}30000,none\n", version="value")
    assert types()["value"] == "float"  # the type that was there stays; what does not fit is rejected
    assert Load.objects.first().rejected == 1


@pytest.mark.parametrize(
    ("type", "good", "bad"),
    [
        ("integer", {"12": 12, "12.0": 12, " 7 ": 7, "+5": 5}, ["12.7", "1e3", "1_000", "0x10", "9" * 19, "twelve"]),
        ("decimal", {"31.1": Decimal("31.1"), "1e2": Decimal(100)}, ["1_0", "1,5", "9" * 15, "x"]),
        ("float", {"1e3": 1000.0, ".5": 0.5}, ["nan", "inf", "1e400", "1_0", "x"]),
        ("boolean", {"Yes": True, "0": False, "T": True}, ["maybe", "2"]),
        (
            "date",
            {"2024-02-29": date(2024, 2, 29), "2024-01-01 00:00:00": date(2024, 1, 1)},
            ["2023-02-29", "1/2/2024"],
        ),
        ("datetime", {"2024-01-01": datetime(2024, 1, 1, tzinfo=UTC)}, ["2024-13-01 10:00", "noon", "epoch"]),
    ],
)
def test_a_declared_type_takes_what_fits_and_rejects_the_rest(tmp_path, type, good, bad):
    cells = [*good, *bad]
    lines = "".join(f'{i},"{cell}"\n' for i, cell in enumerate(cells))
    result = load_text(tmp_path, "things.csv", f"id,value\n{lines}", columns={"value": {"type": type}})
    assert [row["value"] for row in rows()] == list(good.values())
    assert [(int(line), column) for line, column, _reason, _record in rejects(result)] == [
        (len(good) + 2 + i, "value") for i in range(len(bad))
    ]
    assert all(cell in row[2] for cell, row in zip(bad, rejects(result), strict=True))


def test_rejects_keep_their_line_their_reason_and_their_text(tmp_path):
    text = (
        'id,name,age\n1,Ann,30\n2,"Bo\nb",x\n\n,No key,1\n3,too,many,cells\n4,few\n5,"never closed,1\n'
        '6,"a" b,1\n7,Eve,40\n'
    )
    result = load_text(tmp_path, "things.csv", text, columns={"age": {"type": "integer"}})
    assert (result.read, result.kept, result.rejected) == (8, 2, 6)
    assert rejects(result) == [
        ["3", "age", "“x” is not a whole number", '2,"Bo\nb",x'],
        ["6", "id", "the key is empty", ",No key,1"],
        ["7", "", "4 cells where the header has 3", "3,too,many,cells"],
        ["8", "", "2 cells where the header has 3", "4,few"],
        ["9", "", "a quote is opened and never closed", '5,"never closed,1'],
        ["10", "", "something stands after a closing quote", '6,"a" b,1'],
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path, end, mark):
    text = mark + end.join(["id,name", "1,Ann", "", "x,Bob", "3,Cid"]) + end
    result = load_text(tmp_path, "things.csv", text, columns={"id": {"type": "integer"}})
    assert [row["name"] for row in rows()] == ["Ann", "Cid"]
    assert [row[0] for row in rejects(result)] == ["4"]


def test_mixed_line_ends_and_blank_lines_before_the_header(tmp_path):
    result = load_text(tmp_path, "things.csv", '\n\r\nid,name\r\n1,Ann\n2,"B""o\r\n')
    assert [row["name"] for row in rows()] == ["Ann"]
    assert [row[0] for row in rejects(result)] == ["5"]


@pytest.mark.parametrize(("name", "mark"), [("a.csv", ","), ("b.csv", ";"), ("c.tsv", "\t"), ("d.txt", "|")])
def test_delimiters_are_found(tmp_path, name, mark):
    load_text(tmp_path, name, f"id{mark}full name\n1{mark}Ann, of Paris\n".replace(", ", "," if mark != "," else " "))
    assert list(rows()[0]) == ["id", "full name"]


def test_an_empty_cell_is_null_quoted_or_not_and_a_space_is_a_text(tmp_path):
    load_text(tmp_path, "things.csv", 'id,a,b,c\n1,,""," "\n')
    assert rows() == [{"id": 1, "a": None, "b": None, "c": " "}]


def test_json_lines_tell_null_from_empty_and_keep_their_types(tmp_path):
    lines = [
        {"id": 1, "name": "", "amount": 31.1, "zip": "007", "on": "2024-01-01", "ok": True, "tags": ["a"]},
        {"id": 2, "name": None, "amount": 2, "extra/key~": "x"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '\n[1]\n{"id": \n{"name": "no key"}\n'
    result = load_text(tmp_path, "things.jsonl", text)
    assert (result.read, result.kept, result.rejected) == (5, 2, 3)
    first, second = rows()
    assert (first["name"], second["name"]) == ("", None)
    assert (first["amount"], first["zip"], first["on"], first["tags"]) == (31.1, "007", date(2024, 1, 1), '["a"]')
    assert second["extra/key~"] == "x"
    assert [row[:3] for row in rejects(result)] == [
        ["4", "", "is not a JSON object"],
        ["5", "", "is not valid JSON"],
        ["6", "id", "the key is empty"],
    ]
    assert rejects(result)[1][3] == '{"id": '


def test_an_empty_text_in_json_is_no_number(tmp_path):
    result = load_text(
        tmp_path, "t.jsonl", '{"id": 1, "n": ""}\n{"id": 2, "n": "5"}\n', columns={"n": {"type": "integer"}}
    )
    assert [row["n"] for row in rows()] == [5]
    assert result.rejected == 1


def test_parquet_keeps_its_types_and_nan_is_null(tmp_path):
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int32()),
            "f": pa.array([float("nan"), 1.5]),
            "d": pa.array([Decimal("1.23456"), None], pa.decimal128(20, 5)),
            "t": pa.array([datetime(2024, 1, 1, 10), None], pa.timestamp("ns")),
            "z": pa.array([datetime(2024, 1, 1, 10, tzinfo=UTC), None], pa.timestamp("ms", tz="Europe/Paris")),
            "s": pa.array(["", None]),
            "l": pa.array([[1], None]),
        }
    )
    pq.write_table(table, tmp_path / "things.parquet")
    load(tmp_path, {"datasets": {"things": {"file": "things.parquet", "key": "id"}}})
    assert list(types().values()) == ["integer", "float", "decimal", "datetime", "datetime", "string", "string"]
    first, second = rows()
    assert first["f"] is None and second["f"] == 1.5
    assert first["d"] == Decimal("1.2346")
    assert first["t"] == first["z"] == datetime(2024, 1, 1, 10, tzinfo=UTC)
    assert (first["s"], second["s"], first["l"]) == ("", None, "[1]")


def test_files_without_rows_are_datasets_without_rows(tmp_path):
    pq.write_table(
        pa.table({"id": pa.array([], pa.int64()), "name": pa.array([], pa.string())}), tmp_path / "t.parquet"
    )
    load(tmp_path, {"datasets": {"things": {"file": "t.parquet", "key": "id"}}})
    assert (rows(), types()) == ([], {"id": "integer", "name": "string"})
    assert load_text(tmp_path, "others.csv", "id,name\n").read == 0


def test_a_parquet_value_that_does_not_fit_is_rejected_with_its_row(tmp_path):
    pq.write_table(
        pa.table({"id": [1, 2], "f": [1.0, 2.5], "u": pa.array([1, 2**63], pa.uint64())}), tmp_path / "t.parquet"
    )
    tree = {"datasets": {"things": {"file": "t.parquet", "key": "id", "columns": {"f": {"type": "integer"}}}}}
    result = load(tmp_path, tree)["things"]
    assert rejects(result) == [["2", "f", "“2.5” is not a whole number", "2,,"]]


def test_a_workbook_is_read_from_its_first_sheet(tmp_path):
    day, noon = datetime(2024, 1, 1), datetime(2024, 1, 1, 12)
    lines = [
        ["id", "name", "on", "at", "n", "ok", None],
        [1, "Ann", day, noon, 1.5, True],
        [2, None, None, None, 2, None],
        [None, "no key"],
        [],
        [4, "Dee", day, day, None, False, "beyond"],
        ["five", "007"],
    ]
    workbook(tmp_path / "things.xlsx", lines)
    tree = {"datasets": {"things": {"file": "things.xlsx", "key": "id", "columns": {"id": {"type": "integer"}}}}}
    result = load(tmp_path, tree)["things"]
    assert list(types().values()) == ["integer", "string", "date", "datetime", "float", "boolean"]
    first, second = rows()
    assert first == {
        "id": 1,
        "name": "Ann",
        "on": date(2024, 1, 1),
        "at": datetime(2024, 1, 1, 12, tzinfo=UTC),
        "n": 1.5,
        "ok": True,
    }
    assert second == {"id": 2, "name": None, "on": None, "at": None, "n": 2.0, "ok": None}
    assert [row[:3] for row in rejects(result)] == [
        ["4", "id", "the key is empty"],
        ["6", "", "a cell beyond the last column of the header"],
        ["7", "id", "“five” is not a whole number"],
    ]


def test_a_packed_file_and_several_files_are_one_dataset(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,Ann\n2,Bob\n")
    (tmp_path / "b.csv").write_text("name,city,id\nBo,Paris,2\nCid,Nice,x\n")
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"id\n4\n"))
    tree = {"datasets": {"things": {"file": "?.csv*", "key": "id", "columns": {"id": {"type": "integer"}}}}}
    result = load(tmp_path, tree)["things"]
    assert (result.read, result.kept, result.rejected, result.replaced) == (5, 3, 1, 1)
    assert [row["name"] for row in rows()] == ["Ann", "Bo", None]
    assert [row["city"] for row in rows()] == [None, "Paris", None]


def test_a_moment_without_zone_is_read_in_the_projects_zone(tmp_path, settings):
    settings.TIME_ZONE = "Europe/Paris"
    load_text(tmp_path, "things.csv", "id,at\n1,2024-07-01 00:00:00\n2,2024-07-01T00:00:00Z\n")
    assert [row["at"] for row in rows()] == [datetime(2024, 6, 30, 22, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)]


def test_a_declared_encoding_is_read_and_utf_16_is_seen(tmp_path):
    load_text(tmp_path, "things.csv", "id,name\n1,Zoë\n".encode("windows-1252"), encoding="windows-1252")
    assert rows()[0]["name"] == "Zoë"
    load_text(tmp_path, "wide.csv", "id,name\n1,Zoé\n".encode("utf-16"))
    assert rows()[0]["name"] == "Zoé"


# --- Keys and versions -----------------------------------------------------------------------------


def test_the_highest_version_stays_whatever_the_order(tmp_path):
    text = "id,v,name\n1,2,new\n1,1,old\n2,,none\n2,1,some\n3,5,first\n3,5,last\n"
    result = load_text(tmp_path, "things.csv", text, version="v")
    assert [row["name"] for row in rows()] == ["new", "some", "last"]
    assert (result.read, result.kept, result.replaced) == (6, 3, 3)


def test_a_second_load_merges_full_rows_and_keeps_the_old_snapshot(tmp_path):
    load_text(tmp_path, "a.csv", "id,v,name,city\n1,1,Ann,Paris\n2,5,Bob,Lyon\n3,1,Cid,Nice\n", version="v")
    result = load_text(tmp_path, "b.csv", "id,v,name,new\n1,2,Anna,x\n2,4,too old,y\n4,1,Dee,z\n", version="v")
    assert (result.read, result.kept, result.replaced, result.rows) == (3, 2, 1, 4)
    assert [(row["name"], row["city"], row["new"]) for row in rows()] == [
        ("Anna", None, "x"),
        ("Bob", "Lyon", None),
        ("Cid", "Nice", None),
        ("Dee", None, "z"),
    ]
    dataset = Dataset.objects.get()
    assert [snapshot.rows for snapshot in dataset.snapshots.all()] == [4, 3]
    assert dataset.snapshot.number == 2


def test_a_column_changes_its_type_only_if_every_row_fits(tmp_path):
    load_text(tmp_path, "a.csv", "id,n\n1,10\n2,abc\n")
    tree = {"datasets": {"things": {"file": "a.csv", "key": "id", "columns": {"n": {"type": "integer"}}}}}
    assert "“n” cannot become integer: 1 rows" in refused(tmp_path, tree)
    assert types()["n"] == "string"
    load_text(tmp_path, "c.csv", "id,n\n1,10\n2,5\n", columns={"n": {"type": "string"}})
    load_text(tmp_path, "c.csv", "id,n\n3,7\n", columns={"n": {"type": "integer"}})
    assert [row["n"] for row in rows()] == [10, 5, 7]


def test_a_key_can_be_several_columns(tmp_path):
    result = load_text(tmp_path, "a.csv", "a,b,n\n1,x,1\n1,y,2\n1,x,3\n,x,4\n", key=["a", "b"])
    assert (result.kept, result.replaced, result.rejected) == (2, 1, 1)
    assert [row["n"] for row in rows(order="b")] == [3, 2]


Row = tuple[int | None, int | None, int]
BATCHES = st.lists(
    st.lists(st.tuples(st.none() | st.integers(0, 4), st.none() | st.integers(0, 3), st.integers()), max_size=8),
    min_size=1,
    max_size=3,
)


def expected(batches: list[list[Row]], versioned: bool) -> tuple[dict[int, Row], list[tuple[int, int, int, int]]]:
    """The plain model: row by row, with what each load says of itself."""
    current: dict[int, Row] = {}
    counts = []
    for batch in batches:
        came: set[int] = set()
        for row in batch:
            key, version, _value = row
            if key is None:
                continue
            there = current.get(key)
            rank = -1 if version is None else version
            if there is None or not versioned or rank >= (-1 if there[1] is None else there[1]):
                current[key] = row
                came.add(key)
        rejected = sum(row[0] is None for row in batch)
        counts.append((len(batch), len(came), rejected, len(batch) - len(came) - rejected))
    return current, counts


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES, versioned=st.booleans())
def test_upserts_follow_the_plain_model(tmp_path, batches, versioned):
    Dataset.objects.update(snapshot=None)
    Dataset.objects.all().delete()
    current, counts = expected(batches, versioned)
    columns = {name: {"type": "integer"} for name in ("id", "v", "n")}
    extra = {"version": "v"} if versioned else {}
    found = []
    for batch in batches:
        lines = "".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in batch)
        batch_columns = columns | {"n": {"type": "string"}}
        result = load_text(tmp_path, "things.csv", f"id,v,n\n{lines}", columns=batch_columns, **extra)
        found.append((result.read, result.kept, result.rejected, result.replaced))
        assert result.read == result.kept + result.rejected + result.replaced
    assert {row["id"]: (row["id"], row["v"], int(row["n"])) for row in rows()} == current
    assert found == counts


def test_a_line_that_is_longer_than_the_engine_reads_is_rejected_not_lost(tmp_path):
    result = load_text(tmp_path, "things.csv", b"id,name\n1,x\n2," + b"y" * 3_000_000 + b"\n3,z\n")
    assert (result.read, result.kept, result.rejected) == (3, 2, 1)
    assert rejects(result)[0][:3] == ["3", "", "longer than 2 MB"]
