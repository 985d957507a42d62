"""Update data: a campaign changes a dataset, as one new snapshot, once."""

from __future__ import annotations

import pytest

from campaigns import execution
from campaigns.store import RunStore
from orchcamp.accounts.models import AuditEntry
from orchcamp.datasets import engine, schema, updating
from orchcamp.datasets.models import Dataset, Load
from tests.builders import make_dataset, make_shop
from tests.campaigns.builders import PARIS, make_campaign
from tests.campaigns.files_stage import again, ending_in, run

pytestmark = pytest.mark.django_db
COLUMNS = {"person": "integer", "city": "string", "points": "float", "at": "date"}


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()
    rows = [{"person": 1, "city": "Rome", "points": 5.0}, {"person": 2, "city": "Oslo"}, {"person": 9, "city": "Bonn"}]
    make_dataset("cards", ["person"], COLUMNS, rows)


def settings(operation: str = "insert_or_update", **more) -> dict:
    fields = [{"destination": "city"}, {"destination": "points", "expression": "[id] * 10"}]
    pairs = [{"source": "id", "destination": "person"}]
    return {"dataset": "cards", "operation": operation, "identification": pairs, "fields": fields, **more}


def cards() -> dict[int, tuple]:
    rows = engine.rows(schema.load().table("cards").order_by("person"))
    return {row["person"]: (row["city"], row["points"]) for row in rows}


def changed(operation: str, rule=PARIS, **more):
    found, node = run(ending_in("update_data", settings(operation, **more), rule, port="rejects"))
    assert found.status == "succeeded", node.error
    return found, node


def rejected(found) -> list[tuple]:
    rejects = RunStore(found).population("it", "rejects")
    return [] if rejects is None else sorted((row["id"], row["reason"]) for row in engine.rows(rejects.table))


def test_rows_are_inserted_or_updated():
    found, node = changed("insert_or_update")
    assert cards() == {
        1: ("Paris", 10.0),
        2: ("Oslo", None),
        3: ("Paris", 30.0),
        6: ("Paris", 60.0),
        9: ("Bonn", None),
    }
    assert (node.outputs["out"]["rows"], rejected(found)) == (3, [])


def test_an_insert_rejects_what_is_there():
    found, _node = changed("insert")
    assert cards()[1] == ("Rome", 5.0) and cards()[3] == ("Paris", 30.0)
    assert rejected(found) == [(1, "the row is there already")]


def test_an_update_rejects_what_matches_nothing():
    found, _node = changed("update")
    assert cards() == {1: ("Paris", 10.0), 2: ("Oslo", None), 9: ("Bonn", None)}
    assert rejected(found) == [(3, "no row matches"), (6, "no row matches")]


def test_a_delete_takes_rows_away():
    found, node = changed("delete", None)
    assert cards() == {9: ("Bonn", None)}
    assert [id for id, _reason in rejected(found)] == [3, 4, 5, 6]
    assert node.status == "succeeded"


def test_a_condition_leaves_the_old_value():
    fields = [{"destination": "points", "expression": "7", "condition": "[city] = 'Paris'"}, {"destination": "city"}]
    changed("insert_or_update", None, fields=fields)
    assert cards()[1] == ("Paris", 7.0) and cards()[2] == ("Lyon", None) and cards()[5] == ("Nice", None)


def test_two_rows_for_one_and_values_that_do_not_fit_are_rejected():
    pairs = [{"source": "city", "destination": "city"}]
    fields = [{"destination": "at", "source": "email"}]
    found, _node = changed("update", None, identification=pairs, fields=fields)
    reasons = {reason for _id, reason in rejected(found)}
    assert reasons == {"“at” does not fit its column", "what identifies the row is empty"}
    assert len(rejected(found)) == 6


def test_the_first_of_two_rows_that_mean_the_same_is_taken():
    make_dataset("towns", ["city"], {"city": "string", "first": "integer"}, [{"city": "Rome"}])
    more = {"dataset": "towns", "identification": [], "fields": [{"destination": "first", "source": "id"}]}
    found, _node = changed("insert_or_update", **more)
    assert engine.rows(schema.load().table("towns").order_by("city")) == [
        {"city": "Paris", "first": 1},
        {"city": "Rome", "first": None},
    ]
    assert rejected(found) == [(3, "another row changes the same row"), (6, "another row changes the same row")]


