"""The messages of a sealed plan, put together before anybody gets one: which fail, and what a few of them say.

Up to ``MOST`` messages every one is put together. Of more, a sample is: drawn by lot (the same people in every dry
run), among them people who have an empty field, for those are the ones whose messages fail.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from activities import catalogue
from activities.columns import drawn_order, is_empty
from orchcamp.datasets import engine
from orchcamp.datasets.preview import MASK
from orchcamp.messaging import composer, content, plan, texts
from orchcamp.messaging.models import Channel as Kind
from orchcamp.messaging.models import ChannelConfiguration
from orchcamp.web.errors import Refused

from .models import SealedPlan

MOST = 5_000  # messages that are put together
OF_EMPTY = 1_000  # of them, people with an empty field, where a sample is drawn
SECONDS = 30.0  # then the sample is as large as it has become
FAULTS = 20  # kinds of faults that are told
EACH = {"empty": 2, "random": 3, "fails": 3}  # how many samples of a kind are shown
_VALUES = re.compile(r"'[^']*'")  # what a filter says of a value: not part of the kind of fault, and personal


@dataclass(frozen=True)
class Made:
    """One message, put together."""

    length: int  # of a mail its HTML, else its text, in characters
    mail: content.Rendered | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    sms: texts.Length | None = None


Maker = Callable[[Mapping[str, Any]], Made]


def maker(sealed: SealedPlan, type: str) -> Maker:
    """What puts the messages of a plan together, ready for many rows; it raises RenderError for one that fails."""
    written: Any = catalogue.get(type)(sealed.content).message(sealed.content[content.VARIABLES])
    if isinstance(written, content.Content):
        return _mails(written, sealed.configuration)
    return lambda row: _texts(written, sealed.channel, row)


def _mails(written: content.Content, configuration: ChannelConfiguration | None) -> Maker:
    if configuration is None:  # removed since
        compiled = content.compile(written)
        return lambda row: _mail(compiled.render({**plan.fields(dict(row)), content.UNSUBSCRIBE: "#"}))
    made = composer.Composer(written, configuration, 0)
    return lambda row: _mail(made.rendered(row)[1])


def _mail(rendered: content.Rendered) -> Made:
    return Made(len(rendered.html), mail=rendered)


def _texts(written: texts.Texts, channel: str, row: Mapping[str, Any]) -> Made:
    values = plan.fields(dict(row))
    if channel == Kind.DIRECT_MAIL:
        cells = {name: str(content.plain(value) or "") for name, value in sorted(values.items())}
        return Made(len(row["address"] or ""), texts=cells)
    made = written.render(values)
    whole = "".join(made.values())
    return Made(len(whole), texts=made, sms=texts.length(whole) if channel == Kind.SMS else None)


# --- Reading ---------------------------------------------------------------------------------------------


@dataclass
class _Notes:
    """What was found so far."""

    made: list[tuple[str, int]] = field(default_factory=list)  # (message, length) in the order of the lot
    empty: set[str] = field(default_factory=set)  # messages with an empty field
    faults: dict[str, list[str]] = field(default_factory=dict)  # sentence -> messages
    parts: dict[int, int] = field(default_factory=dict)  # SMS of one message -> messages

    def take(self, row: Mapping[str, Any], make: Maker, fields: Collection[str]) -> None:
        message = row["message_id"]
        if any(content.plain(row.get(name)) is None for name in fields):
            self.empty.add(message)
        try:
            made = make(row)
        except content.RenderError as error:
            self.faults.setdefault(_kind(str(error)), []).append(message)
            return
        self.made.append((message, made.length))
        if made.sms is not None:
            self.parts[made.sms.segments] = self.parts.get(made.sms.segments, 0) + 1


def read(sealed: SealedPlan, *, type: str, seed: str, fields: Collection[str]) -> None:
    """Put messages of a written plan together and note on the row what was found."""
    begun = time.monotonic()
    table = _prepared(sealed.path)
    names = [name for name in map(plan.field_name, sorted(fields)) if name in table.columns]
    sealed.empty = _empty(table, names) if sealed.prepared else {}
    notes, make = _Notes(), maker(sealed, type)
    for row in _drawn(table, sealed, seed, names):
        if time.monotonic() - begun > SECONDS:
            break
        notes.take(row, make, names)
    failing = sum(len(messages) for messages in notes.faults.values())
    sealed.rendered, sealed.failing = len(notes.made) + failing, failing
    ordered = sorted(notes.faults.items(), key=lambda fault: (-len(fault[1]), fault[0]))
    sealed.faults = [
        {"sentence": sentence, "messages": len(messages), "example": messages[0]}
        for sentence, messages in ordered[:FAULTS]
    ]
    sealed.samples, sealed.lengths = _samples(notes), _lengths(notes)
    sealed.seconds = time.monotonic() - begun


def _prepared(path: str) -> Table:
    table = engine.table(path)
    return table.filter(table.reason.isnull())


def _empty(table: Table, names: list[str]) -> dict[str, int]:
    """Field -> how many of all the prepared rows have nothing in it; those that everybody has are left out."""
    if not names:
        return {}
    sums = {f"n{place}": is_empty(table[name]).sum() for place, name in enumerate(names)}
    (row,) = engine.rows(table.aggregate(**sums))
    found = {name: int(row[f"n{place}"] or 0) for place, name in enumerate(names)}
    return {own_name(name): rows for name, rows in found.items() if rows}


def _drawn(table: Table, sealed: SealedPlan, seed: str, names: list[str]) -> list[dict[str, Any]]:
    """The rows to put together, in the order of their lots: all of them, or a sample."""
    lots = drawn_order(table, [plan.key_name(name) for name in sealed.key], f"{seed}:dry-run")
    if sealed.prepared <= MOST or not names:
        return engine.rows(table.order_by(lots), limit=MOST)
    lacking = table.filter(ibis.or_(*(is_empty(table[name]) for name in names)))
    sure = engine.rows(lacking.order_by(lots), limit=OF_EMPTY)
    known = {row["message_id"] for row in sure}
    some = engine.rows(table.order_by(lots), limit=MOST)
    others = [row for row in some if row["message_id"] not in known][: MOST - len(sure)]
    return others + sure


def _kind(sentence: str) -> str:
    """A fault without the value that it happened to."""
    return sentence if "default('…')" in sentence else _VALUES.sub("'…'", sentence)


def _samples(notes: _Notes) -> list[dict[str, Any]]:
    """The messages to look at, each for one reason, the most telling first."""
    by_length = sorted(notes.made, key=lambda made: made[1])
    chosen = [("shortest", *made) for made in by_length[:1]] + [("longest", *made) for made in by_length[-1:]]
    lacking = [made for made in notes.made if made[0] in notes.empty]
    chosen += [("empty", *made) for made in lacking[: EACH["empty"] + 2]]
    chosen += [("random", *made) for made in notes.made[: EACH["random"] + EACH["empty"] + 4]]
    examples = [messages[0] for messages in notes.faults.values()]
    chosen += [("fails", message, 0) for message in examples[: EACH["fails"]]]
    kept: dict[str, dict[str, Any]] = {}
    for why, message, length in chosen:
        taken = sum(sample["why"] == why for sample in kept.values())
        if message not in kept and taken < EACH.get(why, 1):
            kept[message] = {"message": message, "why": why, "length": length}
    return list(kept.values())


def _lengths(notes: _Notes) -> dict[str, Any]:
    lengths = [length for _message, length in notes.made]
    if not lengths:
        return {}
    found: dict[str, Any] = {
        "shortest": min(lengths), "median": int(statistics.median(lengths)), "longest": max(lengths),
    }  # fmt: skip
    return found | ({"parts": {str(parts): notes.parts[parts] for parts in sorted(notes.parts)}} if notes.parts else {})


def own_name(name: str) -> str:
    """What the content calls a field of the plan."""
    return name.removeprefix(plan.FIELD).replace("/", ".")


# --- Looking at single messages ----------------------------------------------------------------------------


def keys(sealed: SealedPlan, messages: Collection[str]) -> dict[str, dict[str, str]]:
    """Message -> the key of its row, as texts, for those of a plan that are still kept."""
    found = rows(sealed, messages)
    names = {name: plan.key_name(name) for name in sealed.key}
    return {message: {name: str(row[column]) for name, column in names.items()} for message, row in found.items()}


def rows(sealed: SealedPlan, messages: Collection[str]) -> dict[str, dict[str, Any]]:
    """Message -> its row of the plan; nothing when the plan was purged."""
    if not messages or not engine.exists(sealed.path):
        return {}
    table = engine.table(sealed.path)
    found = engine.rows(table.filter(table.message_id.isin(list(messages))), local=True)
    return {row["message_id"]: row for row in found}


@dataclass(frozen=True)
class Shown:
    """One message as a person may see it, or why it cannot be shown."""

    message: str
    address: str = ""
    key: Mapping[str, str] = field(default_factory=dict)
    made: Made | None = None
    problem: str = ""


def shown(sealed: SealedPlan, type: str, message: str, *, masked: bool) -> Shown:
    """The message again, from its row of the plan; personal values hidden from those who may not see them."""
    return several(sealed, type, [message], masked=masked)[message]


def several(sealed: SealedPlan, type: str, messages: Collection[str], *, masked: bool) -> dict[str, Shown]:
    """Some messages again, in one query."""
    found = rows(sealed, messages)
    return {message: _shown(sealed, type, message, found.get(message), masked) for message in messages}


def _shown(sealed: SealedPlan, type: str, message: str, row: dict[str, Any] | None, masked: bool) -> Shown:
    if row is None:
        return Shown(message, problem=_("The rows of this dry run are not kept any more; make a new one."))
    key = {name: str(row[plan.key_name(name)]) for name in sealed.key}
    row = _masked(row, sealed.personal) if masked else row
    try:
        return Shown(message, row["address"] or "", key, maker(sealed, type)(_addressed(row, sealed.channel)))
    except Refused as error:
        return Shown(message, row["address"] or "", key, problem=_kind(str(error)) if masked else str(error))


def _masked(row: Mapping[str, Any], personal: Collection[str]) -> dict[str, Any]:
    hidden = {"address", *map(plan.field_name, personal)}
    return {name: MASK if name in hidden and value is not None else value for name, value in row.items()}


def _addressed(row: Mapping[str, Any], channel: str) -> Mapping[str, Any]:
    """A mail to a hidden address is put together all the same."""
    return {**row, "address": "hidden@example.org"} if channel == Kind.EMAIL and row["address"] == MASK else row
