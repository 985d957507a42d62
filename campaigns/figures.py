"""A report's figures as people read them: the head of the page with its formulas, and the rows of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .reporting import Books, Reactions, Report, rate


@dataclass(frozen=True)
class Kpi:
    """One figure at the head of a report, with its formula in words."""

    label: str
    icon: str
    value: int
    rate: float | None
    rate_label: str
    formula: str


def kpis(report: Report) -> list[Kpi]:
    """Targeted to unsubscribed, with the rates of the trade; every rate says what it divides."""
    books, done = report.books, report.reactions
    targeted, sent, delivered = (
        (books.targeted, _("of targeted")),
        (books.sent, _("of sent")),
        (books.accepted, _("of delivered")),
    )
    everybody = _("Everybody who reached a message on the canvas.")
    left_out = _("Left out before sending, each for one reason. Rate: excluded ÷ targeted.")
    handed_over = _("Handed over to the server: accepted, refused or in doubt. Rate: sent ÷ targeted.")
    taken = _("Accepted by the receiving server. Delivery rate: delivered ÷ sent.")
    opened = _("Messages opened at least once. Unique open rate: opened ÷ delivered.")
    clicked = _("Messages of which a link was followed at least once. Unique click rate: clicked ÷ delivered.")
    gone = _("Messages whose recipient unsubscribed. Rate: unsubscribed ÷ delivered.")
    return [
        _kpi(_("Targeted"), "groups", books.targeted, None, everybody),
        _kpi(_("Excluded"), "person_off", books.left_out, targeted, left_out),
        _kpi(_("Sent"), "send", books.sent, targeted, handed_over),
        _kpi(_("Delivered"), "mark_email_read", books.accepted, sent, taken),
        _kpi(_("Opened"), "drafts", done.opened, delivered, opened),
        _kpi(_("Clicked"), "ads_click", done.clicked, delivered, clicked),
        _kpi(_("Unsubscribed"), "unsubscribe", done.unsubscribed, delivered, gone),
    ]


def _kpi(label: str, icon: str, value: int, whole: tuple[int, str] | None, formula: str) -> Kpi:
    if whole is None:
        return Kpi(label, icon, value, None, "", formula)
    return Kpi(label, icon, value, rate(value, whole[0]), whole[1], formula)


def table(report: Report) -> Iterator[list[Any]]:
    """The report as rows for a file: a heading, one row a delivery, the totals."""
    reasons = sorted({reason for line in report.lines for reason in line.books.excluded})
    yield [
        "delivery",
        "run",
        "configuration",
        "created_at",
        "targeted",
        "excluded",
        *(f"excluded_{reason}" for reason in reasons),
        "sent",
        "accepted",
        "refused",
        "in_doubt",
        "pending",
        "opened",
        "opens",
        "clicked",
        "clicks",
        "unsubscribed",
    ]
    for line in report.lines:
        delivery = line.delivery
        about = [delivery.label, line.run_id, delivery.configuration.label, delivery.created_at.isoformat()]
        yield [*about, *_figures(line.books, line.reactions, reasons)]
    yield ["total", "", "", "", *_figures(report.books, report.reactions, reasons)]


def _figures(books: Books, done: Reactions, reasons: list[str]) -> list[int]:
    return [
        books.targeted,
        books.left_out,
        *(books.excluded.get(reason, 0) for reason in reasons),
        books.sent,
        books.accepted,
        books.refused,
        books.in_doubt,
        books.pending,
        done.opened,
        done.opens,
        done.clicked,
        done.clicks,
        done.unsubscribed,
    ]
