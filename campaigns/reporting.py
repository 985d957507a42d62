"""The figures of report pages: books from rows, recipients' answers from events, domains and replies from the lake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit, urlunsplit

import ibis
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDay, TruncHour
from django.utils import timezone
from ibis.expr.types import Table

from orchcamp.datasets import engine
from orchcamp.datasets.preview import MASK
from orchcamp.messaging.models import Delivery, TrackingEvent
from orchcamp.messaging.plan import REASONS, domain

from . import sending
from .models import Batch, Campaign, Run

LATE = "late"  # left out at the last moment, where the single reasons were not asked for
OPEN = (Batch.Status.PENDING, Batch.Status.QUEUED, Batch.Status.SENDING)
K = TrackingEvent.Kind


@dataclass(frozen=True)
class Books:
    """What became of everybody who was targeted. Balanced when nobody is missing and nobody counted twice."""

    targeted: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    accepted: int = 0
    refused: int = 0
    in_doubt: int = 0
    pending: int = 0

    def __add__(self, other: Books) -> Books:
        reasons = {**self.excluded}
        for reason, rows in other.excluded.items():
            reasons[reason] = reasons.get(reason, 0) + rows
        return Books(
            self.targeted + other.targeted,
            reasons,
            self.accepted + other.accepted,
            self.refused + other.refused,
            self.in_doubt + other.in_doubt,
            self.pending + other.pending,
        )

    @property
    def left_out(self) -> int:
        return sum(self.excluded.values())

    @property
    def prepared(self) -> int:
        """Those for whom a message is meant: accepted, refused, in doubt or still to come."""
        return self.accepted + self.refused + self.in_doubt + self.pending

    @property
    def sent(self) -> int:
        """Handed over to the channel, whatever it answered."""
        return self.accepted + self.refused + self.in_doubt

    @property
    def difference(self) -> int:
        return self.targeted - self.left_out - self.prepared

    @property
    def balanced(self) -> bool:
        return self.difference == 0

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why people were left out, in words, in the order of the plan's checks."""
        place = {reason: number for number, reason in enumerate(REASONS)}
        found = sorted(self.excluded.items(), key=lambda item: (place.get(item[0], len(place)), item[0]))
        return [(reason_label(reason), rows) for reason, rows in found if rows]


def reason_label(reason: str) -> str:
    return str(REASONS.get(reason, reason))


def books(deliveries: Iterable[Delivery], *, by_reason: bool = True) -> dict[int, Books]:
    """The books of each delivery by its pk, in one query; those left out at the last moment cost a look each.

    ``pending`` is what open batches have yet to do, so that a closed batch which lost a message shows as a
    difference and is not papered over.
    """
    deliveries = list(deliveries)
    done = F("accepted") + F("refused") + F("excluded") + F("in_doubt")
    sums = (
        Batch.objects.filter(delivery__in=deliveries)
        .order_by()
        .values("delivery_id")
        .annotate(
            late=Sum("excluded"),
            taken=Sum("accepted"),
            returned=Sum("refused"),
            doubtful=Sum("in_doubt"),
            waiting=Sum(F("size") - done, filter=Q(status__in=OPEN), default=0),
        )
    )
    found = {row["delivery_id"]: row for row in sums}
    return {delivery.pk: _books(delivery, found.get(delivery.pk), by_reason) for delivery in deliveries}


def _books(delivery: Delivery, row: Mapping[str, int] | None, by_reason: bool) -> Books:
    excluded = dict(delivery.excluded)
    if row is None:  # nobody is left, or the batches are not cut yet
        return Books(delivery.targeted, excluded, pending=delivery.prepared)
    if row["late"] and by_reason:
        excluded = sending.balance(delivery)["excluded"]
    elif row["late"]:
        excluded[LATE] = row["late"]
    return Books(delivery.targeted, excluded, row["taken"], row["returned"], row["doubtful"], row["waiting"])


