"""formats.md §7, Canvas: the lines about targeting, each through the commands."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Run
from campaigns.store import RunStore
from orchcamp.datasets import engine
from tests.builders import make_shop
from tests.campaigns.canvas_stage import CONSENTS, NOBODY, PARIS, build, counted, imported, node, place, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db) -> None:
    make_shop()


def stored(id: str, port: str = "out") -> list[dict[str, Any]]:
    """The rows that the latest run kept."""
    population = RunStore(Run.objects.latest("pk")).population(id, port)
    return engine.rows(population.table)


def test_a_forks_ports_are_the_codes_of_its_transitions_and_without_inbound_it_gives_no_rows(tmp_path):
    fork = node("fork", transitions=[{"code": "left"}, {"code": "right"}])
    nodes = {"f": fork, "a": build(PARIS), "b": build(), "g": fork, "x": node("end"), "y": node("end")}
    rows = counted(tmp_path, nodes, "f.left>a", "f.right>b", "b>g", "g.left>x", "g.right>y")
    assert (rows["f"], rows["g"]) == ({}, {"left": 6, "right": 6})
    assert (rows["a"]["out"], rows["b"]["out"]) == (3, 6)


def test_settings_name_an_inbound_as_node_and_port_and_edges_share_ports(tmp_path):
    split = node("split", subsets=[{"code": "paris", "rule": PARIS}], complement=True)
    less = node("combine", operation="exclusion", primary=place("s", "complement"), complement=True)
    nodes = {"a": build(), "b": build(CONSENTS), "s": split, "c": less, "u": node("combine")}
    rows = counted(tmp_path, nodes, "a>s", "b>c", "s.complement>c", "s.paris>u", "b>u")
    assert rows["c"] == {"out": 1, "complement": 2}
    assert rows["u"] == {"out": 5}


@pytest.mark.parametrize(
    ("subsets", "counts"),
    [
        ([{"type": "percent", "value": 40, "of": "inbound"}, {"type": "percent", "value": 40, "of": "remainder"}],
         {"s0": 2, "s1": 1, "complement": 3}),
        ([{"type": "percent", "value": 70}, {"type": "percent", "value": 70}], {"s0": 4, "s1": 2, "complement": 0}),
    ],
)  # fmt: skip
def test_a_percentage_is_rounded_down_of_what_it_says_and_bounded_by_what_is_left(tmp_path, subsets, counts):
    listed = [{"code": f"s{n}", "limit": limit} for n, limit in enumerate(subsets)]
    nodes = {"a": build(), "s": node("split", subsets=listed, complement=True)}
    assert counted(tmp_path, nodes, "a>s")["s"] == counts


def test_a_percentage_is_taken_after_the_filter(tmp_path):
    subset = {"code": "s", "rule": PARIS, "limit": {"type": "percent", "value": 50}}
    assert counted(tmp_path, {"a": build(), "s": node("split", subsets=[subset])}, "a>s")["s"] == {"s": 3}
    tenth = {"code": "s", "rule": PARIS, "limit": {"type": "percent", "value": 34}}
    assert counted(tmp_path, {"a": build(), "s": node("split", subsets=[tenth])}, "a>s")["s"] == {"s": 2}


def test_in_a_deduplication_empty_values_are_equal_unless_never_duplicates(tmp_path):
    nodes = {
        "a": build(),
        "d": node("deduplication", fields=["city"]),
        "e": node("deduplication", fields=["born"], ignore_empty=True, complement=True),
        "f": node("deduplication", fields=["consent"], method="expression",
                  sort={"by": "born", "descending": True}, complement=True),
    }  # fmt: skip
    rows = counted(tmp_path, nodes, "a>d", "a>e", "a>f")
    assert (rows["d"], rows["e"]) == ({"out": 4}, {"out": 6, "complement": 0})
    assert sorted(row["id"] for row in stored("f")) == [2, 3, 4]  # 3, whose date is empty, is alone in its group


def test_a_change_of_dimension_has_each_row_once_and_only_those_with_a_counterpart(tmp_path):
    nodes = {
        "a": build(),
        "b": node("change_dimension", dimension="purchases", complement=True),
        "c": node("change_dimension", dimension="people", complement=True),
        "d": node("change_dimension", dimension="products"),
    }
    rows = counted(tmp_path, nodes, "a>b", "b>c", "a>d")
    assert rows["b"] == {"out": 5, "complement": 3}
    assert rows["c"] == {"out": 3, "complement": 0}
    assert rows["d"] == {"out": 3}


def test_a_build_audience_after_a_fork_does_not_use_its_inbound(tmp_path):
    fork = node("fork", transitions=[{"code": "left"}, {"code": "right"}])
    nodes = {"a": build(PARIS), "f": fork, "b": build(CONSENTS), "x": node("end")}
    assert counted(tmp_path, nodes, "a>f", "f.left>b", "f.right>x")["b"] == {"out": 4}


def test_columns_of_an_enrichment_are_named_by_their_alias_in_what_comes_behind(tmp_path):
    data = [
        {"kind": "aggregate", "link": "purchases", "aggregate": "sum", "attribute": "amount", "alias": "spent"},
        {"kind": "collection", "link": "purchases", "columns": ["product.name", "amount"], "lines": 2,
         "sort": {"by": "bought_at", "descending": True}, "alias": "item"},
        {"kind": "expression", "expression": "Upper([city])", "alias": "town"},
    ]  # fmt: skip
    big = {"attribute": "spent", "operator": "greater_than", "value": 100}
    paris = {"expression": "[town] = 'PARIS' and [item1_amount] > 2", "operator": "equals", "value": True}
    split = node("split", subsets=[{"code": "big", "rule": big}, {"code": "town", "rule": paris}], complement=True)
    rows = counted(tmp_path, {"a": build(), "e": node("enrichment", data=data), "s": split}, "a>e", "e>s")
    assert rows["s"] == {"big": 2, "town": 1, "complement": 3}
    (ann,) = [row for row in stored("e") if row["id"] == 1]
    assert (ann["item1_product_name"], ann["item2_product_name"]) == ("BrewMaster mug", "Green tea")
    assert (ann["item1_amount"], ann["spent"], ann["town"]) == (120.0, 132.5, "PARIS")


@pytest.mark.parametrize("type", ["end", "deduplication"])
def test_an_empty_audience_whose_option_is_off_ends_its_path_and_what_comes_after_has_not_run(tmp_path, type):
    settings = {"fields": ["city"]} if type == "deduplication" else {}
    imported(tmp_path, {"a": build(NOBODY), "b": node(type, **settings)}, "a>b")
    found = run()
    assert found["status"] == "succeeded"
    assert found["nodes"]["a"]["outputs"] == {"out": {"rows": 0}}
    assert found["nodes"]["b"]["outputs"] == {} and found["nodes"]["b"]["status"] != "succeeded"
    rows = counted(tmp_path, {"a": build(NOBODY, keep_empty=True), "b": node("combine"), "c": build()}, "a>b", "c>b")
    assert rows["b"] == {"out": 6}


def test_the_complement_of_an_intersection_is_the_union_less_the_intersection(tmp_path):
    both = node("combine", operation="intersection", complement=True)
    rows = counted(tmp_path, {"a": build(PARIS), "b": build(CONSENTS), "c": both}, "a>c", "b>c")
    assert rows["c"] == {"out": 2, "complement": 3}


def test_a_column_of_the_file_gives_way_to_one_of_the_new_dimension_after_reconciliation(tmp_path):
    (tmp_path / "gifts.csv").write_text(
        "email,city,gift\nann@example.org,Rome,tea\nBOB@example.org,Rome,mug\nx@x,Rome,\n"
    )
    tied = node("reconciliation", dimension="people", pairs=[{"source": "email", "destination": "email"}],
                ignore_case=True, complement=True, filter={"attribute": "id", "operator": "less_than", "value": 6})  # fmt: skip
    rome = {"attribute": "city", "operator": "equals", "value": "Rome"}
    tea = {"attribute": "gift", "operator": "equals", "value": "tea"}
    split = node("split", subsets=[{"code": "rome", "rule": rome}, {"code": "tea", "rule": tea}], complement=True)
    nodes = {"f": node("load_file", file="gifts.csv"), "r": tied, "s": split, "z": node("end")}
    rows = counted(tmp_path, nodes, "f>r", "r>s", "r.complement>z")
    assert rows["r"] == {"out": 2, "complement": 1}
    assert rows["s"] == {"rome": 0, "tea": 1, "complement": 1}
