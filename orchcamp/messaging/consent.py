"""Who may not get a message: the last word of an address about a channel, and the suppression list."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pyarrow as pa

from .models import Consent, Delivery, Suppression


def normal(address: str) -> str:
    """How addresses are compared: trimmed, lower case."""
    return address.strip().lower()


def domain(address: str) -> str:
    """``@example.org``, as the suppression list writes it."""
    return "@" + normal(address).rpartition("@")[2]


def consents(channel: str) -> pa.Table:
    """Every last word about a channel: address, granted."""
    rows = Consent.objects.filter(channel=channel).values_list("address", "granted")
    return _table(rows.iterator(20_000), [("said_address", pa.string()), ("said_yes", pa.bool_())])


def suppressions(channel: str) -> pa.Table:
    """Every suppressed address and @domain of a channel."""
    rows = Suppression.objects.filter(channel=channel).values_list("address")
    return _table(rows.iterator(20_000), [("suppressed", pa.string())])


def _table(rows: Iterable[tuple], columns: list[tuple[str, pa.DataType]]) -> pa.Table:
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pa.table({name: pa.array(values, kind) for (name, kind), values in zip(columns, cells, strict=True)})


def blocked(channel: str, addresses: Collection[str], *, marketing: bool) -> dict[str, str]:
    """Which of some hundred addresses may get nothing now: normal address → reason."""
    wanted = {normal(address) for address in addresses}
    places = wanted | {domain(address) for address in wanted}
    listed = set(Suppression.objects.filter(channel=channel, address__in=places).values_list("address", flat=True))
    found = {address: "suppressed" for address in wanted if address in listed or domain(address) in listed}
    if marketing:
        said_no = Consent.objects.filter(channel=channel, address__in=wanted, granted=False)
        found |= dict.fromkeys(said_no.values_list("address", flat=True), "no_consent")
    return found


def say(channel: str, address: str, *, granted: bool, source: str, delivery: Delivery | None = None) -> bool:
    """Keep the last word of an address; it counts from now on. Whether it is a new word."""
    known = Consent.objects.filter(channel=channel, address=normal(address), granted=granted).exists()
    Consent.objects.update_or_create(
        channel=channel,
        address=normal(address),
        defaults={"granted": granted, "source": source, "delivery": delivery},
    )
    return not known
