"""The message of a node as one row of its population would get it."""

from __future__ import annotations

import secrets as random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from activities import catalogue, columns, reach, wording
from activities.base import Channel
from activities.graph import Node
from activities.populations import Context, Population
from orchcamp.datasets import engine
from orchcamp.datasets.preview import MASK
from orchcamp.messaging import composer, content, plan, texts
from orchcamp.messaging.models import Channel as Kind
from orchcamp.messaging.models import ChannelConfiguration, SeedAddress
from orchcamp.messaging.transports import Sealed
from orchcamp.messaging.transports.smtp import Smtp
from orchcamp.web.errors import Refused

from . import contexts, counts
from .models import CampaignVersion
from .store import RunStore

MAX_PROOFS = 10


class ProofError(Refused):
    """A proof that did not go out."""


@dataclass(frozen=True)
class Preview:
    """What the page shows: a row's message, or why there is none."""

    number: int = 1
    total: int = 0
    counted: bool = True  # False: no run has come to this node; the rows are the dimension's
    rendered: content.Rendered | None = None  # of a mail
    texts: Mapping[str, str] = field(default_factory=dict)  # of another message, by what they are called
    length: texts.Length | None = None  # of an SMS, for this row
    problems: list[str] = field(default_factory=list)
    row: Mapping[str, Any] = field(default_factory=dict)

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def following(self) -> int | None:
        return self.number + 1 if self.number < self.total else None


def preview(version: CampaignVersion, node: Node, number: int, *, masked: bool) -> Preview:
    """The message for the row of this number, from the last run that came to the node."""
    population, ctx, counted = _population(version, node)
    total = engine.count(population.table)
    number = max(1, min(number, total))
    activity: Any = catalogue.get(node.type)(node.settings)
    written = activity.message(wording.variables(ctx.variables))
    names = {*written.fields, *activity.address(ctx.model, population.dimension)}
    row = row_of(population, ctx, number, names=names, masked=masked) if total else {}
    asked = activity.message(wording.tried(ctx.variables))
    problems = asked.problems(set(reach.wide(population, names, ctx).columns))
    found = Preview(number, total, counted, problems=problems, row=row)
    if problems or not total:
        return found
    try:
        return replace(found, **_shown(activity, written, row, ctx, population.dimension))
    except Refused as error:
        return replace(found, problems=[str(error)])


def _shown(activity: Channel, written: Any, row: Mapping[str, Any], ctx: Context, dimension: str) -> dict[str, Any]:
    """The message of one row: a mail, texts, or what a letter's file says of it. Raises RenderError."""
    if isinstance(written, content.Content):
        return {"rendered": content.compile(written).render(row | {content.UNSUBSCRIBE: "#"})}
    if activity.channel != Kind.DIRECT_MAIL:
        made = written.render(row)
        return {"texts": made, "length": texts.length("".join(made.values())) if activity.channel == Kind.SMS else None}
    lines = activity.address(ctx.model, dimension)
    cells = {name: str(content.plain(row[name]) or "") for name in [*lines, *sorted(written.columns - set(lines))]}
    return {"texts": {_("Address"): "\n".join(cells.pop(name) for name in lines), **cells}}


def _written(node: Node, ctx: Context) -> content.Content:
    """The node's content with the variables of its run."""
    return content.Content.from_settings({**node.settings, content.VARIABLES: wording.variables(ctx.variables)})


def _population(version: CampaignVersion, node: Node) -> tuple[Population, Context, bool]:
    """What arrived at the node in the latest run, with the data of that run; before any run everyone there is now."""
    run = counts.latest_run(version)
    edges = version.graph.incoming(node.id)
    if run is not None and edges:
        arrived = RunStore(run).read(edges[0])
        if arrived is not None:
            run.campaign = version.campaign
            return arrived, contexts.context(run), True
    ctx = contexts.draft_context(version.planned())
    return ctx.everyone(version.planned().dimension), ctx, False


def row_of(
    population: Population, ctx: Context, number: int, *, names: Collection[str] = (), masked: bool
) -> dict[str, Any]:
    """One row with all its columns, and those of linked rows that ``names`` are paths to; personal ones hidden from
    those who may not see them."""
    keys = [population.table[name] for name in population.key]
    one = population.with_table(population.table.order_by(keys).limit(1, offset=number - 1))
    (row,) = engine.rows(reach.wide(one, names, ctx), limit=1)
    if masked:
        known = {**ctx.model.dataset(population.dimension).columns, **columns.shapes(population)}
        personal = {name for name, column in known.items() if column.personal}
        far = {name: reach.column(ctx.model, population.dimension, name) for name in names}
        personal |= {name for name, column in far.items() if column and column.personal}
        row = {name: MASK if name in personal and value is not None else value for name, value in row.items()}
    return row


def send_proof(version: CampaignVersion, node: Node, number: int, seeds: Collection[int], *, masked: bool) -> int:
    """Send the message of one row to seed addresses, marked as a proof; how many the server took.

    ``masked``: the sender may not see personal data, so the proof does not show it either.
    """
    chosen = list(SeedAddress.objects.filter(pk__in=seeds)[: MAX_PROOFS + 1])
    if not chosen:
        raise ProofError(_("Choose at least one address for the proof."))
    if len(chosen) > MAX_PROOFS:
        raise ProofError(_("A proof goes to at most %(n)s addresses at a time.") % {"n": MAX_PROOFS})
    configuration = ChannelConfiguration.objects.filter(slug=node.settings.get("configuration", "")).first()
    if configuration is None:
        raise ProofError(_("This message has no channel configuration yet; choose one in the node's settings."))
    population, ctx, _counted = _population(version, node)
    total = engine.count(population.table)
    if not total:
        raise ProofError(_("There is no row to write the proof for."))
    written = _written(node, ctx)
    row = row_of(population, ctx, max(1, min(number, total)), names=written.fields, masked=masked)
    marked = replace(written, subject=f"[Proof] {written.subject}", track_opens=False, track_clicks=False)
    return _hand_over(marked, configuration, row, [seed.address for seed in chosen])


def _hand_over(
    written: content.Content, configuration: ChannelConfiguration, row: Mapping[str, Any], addresses: list[str]
) -> int:
    made = composer.Composer(written, configuration, 0)
    transport = Sealed(Smtp(configuration), addresses)
    values = {plan.FIELD + name: row[name] for name in written.columns(row)}
    replies = []
    try:
        for address in addresses:
            letter = made.letter({**values, "message_id": random.token_hex(16), "address": address})
            replies.append(transport.send(made.sender, letter.recipient, letter.data))
    finally:
        transport.close()
    refused = [reply for reply in replies if not reply.accepted]
    if refused:
        raise ProofError(
            _("%(n)s of %(all)s proofs were not taken; the server said: %(text)s")
            % {"n": len(refused), "all": len(addresses), "text": refused[0].text}
        )
    return len(replies)
