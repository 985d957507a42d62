"""What the stories of saved audiences share: published campaigns, later snapshots, members."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils import timezone

from activities.graph import Graph
from campaigns.models import Campaign
from orchcamp.datasets import engine, schema
from orchcamp.datasets.models import Dataset, Snapshot
from tests.campaigns.builders import make_campaign


def published(canvas: Graph, slug: str = "spring", **changes: Any) -> Campaign:
    """A campaign as if it had been approved and published."""
    campaign = make_campaign(canvas, slug=slug, status="live", **changes)
    now = timezone.now()
    campaign.versions.update(frozen_at=now, approved_at=now, published_at=now)
    return campaign


def ids(slug: str) -> list[int]:
    """The keys of an audience's members."""
    return sorted(row["id"] for row in engine.rows(schema.load().audience_table(slug)))


def outputs(found: dict[str, Any], node: str) -> dict[str, int]:
    """Rows by port, of what ``run_campaign --json`` printed."""
    return {port: kept["rows"] for port, kept in found["nodes"][node]["outputs"].items()}


def loaded(people: list[dict[str, Any]]) -> None:
    """A later snapshot of the people."""
    dataset = Dataset.objects.get(slug="people")
    number = dataset.snapshot.number + 1
    path = f"datasets/people/{number}.parquet"
    before = pq.read_schema(engine.root() / dataset.snapshot.path)
    pq.write_table(pa.Table.from_pylist(people, before), engine.root() / path)
    dataset.snapshot = Snapshot.objects.create(dataset=dataset, number=number, path=path, rows=len(people))
    dataset.save()
