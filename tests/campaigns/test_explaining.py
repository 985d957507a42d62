"""Why is this row here, or not: the way it went, node by node, with the values that decided."""

from __future__ import annotations

import ibis
import pyarrow as pa
import pytest
from django.utils import timezone

from activities.graph import Graph
from campaigns import batch_files, execution, explaining, store
from campaigns.explaining import Explanation, NotFound, Reader, Step
from campaigns.models import Batch, NodeRun, Run
from orchcamp.datasets import engine
from orchcamp.datasets.rules.verdicts import MASK, Verdict
from orchcamp.messaging.models import Delivery, TrackingEvent
from tests.builders import PEOPLE
from tests.campaigns.builders import PARIS, audience, graph, make_campaign, simple_graph, targeting_graph
from tests.campaigns.runs_stage import publish, shop, try_out  # noqa: F401

SEEING = Reader()


def subset(code: str, **more) -> dict:
    return {"code": code, "label": code.title(), "rule": None, "limit": None, "sort": None, "skip_empty": False, **more}


def split(*subsets: dict, **more) -> tuple[str, dict]:
    return "split", {"subsets": list(subsets), "complement": True, "overlap": False, **more}


def told(canvas: Graph | Run, key: int, reader: Reader = SEEING, draft: bool = False) -> Explanation:
    """The explanation of a person in a test of the canvas, in a run, or in the draft."""
    if isinstance(canvas, Run):
        run, version = canvas, canvas.campaign.latest_version()
    elif draft:
        run, version = None, make_campaign(canvas).latest_version()
    else:
        run = try_out(canvas)
        version = run.campaign.latest_version()
    return explaining.explain(explaining.stage_of(version, run), "people", (key,), reader)


def step(found: Explanation, id: str) -> Step:
    return next(each for each in found.steps if each.node_id == id)


def words(verdicts: tuple[Verdict, ...]) -> list[tuple[str, bool | None]]:
    return [(verdict.words, verdict.holds) for verdict in verdicts]


@pytest.mark.parametrize("draft", [False, True])
def test_the_way_of_a_row_is_each_node_and_the_port_it_left_through(draft):
    found = told(targeting_graph(), 1, draft=draft)
    assert [(each.node_id, each.state, each.ports) for each in found.steps] == [
        ("paris", "passed", ("out",)),
        ("split", "passed", ("yes",)),
        ("yes", "ended", ()),
    ]
    assert found.elsewhere == ("Rest",)
    assert step(found, "split").wires == "paris-out-split"
    assert found.headline == "People 1 reached “Yes”."
    assert (found.run is None) is draft


def test_who_is_not_found_learns_which_condition_failed_and_with_what_value():
    found = told(targeting_graph(), 4)
    assert [(each.node_id, each.state) for each in found.steps] == [("paris", "missed")]
    assert "People 4 exists, but “Paris” did not find it: “City is Paris” does not hold (it is " in found.headline


def test_a_split_tells_which_subset_took_the_row_and_which_rank_it_had():
    two = split(
        subset("first", limit={"type": "number", "value": 2, "of": "inbound"}, sort={"by": "id", "descending": True}),
        subset("named", rule={"attribute": "name", "operator": "equals", "value": "Nobody"}),
    )
    nodes = {"all": ("build_audience", audience()), "split": two, "rest": ("end", {})}
    canvas = graph(nodes, "all>split", "split.complement>rest")
    run = try_out(canvas)
    (told_six,) = step(told(run, 6), "split").told
    assert words(told_six.verdicts[0].items) == [("Rank 1, by Id, highest first; the first 2 are taken", True)]
    assert words(told_six.verdicts) == [("First", True), ("Named", False)]
    assert words(told_six.verdicts[1].items) == [("“First” took it before", False)]
    one = step(told(run, 1), "split")
    assert one.ports == ("complement",)
    assert words(one.told[0].verdicts[0].items) == [("Rank 6, by Id, highest first; the first 2 are taken", False)]
    assert words(one.told[0].verdicts[1].items) == [("Name is Nobody", False)]


def test_a_percentage_says_how_many_rows_it_came_to():
    half = split(subset("half", limit={"type": "percent", "value": 50, "of": "inbound"}))
    found = told(graph({"all": ("build_audience", audience()), "split": half}, "all>split"), 1)
    (rank,) = step(found, "split").told[0].verdicts[0].items
    assert "by lot (MD5 order); the first 3 are taken" in rank.words