def test_a_row_that_is_changed_keeps_a_key():
    fields = [{"destination": "person", "expression": "Iif([id] = 1, [id] / 0, [id])"}]
    found, _node = changed("update", None, fields=fields)
    assert (1, "the key is empty") in rejected(found)
    assert set(cards()) == {1, 2, 9}


def test_a_row_that_does_not_fit_takes_nothing_from_another_that_means_the_same():
    make_dataset("towns", ["city"], {"city": "string", "first": "integer"}, [{"city": "Rome"}])
    text = "Iif([id] = 1, 'none', ToString([id]))"
    more = {"dataset": "towns", "identification": [], "fields": [{"destination": "first", "expression": text}]}
    found, _node = changed("insert_or_update", **more)
    assert {row["city"]: row["first"] for row in engine.rows(schema.load().table("towns"))} == {
        "Paris": 3,
        "Rome": None,
    }
    assert [id for id, _reason in rejected(found)] == [1, 6]


def test_it_is_done_once_and_stands_in_the_history_and_the_audit_trail(ada):
    found, node = run(ending_in("update_data", settings(), PARIS, port="rejects"), by=ada)
    before = Dataset.objects.get(slug="cards").snapshot.number
    assert again(found).status == "succeeded"
    assert Dataset.objects.get(slug="cards").snapshot.number == before == 2
    load = Load.objects.get(dataset__slug="cards")
    assert (load.read, load.kept, load.rejected, load.snapshot.number, load.by) == (3, 3, 0, 2, ada)
    assert load.source == "Spring · It"
    entry = AuditEntry.objects.get(verb="updated")
    assert (entry.actor, entry.facts["inserted"], entry.facts["updated"]) == (ada, 2, 1)
    assert node.outputs["out"]["rows"] == 3


def test_a_run_goes_on_with_the_data_that_it_pinned():
    found, _node = changed("insert_or_update")
    ctx = execution.context(found)
    assert engine.count(ctx.model.table("cards")) == 3
    assert len(cards()) == 5


def test_who_loads_meanwhile_is_not_overwritten(monkeypatch):
    written, meanwhile = updating._written, []

    def after_another(*arguments):
        if not meanwhile:
            dataset, kept = Dataset.objects.get(slug="cards"), schema.load().table("cards")
            path = "datasets/cards/other.parquet"
            rows = engine.write(kept.filter(kept.person != 2), path)
            dataset.snapshot = dataset.snapshots.create(number=2, path=path, rows=rows)
            dataset.save()
            meanwhile.append(path)
        return written(*arguments)

    monkeypatch.setattr(updating, "_written", after_another)
    changed("insert_or_update")
    assert cards() == {1: ("Paris", 10.0), 3: ("Paris", 30.0), 6: ("Paris", 60.0), 9: ("Bonn", None)}


def test_a_change_that_would_give_two_rows_one_key_is_refused():
    fields = [{"destination": "person", "expression": "9"}]
    pairs = [{"source": "city", "destination": "city"}]
    _found, node = run(ending_in("update_data", settings(fields=fields, identification=pairs), None))
    assert "two rows would have one key" in node.error
    assert Dataset.objects.get(slug="cards").snapshot.number == 1


def test_a_test_run_changes_nothing():
    found, node = run(ending_in("update_data", settings(), None), mode="test")
    assert (found.status, node.outputs["out"]["rows"]) == ("succeeded", 6)
    assert Dataset.objects.get(slug="cards").snapshot.number == 1


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"dataset": "nothing"}, "nothing"),
        ({"fields": [{"destination": "colour", "source": "city"}]}, "no column “colour”"),
        ({"fields": [{"destination": "city", "source": "colour"}]}, "colour"),
        ({"fields": [{"destination": "city", "expression": "Upper([colour])"}]}, "colour"),
        ({"identification": []}, "Column “person” does not reach this node"),
    ],
)
def test_what_is_wrong_is_said_before_a_run(more, sentence):
    campaign = make_campaign(ending_in("update_data", settings(**more)))
    with pytest.raises(Exception, match=sentence):
        execution.start(campaign.latest_version(), mode="test")
