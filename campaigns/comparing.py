"""Two runs of a campaign side by side: what each step counted, how long it took, and what was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from activities.graph import Node
from orchcamp.web.numbers import whole

from . import progress
from .models import Campaign, NodeRun, Run
from .progress import Sending, Step
from .reporting import reason_label
from .versions.diff import of_node

DIFFERENCE, CANVAS, NAME = "difference", "canvas", "name"
ORDERS = (DIFFERENCE, CANVAS, NAME)


@dataclass(frozen=True)
class Figure:
    """One number in both runs; None where there is none."""

    label: str
    a: float | None
    b: float | None

    @property
    def difference(self) -> float | None:
        if self.a is None and self.b is None:
            return None
        return (self.b or 0) - (self.a or 0)

    @property
    def rate(self) -> float | None:
        """The difference as a share of the first run's number; None where that was nothing."""
        return self.difference / self.a if self.a and self.b is not None and self.difference is not None else None

    @property
    def tone(self) -> str:
        return "same" if not self.difference else "more" if self.difference > 0 else "less"


@dataclass(frozen=True)
class Line:
    """One step of either run."""

    node: Node
    kind: str
    icon: str
    a: NodeRun | None
    b: NodeRun | None
    ports: tuple[Figure, ...]
    seconds: Figure
    lost: Figure
    changed: tuple[str, ...]  # the settings that differ, in words

    @property
    def weight(self) -> tuple[bool, float, float]:
        """How much there is to see: one-sided first, then by share, then by rows."""
        shares = [abs(f.rate) if f.rate is not None else 1.0 for f in self.ports if f.difference]
        rows = [abs(f.difference or 0) for f in self.ports]
        return (self.a is None or self.b is None, max(shares, default=0.0), max(rows, default=0.0))

    @property
    def differs(self) -> bool:
        statuses = self.a is None or self.b is None or self.a.status != self.b.status
        return statuses or bool(self.changed) or any(f.difference for f in (*self.ports, self.lost))


@dataclass(frozen=True)
class Delivered:
    """One message in both runs."""

    label: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Comparison:
    a: Run
    b: Run
    lines: list[Line] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)

    @property
    def differing(self) -> int:
        return sum(line.differs for line in self.lines)


def chosen(campaign: Campaign, a: str | None, b: str | None) -> tuple[Run, Run] | None:
    """The two runs that are asked for, else the last two of a mode, else the last two; None when there are not two."""
    runs = campaign.runs.select_related("version", "started_by")
    picked = [runs.filter(pk=number).first() if (number := whole(text)) is not None else None for text in (a, b)]
    if picked[0] is not None and picked[1] is not None:
        return picked[0], picked[1]
    for same in ({"mode": Run.Mode.LIVE}, {"mode": Run.Mode.TEST}, {}):
        last = list(runs.filter(**same)[:2])
        if len(last) == 2:
            return last[1], last[0]
    return None


def compare(a: Run, b: Run, order: str = DIFFERENCE) -> Comparison:
    """What differs; nodes are the same when they have the same id."""
    steps_a, steps_b = _steps(a), _steps(b)
    ids = [*steps_b, *(id for id in steps_a if id not in steps_b)]
    lines = [_line(steps_a.get(id), steps_b.get(id)) for id in ids]
    if order == DIFFERENCE:
        lines.sort(key=lambda line: line.weight, reverse=True)
    elif order == NAME:
        lines.sort(key=lambda line: line.node.name.lower())
    return Comparison(a, b, lines, _delivered(_sendings(a, steps_a), _sendings(b, steps_b), ids))


def _steps(run: Run) -> dict[str, Step]:
    return {step.node.id: step for step in progress.steps(run)}


def _line(a: Step | None, b: Step | None) -> Line:
    step = b or a
    assert step is not None
    seconds = Figure(_("Seconds"), a.seconds if a else None, b.seconds if b else None)
    lost = Figure(_("Lost rows"), _lost(a), _lost(b))
    rows = [step.row if step else None for step in (a, b)]
    changed = tuple(of_node(a.node, b.node)) if a and b else ()
    return Line(step.node, step.kind, step.icon, rows[0], rows[1], _ports(a, b), seconds, lost, changed)


def _ports(a: Step | None, b: Step | None) -> tuple[Figure, ...]:
    """The rows that left each port of either; a way that was not taken carried none."""
    counts = [{out.port: out.rows for out in step.outputs} if step else {} for step in (a, b)]
    labels = {out.port: out.label for step in (a, b) if step for out in step.outputs}
    several = len(labels) > 1
    return tuple(
        Figure(label if several else "", counts[0].get(port), counts[1].get(port)) for port, label in labels.items()
    )


def _lost(step: Step | None) -> int | None:
    return sum(loss["rows"] for loss in step.row.lost) if step else None


def _sendings(run: Run, steps: dict[str, Step]) -> dict[str, Sending]:
    found = progress.sendings(run, [step.row for step in steps.values()])
    return {sending.row.node_id: sending for sending in found if sending.row}


def _delivered(a: dict[str, Sending], b: dict[str, Sending], ids: Iterable[str]) -> list[Delivered]:
    found = []
    for id in ids:
        if id not in a and id not in b:
            continue
        books = [sendings[id].books if id in sendings else None for sendings in (a, b)]
        reasons = dict.fromkeys(reason for one in books if one for reason, rows in one.excluded.items() if rows)
        parts = [("targeted", _("Targeted")), ("left_out", _("Excluded"))]
        rows = [Figure(label, *(getattr(one, name) if one else None for one in books)) for name, label in parts]
        rows += [
            Figure(f"– {reason_label(reason)}", *(one.excluded.get(reason, 0) if one else None for one in books))
            for reason in reasons
        ]
        parts = [
            ("accepted", _("Accepted")),
            ("refused", _("Refused")),
            ("in_doubt", _("In doubt")),
            ("pending", _("Pending")),
        ]
        rows += [Figure(label, *(getattr(one, name) if one else None for one in books)) for name, label in parts]
        found.append(Delivered((b.get(id) or a[id]).delivery.label, tuple(rows)))
    return found
