"""The charts of report pages as plain data: ``report.js`` draws them, and a table beside each says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from .reporting import Books, Domain, Moment, Reactions, rate


@dataclass(frozen=True)
class Series:
    label: str
    colour: str  # the name of a colour of tokens.css
    values: Sequence[int]
    hidden: bool = False  # until its name in the legend is pressed


@dataclass(frozen=True)
class Chart:
    """A picture and its table: one label a row, one series a column."""

    id: str
    title: str
    kind: str  # line, bar or rows (a bar that lies)
    labels: Sequence[str]
    series: Sequence[Series]
    first: str  # the heading of the labels' column
    stacked: bool = False

    @property
    def data(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "stacked": self.stacked,
            "labels": list(self.labels),
            "series": [
                {"label": s.label, "colour": s.colour, "values": list(s.values), "hidden": s.hidden}
                for s in self.series
            ],
        }

    @property
    def rows(self) -> list[tuple[str, list[int]]]:
        return [(label, [s.values[place] for s in self.series]) for place, label in enumerate(self.labels)]


@dataclass(frozen=True)
class Fall:
    """One bar of the waterfall, in thousandths of its width."""

    label: str
    rows: int
    start: int
    whole: int
    tone: str

    @property
    def share(self) -> float | None:
        return rate(self.rows, self.whole)

    @property
    def x(self) -> float:
        return round(1000 * self.start / self.whole, 1) if self.whole else 0.0

    @property
    def width(self) -> float:
        """Never so thin that it cannot be seen."""
        return max(round(1000 * self.rows / self.whole, 1), 3.0) if self.whole and self.rows else 0.0


def waterfall(books: Books) -> list[Fall]:
    """From everybody targeted down to nobody left: each bar begins where the one before ended."""
    outcomes = [
        (_("Accepted"), books.accepted, "green"),
        (_("Refused"), books.refused, "red"),
        (_("In doubt"), books.in_doubt, "orange"),
        (_("Pending"), books.pending, "gray"),
    ]
    return _falling(books, outcomes)


def rehearsed(books: Books) -> list[Fall]:
    """The same of a dry run, where whoever is left would be sent the message."""
    return _falling(books, [(_("Would be sent"), books.prepared, "green")])


def _falling(books: Books, outcomes: list[tuple[str, int, str]]) -> list[Fall]:
    left = whole = books.targeted
    falls = [Fall(_("Targeted"), whole, 0, whole, "blue")]
    for label, rows, tone in [(label, rows, "orange") for label, rows in books.reasons] + outcomes:
        if rows:
            left -= rows
            falls.append(Fall(label, rows, max(left, 0), whole, tone))
    return falls


def funnel(books: Books, reactions: Reactions) -> Chart:
    steps = [
        (_("Targeted"), books.targeted),
        (_("Sent"), books.sent),
        (_("Delivered"), books.accepted),
        (_("Opened"), reactions.opened),
        (_("Clicked"), reactions.clicked),
    ]
    people = Series(_("People"), "fill", [rows for label, rows in steps])
    return Chart("funnel", _("From targeted to clicked"), "rows", [label for label, rows in steps], [people], _("Step"))


def over_time(unit: str, moments: Sequence[Moment]) -> Chart:
    pattern = "j M" if unit == "day" else "j M H:i"
    labels = [formats.date_format(timezone.localtime(moment.at), pattern) for moment in moments]
    reacted = any(moment.opened or moment.clicked or moment.unsubscribed for moment in moments)
    series = [
        Series(_("Delivered"), "fill", [moment.delivered for moment in moments], hidden=reacted),
        Series(_("Opened"), "orange", [moment.opened for moment in moments]),
        Series(_("Clicked"), "green", [moment.clicked for moment in moments]),
        Series(_("Unsubscribed"), "red", [moment.unsubscribed for moment in moments]),
    ]
    title = _("Day by day") if unit == "day" else _("Hour by hour")
    return Chart("time", title, "line" if len(moments) > 2 else "bar", labels, series, _("Time"))


def domains(found: Sequence[Domain]) -> Chart:
    series = [
        Series(_("Accepted"), "green", [domain.accepted for domain in found]),
        Series(_("Refused"), "red", [domain.refused for domain in found]),
    ]
    names = [domain.name for domain in found]
    return Chart("domains", _("Domains of the recipients"), "rows", names, series, _("Domain"), stacked=True)
