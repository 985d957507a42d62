"""What the stories of runs share: a published canvas, a tried one, and its nodes and rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from activities.graph import Graph
from campaigns import execution
from campaigns.models import NodeRun, Run
from tests.builders import make_shop
from tests.campaigns.builders import (
    make_campaign,
    make_configuration,
)

S = NodeRun.Status
NOBODY = {"attribute": "city", "operator": "equals", "value": "Atlantis"}


@pytest.fixture(autouse=True)
def shop(db):
    make_shop()
    make_configuration()


def publish(canvas: Graph, **changes) -> Run:
    """A live run of a canvas, as if it had been approved and published."""
    campaign = make_campaign(canvas, status="live", **changes)
    now = timezone.now()
    campaign.versions.update(frozen_at=now, approved_at=now, published_at=now)
    return execution.start(campaign.latest_version(), mode=Run.Mode.LIVE)


def try_out(canvas: Graph) -> Run:
    return execution.run_to_end(execution.start(make_campaign(canvas).draft(), mode=Run.Mode.TEST))


def node(run: Run, id: str) -> NodeRun:
    return run.nodes.get(node_id=id)


def rows(run: Run) -> dict[str, dict[str, int]]:
    return {n.node_id: {port: kept["rows"] for port, kept in n.outputs.items()} for n in run.nodes.all() if n.outputs}


def expire(run: Run) -> None:
    run.nodes.exclude(lease_until=None).update(lease_until=timezone.now() - timedelta(seconds=1))