@dataclass(frozen=True)
class Reactions:
    """What recipients did: persons (a message each) and events."""

    opened: int = 0
    opens: int = 0
    clicked: int = 0
    clicks: int = 0
    unsubscribed: int = 0

    def __add__(self, other: Reactions) -> Reactions:
        return Reactions(
            self.opened + other.opened,
            self.opens + other.opens,
            self.clicked + other.clicked,
            self.clicks + other.clicks,
            self.unsubscribed + other.unsubscribed,
        )


def reactions(deliveries: Iterable[Delivery]) -> dict[int, Reactions]:
    """By delivery, in one query."""

    def persons(kind: str) -> Count:
        return Count("message_id", filter=Q(kind=kind), distinct=True)

    rows = (
        TrackingEvent.objects.filter(delivery__in=list(deliveries))
        .order_by()
        .values("delivery_id")
        .annotate(
            opened=persons(K.OPEN),
            opens=Count("pk", filter=Q(kind=K.OPEN)),
            clicked=persons(K.CLICK),
            clicks=Count("pk", filter=Q(kind=K.CLICK)),
            unsubscribed=persons(K.UNSUBSCRIBE),
        )
    )
    return {row.pop("delivery_id"): Reactions(**row) for row in rows}


@dataclass(frozen=True)
class Line:
    """One delivery of a report."""

    delivery: Delivery
    run_id: int
    books: Books
    reactions: Reactions


@dataclass(frozen=True)
class Report:
    """A campaign's figures, whole or narrowed to a run or a delivery."""

    lines: list[Line]
    books: Books
    reactions: Reactions


def deliveries_of(campaign: Campaign, run: Run | None = None, delivery_id: int | None = None) -> QuerySet[Delivery]:
    found = Delivery.objects.filter(campaign=campaign.slug).select_related("configuration").order_by("pk")
    if run is not None:
        found = found.filter(reference__startswith=f"{run.pk}-")
    return found if delivery_id is None else found.filter(pk=delivery_id)


def report(deliveries: Iterable[Delivery], *, by_reason: bool = True) -> Report:
    """Books and reactions of each delivery and their sums, in two queries beside the deliveries'."""
    deliveries = list(deliveries)
    kept, done = books(deliveries, by_reason=by_reason), reactions(deliveries)
    lines = [Line(d, int(d.reference.split("-")[0]), kept[d.pk], done.get(d.pk, Reactions())) for d in deliveries]
    return _summed(lines)


def _summed(lines: list[Line]) -> Report:
    return Report(
        lines,
        sum((line.books for line in lines), Books()),
        sum((line.reactions for line in lines), Reactions()),
    )


@dataclass(frozen=True)
class OfRun:
    """The figures of one run, which has a report of its own."""

    run: Run
    messages: int  # deliveries
    books: Books
    reactions: Reactions


def by_run(found: Report, runs: Iterable[Run]) -> list[OfRun]:
    """The figures of a report run by run, in the order of the runs; one that sent nothing has nothing but its line."""
    lines: dict[int, list[Line]] = {}
    for line in found.lines:
        lines.setdefault(line.run_id, []).append(line)
    summed = [(run, _summed(lines.get(run.pk, []))) for run in runs]
    return [OfRun(run, len(one.lines), one.books, one.reactions) for run, one in summed]


def rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True)
class Moment:
    at: datetime
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    unsubscribed: int = 0


def over_time(deliveries: Iterable[Delivery]) -> tuple[str, list[Moment]]:
    """Deliveries and reactions by hour or, beyond three days, by day: the unit, and the moments in order."""
    deliveries = list(deliveries)
    batches = Batch.objects.filter(delivery__in=deliveries, settled_at__isnull=False).order_by()
    events = TrackingEvent.objects.filter(delivery__in=deliveries).order_by()
    ends = [*batches.aggregate(Min("settled_at"), Max("settled_at")).values()]
    ends += events.aggregate(Min("at"), Max("at")).values()
    known = [end for end in ends if end] or [timezone.now()]
    unit = "day" if max(known) - min(known) > timedelta(days=3) else "hour"
    trunc = TruncDay if unit == "day" else TruncHour
    found: dict[datetime, dict[str, int]] = {}
    for row in batches.annotate(slot=trunc("settled_at")).values("slot").annotate(rows=Sum("accepted")):
        found.setdefault(row["slot"], {})["delivered"] = row["rows"]
    names = {K.OPEN: "opened", K.CLICK: "clicked", K.UNSUBSCRIBE: "unsubscribed"}
    known = events.filter(kind__in=names)
    for row in known.annotate(slot=trunc("at")).values("slot", "kind").annotate(rows=Count("pk")):
        found.setdefault(row["slot"], {})[names[row["kind"]]] = row["rows"]
    return unit, [Moment(slot, **found[slot]) for slot in sorted(found)]


