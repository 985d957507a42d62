"""The plan of a delivery: every row that reaches the channel becomes one row, with a batch or the one reason not to.

One lazy Ibis statement; nothing here is asked per recipient.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import reduce

import ibis
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import BooleanValue, StringValue, Table, Value

from orchcamp.datasets import engine
from orchcamp.web.errors import Refused

from . import consent
from .models import ChannelConfiguration

REASONS = {  # in the order in which they are asked; the first that holds is the one
    "no_counterpart": _("No counterpart in the dimension"),
    "no_address": _("No address"),
    "malformed": _("Malformed address"),
    "duplicate": _("Duplicate address"),
    "no_consent": _("No consent"),
    "suppressed": _("On the suppression list"),
    "capped": _("Too many messages lately"),
    "quiet": _("Quiet hours"),
    "holdout": _("Held out for comparison"),
    "render_error": _("A field of the message is empty"),
    "stopped": _("Stopped before it was sent"),
    "no_transport": _("Not sent: no transport for this channel"),
}
BATCH_SIZE = 500
LONGEST = 254  # characters of an address
OWN = ("message_id", "address", "batch", "reason")
FIELD = "f_"  # before the columns that the content uses: a customer's column may be called "address" too

# Dialect that DuckDB (RE2), Spark (Java) and Python share; an international domain may hold any letter.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[^\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+"
WELL_FORMED = rf"^{_LOCAL}(\.{_LOCAL})*@({_LABEL}\.)+{_LABEL}$"
PHONE = r"^\+?[0-9]{6,15}$"
SHAPES = {"email": WELL_FORMED, "sms": PHONE}  # the other channels take what is there
_NO = ("n", "no", "false", "f", "0", "out")


class PlanError(Refused):
    """A delivery that cannot be planned at all."""


def key_name(name: str) -> str:
    """What a key column is called in the plan: its name, unless the plan's own column has it."""
    return f"key_{name}" if name in OWN else name


