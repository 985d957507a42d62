"""The plan of a channel as a case: who gets the message, what of each row goes along, and who does not and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ibis.expr.types import Table

from activities import catalogue
from activities.columns import shapes
from activities.populations import Context
from campaigns.planning import planned
from orchcamp.messaging.models import ChannelConfiguration, Consent, Suppression
from tests.activities.stage import CHOICES, clean, make_scope

from . import Arrival, everyone

SENDERS = {"email": "newsletter", "sms": "texter", "push": "app", "direct_mail": "printer"}


def plan(
    kind: str,
    settings: Mapping[str, Any],
    arrival: Arrival | None = None,
    *,
    suppressed: Sequence[str] = (),
    said_no: Sequence[str] = (),
    consent_column: str = "",
) -> Callable[[Context], Mapping[str, Table]]:
    """The plan's rows, for people of whom some may get nothing."""

    def tables(ctx: Context) -> Mapping[str, Table]:
        for address in suppressed:
            Suppression.objects.create(channel=kind, address=address)
        for address in said_no:
            Consent.objects.create(channel=kind, address=address, granted=False)
        people = (arrival or everyone())(ctx)
        offered = {f"configurations_{channel}": [(slug, slug)] for channel, slug in SENDERS.items()}
        scope = make_scope(ctx, columns=shapes(people), choices=CHOICES | offered)
        node = catalogue.build(kind, clean(kind, {"configuration": SENDERS[kind], **settings}, scope=scope))
        sender = ChannelConfiguration(slug=SENDERS[kind], channel=kind, consent_column=consent_column)
        return {"plan": planned(node, people, ctx, sender, reference="1-n1").table}

    return tables
