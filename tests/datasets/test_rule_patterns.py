"""Regular expressions of bounded cost: what could take exponential time on some engine is refused."""

from __future__ import annotations

import time

import pytest

from orchcamp.datasets.rules import patterns
from tests.datasets.rule_stage import kept, refusal, where

EXPLODING = [
    "(a+)+", "(a*)*b", "(a|aa)+$", "(a|b|ab)*", r"(\w|\d)+x", "([a-z]+)*$", "(x+x+)+y", r"^(\d+,?)+$", "(.*)*", "((a{1,3}){1,20})+",
    "(a{2,30}){10}", "(?:a?b?)*x", "((a|b)*c?)*", "(.*a){12}", "(é+)+",
    "(a|a)*b", "(ab|ab)*c", "(a|a|b)*c", r"(\d|\d)+x", "(.|.)*z", "(a|[a])*z", "([|a]|a)*b",
]  # fmt: skip
SOUND = [
    r"^[\w.]+@([\w-]+\.)+[a-z]{2,}$", r"^\d{3}-\d{4}$", "(foo|food)+", r"(\d{2}){3}", r"^(\w+\s)*\w+$", "a.*b.*c", "(a|b)*c", "",
    r"^(\d{1,3}\.){3}\d{1,3}$", r"(,\s*\w+)*", r"^(https?://)?(www\.)?[\w-]+(\.[\w-]+)+(/\S*)?$", "a{1000}", r"[\w\d]+", "(?i)^pa",
    "(a|b|c)*d", "[a|b]+c", "[]|]+c", r"(\||b)*c", "(Par|Ly)+", "(?:foo|bar|foobaz)x", "(|a)",
]  # fmt: skip


@pytest.mark.parametrize("pattern", EXPLODING)
def test_a_pattern_that_can_take_for_ever_is_refused(pattern):
    assert "could take for ever" in refusal(where("city", "matches", pattern))


@pytest.mark.parametrize("pattern", SOUND)
def test_a_pattern_that_people_write_is_not(pattern):
    kept(where("city", "matches", pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        f"({'|'.join(f'[a-z]+x{n}' for n in range(100))})+",
        f"({'a?' * 390})+",
        f"({'[a-z]?0' * 120})+",
        f"{'(' * 300}a{')' * 300}+",
        f"{'(?:' * 150}a{')+' * 150}",
    ],
)
def test_looking_at_a_pattern_takes_bounded_time(pattern):
    began = time.process_time()
    patterns.explodes(pattern)
    assert time.process_time() - began < 10
