"""What the data screens show of a dataset: columns with their figures, sample rows, and its links drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import ibis
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from ibis.expr.types import Table

from . import engine, schema, statistics
from .models import Column, Dataset

MASK = "•••••"
SAMPLE = 25
FIRST_VALUES = 20
BOX, GAP, TOP = 46, 34, 16
SIDE, BETWEEN = 220, 220


@dataclass(frozen=True)
class Bar:
    label: str
    rows: int
    share: float  # of the greatest bar
    x: int = 0  # in the small picture, 120 x 28
    y: float = 0.0
    width: int = 0
    height: float = 0.0


@dataclass(frozen=True)
class ColumnView:
    """One column and what its snapshot holds."""

    column: Column
    roles: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    hidden: bool = False  # a personal column, for someone who may not see it
    bars: tuple[Bar, ...] = ()

    @property
    def null_rate(self) -> float | None:
        return self.facts["nulls"] / self.facts["rows"] if self.facts.get("rows") else None

    @property
    def ends(self) -> str:
        """The least and the greatest value."""
        least, most = self.facts.get("least"), self.facts.get("most")
        if self.hidden or least is None or self.column.type == Column.Type.STRING:
            return ""
        return f"{_short(least, self.column.type)} – {_short(most, self.column.type)}"


def _short(value: Any, type: str) -> str:
    if isinstance(value, str):
        return value[:10] if type == Column.Type.DATE else value[:16]
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def columns(dataset: Dataset, *, personal: bool) -> list[ColumnView]:
    """Every column with its figures; ``personal``: whether the reader may see personal values."""
    known = list(dataset.columns.all())
    types = {column.name: column.type for column in known}
    found = statistics.of(dataset.snapshot.path, types) if dataset.snapshot else {}
    views = []
    for column in known:
        hidden, facts = column.personal and not personal, found.get(column.name, {})
        bars = () if hidden else bars_of(facts.get("bars", []))
        views.append(ColumnView(column, _roles(dataset, column.name), facts, hidden, bars))
    return views


def _roles(dataset: Dataset, name: str) -> tuple[str, ...]:
    roles = [_("key")] * (name in dataset.key) + [_("version")] * (name == dataset.version_column)
    roles += [_("%(channel)s address") % {"channel": channel} for channel, at in dataset.target.items() if at == name]
    return tuple(roles)


def bars_of(bars: list[list[Any]]) -> tuple[Bar, ...]:
    most = max((rows for _label, rows in bars), default=0) or 1
    width = 120 // max(len(bars), 1)
    found = []
    for place, (label, rows) in enumerate(bars):
        height = round(max(28 * rows / most, 1.5 if rows else 0), 1)
        found.append(Bar(str(label), rows, rows / most, place * width, 28 - height, max(width - 2, 2), height))
    return tuple(found)


def sample(dataset: Dataset, *, personal: bool) -> tuple[list[Column], list[list[Any]]]:
    """The first rows, personal columns masked for those who may not see them."""
    known = list(dataset.columns.all())
    table = schema.load().table(dataset.slug)
    rows = engine.rows(table.select([column.name for column in known]), limit=SAMPLE) if known else []
    return known, [
        [
            MASK if column.personal and not personal and row[column.name] is not None else row[column.name]
            for column in known
        ]
        for row in rows
    ]


def shown(value: Any) -> str | None:
    """A value as a cell of a table."""
    if value is None:
        return None
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
    return str(value)


def distribution(dataset: Dataset, column: Column, search: str = "") -> dict[str, Any]:
    """The most frequent values: rows and share of all rows; ``search`` narrows them to texts that contain it."""
    table: Table = schema.load().table(dataset.slug).select(column.name)
    facts = statistics.of(dataset.snapshot.path, {c.name: c.type for c in dataset.columns.all()})[column.name]  # type: ignore[union-attr]
    if search:
        table = table.filter(table[column.name].cast("string").lower().contains(ibis.literal(search.lower())))
    counted = statistics.top(table, column.name, FIRST_VALUES + 1)
    total = facts["rows"] or 1
    values = [{"value": shown(value), "rows": n, "share": n / total} for value, n in counted[:FIRST_VALUES]]
    return {"values": values, "more": len(counted) > FIRST_VALUES, "facts": facts, "null_rate": facts["nulls"] / total}


# --- Links -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Neighbour:
    """A dataset that this one is linked with, and where it is drawn."""

    slug: str
    label: str
    here: str  # how this dataset sees the neighbour
    there: str  # how the neighbour sees this dataset
    cardinality: str  # seen from here: "N:1", "1:N" or "1:1"
    columns: str
    to_one: bool
    x: int
    y: int
    rows: str

    @property
    def address(self) -> str:
        return reverse("datasets:detail", args=[self.slug])


@dataclass(frozen=True)
class Line:
    path: str
    x: int  # of the names, near the neighbour
    upper: float
    lower: float
    anchor: str
    neighbour: Neighbour


@dataclass(frozen=True)
class Diagram:
    width: int
    height: int
    x: int
    y: int
    rows: str
    lines: tuple[Line, ...]

    @property
    def neighbours(self) -> list[Neighbour]:
        return [line.neighbour for line in self.lines]


def rows_text(dataset: Dataset) -> str:
    if dataset.snapshot is None:
        return _("no rows yet")
    return ngettext("%(n)s row", "%(n)s rows", dataset.snapshot.rows) % {"n": f"{dataset.snapshot.rows:,}"}


def diagram(dataset: Dataset) -> Diagram:
    """The dataset in the middle, what refers to it on the left, what it refers to on the right."""
    links = [(link, link.target, True) for link in dataset.links.select_related("target__snapshot")]
    links += [(link, link.source, False) for link in dataset.reverse_links.select_related("source__snapshot")]
    sides = {True: [e for e in links if e[2]], False: [e for e in links if not e[2]]}
    height = TOP * 2 + max(len(side) for side in sides.values()) * (BOX + GAP)
    height = max(height, TOP * 2 + BOX)
    middle_x, middle_y = (SIDE + BETWEEN if sides[False] else 0), (height - BOX) // 2
    lines = []
    for forward, side in sides.items():
        start = (height - len(side) * (BOX + GAP) + GAP) // 2
        for place, (link, other, _forward) in enumerate(side):
            at = start + place * (BOX + GAP)
            x = middle_x + SIDE + BETWEEN if forward else 0
            lines.append(_line(_neighbour(link, other, forward, x, at), middle_x, middle_y, place, len(side)))
    width = middle_x + SIDE + (BETWEEN + SIDE if sides[True] else 0)
    return Diagram(width, height, middle_x, middle_y, rows_text(dataset), tuple(lines))


def _neighbour(link: Any, other: Dataset, forward: bool, x: int, y: int) -> Neighbour:
    one = link.cardinality == link.Cardinality.ONE_TO_ONE
    pairs = zip(link.source_columns, link.target_columns, strict=True)
    return Neighbour(
        other.slug,
        other.label,
        link.name if forward else link.reverse,
        link.reverse if forward else link.name,
        "1:1" if one else "N:1" if forward else "1:N",
        ", ".join(f"{a} = {b}" if forward else f"{b} = {a}" for a, b in pairs),
        forward or one,
        x,
        y,
        rows_text(other),
    )


def _line(there: Neighbour, x: int, y: int, place: int, count: int) -> Line:
    right = there.x > x
    start_y = y + BOX * (place + 1) / (count + 1)
    end_y = there.y + BOX / 2
    start_x, end_x = (x + SIDE, there.x) if right else (x, SIDE)
    half = (start_x + end_x) // 2
    path = f"M{start_x} {start_y:.1f} C{half} {start_y:.1f} {half} {end_y:.1f} {end_x} {end_y:.1f}"
    anchor, label_x = ("end", end_x - 8) if right else ("start", end_x + 8)
    return Line(path, label_x, end_y - 8, end_y + 18, anchor, there)
