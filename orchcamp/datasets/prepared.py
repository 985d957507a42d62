"""A dataset between its files and its new snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from . import engine
from .manifest import DatasetPlan
from .models import Dataset, Load, Snapshot

BAD, VALUE, FAULT = " bad", " value", " fault"  # of a staged row: the column that does not fit, its value, or why not
NO_KEY = 100_000  # BAD = NO_KEY + i: column i of the file is a key and empty
FILE_STRIDE = 2**40  # rows of the n-th file are numbered from n times this


@dataclass(frozen=True)
class Result:
    """What became of one dataset's files."""

    slug: str
    read: int
    kept: int
    rejected: int
    replaced: int
    rows: int
    rejects: str  # lake path, or nothing
    seconds: float

    def as_json(self) -> dict[str, Any]:
        place = str(engine.root() / self.rejects) if self.rejects else None
        return {name: getattr(self, name) for name in ("read", "kept", "rejected", "replaced", "rows")} | {
            "reject_file": place,
            "seconds": round(self.seconds, 3),
        }


@dataclass
class Prepared:
    """A dataset whose new snapshot lies ready under a name that nothing points to."""

    plan: DatasetPlan
    dataset: Dataset | None
    log: Load | None
    types: dict[str, str]
    current: Snapshot | None
    number: int = 1
    path: str = ""
    result: Result | None = None
    paths: list[str] = field(default_factory=list)  # to be removed if the load is refused


def source_name(plan: DatasetPlan) -> str:
    """The file, or the first of several, for people."""
    first = plan.files[0].name
    if len(plan.files) == 1:
        return first[:255]
    return _("%(first)s and %(n)d more") % {"first": first[:200], "n": len(plan.files) - 1}
