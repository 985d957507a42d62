"""What a process keeps of its work: by everything that it depends on, and never without bound."""

import pytest

from orchcamp.web.recent import Recent, Same


def test_a_value_is_made_once_while_it_is_recent():
    recent, made = Recent(10), []
    for _ in range(3):
        assert recent.get("key", lambda: made.append(1) or "value") == "value"
    assert made == [1]
    recent.clear()
    recent.get("key", lambda: made.append(2) or "value")
    assert made == [1, 2]


def test_what_is_asked_for_stays_and_the_rest_goes():
    recent = Recent(10)
    recent.get("asked", lambda: "first")
    for number in range(1000):
        assert recent.get("asked", lambda: "again") == "first"
        recent.get(number, number.__index__)
        assert len(recent) <= 20
    assert recent.get(999, lambda: "again") == 999
    assert recent.get(3, lambda: "again") == "again"


def test_nothing_is_kept_of_what_could_not_be_made():
    recent = Recent(10)
    with pytest.raises(ZeroDivisionError):
        recent.get("key", lambda: 1 / 0)
    assert recent.get("key", lambda: "value") == "value"


def test_an_equal_object_is_not_the_same():
    one, other = [1], [1]
    assert Same(one) == Same(one) and Same(one) != Same(other) and Same(one) != one
    assert len({Same(one), Same(one), Same(other)}) == 2
