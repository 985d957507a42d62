"""Manifests and files that cannot be followed: each gets a sentence, and nothing is left half-done."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError

from orchcamp.datasets import manifest
from orchcamp.datasets.models import Column, Dataset, Link, Load
from tests.datasets.loads import command, load, load_text, refused, rows

pytestmark = pytest.mark.django_db

GOOD = "id,name,person_id\n1,Ann,1\n2,Bob,1\n"


def entry(**changes):
    return {"file": "a.csv", "key": "id"} | changes


@pytest.fixture(autouse=True)
def files(tmp_path):
    (tmp_path / "a.csv").write_text(GOOD)
    (tmp_path / "b.csv").write_text(GOOD)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("datasets: [1, 2", "line 1, column"),
        ("datasets:\n  a: {file: a.csv, key: id}\n  a: {file: b.csv, key: id}\n", "line 3, column 3"),
        ("- a\n- b\n", "must be a mapping"),
        ("", "must be a mapping"),
        ("datasets: {}\n", "holds no datasets"),
        ("datasets: [a]\n", "datasets: must be a mapping"),
        ("dataset: {}\n", "did you mean “datasets”?"),
        (
            "datasets:\n  a: {file: a.csv, key: id, colums: {}}\n",
            "datasets.a: “colums” is not known here; did you mean",
        ),
        ("datasets:\n  a: {file: a.csv}\n", "datasets.a: “key” is missing"),
        ("datasets:\n  a: {key: id}\n", "datasets.a: “file” is missing"),
        ("datasets:\n  a b: {file: a.csv, key: id}\n", "datasets.a b: a dataset's name is letters"),
        ("datasets:\n  loads: {file: a.csv, key: id}\n", "kept word"),
        ("datasets:\n  a: {file: none.csv, key: id}\n", "datasets.a.file: there is no file"),
        ("datasets:\n  a: {file: '*.tsv', key: id}\n", "datasets.a.file: there is no file"),
        ("datasets:\n  a: {file: '.', key: id}\n", "is a folder"),
        ("datasets:\n  a: {file: a.csv, key: []}\n", "datasets.a.key: must name at least one column"),
        ("datasets:\n  a: {file: a.csv, key: [id, id]}\n", "names a column twice"),
        (
            "datasets:\n  a: {file: a.csv, key: id, columns: {name: {type: text}}}\n",
            "“text” is no type; types are: string",
        ),
        ("datasets:\n  a: {file: a.csv, key: id, columns: {no: {type: string}}}\n", "must be a text (in quotes"),
        ("datasets:\n  a: {file: a.csv, key: id, columns: {name: {personal: maybe}}}\n", "must be true or false"),
        ("datasets:\n  a: {file: a.csv, key: id, target: {}}\n", "must map channels"),
        ("links:\n  - {from: a.id}\n", "links[0]: “to” is missing"),
        ("links:\n  - {from: id, to: a.id}\n", "must be written dataset.column"),
        ("links:\n  - {from: [a.x, b.y], to: [a.x, a.y]}\n", "of one dataset"),
        ("links:\n  - {from: [a.x, a.y], to: a.x}\n", "as many columns"),
        ("links:\n  - {from: a.x, to: a.y, cardinality: many}\n", "links[0].cardinality: must be"),
        ("links:\n  - {from: a.x, to: a.y, name: a.b}\n", "no name for a link"),
        ("links: {from: a.x, to: a.y}\n", "links: must be a list"),
    ],
)
def test_a_manifest_that_cannot_be_followed_names_the_place(tmp_path, text, sentence):
    place = tmp_path / "manifest.yaml"
    place.write_text(text)
    with pytest.raises(manifest.ManifestError) as caught:
        manifest.read(place)
    assert sentence in str(caught.value)
    assert str(place) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"key": "ident"}, "key names the column “ident”, which a.csv does not have; it has: id, name, person_id"),
        ({"version": "updated"}, "version names the column “updated”"),
        ({"version": "id"}, "cannot be both key and version"),
        ({"target": {"email": "mail"}}, "target names the column “mail”"),
        ({"columns": {"nam": {"type": "string"}}}, "columns names the column “nam”"),
        ({"encoding": "klingon"}, "“klingon” is no known encoding"),
        ({"encoding": "base64"}, "“base64” is no known encoding"),
    ],
)
def test_what_the_file_does_not_have_is_named(tmp_path, change, sentence):
    assert sentence in refused(tmp_path, {"datasets": {"a": entry(**change)}})
    assert not Dataset.objects.exists()


WRONG_FILES = [
    ("empty.csv", b"", "empty.csv is empty"),
    ("blank.csv", b"\n\n\r\n", "blank.csv is empty"),
    ("zip.csv", b"PK\x03\x04rest", "a zip archive or a workbook"),
    ("gz.csv", gzip.compress(GOOD.encode()), "add .gz to its name"),
    ("parquet.csv", b"PAR1rest", "name it .parquet"),
    ("text.parquet", GOOD.encode(), "not a Parquet file"),
    ("cut.parquet", b"PAR1" + b"x" * 50, "cut.parquet cannot be read"),
    ("text.xlsx", GOOD.encode(), "not a workbook"),
    ("cut.xlsx", b"PK\x03\x04" + b"x" * 50, "cannot be read as a workbook"),
    ("cut.csv.gz", gzip.compress(os.urandom(5000))[:-200], "cut.csv.gz cannot be read"),
    ("not.csv.gz", GOOD.encode(), "not.csv.gz cannot be read"),
    ("binary.csv", b"id,name\n1,\0\1\2\n", "binary.csv, line 2, holds a zero byte"),
    ("latin.csv", "id,name\n1,Ann\n2,Zoë\n".encode("latin-1"), "latin.csv, line 3, is not UTF-8 (byte 0xEB)"),
    ("cut.csv", b"id,name\n1,Zo\xc3", "cut.csv, line 2, is not UTF-8"),
    ("twice.csv", b"id,name,name\n1,a,b\n", "names “name” twice"),
    ("case.csv", b"id,name,Name\n1,a,b\n", "“name” and “Name” differ in case only"),
    ("noname.csv", b"id,,b\n1,a,b\n", "column 2 of the header has no name"),
    (
        "wide.csv",
        b"id," + b",".join(b"c%d" % i for i in range(5000)) + b"\n",
        "wide.csv has 5001 columns; at most 1000",
    ),
    ("list.json", b'[{"id": 1}]', "holds one JSON list"),
    ("none.jsonl", b"1\n2\n", "holds no JSON object"),
    ("case.jsonl", b'{"id": 1, "a": 1}\n{"A": 1}\n', "differ in case only"),
    ("what.exe", b"MZ", "files of this kind are not read"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), WRONG_FILES, ids=[name for name, *_rest in WRONG_FILES])
def test_a_file_that_is_not_what_it_says_changes_nothing(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    tree = {"datasets": {"a": entry(), "b": entry(file=name)}}
    assert sentence in refused(tmp_path, tree)
    assert not Dataset.objects.exists() and not Load.objects.exists()


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ({"from": "a.owner", "to": "b.id"}, "Link “b”: there is no column “owner” in “a”"),
        ({"from": "a.person_id", "to": "c.id"}, "Link “c”: there is no dataset “c”"),
        ({"from": "a.name", "to": "b.id"}, "a.name is string and b.id is integer; declare one type"),
    ],
)
def test_a_link_that_leads_nowhere_changes_nothing(tmp_path, link, sentence):
    tree = {"datasets": {"a": entry(), "b": entry(file="b.csv")}, "links": [link]}
    assert sentence in refused(tmp_path, tree)
    assert not Dataset.objects.exists()


def test_two_links_of_one_name_are_refused(tmp_path):
    links = [
        {"from": "a.person_id", "to": "b.id", "name": "x", "reverse": "y"},
        {"from": "b.person_id", "to": "a.id", "name": "z", "reverse": "x"},
    ]
    sentence = refused(tmp_path, {"datasets": {"a": entry(), "b": entry(file="b.csv")}, "links": links})
    assert "one of the names is taken" in sentence
    assert not Dataset.objects.exists()


def test_links_are_named_from_both_sides_and_a_second_load_updates_them(tmp_path):
    link = {"from": ["a.id", "a.name"], "to": ["b.id", "b.name"], "name": "twin", "reverse": "twins"}
    tree = {"datasets": {"a": entry(), "b": entry(file="b.csv")}, "links": [link]}
    load(tmp_path, tree)
    load(tmp_path, tree | {"links": [link | {"cardinality": "one_to_one"}]})
    found = Link.objects.get()
    assert (found.source_columns, found.target_columns) == (["id", "name"], ["id", "name"])
    assert (found.name, found.reverse, found.cardinality) == ("twin", "twins", "one_to_one")


def test_a_link_may_lead_to_itself_and_to_what_was_there(tmp_path):
    load(tmp_path, {"datasets": {"a": entry()}})
    link = {"from": "a.person_id", "to": "a.id", "name": "boss", "reverse": "team"}
    load(tmp_path, {"datasets": {"b": entry()}, "links": [link, {"from": "b.person_id", "to": "a.id"}]})
    assert Link.objects.count() == 2


def test_a_failed_load_of_a_known_dataset_stays_in_its_history(tmp_path):
    load_text(tmp_path, "things.csv", GOOD)
    (tmp_path / "bad.csv").write_bytes(b"id,name\n1,\xff\n")
    refused(tmp_path, {"datasets": {"things": entry(file="bad.csv")}})
    failed, done = Load.objects.all()
    assert (failed.status, done.status) == ("failed", "done")
    assert "bad.csv, line 2" in failed.error
    assert len(rows()) == 2


def test_what_is_said_of_columns_is_kept(tmp_path):
    said = {"name": {"label": "Full name", "personal": True, "values": ["Ann", "Bob"]}, "person_id": {"type": "string"}}
    load(
        tmp_path, {"datasets": {"a": entry(label="People", description="All.", columns=said, target={"email": "name"})}}
    )
    dataset = Dataset.objects.get()
    assert (dataset.label, dataset.description, dataset.target) == ("People", "All.", {"email": "name"})
    name = Column.objects.get(name="name")
    assert (name.label, name.personal, name.values) == ("Full name", True, ["Ann", "Bob"])
    assert [column.type for column in dataset.columns.all()] == ["integer", "string", "string"]


def test_an_address_column_is_personal_unless_the_manifest_says_otherwise(tmp_path):
    load(tmp_path, {"datasets": {"a": entry(target={"email": "name"})}})
    assert Column.objects.get(name="name").personal


def test_odd_names_of_columns_and_files_are_only_names(tmp_path):
    odd = 'it\'s [a] "file"; -- *.csv'
    (tmp_path / odd).write_text('id,"a "" b",drop table; --,d/e,[x]\n1,2,3,4,x\n')
    load(tmp_path, {"datasets": {"a": entry(file=odd)}})
    assert list(rows("a")[0].values()) == [1, 2, 3, 4, "x"]


# --- The command -----------------------------------------------------------------------------------


def test_the_command_answers_in_json_per_dataset(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,Ann\nx,Bob\n1,Eve\n")
    (tmp_path / "m.yaml").write_text("datasets:\n  a: {file: a.csv, key: id, columns: {id: {type: integer}}}\n")
    answer = command(str(tmp_path / "m.yaml"))
    assert {name: answer["a"][name] for name in ("read", "kept", "rejected", "replaced", "rows")} == {
        "read": 3,
        "kept": 1,
        "rejected": 1,
        "replaced": 1,
        "rows": 1,
    }
    assert os.path.exists(answer["a"]["reject_file"])


def test_the_command_refuses_with_a_sentence(tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        command(str(tmp_path / "none.yaml"))


@pytest.mark.slow
def test_the_command_as_a_process_keeps_its_word(tmp_path):
    environment = os.environ | {"ORCHCAMP_DATA": str(tmp_path / "data"), "DATABASE_URL": "", "ORCHCAMP_LAKE": ""}
    environment.pop("DJANGO_SETTINGS_MODULE", None)

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        command_line = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command_line, env=environment, capture_output=True, text=True)

    assert manage("migrate", "-v0", "--skip-checks").returncode == 0
    (tmp_path / "m.yaml").write_text("datasets:\n  a: {file: a.csv, key: id}\n")
    good, bad = (
        manage("load_datasets", str(tmp_path / "m.yaml"), "--json"),
        manage("load_datasets", "none.yaml", "--json"),
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith('{"a": {"read": 2')
    assert bad.returncode == 1 and "There is no file none.yaml" in bad.stderr and "Traceback" not in bad.stderr
    assert manage("load_datasets").returncode == 2