def test_a_duplicate_learns_which_row_was_kept_instead():
    once = {
        "fields": ["city"], "keep": 1, "method": "expression", "sort": {"by": "id", "descending": False}, "complement": False,
    }  # fmt: skip
    nodes = {"paris": ("build_audience", audience(PARIS)), "once": ("deduplication", once), "end": ("end", {})}
    run = try_out(graph(nodes, "paris>once", "once>end"))
    kept, lost = told(run, 1), told(run, 3)
    assert words(step(kept, "once").told[0].verdicts)[1][1] is True
    group, reason = step(lost, "once").told[0].verdicts
    assert group.cells[0].value == "Paris"
    assert reason.words.startswith("Of 3 rows that agree, another one stays") and not reason.holds
    assert [cell.value for cell in reason.samples[0]] == [1]
    assert step(lost, "once").state == "stopped"
    assert "came as far as “Once” and stopped there" in lost.headline


def test_a_combination_tells_which_sets_have_the_row():
    nodes = {
        "all": ("build_audience", audience()),
        "paris": ("build_audience", audience(PARIS)),
        "less": ("combine", {"operation": "exclusion", "primary": {"node": "all", "port": "out"}}),
        "end": ("end", {}),
    }
    run = try_out(graph(nodes, "all>less", "paris>less", "less>end"))
    gone = step(told(run, 1), "less")
    assert gone.state == "stopped"
    assert words(gone.told[0].verdicts) == [("Is in the set “All”", True), ("Is in the set “Paris”", True)]
    assert [verdict.wanted for verdict in gone.told[0].verdicts] == [True, False]
    assert step(told(run, 4), "less").state == "passed"
    assert "“Is in the set “Paris”” holds" in told(run, 1).headline


def test_an_enrichment_shows_the_columns_that_it_gave():
    data = [{"kind": "aggregate", "link": "purchases", "aggregate": "count", "alias": "bought"}]
    nodes = {"all": ("build_audience", audience()), "more": ("enrichment", {"data": data}), "end": ("end", {})}
    found = told(graph(nodes, "all>more", "more>end"), 1)
    (given,) = step(found, "more").told[0].verdicts
    assert [(cell.label, cell.value) for cell in given.cells] == [("bought", 2)]


def test_behind_a_change_of_dimension_the_rows_that_it_became_are_followed():
    nodes = {
        "all": ("build_audience", audience()),
        "bought": ("change_dimension", {"dimension": "purchases"}),
        "dear": split(subset("dear", rule={"attribute": "amount", "operator": "greater_than", "value": 50})),
        "end": ("end", {}),
    }
    run = try_out(graph(nodes, "all>bought", "bought>dear", "dear.dear>end"))
    found = told(run, 1)
    assert words(step(found, "bought").told[0].verdicts) == [("Leads to 2 rows of Purchases", True)]
    dear = step(found, "dear")
    assert (dear.rows, [each.key for each in dear.told], set(dear.ports)) == (2, ["10", "11"], {"dear", "complement"})
    assert step(found, "end").rows == 1
    assert step(told(run, 4), "bought").state == "stopped"


@pytest.mark.parametrize("draft", [False, True])
def test_a_test_node_says_which_condition_sent_all_rows_its_way(draft):
    condition = {"code": "many", "label": "Many", "of": "population", "operator": "greater_than", "value": 5}
    nodes = {
        "all": ("build_audience", audience()),
        "size": ("test", {"conditions": [condition], "default": {"code": "few", "label": "Few"}}),
        "a": ("end", {}),
        "b": ("end", {}),
    }
    found = told(graph(nodes, "all>size", "size.many>a", "size.few>b"), 1, draft=draft)
    assert step(found, "size").ports == ("many",)
    assert words(step(found, "size").told[0].verdicts)[0][1] is True
    assert found.elsewhere == ("B",)


def test_a_message_in_a_test_tells_what_would_be_decided():
    run = try_out(simple_graph())
    decided = {key: step(told(run, key), "mail").told[0].verdicts[-1] for key in range(1, 7)}
    assert any(verdict.words == "Would be planned in batch 1; a test sends nothing" for verdict in decided.values())
    assert any(verdict.words.startswith("Would be left out: ") for verdict in decided.values())
    assert step(told(run, 1), "people").state == "passed"


