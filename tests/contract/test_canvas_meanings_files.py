"""What formats.md fixes about files on a canvas, line by line."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from campaigns import portable
from campaigns.models import Campaign
from tests.builders import make_shop
from tests.campaigns.builders import graph, make_campaign

pytestmark = pytest.mark.django_db
CLIENTS = "email,name,extra\nann@example.org,Anna,1\nbob@example.org,,2\nnobody@example.org,Nobody,3\n"


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()


def imported(folder, canvas, **files: str) -> None:
    """A campaign file and its neighbours, taken in as a stranger would."""
    document = json.loads(portable.dump(make_campaign(canvas)))
    Campaign.objects.all().delete()
    (folder / "campaign.json").write_text(json.dumps(document))
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
    call_command("import_campaign", str(folder / "campaign.json"))


def tried(capsys) -> dict:
    capsys.readouterr()
    call_command("run_campaign", "spring", "--test", "--json")
    return json.loads(capsys.readouterr().out)["nodes"]


def outputs(node: dict) -> dict[str, int]:
    return {port: kept["rows"] for port, kept in node["outputs"].items() if kept["rows"]}


LOADED = ("load_file", {"file": "clients.csv"})


def test_a_file_is_found_beside_the_campaign_file(tmp_path, capsys):
    imported(tmp_path, graph({"f": LOADED, "z": ("end", {})}, "f>z"), clients=CLIENTS)
    assert outputs(tried(capsys)["f"]) == {"out": 3}


def test_only_files_that_are_named_in_it_are_taken_along(tmp_path):
    imported(tmp_path, graph({"f": LOADED}), clients=CLIENTS, other="a\n1\n")
    assert [file.name for file in Campaign.objects.get().files.all()] == ["clients.csv"]


def test_columns_of_a_file_are_named_in_later_rules_by_their_names(tmp_path, capsys):
    rule = {"attribute": "extra", "operator": "greater_than", "value": 1}
    split = ("split", {"subsets": [{"code": "more", "rule": rule}], "complement": True})
    imported(tmp_path, graph({"f": LOADED, "s": split}, "f>s"), clients=CLIENTS)
    assert outputs(tried(capsys)["s"]) == {"more": 2, "complement": 1}


def test_a_column_of_the_file_gives_way_to_one_of_the_new_dimension_after_reconciliation(tmp_path, capsys):
    tie = {"dimension": "people", "pairs": [{"source": "email", "destination": "email"}], "complement": True}
    rule = {"attribute": "name", "operator": "equals", "value": "Ann"}  # the file calls her Anna
    beside = {"attribute": "extra", "operator": "equals", "value": 1}
    both = {"group": "and", "items": [rule, beside]}
    nodes = {"f": LOADED, "r": ("reconciliation", tie), "s": ("split", {"subsets": [{"code": "ann", "rule": both}]})}
    imported(tmp_path, graph(nodes, "f>r", "r>s"), clients=CLIENTS)
    found = tried(capsys)
    assert outputs(found["r"]) == {"out": 2, "complement": 1}
    assert outputs(found["s"]) == {"ann": 1}


def test_an_empty_cell_is_null(tmp_path, capsys):
    rule = {"attribute": "name", "operator": "is_empty"}
    split = ("split", {"subsets": [{"code": "none", "rule": rule}]})
    imported(tmp_path, graph({"f": LOADED, "s": split}, "f>s"), clients=CLIENTS)
    assert outputs(tried(capsys)["s"]) == {"none": 1}


def test_the_export_of_a_campaign_is_json_alone(tmp_path, capsys):
    imported(tmp_path, graph({"f": LOADED}), clients=CLIENTS)
    capsys.readouterr()
    call_command("export_campaign", "spring")
    text = capsys.readouterr().out
    assert json.loads(text)["canvas"]["nodes"]["f"]["settings"]["file"] == "clients.csv"
    assert "nobody@example.org" not in text
