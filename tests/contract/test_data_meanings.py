"""formats.md §7, Data: each line through ``load_datasets`` and ``count_audience``, as a stranger's scripts use them."""

from __future__ import annotations

import json
import math
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from django.core.management import CommandError, call_command

from tests.builders import make_shop
from tests.campaigns.canvas_stage import build, imported, node

pytestmark = pytest.mark.django_db


def loaded(folder: Path, datasets: dict[str, Any], links: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """What ``load_datasets --json`` says of a manifest."""
    (folder / "manifest.yaml").write_text(yaml.safe_dump({"datasets": datasets, "links": links or []}))
    out = StringIO()
    call_command("load_datasets", str(folder / "manifest.yaml"), "--json", stdout=out)
    return json.loads(out.getvalue())


def things(folder: Path, name: str, content: str | None = None, **entry: Any) -> dict[str, Any]:
    """One file as the dataset “things”: its part of the answer."""
    if content is not None:
        (folder / name).write_text(content)
    return loaded(folder, {"things": {"file": name, "key": ["id"], **entry}})["things"]


def counted(folder: Path, *rules: dict[str, Any], dataset: str = "things") -> list[int]:
    """How many rows satisfy each rule, in the order of the rules."""
    files = []
    for n, rule in enumerate(rules):
        files.append(str(folder / f"rule-{len(rules) - n}.json"))  # names that sort the other way round
        Path(files[-1]).write_text(json.dumps(rule))
    out = StringIO()
    call_command("count_audience", dataset, *files, "--json", stdout=out)
    entries = json.loads(out.getvalue())
    assert [entry["rule"] for entry in entries] == files
    return [entry["count"] for entry in entries]


def where(attribute: str, operator: str, *value: Any) -> dict[str, Any]:
    return {"attribute": attribute, "operator": operator, **({"value": value[0]} if value else {})}


NONE = {"expression": "Coalesce([t], 'null') = 'null'", "operator": "equals", "value": True}
BLANK = {"expression": "Coalesce([t], 'null') = ''", "operator": "equals", "value": True}


def test_an_empty_cell_of_a_delimited_file_is_null_for_text_too_quoted_or_not(tmp_path):
    things(tmp_path, "a.csv", 'id,t\n1,\n2,""\n3,x\n4," "\n')
    assert counted(tmp_path, NONE, BLANK) == [2, 0]
    things(tmp_path, "a.tsv", "id\tt\n5\t\n")
    assert counted(tmp_path, NONE, BLANK) == [3, 0]


def test_in_json_lines_null_is_null_and_an_empty_text_is_one(tmp_path):
    things(tmp_path, "a.jsonl", '{"id":1,"t":null}\n{"id":2,"t":""}\n{"id":3}\n{"id":4,"t":"x"}\n')
    assert counted(tmp_path, NONE, BLANK, where("t", "is_empty"), where("t", "not_equals", "x")) == [2, 1, 3, 3]


def test_in_parquet_null_is_null_an_empty_text_is_one_and_nan_is_null(tmp_path):
    cells = {"id": [1, 2, 3], "t": [None, "", "x"], "n": [math.nan, None, 1.5]}
    pq.write_table(pa.table(cells), tmp_path / "a.parquet")
    things(tmp_path, "a.parquet")
    assert counted(tmp_path, NONE, BLANK, where("n", "is_empty"), where("n", "greater_than", 0)) == [1, 1, 2, 1]


def test_a_composite_link_is_written_with_lists_of_full_names(tmp_path):
    (tmp_path / "shops.csv").write_text("x,y,region\n1,a,north\n1,b,south\n2,a,\n")
    (tmp_path / "people.csv").write_text("id,x,y\n1,1,a\n2,1,b\n3,2,b\n4,1,\n")
    datasets = {"shops": {"file": "shops.csv", "key": ["x", "y"]}, "people": {"file": "people.csv", "key": ["id"]}}
    link = {"from": ["people.x", "people.y"], "to": ["shops.x", "shops.y"], "name": "shop", "reverse": "visitors"}
    loaded(tmp_path, datasets, [link])
    rules = [where("shop.region", "equals", "south"), where("shop.region", "is_empty"), {"link": "shop"}]
    assert counted(tmp_path, *rules, dataset="people") == [1, 2, 2]
    assert counted(tmp_path, {"link": "visitors"}, {"link": "visitors", "exists": False}, dataset="shops") == [2, 1]


def test_one_to_one_both_ends_are_to_one_and_the_reverse_name_is_a_step_of_a_path(tmp_path):
    (tmp_path / "people.csv").write_text("id,city\n1,Paris\n2,Lyon\n3,Nice\n")
    (tmp_path / "cards.csv").write_text("number,holder,points\n10,1,5\n11,2,\n12,9,7\n")
    datasets = {"people": {"file": "people.csv", "key": ["id"]}, "cards": {"file": "cards.csv", "key": ["number"]}}
    link = {"from": "cards.holder", "to": "people.id", "name": "person", "reverse": "card", "cardinality": "one_to_one"}
    loaded(tmp_path, datasets, [link])
    assert counted(tmp_path, where("card.points", "equals", 5), where("card.number", "is_empty"), dataset="people") == [
        1,
        1,
    ]
    back = where("person.card.number", "equals", {"attribute": "number"})
    assert counted(tmp_path, back, where("person.city", "is_empty"), dataset="cards") == [2, 1]


def test_of_several_rows_with_one_key_the_last_one_read_stays_and_a_replaced_row_is_no_reject(tmp_path):
    found = things(tmp_path, "a.csv", "id,t\n1,a\n2,b\n1,c\nx,d\n1,e\n", columns={"id": {"type": "integer"}})
    assert (found["read"], found["kept"], found["rejected"], found["replaced"]) == (5, 2, 1, 2)
    assert found["read"] == found["kept"] + found["rejected"] + found["replaced"]
    assert counted(tmp_path, where("t", "equals", "e"), where("t", "in", ["a", "c"])) == [1, 0]
    assert found["reject_file"]


def test_with_a_version_the_highest_stays_whatever_the_order_and_null_is_the_lowest(tmp_path):
    content = "id,v,t\n1,2,high\n1,1,low\n2,,none\n2,1,some\n3,1,first\n3,1,last\n4,1,some\n4,,none\n"
    found = things(tmp_path, "a.csv", content, version="v")
    assert (found["read"], found["kept"], found["rejected"]) == (8, 4, 0)
    assert counted(tmp_path, *(where("t", "equals", t) for t in ("high", "some", "last"))) == [1, 2, 1]
    things(tmp_path, "b.csv", "id,v,t\n1,1,late\n2,1,equal\n", version="v")
    assert counted(tmp_path, where("t", "equals", "high"), where("t", "equals", "equal")) == [1, 1]


def test_decimal_keeps_four_places_and_a_json_number_is_compared_by_its_decimal_text(tmp_path):
    things(tmp_path, "a.csv", "id,d\n1,31.10\n2,0.1234\n3,0.1\n", columns={"d": {"type": "decimal"}})
    assert counted(tmp_path, where("d", "equals", 31.1), where("d", "equals", 0.1234)) == [1, 1]
    assert counted(tmp_path, where("d", "between", [0.1, 0.1]), where("d", "in", [0.10, 31.10])) == [1, 2]


def test_a_moment_without_zone_is_read_in_the_projects_zone_and_stored_as_utc(tmp_path, settings):
    settings.TIME_ZONE = "Europe/Paris"
    things(
        tmp_path, "a.csv", "id,at\n1,2026-03-01 00:30\n2,2026-07-01T00:30:00Z\n", columns={"at": {"type": "datetime"}}
    )
    moments = [where("at", "equals", moment) for moment in ("2026-02-28T23:30Z", "2026-07-01T02:30")]
    assert counted(tmp_path, *moments) == [1, 1]


def test_check_campaign_exits_with_1_when_it_reports_errors(tmp_path, capsys):
    make_shop()
    imported(tmp_path, {"a": build(), "d": node("deduplication", fields=["city"])}, "a>d")
    call_command("check_campaign", "spring", "--json")
    assert json.loads(capsys.readouterr().out)["errors"] == []
    imported(tmp_path, {"a": build(), "d": node("deduplication", fields=["city"])}, slug="bad")
    with pytest.raises(CommandError) as caught:
        call_command("check_campaign", "bad", "--json")
    assert caught.value.returncode == 1
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert error["node"] == "d"