def make(
    table: Table,
    *,
    key: Sequence[str],
    address_column: str,
    reference: str,
    columns: Collection[str],
    configuration: ChannelConfiguration,
    one_per_address: bool = True,
    category: str = "marketing",
    batch_size: int = BATCH_SIZE,
) -> Table:
    """One row per message: message_id, key columns, address, batch (null: excluded), reason, ``f_`` columns.

    ``table`` holds all columns of the dimension and those that nodes added, each key once.
    """
    if address_column not in table.columns:
        raise PlanError(f"The population has no column “{address_column}”, so nobody has an address.")
    marketing = category != "transactional"
    raw = table[address_column].cast("string")
    address = raw.strip().nullif("")
    if configuration.channel == "sms":  # people write telephone numbers with blanks and brackets
        address = address.re_replace(r"[ ()./-]", "")
    named = table.select(
        **{key_name(name): table[name] for name in key},
        **{field_name(name): table[name] for name in sorted(columns) if name in table.columns},
        message_id=message_id([table[name] for name in key], reference),
        address=address,
        normal=address.lower(),
        known=reduce(lambda a, b: a & b, (table[name].notnull() for name in key)),
        allowed=_allowed(table, configuration) if marketing else ibis.literal(True),
    )
    keys = [key_name(name) for name in key]
    judged = _judge(named, keys, configuration.channel, one_per_address, marketing)
    included = judged.reason.isnull()
    place = ibis.row_number().over(group_by=included, order_by=[judged[name] for name in keys])
    batch = ibis.ifelse(included, (place // batch_size).cast("int64"), ibis.null("int64"))
    fields = [name for name in named.columns if name.startswith(FIELD)]
    return judged.mutate(batch=batch).select("message_id", *keys, "address", "batch", "reason", *fields)


def message_id(key: Sequence[Value], reference: str) -> StringValue:
    """The same message of the same delivery has the same name for ever; rows with an empty key share one."""
    parts = [column.cast("string").fill_null("") for column in key]
    return (ibis.literal(reference + ":") + reduce(lambda a, b: a + "\x1f" + b, parts)).hexdigest("md5")


def domain(address: StringValue) -> StringValue:
    """What follows the last @; an address without one is its own domain."""
    return address.re_replace(r"(?s)\A.*@", "")


def _allowed(table: Table, configuration: ChannelConfiguration) -> BooleanValue:
    """What the consent column says; empty is yes."""
    name = configuration.consent_column
    if not name:
        return ibis.literal(True)
    if name not in table.columns:
        raise PlanError(
            f"Channel configuration “{configuration.label}” reads consent from column “{name}”, which the population "
            "does not have; correct the configuration, or add the column to the dataset."
        )
    column = table[name]
    if column.type().is_boolean():
        yes = column
    elif column.type().is_numeric():
        yes = column != 0
    else:
        yes = ~column.cast("string").strip().lower().isin(_NO)
    return yes.fill_null(True)


def _judge(named: Table, keys: list[str], channel: str, one_per_address: bool, marketing: bool) -> Table:
    """Add the first reason that holds, or null."""
    absent = named.address.isnull()
    malformed = _malformed(named.normal, channel)
    checked = named.mutate(
        fault=ibis.cases(
            (~named.known, "no_counterpart"),
            (absent, "no_address"),
            (malformed, "malformed"),
            else_=ibis.null("string"),
        )
    )
    well = checked.fault.isnull()
    if one_per_address:
        order = [checked[name] for name in keys]
        turn = ibis.row_number().over(group_by=[checked.normal, well], order_by=order)
        checked = checked.mutate(duplicate=well & (turn > 0))
    else:
        checked = checked.mutate(duplicate=ibis.literal(False))
    if marketing:
        said = ibis.memtable(consent.consents(channel))
        checked = checked.left_join(said, checked.normal == said.said_address).drop("said_address")
        checked = checked.mutate(allowed=checked.said_yes.fill_null(checked.allowed)).drop("said_yes")
    listed = ibis.memtable(consent.suppressions(channel))
    checked = checked.mutate(domain=ibis.literal("@") + domain(checked.normal))
    checked = checked.mutate(suppressed=checked.normal.isin(listed.suppressed) | checked.domain.isin(listed.suppressed))
    reason = ibis.cases(
        (checked.fault.notnull(), checked.fault),
        (checked.duplicate, "duplicate"),
        (~checked.allowed, "no_consent"),
        (checked.suppressed, "suppressed"),
        else_=ibis.null("string"),
    )
    return checked.mutate(reason=reason)


def _malformed(address: StringValue, channel: str) -> BooleanValue:
    if channel not in SHAPES:
        return ibis.literal(False)
    return ~address.re_search(SHAPES[channel]) | (address.length() > LONGEST)


def summary(path: str) -> tuple[int, int, dict[str, int]]:
    """Of a written plan: rows targeted, rows prepared, and the excluded by reason."""
    table = engine.table(path)
    counts = {row["reason"]: row["rows"] for row in engine.rows(table.group_by("reason").agg(rows=table.count()))}
    prepared = counts.pop(None, 0)
    ordered = {reason: counts[reason] for reason in REASONS if reason in counts}
    return prepared + sum(counts.values()), prepared, ordered


def sizes(path: str) -> dict[int, int]:
    """Of a written plan: batch number → messages."""
    table = engine.table(path).filter(lambda t: t.batch.notnull())
    rows = engine.rows(table.group_by("batch").agg(rows=table.count()))
    return {int(row["batch"]): row["rows"] for row in sorted(rows, key=lambda row: row["batch"])}


def batch(path: str, number: int) -> list[dict]:
    """The messages of one batch, in the plan's order; ``fields`` are the values for the content."""
    table = engine.table(path)
    return engine.rows(table.filter(table.batch == number).order_by("message_id"), local=True)


def find(path: str, message_id: str) -> dict | None:
    """One message of a plan."""
    table = engine.table(path)
    found = engine.rows(table.filter(table.message_id == message_id), limit=1, local=True)
    return found[0] if found else None


def fields(row: dict) -> dict:
    """The values that the content sees, under their own names."""
    found = {name: value for name, value in row.items() if name.startswith(FIELD)}
    return {name.removeprefix(FIELD).replace("/", "."): value for name, value in found.items()}


def field_name(name: str) -> str:
    """What a column that the content uses is called in the plan: no dots, which some engines read as a path."""
    return FIELD + name.replace(".", "/")