def test_a_sent_message_tells_its_batch_the_answer_and_what_the_person_did():
    run = execution.run_to_end(publish(simple_graph()))  # planned, and waits to be confirmed
    delivery, batch = Delivery.objects.get(), Batch.objects.get()
    plan = {row["id"]: row for row in engine.rows(engine.table(delivery.plan))}
    person = next(id for id, row in plan.items() if not row["reason"])

    def said(id: int = person) -> list[str]:
        return [verdict.words for verdict in step(told(run, id), "mail").told[0].verdicts]

    assert said() == ["Planned in batch 1", "Waits to be sent: the batch is pending"]
    assert said(next(id for id, row in plan.items() if row["reason"] == "no_consent")) == ["Left out: No consent"]
    message_id = plan[person]["message_id"]
    answer = [
        {"message_id": message_id, "status": "accepted", "reason": "", "code": 250, "reply": "ok", "at": timezone.now()}
    ]
    engine.write(ibis.memtable(pa.Table.from_pylist(answer, batch_files.OUTCOME)), batch_files.outcome_path(batch))
    TrackingEvent.objects.create(delivery=delivery, message_id=message_id, kind="open")
    assert said() == ["Planned in batch 1", "Accepted by the receiving server", "Opened"]


def test_a_key_an_address_or_any_column_finds_the_row():
    run = try_out(targeting_graph())
    ctx = explaining.stage_of(run.campaign.latest_version(), run).ctx
    people = {row["id"]: row for row in PEOPLE}
    assert [row.key for row in explaining.find(ctx, "people", " 1 ", SEEING)] == [(1,)]
    assert explaining.find(ctx, "people", people[1]["email"].upper(), SEEING)[0].key == (1,)
    assert (2,) in [row.key for row in explaining.find(ctx, "people", people[2]["name"], SEEING, "name")]
    assert explaining.find(ctx, "purchases", "10", SEEING)[0].key == (10,)


@pytest.mark.parametrize("text", ["999999", "' OR 1=1 --", "x' UNION SELECT 1", "", "\x00", "%"])
def test_what_nobody_has_is_said_and_never_becomes_a_statement(text):
    run = try_out(targeting_graph())
    ctx = explaining.stage_of(run.campaign.latest_version(), run).ctx
    with pytest.raises(NotFound, match="No row of People has"):
        explaining.find(ctx, "people", text, SEEING)


def test_a_key_that_is_none_of_the_dimension_is_not_found():
    run = try_out(targeting_graph())
    ctx = explaining.stage_of(run.campaign.latest_version(), run).ctx
    for key in [(999,), ("x",), (1, 2), ()]:
        with pytest.raises(NotFound):
            explaining.demand(ctx, "people", key, SEEING)
    assert explaining.demand(ctx, "people", ("1",), SEEING) == (1,)


def test_who_may_not_see_personal_data_cannot_look_people_up_by_it_and_reads_no_value():
    nodes = {"ann": ("build_audience", audience({"attribute": "name", "operator": "is_not_empty"}))}
    run = try_out(graph(nodes))
    stage = explaining.stage_of(run.campaign.latest_version(), run)
    blind = Reader(rows=True, personal=False)
    email_of = PEOPLE[0]["email"]
    with pytest.raises(NotFound, match="not looked through"):
        explaining.find(stage.ctx, "people", email_of, blind)
    assert "email" not in explaining.identifiers(stage.ctx.model, "people", blind)
    found = told(run, 1, blind)
    assert step(found, "ann").told[0].verdicts[0].cells[0].value == MASK


def test_a_run_whose_rows_are_gone_says_so():
    run = try_out(targeting_graph())
    store.purge(run.pk)
    assert explaining.stage_of(run.campaign.latest_version(), run).purged()


def test_a_node_that_the_run_never_did_says_so():
    run = try_out(targeting_graph())
    run.nodes.filter(node_id="split").update(status=NodeRun.Status.FAILED, outputs={}, follows=[])
    found = told(run, 1)
    assert (step(found, "split").state, step(found, "split").word) == ("stopped", "not run")


def test_the_highest_key_comes_first_where_it_is_asked_for():
    """Of two orders of one column the engine's language keeps the last: the key stands once."""
    last = split(
        subset("last", limit={"type": "number", "value": 1, "of": "inbound"}, sort={"by": "id", "descending": True})
    )
    once = "deduplication", {
        "fields": ["city"], "keep": 1, "method": "expression", "sort": {"by": "id", "descending": True},
    }  # fmt: skip
    nodes = {"paris": ("build_audience", audience(PARIS)), "last": last, "once": once}
    kept = store.RunStore(try_out(graph(nodes, "paris>last", "paris>once")))
    found = {id: engine.rows(kept.population(id, port).table) for id, port in (("last", "last"), ("once", "out"))}
    assert [row["id"] for row in found["last"]] == [6]
    assert [row["id"] for row in found["once"]] == [6]
