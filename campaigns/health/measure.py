"""One measure: how it stands, in a word, a sentence and numbers; and the mend where it is not well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

OK, WARNING, CRITICAL = "ok", "warning", "critical"
LEVELS = (OK, WARNING, CRITICAL)


@dataclass(frozen=True)
class Value:
    """One number of the metrics: ``orchcamp_<name>{labels}``."""

    name: str
    help: str
    number: float
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """What one function found."""

    key: str
    label: Any
    level: str
    shown: str  # the figure for people
    sentence: str = ""  # what is odd; empty when nothing is
    mend: str = ""
    values: tuple[Value, ...] = ()
    details: tuple[tuple[str, str], ...] = ()  # words, address


def level(number: float, warning: float, critical: float) -> str:
    """Where a number stands that is the worse the higher it is."""
    return CRITICAL if number >= critical else WARNING if number >= warning else OK


def worst(measures: Iterable[Measure]) -> str:
    return max((measure.level for measure in measures), key=LEVELS.index, default=OK)
