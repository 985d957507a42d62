"""The message of a node as one row of its population would get it."""

from __future__ import annotations

import secrets as random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from activities.base import Context, Population
from activities.graph import Node
from orchcamp.datasets import engine
from orchcamp.datasets.preview import MASK
from orchcamp.messaging import composer, content, plan
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
    rendered: content.Rendered | None = None
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
    row = row_of(population, ctx, number, masked=masked) if total else {}
    written = content.Content.from_settings(node.settings)
    problems = content.problems(written, set(ctx.wide(population).columns))
    rendered = None
    if not problems and total:
        try:
            rendered = content.compile(written).render(row | {content.UNSUBSCRIBE: "#"})
        except Refused as error:
            problems = [str(error)]
    return Preview(number, total, counted, rendered, problems, row)


def _population(version: CampaignVersion, node: Node) -> tuple[Population, Context, bool]:
    """What arrived at the node in the latest run, with the data of that run; before any run everyone there is now."""
    run = counts.latest_run(version)
    edges = version.graph.incoming(node.id)
    if run is not None and edges:
        arrived = RunStore(run).read(edges[0])
        if arrived is not None:
            run.campaign = version.campaign
            return arrived, contexts.context(run), True
    ctx = contexts.draft_context(version.campaign)
    return ctx.everyone(version.campaign.dimension), ctx, False


def row_of(population: Population, ctx: Context, number: int, *, masked: bool) -> dict[str, Any]:
    """One row with all its columns; personal ones hidden from those who may not see them."""
    keys = [population.table[name] for name in population.key]
    one = population.with_table(population.table.order_by(keys).limit(1, offset=number - 1))
    (row,) = engine.rows(ctx.wide(one), limit=1)
    if masked:
        shape = ctx.model.dataset(population.dimension)
        personal = {name for name, column in shape.columns.items() if column.personal}
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
    row = row_of(population, ctx, max(1, min(number, total)), masked=masked)
    written = content.Content.from_settings(node.settings)
    marked = replace(written, subject=f"[Proof] {written.subject}", track_opens=False, track_clicks=False)
    return _hand_over(marked, configuration, row, [seed.address for seed in chosen])


def _hand_over(
    written: content.Content, configuration: ChannelConfiguration, row: Mapping[str, Any], addresses: list[str]
) -> int:
    made = composer.Composer(written, configuration, 0)
    transport = Sealed(Smtp(configuration), addresses)
    values = {plan.FIELD + name: row[name] for name in written.fields if name in row}
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
