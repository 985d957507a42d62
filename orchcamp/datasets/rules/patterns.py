"""Whether a regular expression can take exponential time on an engine that tries one way after the other.

Such a pattern has a place from which one text leads back to the same place in two different ways, as in ``(a+)+``.
Its characters become the states of an automaton; two copies of it that run over the same text must not part and
meet again on a cycle. Bounded repetitions count as unbounded ones: twenty ways of twenty are endless enough.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from re import _constants as codes  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]

STATES_AT_MOST = 400
STEPS_AT_MOST = 500_000
OTHER = "中"  # stands for every letter beyond ASCII
SAMPLE = [*map(chr, range(9, 127)), OTHER]
REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT}
BAR = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\|", re.DOTALL)
GROUPS = {codes.SUBPATTERN: 3, codes.ATOMIC_GROUP: 0} if hasattr(codes, "ATOMIC_GROUP") else {codes.SUBPATTERN: 3}


class _TooMany(Exception):
    """More states than are looked at."""


@dataclass
class _Piece:
    """Part of the pattern: the states it can begin and end with, each as often as there are ways."""

    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    nullable: bool = True
    varies: bool = False  # whether it matches texts of several lengths


@dataclass
class _Automaton:
    letters: list[int] = field(default_factory=list)  # of each state, as bits of the sample
    after: list[list[int]] = field(default_factory=list)  # as often as there are ways
    before: list[list[int]] = field(default_factory=list)

    def state(self, letters: set[str]) -> _Piece:
        if len(self.letters) >= STATES_AT_MOST:
            raise _TooMany
        self.letters.append(sum(1 << n for n, letter in enumerate(SAMPLE) if letter in letters))
        self.after.append([])
        self.before.append([])
        here = [len(self.letters) - 1]
        return _Piece(here, here, nullable=False)

    def link(self, sources: Iterable[int], targets: Iterable[int]) -> None:
        wanted = list(targets)
        for source in sources:
            self.after[source] += wanted
            for target in wanted:
                self.before[target].append(source)

    def sequence(self, items: Any) -> _Piece:
        whole = _Piece()
        for code, argument in items:
            piece = self.piece(code, argument)
            self.link(whole.last, piece.first)
            whole = _Piece(
                whole.first + (piece.first if whole.nullable else []),
                piece.last + (whole.last if piece.nullable else []),
                whole.nullable and piece.nullable,
                whole.varies or piece.varies,
            )
        return whole

    def piece(self, code: Any, argument: Any) -> _Piece:
        if code in REPEATS:
            return self.repeat(*argument)
        if code in GROUPS:
            return self.sequence(argument[GROUPS[code]] if isinstance(argument, tuple) else argument)
        if code is codes.BRANCH:
            ways = [self.sequence(way) for way in argument[1]]
            first, last = [s for way in ways for s in way.first], [s for way in ways for s in way.last]
            return _Piece(first, last, any(way.nullable for way in ways), varies=True)
        if code in (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN):
            return self.state(_letters(code, argument))
        return _Piece()  # an anchor

    def repeat(self, least: int, most: Any, items: Any) -> _Piece:
        body = self.sequence(items)
        if most == 0:
            return _Piece()
        if most != 1 and (least != most or body.varies):
            self.link(body.last, body.first)
        return _Piece(body.first, body.last, body.nullable or least == 0, varies=least != most or body.varies)


def _letters(code: Any, argument: Any) -> set[str]:
    if code is codes.ANY:
        return set(SAMPLE)
    if code is codes.LITERAL:
        return _members(codes.LITERAL, argument)
    if code is codes.NOT_LITERAL:
        return set(SAMPLE) - _members(codes.LITERAL, argument)
    negated = argument[0][0] is codes.NEGATE
    found: set[str] = set()
    for kind, what in argument[1:] if negated else argument:
        found |= _members(kind, what)
    return set(SAMPLE) - found if negated else found


def _members(kind: Any, what: Any) -> set[str]:
    if kind is codes.LITERAL:
        return {chr(what) if chr(what) in SAMPLE else OTHER}
    if kind is codes.RANGE:
        found = {letter for letter in SAMPLE if what[0] <= ord(letter) <= what[1]}
        return found | {OTHER} if what[1] > 126 else found
    escape = {
        codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_NOT_DIGIT: r"\D", codes.CATEGORY_SPACE: r"\s",
        codes.CATEGORY_NOT_SPACE: r"\S", codes.CATEGORY_WORD: r"\w", codes.CATEGORY_NOT_WORD: r"\W",
    }[what]  # fmt: skip
    return {letter for letter in SAMPLE if re.match(escape, letter)}


@lru_cache(maxsize=256)
def explodes(pattern: str) -> bool:
    """Whether some text makes it take exponential time; also when the pattern is too large to tell."""
    automaton, steps = _Automaton(), _Steps()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            automaton.sequence(parser.parse(_apart(pattern)))
        return any(_returns(automaton, state, steps) for state in range(len(automaton.after)))
    except _TooMany:
        return True


def _apart(pattern: str) -> str:
    """The pattern with a mark before each further alternative: without it the parser makes one of ``(ab|ab)``."""
    return BAR.sub(lambda found: "|(?-i:)" if found[0] == "|" else found[0], pattern)


@dataclass
class _Steps:
    left: int = STEPS_AT_MOST

    def take(self, n: int) -> None:
        self.left -= n
        if self.left < 0:
            raise _TooMany


def _returns(automaton: _Automaton, home: int, steps: _Steps) -> bool:
    """Whether two runs from ``home`` over one text, by different ways, can both be back at ``home``."""
    round_trip = _reached(automaton.after, home) & _reached(automaton.before, home)
    if home not in round_trip:
        return False
    after = {state: [s for s in automaton.after[state] if s in round_trip] for state in round_trip}
    seen: set[tuple[int, int, bool]] = set()
    waiting = [(home, home, False)]
    while waiting:
        left, right, parted = waiting.pop()
        steps.take(len(after[left]) * len(after[right]))
        for m, one in enumerate(after[left]):
            for n, other in enumerate(after[right]):
                if not automaton.letters[one] & automaton.letters[other]:
                    continue
                apart = parted or (left == right and m != n)
                if apart and one == other == home:
                    return True
                pair = (min(one, other), max(one, other), apart)
                if pair not in seen:
                    seen.add(pair)
                    waiting.append(pair)
    return False


def _reached(ways: list[list[int]], start: int) -> set[int]:
    seen: set[int] = set()
    waiting = list(ways[start])
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting += ways[at]
    return seen
