"""Run in a process of its own by the worker's tests: fill a real database, start test runs, say how they are."""

from __future__ import annotations

import json
import os
import sys

import django


def fill(copies: int) -> None:
    """The shop, its people copied many times over, and two campaigns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from orchcamp.datasets import engine
    from tests.builders import make_shop
    from tests.campaigns.builders import audience, graph, make_campaign, targeting_graph

    make_shop()
    place = engine.root() / "datasets/people/1.parquet"
    table = pa.concat_tables([pq.read_table(place)] * copies)
    pq.write_table(table.set_column(0, "id", pa.array(range(len(table)), pa.int64())), place)
    make_campaign(targeting_graph(), slug="quick")
    heavy = {"fields": ["city", "name", "email"], "keep": 1, "method": "random", "complement": True}
    nodes = {"a": ("build_audience", audience()), "d": ("deduplication", heavy), "z": ("end", {})}
    make_campaign(graph(nodes, "a>d", "d>z"), slug="heavy")


def begin(slug: str) -> None:
    from campaigns import execution, tasks
    from campaigns.models import Campaign

    run = execution.start(Campaign.objects.get(slug=slug).draft(), mode="test")
    tasks.run_async(run)
    print(run.pk)


def state(run_id: int) -> None:
    from campaigns.models import Run

    run = Run.objects.get(pk=run_id)
    nodes = {node.node_id: [node.status, node.attempts, node.outputs] for node in run.nodes.all()}
    print(json.dumps({"status": run.status, "error": run.error, "nodes": nodes}))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchcamp.settings")
    django.setup()
    command, *arguments = sys.argv[1:]
    {"fill": lambda n: fill(int(n)), "begin": begin, "state": lambda n: state(int(n))}[command](*arguments)
