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
    delivered = books.accepted
    return [
        Kpi(_("Targeted"), "groups", books.targeted, None, "", _("Everybody who reached a message on the canvas.")),
        Kpi(
            _("Excluded"),
            "person_off",
            books.left_out,
            rate(books.left_out, books.targeted),
            _("of targeted"),
            _("Left out before sending, each for one reason. Rate: excluded ÷ targeted."),
        ),
        Kpi(
            _("Sent"),
            "send",
            books.sent,
            rate(books.sent, books.targeted),
            _("of targeted"),
            _("Handed over to the server: accepted, refused or in doubt. Rate: sent ÷ targeted."),
        ),
        Kpi(
            _("Delivered"),
            "mark_email_read",
            delivered,
            rate(delivered, books.sent),
            _("of sent"),
            _("Accepted by the receiving server. Delivery rate: delivered ÷ sent."),
        ),
        Kpi(
            _("Opened"),
            "drafts",
            done.opened,
            rate(done.opened, delivered),
            _("of delivered"),
            _("Messages opened at least once. Unique open rate: opened ÷ delivered."),
        ),
        Kpi(
            _("Clicked"),
            "ads_click",
            done.clicked,
            rate(done.clicked, delivered),
            _("of delivered"),
            _("Messages of which a link was followed at least once. Unique click rate: clicked ÷ delivered."),
        ),
        Kpi(
            _("Unsubscribed"),
            "unsubscribe",
            done.unsubscribed,
            rate(done.unsubscribed, delivered),
            _("of delivered"),
            _("Messages whose recipient unsubscribed. Rate: unsubscribed ÷ delivered."),
        ),
    ]


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
        yield [*map(_harmless, about), *_figures(line.books, line.reactions, reasons)]
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


def _harmless(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else cell
