"""The channels of a dry run: planned as in a live run, read through, and sealed. No delivery, no batch, no transport."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from activities import columns, reach
from activities.base import Channel
from activities.populations import Context, Population
from orchcamp.datasets import engine
from orchcamp.messaging import plan
from orchcamp.messaging.models import SEALED, ChannelConfiguration

from . import planning, proofreading
from .models import NodeRun, Run, SealedPlan
from .store import RunStore


def seal(node: NodeRun, population: Population, activity: Channel, ctx: Context) -> SealedPlan:
    """Write the plan of one channel, once, without the batches that a worker could take, and read it through."""
    run = node.run
    assert run.mode == Run.Mode.DRY
    configuration = planning.configuration(activity)
    found = planning.planned(activity, population, ctx, configuration, reference=f"{run.pk}-{node.node_id}")
    path = f"{RunStore(run).folder(node.node_id)}/{SEALED}"
    engine.write(found.table.drop("batch"), path, order_by=["message_id"])
    targeted, prepared, excluded = plan.summary(path)
    sealed = SealedPlan(
        run=run,
        node_id=node.node_id,
        channel=activity.channel,
        configuration=configuration,
        content=planning.frozen(activity, ctx),
        dimension=population.dimension,
        key=list(population.key),
        path=path,
        personal=sorted(_personal(population, found.message.fields, ctx)),
        targeted=targeted,
        prepared=prepared,
        left_out=sum(excluded.values()),
        excluded=excluded,
    )
    proofreading.read(sealed, type=run.graph.node(node.node_id).type, seed=ctx.seed, fields=found.message.fields)
    return _kept(sealed, configuration)


def _kept(sealed: SealedPlan, configuration: ChannelConfiguration) -> SealedPlan:
    """The row of a sealed plan; another attempt at the same node has the same."""
    names = [field.attname for field in SealedPlan._meta.concrete_fields if not field.primary_key]
    facts = {name: getattr(sealed, name) for name in names}
    found, _new = SealedPlan.objects.update_or_create(run_id=sealed.run_id, node_id=sealed.node_id, defaults=facts)
    return found


def _personal(population: Population, fields: Collection[str], ctx: Context) -> set[str]:
    """Those of the message's columns that not everybody may see."""
    known: dict[str, Any] = {**ctx.model.dataset(population.dimension).columns, **columns.shapes(population)}
    far = {name: reach.column(ctx.model, population.dimension, name) for name in fields if name not in known}
    known |= {name: column for name, column in far.items() if column is not None}
    return {name for name, column in known.items() if column.personal}
