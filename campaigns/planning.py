"""Who would get a message: the one statement behind a sending, and behind what an approver is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
from django.utils.translation import gettext as _
from ibis.expr.types import StringValue, Table

from activities import reach, wording
from activities.base import Channel, Message
from activities.populations import Context, Population
from orchcamp.messaging import content, plan
from orchcamp.messaging.models import ChannelConfiguration
from orchcamp.web.errors import Refused

ADDRESS = "address_lines"  # a made-up column, for an address of several


class PlanningError(Refused):
    """A message that cannot be planned for these rows."""


@dataclass(frozen=True)
class Planned:
    """The plan as an expression, and the message that it is for."""

    table: Table
    message: Message


def planned(
    activity: Channel,
    population: Population,
    ctx: Context,
    configuration: ChannelConfiguration,
    *,
    reference: str,
    checked: bool = True,
) -> Planned:
    """One row per message. ``checked``: refuse a message that asks for columns that are not there."""
    message = activity.message(wording.variables(ctx.variables))
    address = activity.address(ctx.model, population.dimension)
    if not address:
        raise PlanningError(
            _("Dataset “%(name)s” has no address column for this channel; name one in its manifest under “target”.")
            % {"name": population.dimension}
        )
    wide = reach.wide(population, {*message.fields, *address, configuration.consent_column}, ctx)
    asked = activity.message(wording.tried(ctx.variables))  # an empty variable is none, but it is known
    if checked and (found := asked.problems(set(wide.columns))):
        raise PlanningError(" ".join(found))
    if len(address) > 1:
        wide = wide.mutate(**{ADDRESS: _lines(wide, address)})
    table = plan.make(
        wide,
        key=population.key,
        address_column=ADDRESS if len(address) > 1 else address[0],
        reference=reference,
        columns=content.read(message.fields, wide.columns) if checked else (),
        configuration=configuration,
        one_per_address=bool(activity.settings.get("one_per_address", True)),
        category=message.category,
        batch_size=plan.BATCH_SIZE,
    )
    return Planned(table, message)


def configuration(activity: Channel) -> ChannelConfiguration:
    """The channel configuration that the node names. Raises PlanningError when it is gone or switched off."""
    slug = str(activity.settings.get("configuration") or "")
    found = ChannelConfiguration.objects.filter(slug=slug, channel=activity.channel).first()
    if found is None:
        sentence = _(
            "There is no channel configuration “%(slug)s” for this channel; make one with this name under Channels, "
            "then try it again."
        )
        raise PlanningError(sentence % {"slug": slug})
    if not found.active:
        sentence = _(
            "Channel configuration “%(label)s” is switched off. Switch it on under Channels, then try it again."
        )
        raise PlanningError(sentence % {"label": found.label})
    return found


def frozen(activity: Channel, ctx: Context) -> dict[str, Any]:
    """The node's settings with the run's variables: all that its messages are made from."""
    return {**activity.settings, content.VARIABLES: wording.variables(ctx.variables)}


def _lines(table: Table, names: Sequence[str]) -> StringValue:
    """An address of several columns, one a line; null when any of them is empty."""
    lines = [table[name].cast("string").strip().nullif("") for name in names]
    text = lines[0]
    for line in lines[1:]:
        text = text + ibis.literal("\n") + line
    return text
