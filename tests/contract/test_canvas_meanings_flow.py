"""What formats.md fixes about the flow of a canvas, line by line."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from campaigns.models import NodeRun
from tests.campaigns.builders import PARIS, audience, email, graph, make_campaign
from tests.campaigns.runs_stage import NOBODY, shop  # noqa: F401

pytestmark = pytest.mark.django_db


def tried(capsys, canvas, **changes) -> dict:
    make_campaign(canvas, **changes)
    capsys.readouterr()
    call_command("run_campaign", "spring", "--test", "--json")
    return json.loads(capsys.readouterr().out)["nodes"]


FORK = {"transitions": [{"code": "left"}, {"code": "right"}]}


def test_a_forks_ports_are_the_codes_of_its_transitions(capsys):
    nodes = {"a": ("build_audience", audience()), "f": ("fork", FORK), "l": ("end", {}), "r": ("end", {})}
    found = tried(capsys, graph(nodes, "a>f", "f.left>l", "f.right>r"))
    assert found["f"]["outputs"] == {"left": {"rows": 6}, "right": {"rows": 6}}


def test_a_fork_without_inbound_starts_its_branches_and_gives_no_rows(capsys):
    nodes = {"f": ("fork", FORK), "a": ("build_audience", audience()), "b": ("build_audience", audience(PARIS))}
    found = tried(capsys, graph(nodes, "f.left>a", "f.right>b"))
    assert sum(port["rows"] for port in found["f"]["outputs"].values()) == 0
    assert [found[id]["outputs"] for id in ("a", "b")] == [{"out": {"rows": 6}}, {"out": {"rows": 3}}]


def test_a_build_audience_after_a_fork_does_not_use_its_inbound(capsys):
    nodes = {
        "first": ("build_audience", audience(PARIS)),
        "f": ("fork", FORK),
        "again": ("build_audience", audience()),
    }
    found = tried(capsys, graph(nodes, "first>f", "f.left>again"))
    assert (found["first"]["outputs"], found["again"]["outputs"]) == ({"out": {"rows": 3}}, {"out": {"rows": 6}})


def ends_with_nothing(found: dict, *after: str) -> None:
    """The path ended without error; what comes after has not run."""
    for id in after:
        assert found[id]["outputs"] == {} and found[id]["status"] != NodeRun.Status.SUCCEEDED
        assert found[id]["error"] == ""


def test_an_empty_audience_whose_option_is_off_ends_its_path(capsys):
    nodes = {"a": ("build_audience", audience(NOBODY)), "w": ("wait", {"value": 1}), "z": ("end", {})}
    found = tried(capsys, graph(nodes, "a>w", "w>z"))
    assert (found["a"]["status"], found["a"]["error"], found["a"]["outputs"]) == ("succeeded", "", {"out": {"rows": 0}})
    ends_with_nothing(found, "w", "z")


def test_an_empty_audience_whose_option_is_on_goes_on(capsys):
    nodes = {"a": ("build_audience", audience(NOBODY, keep_empty=True)), "w": ("wait", {"value": 1})}
    found = tried(capsys, graph(nodes, "a>w"))
    assert (found["w"]["status"], found["w"]["outputs"]) == ("succeeded", {"out": {"rows": 0}})


def test_a_test_without_a_condition_that_holds_and_without_default_ends_its_path(capsys):
    condition = {"code": "many", "of": "population", "operator": "greater_than", "value": 100}
    nodes = {
        "a": ("build_audience", audience()),
        "t": ("test", {"conditions": [condition], "default": None}),
        "z": ("end", {}),
    }
    found = tried(capsys, graph(nodes, "a>t", "t.many>z"))
    assert (found["t"]["status"], found["t"]["error"]) == ("succeeded", "")
    assert sum(port["rows"] for port in found["t"]["outputs"].values()) == 0
    ends_with_nothing(found, "z")


def test_a_tests_ports_are_its_conditions_codes_and_one_that_was_not_activated_has_no_rows(capsys):
    conditions = [
        {"code": "many", "of": "population", "operator": "greater_than", "value": 100},
        {"code": "some", "of": "population", "operator": "greater_than", "value": 1},
    ]
    nodes = {
        "a": ("build_audience", audience()),
        "t": ("test", {"conditions": conditions, "default": {"code": "few"}}),
        **{id: ("end", {}) for id in ("many", "some", "few")},
    }
    found = tried(capsys, graph(nodes, "a>t", "t.many>many", "t.some>some", "t.few>few"))
    assert found["t"]["outputs"]["some"] == {"rows": 6}
    assert sum(port["rows"] for port in found["t"]["outputs"].values()) == 6
    ends_with_nothing(found, "many", "few")


def test_an_approvals_ports_are_its_answers_codes(capsys, anna):
    answers = [{"code": "go", "label": "Go"}, {"code": "stay", "label": "Stay"}]
    settings = {"title": "Go?", "group": anna.groups.get().name, "answers": answers}
    nodes = {"a": ("build_audience", audience()), "q": ("approval", settings), "go": ("end", {}), "stay": ("end", {})}
    found = tried(capsys, graph(nodes, "a>q", "q.go>go", "q.stay>stay"))
    assert found["q"]["outputs"] == {"go": {"rows": 6}}
    ends_with_nothing(found, "stay")


def test_several_edges_may_leave_one_port(capsys):
    nodes = {"a": ("build_audience", audience()), "x": ("end", {}), "y": ("end", {})}
    found = tried(capsys, graph(nodes, "a>x", "a>y"))
    assert {found["x"]["status"], found["y"]["status"]} == {"succeeded"}


@pytest.mark.parametrize("value", ["Paris", ["Paris", "Atlantis"]])
def test_variables_are_typed_as_in_json_and_read_by_rules(capsys, value):
    operator = "in" if isinstance(value, list) else "equals"
    rule = {"attribute": "city", "operator": operator, "value": {"variable": "town"}}
    found = tried(capsys, graph({"a": ("build_audience", audience(rule))}), variables={"town": value})
    assert found["a"]["outputs"] == {"out": {"rows": 3}}


def test_deliveries_name_node_targeted_prepared_and_the_excluded_by_cause(capsys, mark, anna):
    campaign = make_campaign(graph({"a": ("build_audience", audience()), "m": ("email", email())}, "a>m"), owner=mark)
    call_command("approve_campaign", campaign.slug, "--by", "anna")
    call_command("publish_campaign", campaign.slug, "--by", "anna")
    capsys.readouterr()
    call_command("run_campaign", campaign.slug, "--live", "--json")
    (delivery,) = json.loads(capsys.readouterr().out)["deliveries"]
    assert (delivery["node"], delivery["targeted"]) == ("m", 6)
    assert delivery["targeted"] == delivery["prepared"] + sum(delivery["excluded"].values())
    assert delivery["excluded"]["no_address"] == 1  # null and "" alike
