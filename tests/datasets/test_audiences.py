"""Saved audiences: versions that are written once, moved to at once, and never lost between two savers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import ibis
import pytest

from orchcamp.accounts.models import AuditEntry
from orchcamp.datasets import audiences, engine, refreshing, rules, schema
from orchcamp.datasets.audiences import AudienceError, Rows
from orchcamp.datasets.models import Audience, AudienceVersion, Dataset
from tests.builders import make_shop

pytestmark = pytest.mark.django_db
PARIS = {"attribute": "city", "operator": "equals", "value": "Paris"}
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
Mode = AudienceVersion.Mode


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()


@pytest.fixture
def vips() -> Audience:
    return audiences.create("VIPs", Dataset.objects.get(slug="people"), origin="campaign", maker="spring/save")


def rows(*keys: int, **columns: list) -> Rows:
    cells = {"id": list(keys), **columns}
    return Rows(ibis.memtable([dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]))


def members(audience: Audience) -> list[dict]:
    table = schema.load().audience_table(audience.slug)
    return engine.rows(table.order_by("id"))


def ids(audience: Audience) -> list[int]:
    return [row["id"] for row in members(audience)]


# --- Making ------------------------------------------------------------------------------------------


def test_a_name_is_taken_once_and_so_is_a_label(vips):
    people = Dataset.objects.get(slug="people")
    assert vips.slug == "vips"
    with pytest.raises(AudienceError, match="“vips” in rules"):
        audiences.create("Other", people, slug="vips")
    with pytest.raises(AudienceError, match="called “vIPs” already"):
        audiences.create("vIPs", people, slug="other")
    with pytest.raises(AudienceError, match="letters, digits"):
        audiences.create("???", people)
    assert Audience.objects.count() == 1


def test_a_rule_that_cannot_be_used_makes_no_audience():
    people = Dataset.objects.get(slug="people")
    with pytest.raises(rules.RuleError, match="colour"):
        audiences.create("Red", people, rule={"attribute": "colour", "operator": "equals", "value": "red"})
    assert not Audience.objects.exists()


# --- Saving ------------------------------------------------------------------------------------------


def test_saving_writes_a_version_and_moves_to_it(vips, mark):
    version = audiences.save(vips, rows(1, 2, score=[9, 7]), source="by hand", by=mark)
    assert (version.number, version.rows, version.columns, version.mode) == (1, 2, {"score": "integer"}, "create")
    assert members(vips) == [{"id": 1, "score": 9}, {"id": 2, "score": 7}]
    assert schema.load().audience("vips").version == 1
    entry = AuditEntry.objects.get(verb="saved audience")
    assert (entry.actor, entry.facts["rows"]) == (mark, 2)


def test_overwriting_keeps_what_was_before_as_history(vips):
    audiences.save(vips, rows(1, 2))
    audiences.save(vips, rows(3))
    assert ids(vips) == [3]
    first = vips.versions.get(number=1)
    assert engine.count(engine.table(first.path)) == 2


def test_a_run_that_pinned_the_older_version_still_reads_it(vips):
    audiences.save(vips, rows(1, 2))
    audiences.save(vips, rows(3, score=[1]))
    pinned = schema.load({"audience:vips": 1})
    assert engine.count(pinned.audience_table("vips")) == 2
    assert dict(pinned.audience("vips").columns) == {}


def test_appending_keeps_the_columns_of_the_newest_row(vips):
    audiences.save(vips, rows(1, 2, score=[9, 7]))
    audiences.save(vips, rows(2, 3, score=[8, 1], source=["fair", "shop"]), mode=Mode.APPEND)
    assert members(vips) == [
        {"id": 1, "score": 9, "source": None},
        {"id": 2, "score": 8, "source": "fair"},
        {"id": 3, "score": 1, "source": "shop"},
    ]


def test_removing_takes_keys_out_and_nothing_else(vips):
    audiences.save(vips, rows(1, 2, 3, score=[9, 8, 7]))
    audiences.save(vips, rows(2, 99), mode=Mode.REMOVE)
    assert members(vips) == [{"id": 1, "score": 9}, {"id": 3, "score": 7}]


def test_removing_from_what_was_never_saved_leaves_nobody(vips):
    assert audiences.save(vips, rows(1), mode=Mode.REMOVE).rows == 0


def test_nobody_makes_it_empty(vips):
    audiences.save(vips, rows(1))
    audiences.save(vips, Rows(rows(1).table.limit(0)))
    assert ids(vips) == []
    assert schema.load().audience("vips").version == 2


def test_saving_twice_under_a_run_key_is_saving_once(vips):
    first = audiences.save(vips, rows(1), mode=Mode.APPEND, run_key="7-save")
    again = audiences.save(vips, rows(2), mode=Mode.APPEND, run_key="7-save")
    assert first == again
    assert ids(vips) == [1]


def test_a_saver_who_died_before_the_pointer_moved_leaves_nothing_behind(vips, monkeypatch):
    audiences.save(vips, rows(1))
    monkeypatch.setattr(audiences, "_moved", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        audiences.save(vips, rows(2), mode=Mode.APPEND, run_key="7-save")
    monkeypatch.undo()
    assert ids(vips) == [1]
    audiences.save(vips, rows(5), mode=Mode.APPEND)
    audiences.save(vips, rows(2), mode=Mode.APPEND, run_key="7-save")
    assert ids(vips) == [1, 2, 5]


def test_two_who_append_at_once_both_get_in(vips, monkeypatch):
    audiences.save(vips, rows(1))
    write, others = engine.write, [rows(8)]

    def slowly(table, path, **options):
        if others:
            audiences.save(Audience.objects.get(pk=vips.pk), others.pop(), mode=Mode.APPEND)
        return write(table, path, **options)

    monkeypatch.setattr(engine, "write", slowly)
    version = audiences.save(vips, rows(2), mode=Mode.APPEND)
    assert version.number == 3
    assert ids(vips) == [1, 2, 8]


def test_keys_take_the_type_of_the_dataset_and_a_missing_one_is_named(vips):
    audiences.save(vips, Rows(ibis.memtable({"id": ["1", "2"]})))
    assert ids(vips) == [1, 2]
    with pytest.raises(AudienceError, match="no column “id”"):
        audiences.save(vips, Rows(ibis.memtable({"name": ["Ann"]})))


def test_personal_columns_stay_personal(vips):
    audiences.save(vips, Rows(ibis.memtable({"id": [1], "mail": ["a@b"]}), personal=("mail",)))
    assert schema.load().audience("vips").columns["mail"].personal
    audiences.save(vips, rows(2), mode=Mode.APPEND)
    assert schema.load().audience("vips").columns["mail"].personal


# --- Changing and deleting ----------------------------------------------------------------------------


def test_a_rule_follows_a_label_only_where_there_is_one(vips, mark):
    audiences.change(vips, by=mark, label="Best", rule=PARIS, refresh_every=timedelta(days=1))
    vips.refresh_from_db()
    assert (vips.label, vips.rule, vips.refresh_every, vips.next_refresh_at) == ("Best", {}, None, None)


def test_deleting_takes_the_files_along(vips, mark):
    version = audiences.save(vips, rows(1))
    audiences.delete(vips, by=mark)
    assert not Audience.objects.exists()
    assert not engine.exists(version.path)
    again = audiences.create("VIPs", Dataset.objects.get(slug="people"))
    audiences.save(again, rows(2))
    assert ids(again) == [2]


# --- Refreshing ----------------------------------------------------------------------------------------


@pytest.fixture
def parisians() -> Audience:
    return audiences.create("Parisians", Dataset.objects.get(slug="people"), rule=PARIS)


def test_a_refresh_asks_the_rule(parisians, mark):
    version = refreshing.refresh(parisians, by=mark)
    assert (ids(parisians), version.mode, version.by) == ([1, 3, 6], "create", mark)


def test_what_has_no_rule_cannot_be_refreshed(vips):
    with pytest.raises(AudienceError, match="has no rule"):
        refreshing.refresh(vips)


def test_an_empty_rule_is_everyone():
    everyone = audiences.create("All", Dataset.objects.get(slug="people"))
    assert refreshing.refresh(everyone).rows == 6


def scheduled(audience: Audience, slot: datetime = NOW) -> None:
    audiences.change(
        audience, by=None, label=audience.label, rule=PARIS, refresh_every=timedelta(hours=6), first_refresh=slot
    )


def test_a_due_refresh_is_done_once_and_keeps_its_hour(parisians):
    scheduled(parisians)
    assert refreshing.refresh_due(NOW - timedelta(minutes=1)) == []
    assert [version.rows for version in refreshing.refresh_due(NOW + timedelta(hours=13))] == [3]
    assert refreshing.refresh_due(NOW + timedelta(hours=13)) == []
    parisians.refresh_from_db()
    assert parisians.next_refresh_at == NOW + timedelta(hours=18)
    assert parisians.refresh_lease is None


def test_a_claimed_refresh_is_nobody_else_s_until_its_lease_is_over(parisians):
    scheduled(parisians)
    assert refreshing.claim_due(NOW) == [parisians.pk]
    assert refreshing.claim_due(NOW) == []
    assert refreshing.claim_due(NOW + refreshing.LEASE + timedelta(seconds=1)) == [parisians.pk]


def test_a_worker_that_died_after_saving_does_not_save_again(parisians):
    scheduled(parisians)
    refreshing.refresh(parisians, run_key=f"refresh-{NOW.isoformat()}")
    assert [version.number for version in refreshing.refresh_due(NOW)] == [1]
    assert parisians.versions.count() == 1


def test_a_refresh_that_cannot_be_says_why_and_tries_again_at_its_next_slot(parisians):
    scheduled(parisians)
    Audience.objects.update(rule={"attribute": "gone", "operator": "is_empty"})
    assert refreshing.refresh_due(NOW) == []
    parisians.refresh_from_db()
    assert "gone" in parisians.refresh_error
    assert parisians.next_refresh_at == NOW + timedelta(hours=6)


def test_the_queue_s_minute_finds_what_is_due(parisians):
    from campaigns import tasks

    scheduled(parisians)
    (pk,) = refreshing.claim_due(NOW)
    tasks.refresh_audience(pk)
    assert ids(parisians) == [1, 3, 6]
