"""Campaign files that mean harm: what they hold is refused in a sentence, or run, in bounded time."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Campaign
from tests.builders import make_shop
from tests.campaigns.canvas_stage import build, counted, imported, node, run
from tests.datasets.rule_stage import both, where
from tests.datasets.test_hostile_builder import DEEP, LONG, PAD
from tests.datasets.test_rules_hostile import SQL, bounded, tower

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db) -> None:
    make_shop()


def asked(text: str, value: Any = "x") -> dict[str, Any]:
    return {"expression": text, "operator": "equals", "value": value}


def enriched(text: str) -> dict[str, Any]:
    return node("enrichment", data=[{"kind": "expression", "expression": text, "alias": "made"}])


def refused(folder, nodes: dict[str, Any], *edges: str) -> str:
    """What keeps the campaign out, or its run from succeeding."""
    with bounded():
        try:
            imported(folder, nodes, *edges)
        except CommandError as error:
            assert not Campaign.objects.exists()
            return str(error)
        try:
            call_command("run_campaign", "spring", "--test", "--json", stdout=(out := StringIO()))
        except CommandError as error:
            return f"{error} {out.getvalue()}"
        found = json.loads(out.getvalue())
        assert found["status"] == "failed"
        return " ".join(one["error"] for one in found["nodes"].values())


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (tower(60, lambda tree: both(tree)), "nested"),
        (where("id", "in", list(range(200_001))), "more than 200,000 values"),
        (where("city", "matches", "(a|a)*b"), "could take for ever"),
        (where("city", "equals", LONG), "longer than"),
        (asked("read_csv('/etc/passwd')"), "There is no function"),
        (asked("(" * 5_000 + "'x'" + ")" * 5_000), "100 levels"),
        (asked("Replace(" * 20 + "[city]" + ", 'a', 'bb')" * 20), "grow too long"),
    ],
)
def test_a_rule_that_cannot_be_used_is_said_in_a_sentence(rule, sentence, tmp_path):
    assert sentence in refused(tmp_path, {"a": build(rule)})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("read_csv('/etc/passwd')", "There is no function"),
        ("'" + LONG + "'", "20000 characters"),
        (" + ".join([PAD] * 60), "grow too long"),
        ("(select 1)", "Line 1"),
    ],
)
def test_an_expression_that_cannot_be_used_is_said_in_a_sentence(text, sentence, tmp_path):
    assert sentence in refused(tmp_path, {"a": build(), "e": enriched(text)}, "a>e")


def test_ten_thousand_levels_are_a_sentence(tmp_path):
    text = json.dumps({"schema": 1, "kind": "campaign", "canvas": {"nodes": {"a": build({"x": "DEEP"})}}})
    (tmp_path / "c.json").write_text(text.replace('{"x": "DEEP"}', DEEP))
    with bounded(), pytest.raises(CommandError, match="nested"):
        call_command("import_campaign", str(tmp_path / "c.json"), stdout=StringIO())


def test_what_is_large_or_odd_but_sound_is_run(tmp_path):
    rules = {
        "many": where("id", "in", list(range(2, 200_002))),
        "sql": both(*(where("city", "equals", text) for text in SQL), group="or"),
        "zero": asked("[id] / 0", 1),
        "grown": asked(f"Replace({PAD}, 'a', {PAD})"),
    }
    listed = [{"code": code, "rule": rule} for code, rule in rules.items()]
    nodes = {"a": build(), "e": enriched("[id] / ([id] - [id])"), "s": node("split", subsets=listed, overlap=True)}
    with bounded():
        assert counted(tmp_path, nodes, "a>e", "e>s")["s"] == {"many": 5, "sql": 0, "zero": 0, "grown": 0}


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/b.csv", "", "x" * 5_000, "\0", "C:\\x.csv"])
def test_a_file_elsewhere_cannot_be_loaded(name, tmp_path):
    assert refused(tmp_path, {"f": node("load_file", file=name)})


@pytest.mark.parametrize(
    "name",
    ["{{ 1/0 }}", "{% for i in range(1000000000) %}x{% endfor %}", "{{ campaign.__class__ }}", "{% include '/etc/passwd' %}",
     "../{{ campaign }}", "{{ 'x' * 1000000000 }}"],
)  # fmt: skip
def test_a_name_of_a_file_is_no_way_out(name, tmp_path):
    nodes = {"a": build(), "x": node("extract_file", file_name=name)}
    with bounded():
        try:
            imported(tmp_path, nodes, "a>x")
            run()
        except CommandError as error:
            assert str(error)
