"""What became, or would become, of one row at a message: its batch or the reason why not, the answer, what it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ibis
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.base import Channel
from activities.populations import Population
from orchcamp.datasets import engine
from orchcamp.datasets.rules.verdicts import Cell, Verdict, fact
from orchcamp.messaging import journal, plan
from orchcamp.messaging.models import ChannelConfiguration, Delivery, TrackingEvent
from orchcamp.web.errors import Refused

from . import batch_files, dispatch
from .models import Batch, Run
from .planning import planned
from .reporting import impersonal, reason_label
from .tracing import Stage

SAID = {
    "accepted": gettext_lazy("Accepted by the receiving server"),
    "refused": gettext_lazy("Refused by the receiving server"),
    "excluded": gettext_lazy("Left out at the last moment"),
    "in_doubt": gettext_lazy("In doubt: begun and never answered"),
}
EVENTS_AT_MOST = 10


def fate(
    stage: Stage, node_id: str, activity: Channel, population: Population, key: Mapping[str, Any]
) -> list[Verdict]:
    """The channel's decision about the row, in the order in which it was made."""
    delivery = Delivery.objects.filter(reference=f"{stage.run.pk}-{node_id}").first() if stage.run else None
    if delivery is not None and engine.exists(delivery.plan):
        return list(_sent(delivery, key))
    if stage.run is not None and stage.run.mode == Run.Mode.LIVE:
        return [fact(_("The message was not planned yet in this run"))]
    return _would(stage, node_id, activity, population, key)


def _would(
    stage: Stage, node_id: str, activity: Channel, population: Population, key: Mapping[str, Any]
) -> list[Verdict]:
    """The decision that a live run would make of these rows now."""
    slug = str(activity.settings.get("configuration") or "")
    configuration = ChannelConfiguration.objects.filter(slug=slug, channel=activity.channel).first()
    if configuration is None:
        return [fact(_("No channel configuration is chosen yet, so nobody gets this message"), False)]
    ctx = stage.compiler.at(node_id)
    try:
        table = planned(activity, population, ctx, configuration, reference=f"explain-{node_id}", checked=False).table
    except Refused as refusal:
        return [fact(str(refusal), False)]
    row = _planned_row(table, key)
    if row is None:
        return []
    address = (Cell(_("Address"), row["address"], True),)
    if row["reason"]:
        return [fact(_("Would be left out: {reason}").format(reason=reason_label(row["reason"])), False, cells=address)]
    said = _("Would be planned in batch {n}")
    if stage.run:
        dry = stage.run.mode == Run.Mode.DRY
        said = (
            _("Would be planned in batch {n}; a dry run sends nothing")
            if dry
            else _("Would be planned in batch {n}; a test sends nothing")
        )
    return [fact(said.format(n=f"{row['batch'] + 1:,}"), True, cells=address)]


def _planned_row(table: Any, key: Mapping[str, Any]) -> dict[str, Any] | None:
    columns = {plan.key_name(name): value for name, value in key.items()}
    mine = ibis.and_(*(table[name] == ibis.literal(value, table[name].type()) for name, value in columns.items()))
    found = engine.rows(table.filter(mine), 1)
    return found[0] if found else None


def _sent(delivery: Delivery, key: Mapping[str, Any]) -> Iterator[Verdict]:
    row = _planned_row(engine.table(delivery.plan), key)
    if row is None:
        yield fact(_("The row is not in the plan of this sending"), False)
        return
    address = (Cell(_("Address"), row["address"], True),)
    if row["reason"]:
        yield fact(_("Left out: {reason}").format(reason=reason_label(row["reason"])), False, cells=address)
        return
    yield fact(_("Planned in batch {n}").format(n=f"{int(row['batch']) + 1:,}"), True, cells=address)
    batch = delivery.batches.filter(number=row["batch"]).select_related("delivery").first()
    yield from _answer(batch, row["message_id"]) if batch else ()
    events = TrackingEvent.objects.filter(delivery=delivery, message_id=row["message_id"]).order_by("at", "pk")
    for event in events[:EVENTS_AT_MOST]:
        cells = [Cell(_("at"), event.at)]
        cells += [Cell(_("link"), impersonal(event.url))] if event.url else []
        yield fact(str(event.get_kind_display()), True, cells=tuple(cells))


def _answer(batch: Batch, message_id: str) -> Iterator[Verdict]:
    """What was answered: from the files of the batch's answers, else from its journal."""
    for path in batch_files.outcome_paths(batch):
        table = engine.table(path)
        for row in engine.rows(table.filter(table.message_id == message_id), 1, local=True):
            yield _outcome(row["status"], row["reason"], row["at"], row["reply"])
            return
    entries, _unreachable = journal.read(batch_files.journal_folder(batch), batch.number)
    entry = entries.get(message_id)
    if batch.status == Batch.Status.STOPPED:
        yield fact(_("The sending was stopped before it went out"), False)
    elif entry is None or entry.state not in dispatch.STATUS:
        yield fact(_("Waits to be sent: the batch is {status}").format(status=str(batch.get_status_display()).lower()))
    else:
        yield _outcome(
            dispatch.STATUS[entry.state], entry.text if entry.state == journal.EXCLUDED else "", None, entry.text
        )


def _outcome(status: str, reason: str | None, at: Any, reply: str | None) -> Verdict:
    words = str(SAID.get(status, status))
    if status == "excluded" and reason:
        words = f"{words}: {reason_label(reason)}"
    cells = [Cell(_("at"), at)] if at else []
    cells += [Cell(_("answer"), reply, True)] if reply and status != "excluded" else []
    return fact(words, status == "accepted", cells=tuple(cells))
