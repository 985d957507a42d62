"""Files of campaigns: every layout, what is done to cells, and lines that are rejected with their reason."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchcamp.datasets import engine, flatfile
from orchcamp.datasets.cells import Treatment
from orchcamp.datasets.detection import Layout, LoadError
from orchcamp.datasets.flatfile import Spec
from tests.datasets.loads import workbook


def keep(name: str, content: str | bytes) -> str:
    """A file of the lake."""
    path = f"uploads/spring/{hashlib.sha256(name.encode()).hexdigest()[:8]}/{name}"
    place = engine.root() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(content: str | bytes, *columns: Treatment, name: str = "f.csv", encoding: str = "", zone: str = "", **layout):
    """Facts, rows and rejects of one file."""
    path, spec = keep(name, content), Spec(Layout(**layout), columns, encoding, zone)
    folder = flatfile.folder("files/spring", path, spec)
    facts = flatfile.parse(path, spec, folder)
    rows, rejects, _facts = flatfile.paths(folder)
    return facts, table(rows), table(rejects)


def table(path: str) -> list[dict[str, Any]]:
    return pq.read_table(engine.root() / path).to_pylist()


def values(content: str, how: Treatment, **layout: Any) -> list[Any]:
    """The values of the one column."""
    _facts, rows, _rejects = read(content, how, **layout)
    return [row[how.name] for row in rows]


def test_without_columns_every_column_is_read_in_the_type_that_fits():
    facts, rows, rejects = read("id,name,born\n1,Ann,1980-05-01\n2,,\n")
    assert (facts.read, facts.rows, facts.rejected, rejects) == (2, 2, 0, [])
    assert rows == [
        {"line": 2, "id": 1, "name": "Ann", "born": date(1980, 5, 1)},
        {"line": 3, "id": 2, "name": None, "born": None},
    ]


def test_lines_are_those_of_the_file_whatever_stands_between():
    content = 'id,note\n1,"two\nlines"\n\n2,x\n3\n4,y\n'
    _facts, rows, rejects = read(content)
    assert [(row["line"], row["id"]) for row in rows] == [(2, 1), (5, 2), (7, 4)]
    assert [(row["line"], row["record"]) for row in rejects] == [(6, "3")]


def test_lines_count_from_the_top_of_the_file_when_some_are_skipped_or_it_has_no_header():
    _facts, rows, _rejects = read("report\nof today\nid\n7\n", skipped=2)
    assert rows == [{"line": 4, "id": 7}]
    _facts, rows, _rejects = read("7;x\n8;y\n", header=False, name="g.csv")
    assert rows == [{"line": 1, "column_1": 7, "column_2": "x"}, {"line": 2, "column_1": 8, "column_2": "y"}]
    _facts, rows, rejects = read("top\n7;x\n8\n9;z\n", header=False, skipped=1, name="h.csv")
    assert [row["line"] for row in rows] == [2, 4]
    assert [row["line"] for row in rejects] == [3]


def test_quotes_separators_and_one_line_a_record_are_as_said():
    assert values("a|b\n'x|y'|1\n", Treatment("a"), delimiter="|", quote="'") == ["x|y"]
    assert values('a,b\n"x,1\n', Treatment("a"), quote="") == ['"x']
    facts, rows, rejects = read('a,b\n"x\ny",1\nz,2\n', several_lines=False, name="one.csv")
    assert [row["a"] for row in rows] == ['y"', "z"]
    assert [row["line"] for row in rejects] == [2]
    assert "never closed" in facts.first[0]


def test_a_file_of_any_name_is_read_as_it_is_said_to_be():
    assert values("a;b\n1;2\n", Treatment("b", "integer"), kind="delimited", name="export.dat") == [2]


def test_fixed_columns_are_cut_by_their_widths():
    columns = [Treatment("id", "integer", width=3), Treatment("name", width=5), Treatment("city", width=5)]
    content = "ID NAME CITY\n  1Ann  Paris\n  2Bob\n  3Cid  Parisienne\n"
    layout = {"kind": "fixed", "names": ("id", "name", "city"), "widths": (3, 5, 5)}
    facts, rows, rejects = read(content, *columns, name="f.txt", **layout)
    assert rows == [
        {"line": 2, "id": 1, "name": "Ann", "city": "Paris"},
        {"line": 3, "id": 2, "name": "Bob", "city": None},
    ]
    assert [(row["line"], row["reason"]) for row in rejects] == [(4, "longer than the columns together")]
    assert facts.read == 3


@pytest.mark.parametrize(
    ("cell", "how", "value"),
    [
        ("  x ", Treatment("a"), "x"),
        ("  x ", Treatment("a", white_space="none"), "  x "),
        ("  x ", Treatment("a", white_space="left"), "x "),
        ("a b\tc", Treatment("a", white_space="all"), "abc"),
        ("jean PAUL", Treatment("a", case="words"), "Jean Paul"),
        ("jean PAUL", Treatment("a", case="first"), "Jean paul"),
        ("éa", Treatment("a", case="upper"), "ÉA"),
        ("M", Treatment("a", remapping={"M": "male", "F": "female"}), "male"),
        ("X", Treatment("a", remapping={"M": "male"}), "X"),
        ("X", Treatment("a", remapping={"M": "male"}, unmapped="default", default="other"), "other"),
        ('"1,234,567.50"', Treatment("a", "float", number_format="comma"), 1234567.5),
        ('"1 234,5"', Treatment("a", "float", number_format="space"), 1234.5),
        ('"1\u00a0234,5"', Treatment("a", "float", number_format="space"), 1234.5),
        ("1.234", Treatment("a", "integer", number_format="point"), 1234),
        ("31/12/2025", Treatment("a", "date", date_formats=("DD/MM/YYYY",)), date(2025, 12, 31)),
        ("12-31-25", Treatment("a", "date", date_formats=("%d/%m/%Y", "MM-DD-YY")), date(2025, 12, 31)),
        ("2026-01-05 10:00", Treatment("a", "datetime"), datetime(2026, 1, 5, 9, tzinfo=UTC)),
        ("=1+1", Treatment("a"), "=1+1"),
        ("=1+1", Treatment("a", "integer", on_error="ignore"), None),
        ("abc", Treatment("a", "integer", on_error="default", default="7"), 7),
        ("", Treatment("a", "integer", on_error="default", default="7", nulls="required"), 7),
        ("", Treatment("a", "integer", on_error="default", default="7"), None),
    ],
)
def test_what_is_done_to_a_cell(cell, how, value):
    assert values(f"a,b\n{cell},1\n", how, zone="Europe/Paris") == [value]


@pytest.mark.parametrize(
    ("cell", "how", "reason"),
    [
        ("abc", Treatment("a", "integer"), "“abc” is not a whole number"),
        ("", Treatment("a", nulls="required"), "is empty"),
        ("", Treatment("a", "float", nulls="numbers"), "is empty"),
        ("abcd", Treatment("a", width=3), "is longer than 3 characters"),
        ("X", Treatment("a", remapping={"M": "male"}, unmapped="reject"), "none of the values that are remapped"),
        ('"1,2,3"', Treatment("a", "float", number_format="comma"), "“1,2,3” is not a number"),
        ("2025-13-01", Treatment("a", "date"), "is not a date"),
        ("31/12/2025", Treatment("a", "date", date_formats=("MM/DD/YYYY",)), "is not a date"),
        ("infinity", Treatment("a", "float"), "is not a number"),
    ],
)
def test_a_cell_that_does_not_fit_rejects_its_line_with_the_reason(cell, how, reason):
    facts, rows, rejects = read(f"a,b\n{cell},1\n", how)
    assert (rows, facts.rejected) == ([], 1)
    assert (rejects[0]["line"], rejects[0]["column"]) == (2, "a")
    assert reason in rejects[0]["reason"]
    assert facts.first[0].startswith("line 2, “a”: ")


def test_a_column_takes_another_name_and_others_are_left_out():
    _facts, rows, _rejects = read("E-mail,X\nann@example.org,1\n", Treatment("email", source="E-mail"))
    assert rows == [{"line": 2, "email": "ann@example.org"}]


def test_a_column_called_line_keeps_its_name():
    _facts, rows, _rejects = read("line\nblue\n")
    assert rows == [{"line_number": 2, "line": "blue"}]


def test_values_that_are_left_out_are_counted():
    facts, rows, rejects = read("a\n1\nx\ny\n", Treatment("a", "integer", on_error="ignore"))
    assert (facts.ignored, len(rows), rejects) == (2, 3, [])


def test_reading_twice_is_reading_once():
    facts, rows, _rejects = read("a\n1\n")
    place = next(engine.root().glob("files/spring/*/rows.parquet"))
    before = place.stat()
    assert (read("a\n1\n")[:2], place.stat()) == ((facts, rows), before)
    assert not list(engine.root().rglob("*.part"))


def test_other_kinds_of_files_are_read_too(tmp_path):
    workbook(tmp_path / "w.xlsx", [["id", "name"], [1, "=cmd()"], [2, None]])
    _facts, rows, _rejects = read((tmp_path / "w.xlsx").read_bytes(), name="w.xlsx")
    assert rows == [{"line": 2, "id": 1, "name": "=cmd()"}, {"line": 3, "id": 2, "name": None}]
    pq.write_table(pa.table({"id": [1, None], "at": [date(2026, 1, 1), None]}), tmp_path / "p.parquet")
    _facts, rows, _rejects = read((tmp_path / "p.parquet").read_bytes(), name="p.parquet")
    assert rows[0] == {"line": 1, "id": 1, "at": date(2026, 1, 1)}
    _facts, rows, rejects = read('{"id": 1}\nnonsense\n{"id": 3}\n', name="j.jsonl")
    assert ([row["line"] for row in rows], rejects[0]["record"]) == ([1, 3], "nonsense")


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (b"", {}, "f.csv is empty."),
        (b"name\nJos\xe9\n", {}, "line 2, is not UTF-8"),
        (b"name\nx\x00y\n", {}, "line 2, holds a zero byte"),
        (b"name,name\n1,2\n", {}, "names “name” twice"),
        (b"name\n1\n", {"encoding": "klingon"}, "no known encoding"),
        (b"name\n1\n", {"skipped": 9}, "is empty"),
        (b"PAR1....", {"kind": "delimited"}, "a Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(content, options, sentence):
    with pytest.raises(LoadError, match=sentence):
        read(content, **options)
    assert not list(engine.root().rglob("files/**/*.parquet"))


def test_the_encoding_is_as_said():
    assert values("name\nJosé\n", Treatment("name")) == ["José"]
    _facts, rows, _rejects = read("name\nJosé\n".encode("cp1252"), encoding="windows-1252", name="w.csv")
    assert rows[0]["name"] == "José"


def test_only_a_header_gives_no_rows():
    facts, rows, rejects = read("a,b\n")
    assert (facts.read, rows, rejects) == (0, [], [])


def test_a_line_of_fifty_megabytes_is_rejected_and_the_others_are_read():
    facts, rows, rejects = read(b"a,b\n1,x\n2," + b"y" * 50_000_000 + b"\n3,z\n")
    assert [row["a"] for row in rows] == [1, 3]
    assert (facts.rejected, len(rejects[0]["record"])) == (1, flatfile.LONGEST_RECORD)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(LoadError, match="has no column “mail”; it has: id, name"):
        read("id,name\n1,x\n", Treatment("mail"))


def test_a_pattern_that_is_none_is_refused():
    with pytest.raises(LoadError, match="no date pattern"):
        read("a\n1\n", Treatment("a", "date", date_formats=("'; DROP",)))
