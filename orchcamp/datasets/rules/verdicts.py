"""What a rule, or another decision of the canvas, says about one row: a tree of verdicts with the row's values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..preview import MASK


@dataclass(frozen=True)
class Cell:
    """One value of a row, with what it is called."""

    label: str
    value: Any
    personal: bool = False


@dataclass(frozen=True)
class Verdict:
    """One thing that was asked of the row: what, whether it holds, and what the row has there.

    ``holds`` is None for what is merely told. ``part`` is what the verdict's group makes of it: ``except`` for what
    must not hold. Of what is asked about linked rows, ``rows`` of ``of`` satisfy it.
    """

    words: str
    holds: bool | None = None
    kind: str = "condition"  # or and, or, except, collection, figure, audience, filter, fact, subset
    cells: tuple[Cell, ...] = ()
    items: tuple[Verdict, ...] = ()
    part: str = ""
    rows: int | None = None
    of: int | None = None
    noun: str = ""  # what the linked rows are
    samples: tuple[tuple[Cell, ...], ...] = ()
    filter: str = ""  # slug of a predefined filter, whose rule some may not look into

    @property
    def wanted(self) -> bool:
        """Whether the verdict is the one that lets the row through, where it stands."""
        return self.holds is not (self.part == "except")

    @property
    def counts_all(self) -> bool:
        """Whether the linked rows are simply all there are, and the figure says how many."""
        return self.kind == "figure" and self.rows == self.of


def fact(words: str, holds: bool | None = None, **more: Any) -> Verdict:
    """A verdict that is no rule's."""
    return Verdict(words, holds, more.pop("kind", "fact"), **more)


def culprits(verdict: Verdict, wanted: bool = True) -> Iterator[Verdict]:
    """The smallest verdicts that made this one other than wanted."""
    if verdict.holds is None or verdict.holds is wanted:
        return
    if verdict.kind == "filter" and verdict.items:
        yield from culprits(verdict.items[0], wanted)
    elif verdict.kind not in ("and", "or", "except", "subset") or not verdict.items:
        yield verdict
    else:
        for item in verdict.items:
            yield from culprits(item, wanted is not (item.part == "except"))


def masked(verdict: Verdict, *, personal: bool, values: bool, hidden: frozenset[str] = frozenset()) -> Verdict:
    """The verdict for a reader: without ``personal`` the personal values are masked, without ``values`` all are, and
    linked rows are neither counted nor shown; what is inside of a ``hidden`` filter is left out."""

    def cell(found: Cell) -> Cell:
        seen = found.value is None or (values and (personal or not found.personal))
        return found if seen else replace(found, value=MASK)

    inside = () if verdict.filter in hidden else verdict.items
    return replace(
        verdict,
        cells=tuple(map(cell, verdict.cells)),
        samples=tuple(tuple(map(cell, row)) for row in verdict.samples) if values else (),
        rows=verdict.rows if values else None,
        of=verdict.of if values else None,
        items=tuple(masked(item, personal=personal, values=values, hidden=hidden) for item in inside),
    )
