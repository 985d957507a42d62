"""Acceptance scenarios of the reference, §16, about targeting: A1, A4, A7, A8, A21, each through the commands."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from campaigns.models import Campaign, Run
from campaigns.store import RunStore
from orchcamp.datasets import engine, schema
from orchcamp.messaging import content, plan
from orchcamp.messaging.models import Delivery
from tests.builders import make_shop
from tests.campaigns.builders import make_configuration
from tests.campaigns.canvas_stage import CONSENTS, NOBODY, PARIS, build, counted, imported, node, place, run
from tests.messaging.smtp_server import received, running

PORT = 9163
pytestmark = pytest.mark.django_db
LOOP = "<ul>{% for one in item %}<li>{{ one.product_name }}</li>{% endfor %}</ul>"


@pytest.fixture(autouse=True)
def shop(db) -> None:
    make_shop()


def mail(**settings: Any) -> dict[str, Any]:
    letter = {"configuration": "newsletter", "subject": "Hello", "format": "html", "body": "<p>Hello</p>"}
    return node("email", **{**letter, "category": "transactional", **settings})


def published(mark, ada) -> None:
    """Approved and published by another than its author."""
    Campaign.objects.update(owner=mark)
    call_command("approve_campaign", "spring", by=ada.username, stdout=StringIO())
    call_command("publish_campaign", "spring", by=ada.username, stdout=StringIO())


def stored(id: str, port: str = "out") -> list[dict[str, Any]]:
    return engine.rows(RunStore(Run.objects.latest("pk")).population(id, port).table)


def test_a1_fork_three_audiences_union_of_two_less_the_third_then_an_email_that_waits(tmp_path, mark, ada):
    make_configuration()
    fork = node("fork", transitions=[{"code": "one"}, {"code": "two"}, {"code": "three"}])
    late = {"attribute": "joined", "operator": "greater_than", "value": "2024-05-15"}
    nodes = {
        "f": fork, "a": build(PARIS), "b": build(CONSENTS), "c": build(late), "u": node("combine"),
        "x": node("combine", operation="exclusion", primary=place("u"), complement=True), "m": mail(),
    }  # fmt: skip
    edges = ("f.one>a", "f.two>b", "f.three>c", "a>u", "b>u", "c>x", "u>x", "x>m")
    rows = counted(tmp_path, nodes, *edges)
    assert (rows["a"]["out"], rows["b"]["out"], rows["c"]["out"], rows["u"]["out"]) == (3, 4, 1, 5)
    assert rows["x"] == {"out": 4, "complement": 1}
    published(mark, ada)
    found = run(mode="--live", stderr=StringIO())
    assert (found["status"], found["nodes"]["m"]["status"]) == ("running", "waiting")
    (delivery,) = found["deliveries"]
    assert (delivery["targeted"], delivery["prepared"], delivery["excluded"]) == (4, 3, {"malformed": 1})


def test_a4_the_last_three_items_are_a_loop_in_the_email(tmp_path, mark, ada):
    make_configuration(port=PORT)
    last = {
        "kind": "collection", "link": "purchases", "columns": ["product.name", "amount"], "lines": 3,
        "sort": {"by": "bought_at", "descending": True}, "alias": "item",
    }  # fmt: skip
    nodes = {
        "a": build(), "e": node("enrichment", data=[last]), "m": mail(body=LOOP, without_confirmation=True),
        "w": node("wait", type="duration", value=1, unit="seconds"), "z": node("end"),
    }  # fmt: skip
    imported(tmp_path, nodes, "a>e", "e>m", "m>w", "w>z")
    published(mark, ada)
    with running(PORT, tmp_path / "received"):
        found = run(mode="--live")
    assert found["status"] == "succeeded"

    assert len(received(tmp_path / "received")) == 3
    compiled, items = content.compile(content.Content.from_settings(nodes["m"]["settings"])), {}
    for row in engine.rows(engine.table(Delivery.objects.get().plan)):
        items[row["id"]] = compiled.render(plan.fields(row)).html
    assert items[1] == "<ul><li>BrewMaster mug</li><li>Green tea</li></ul>"
    assert items[6] == "<ul><li>Green tea</li></ul>"
    assert items[3] == "<ul></ul>"


def test_a7_a_change_of_dimension_to_many_multiplies_the_rows(tmp_path):
    contracts = node("change_dimension", dimension="purchases", complement=True)
    rows = counted(tmp_path, {"a": build(), "c": contracts, "z": node("end")}, "a>c", "c>z")
    assert rows["c"] == {"out": 5, "complement": 3}
    assert sorted(row["id"] for row in stored("c")) == [10, 11, 12, 13, 14]
    assert sorted(row["id"] for row in stored("c", "complement")) == [3, 4, 5]


def test_a8_one_row_per_email_that_of_the_latest_purchase_and_the_others_saved(tmp_path, mark, ada):
    last = {"kind": "aggregate", "link": "purchases", "aggregate": "max", "attribute": "bought_at", "alias": "last"}
    once = node("deduplication", expressions=["Lower([email])"], method="expression", complement=True,
                sort={"by": "last", "descending": True}, ignore_empty=True)  # fmt: skip
    nodes = {
        "a": build(), "e": node("enrichment", data=[last]), "d": once,
        "s": node("save_audience", audience="twice", label="Twice", operation="overwrite"), "z": node("end"),
    }  # fmt: skip
    rows = counted(tmp_path, nodes, "a>e", "e>d", "d>z", "d.complement>s")
    assert rows["d"] == {"out": 5, "complement": 1}
    kept = {row["id"] for row in stored("d")}
    assert 6 in kept and 1 not in kept  # ann@ and ANN@: purchases of February and of April
    published(mark, ada)
    assert run(mode="--live")["status"] == "succeeded"
    assert [row["id"] for row in engine.rows(schema.load().audience_table("twice"))] == [1]


@pytest.mark.parametrize("primary", [None, place("b")])
def test_a21_an_and_join_goes_on_after_a_branch_that_ended_empty(tmp_path, primary):
    fork = node("fork", transitions=[{"code": "one"}, {"code": "two"}])
    nodes = {
        "f": fork, "a": build(NOBODY), "b": build(PARIS), "w": node("wait", type="duration", value=1, unit="days"),
        "j": node("and_join", primary=primary), "z": node("end"),
    }  # fmt: skip
    imported(tmp_path, nodes, "f.one>a", "f.two>b", "a>w", "w>j", "b>j", "j>z")
    found = run()
    assert found["status"] == "succeeded"
    assert found["nodes"]["j"]["outputs"] == {"out": {"rows": 3}}
    assert found["nodes"]["z"]["status"] == "succeeded"


def test_links_of_an_enrichment_are_there_for_every_node_behind_it_in_a_run(tmp_path):
    (tmp_path / "gifts.csv").write_text("mail,gift\nann@example.org,tea\nann@example.org,mug\nbob@example.org,pot\n")
    pairs = [{"source": "email", "destination": "mail"}]
    link = {"name": "gifts", "relation": "many", "set": place("f"), "pairs": pairs}
    two = {"link": "gifts", "aggregate": "count", "operator": "greater_or_equal", "value": 2}
    collect = {"kind": "collection", "link": "gifts", "columns": ["gift"], "lines": 2, "alias": "gift"}
    nodes = {
        "a": build(), "f": node("load_file", file="gifts.csv"),
        "e": node("enrichment", primary=place("a"), links=[link]),
        "s": node("split", subsets=[{"code": "two", "rule": two}], complement=True),
        "d": node("enrichment", data=[collect]),
    }  # fmt: skip
    rows = counted(tmp_path, nodes, "a>e", "f>e", "e>s", "s.two>d")
    assert (rows["s"], rows["d"]) == ({"two": 1, "complement": 5}, {"out": 1})
    (ann,) = stored("d")
    assert {ann["gift1_gift"], ann["gift2_gift"]} == {"tea", "mug"}


def test_rows_without_counterpart_are_excluded_with_that_reason_and_never_vanish(tmp_path, mark, ada):
    make_configuration()
    (tmp_path / "list.csv").write_text(
        "email,gift\nann@example.org,tea\nnobody@example.org,mug\nother@example.org,pot\n"
    )
    tied = node("reconciliation", dimension="people", pairs=[{"source": "email", "destination": "email"}])
    imported(tmp_path, {"f": node("load_file", file="list.csv"), "r": tied, "m": mail()}, "f>r", "r>m")
    published(mark, ada)
    found = run(mode="--live", stderr=StringIO())
    assert found["nodes"]["r"]["outputs"] == {"out": {"rows": 3}}
    (delivery,) = found["deliveries"]
    assert (delivery["targeted"], delivery["prepared"], delivery["excluded"]) == (3, 1, {"no_counterpart": 2})