def links(deliveries: Iterable[Delivery], limit: int = 10, *, personal: bool = True) -> list[dict]:
    """The most clicked links: url, clicks, persons; what they carry about a person is masked unless ``personal``."""
    found = list(
        TrackingEvent.objects.filter(delivery__in=list(deliveries), kind=K.CLICK)
        .order_by()
        .values("url")
        .annotate(clicks=Count("pk"), persons=Count("message_id", distinct=True))
        .order_by("-persons", "-clicks", "url")[:limit]
    )
    return found if personal else [row | {"url": impersonal(row["url"])} for row in found]


def impersonal(url: str) -> str:
    """A link without what could tell who followed it: its query, its fragment, addresses in its path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    path = "/".join(MASK if "@" in unquote(step) else step for step in parts.path.split("/"))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", "")) + (
        f"?{MASK}" if parts.query else ""
    )


@dataclass(frozen=True)
class Domain:
    name: str
    accepted: int
    refused: int


def _outcomes(deliveries: Iterable[Delivery]) -> Table | None:
    """message_id, status, reply and domain of every message that has an outcome, lazily; None when none has."""
    found = []
    for delivery in deliveries:
        folder = f"{delivery.plan.rpartition('/')[0]}/outcomes"
        if not any((engine.root() / folder).glob("*.parquet")):
            continue
        outcomes = engine.table(folder).select("message_id", "status", "code", "reply")
        planned = engine.table(delivery.plan).select("message_id", "address")
        found.append(outcomes.inner_join(planned, "message_id"))
    return ibis.union(*found) if len(found) > 1 else (found[0] if found else None)


def domains(deliveries: Iterable[Delivery], limit: int = 10) -> list[Domain]:
    """To which domains most was sent, and what their servers said; one query to the lake."""
    table = _outcomes(deliveries)
    if table is None:
        return []
    named = table.mutate(domain=domain(table.address).lower())
    handled = named.filter(named.status.isin(["accepted", "refused"]))
    grouped = handled.group_by("domain").agg(
        accepted=(handled.status == "accepted").sum(), refused=(handled.status == "refused").sum(), n=handled.count()
    )
    rows = engine.rows(grouped.order_by([ibis.desc("n"), "domain"]), limit=limit)
    return [Domain(row["domain"], row["accepted"], row["refused"]) for row in rows]


def replies(deliveries: Iterable[Delivery], limit: int = 10) -> list[dict]:
    """Why servers refused: code, text, rows; the most frequent first."""
    table = _outcomes(deliveries)
    if table is None:
        return []
    refused = table.filter(table.status == "refused")
    nameless = refused.reply.re_replace(r"[^\s<>]+@[^\s<>]+", "…")  # servers like to repeat the address
    grouped = refused.group_by("code", text=nameless).agg(rows=refused.count())
    return engine.rows(grouped.order_by([ibis.desc("rows"), "text"]), limit=limit)


def by_campaign(slugs: Iterable[str]) -> dict[str, Report]:
    """The figures of several campaigns, in three queries."""
    deliveries = Delivery.objects.filter(campaign__in=list(slugs))
    lines: dict[str, list[Line]] = {}
    for line in report(deliveries, by_reason=False).lines:
        lines.setdefault(line.delivery.campaign, []).append(line)
    return {slug: _summed(found) for slug, found in lines.items()}
