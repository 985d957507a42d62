"""The command that counts rules kept in files."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.builders import make_shop

PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}


@pytest.fixture(autouse=True)
def shop(db) -> None:
    make_shop()


def run(*arguments: str, **options: bool) -> tuple[list[dict], str]:
    """The entries, and the sentence it ended with."""
    out = StringIO()
    sentence = ""
    try:
        call_command("count_audience", *arguments, "--json", stdout=out, **options)
    except CommandError as error:
        assert error.returncode == 1
        sentence = str(error)
    return json.loads(out.getvalue() or "[]"), sentence


def write(path: Path, content: object) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def test_entries_come_in_the_order_of_the_files(tmp_path):
    bare = write(tmp_path / "paris.json", PARIS)
    wrapped = write(tmp_path / "all.yaml", "rule:\n  group: and\n  items: []\n")
    dated = write(tmp_path / "joined.yml", "attribute: joined\noperator: greater_than\nvalue: 2024-03-01\n")
    entries, sentence = run("people", wrapped, bare, dated)
    assert [(entry["rule"], entry["count"]) for entry in entries] == [(wrapped, 6), (bare, 3), (dated, 3)]
    assert all(set(entry) == {"rule", "dataset", "count", "seconds"} for entry in entries)
    assert sentence == ""


def test_one_bad_file_leaves_the_others_counted(tmp_path):
    good = write(tmp_path / "good.json", PARIS)
    bad = write(tmp_path / "bad.json", {"group": "and", "items": [PARIS, {**PARIS, "value": 3}]})
    entries, sentence = run("people", bad, good)
    assert entries[0] == {"rule": bad, "error": "items[1].value: expects a text, not “3”."}
    assert entries[1]["count"] == 3
    assert sentence == "1 of 2 rules could not be counted."


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.json", "{", "Not JSON: "),
        ("a.json", '{"group": "and", "group": "or"}', "stands twice"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.yaml", "group: [", "Not YAML: "),
        ("a.yaml", "!!python/object/apply:os.system [ls]", "Not YAML: "),
        ("a.json", '{"rule": {}, "colour": 1}', "Unknown key “colour”"),
        ("a.json", '{"rule": {}, "dataset": "products"}', "The rule is about “products”"),
        ("a.json", '{"attribute": "name", "operator": "equals", "value": NaN}', "expects a text"),
        ("a.json", "null", "expects an object"),
    ],
)
def test_a_file_without_a_rule_gets_a_sentence(tmp_path, name, content, sentence):
    entries, _ended = run("people", write(tmp_path / name, content))
    assert sentence in entries[0]["error"]


def test_a_file_that_is_not_there(tmp_path):
    entries, _ended = run("people", str(tmp_path / "none.json"), str(tmp_path))
    assert "No such file" in entries[0]["error"]
    assert "directory" in entries[1]["error"]


def test_an_unknown_dataset_is_named(tmp_path):
    rule = write(tmp_path / "a.json", PARIS)
    entries, sentence = run("peple", rule)
    assert entries == [{"rule": rule, "error": sentence}]
    assert sentence.startswith("There is no dataset “peple”; there are: ")


def test_the_statement_can_be_seen(tmp_path):
    entries, _ended = run("people", write(tmp_path / "a.json", PARIS), sql=True)
    assert "'Paris'" in entries[0]["sql"]


def test_without_json_it_speaks_in_lines(tmp_path, capsys):
    call_command("count_audience", "people", write(tmp_path / "a.json", PARIS))
    assert "a.json: 3 (" in capsys.readouterr().out
