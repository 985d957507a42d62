"""Counts that are called off, and first rows that hide what is personal."""

from __future__ import annotations

import threading
import time

import ibis
import pytest

from orchcamp.datasets import counting, preview, schema
from tests.builders import make_shop

pytestmark = pytest.mark.django_db


def endless() -> ibis.Table:
    """A question that takes minutes."""
    numbers = ibis.range(0, 3_000_000).unnest().name("n").as_table()
    pairs = numbers.cross_join(numbers.view())
    return pairs.filter((pairs.n * pairs.n_right) % 7 == 3)


def test_a_count_is_exact():
    make_shop()
    assert counting.counted(schema.load().table("people"), "a") == 6


def test_a_count_can_be_called_off_from_elsewhere(settings):
    settings.COUNT_SECONDS = 600
    threading.Timer(0.3, counting.cancel, ["t1"]).start()
    with pytest.raises(counting.Cancelled, match="question was called off"):  # and not: took longer than …
        counting.counted(endless(), "t1")
    make_shop()
    assert counting.counted(schema.load().table("people"), "t2") == 6  # the thread is good for the next one


def test_a_count_that_takes_too_long_ends(settings):
    settings.COUNT_SECONDS = 0.2
    with pytest.raises(counting.Cancelled, match="longer than"):
        counting.counted(endless(), "t3")


def test_finishing_does_not_wait_for_the_watch(monkeypatch):
    make_shop()
    table = schema.load().table("people")
    counting.counted(table, "warm")
    monkeypatch.setattr(counting, "POLL_SECONDS", 3)
    began = time.monotonic()
    for n in range(20):
        counting.counted(table, f"quick{n}")
    assert time.monotonic() - began < 20 * 3 / 2  # half of what waiting each time would take


def test_personal_columns_are_masked_for_those_who_may_not_see_them():
    make_shop()
    model = schema.load()
    shape, table = model.dataset("people"), model.table("people")
    hidden = preview.sample(table, shape.columns, personal=False, key=shape.key)
    open_ = preview.sample(table, shape.columns, personal=True, key=shape.key)
    assert hidden.masked
    assert hidden.rows[0][:3] == ["1", preview.MASK, "Paris"]
    assert open_.rows[0][:3] == ["1", "Ann", "Paris"]
    assert not open_.masked
    assert hidden.rows[3][3] == ""  # nothing is not masked


def test_the_most_common_values_come_first():
    make_shop()
    table = schema.load().table("people")
    found, more = preview.frequencies(table, "city")
    assert (found[0].value, found[0].rows, found[0].share) == ("Paris", 3, 0.6)
    assert not more
    assert [value.value for value in preview.frequencies(table, "city", "ly")[0]] == ["Lyon"]
    assert [value.value for value in preview.frequencies(table, "consent")[0]] == ["true", "false"]
