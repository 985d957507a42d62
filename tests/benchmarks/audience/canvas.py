"""A canvas of twelve nodes as the product runs it, and the statements that somebody would write for it by hand.

    python -m tests.benchmarks.audience.canvas orchcamp LAKE 'duckdb://?memory_limit=2GB&threads=2'

A line on standard input asks for one run; the answer is JSON: the rows of every node, the seconds, the peak memory.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .questions import CATEGORY, NOW_SQL, QUARTER_AGO, RECENT, REGION, THIS_YEAR, YEAR_AGO, bought

Rows = dict[str, int]
HOME = {"attribute": "city", "operator": "in", "value": ["Paris", "Lyon", "Lille"]}
GOOD = {"attribute": "score", "operator": "greater_or_equal", "value": 50}


def build(rule: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "build_audience", {"dimension": "profiles", "rule": rule, "keep_empty": True}


NODES: dict[str, tuple[str, dict[str, Any]]] = {
    "home": build(HOME),
    "spenders": build(bought(THIS_YEAR, aggregate="sum", attribute="amount", operator="greater_than", value=500)),
    "category": build(bought(RECENT, CATEGORY)),
    "union": ("combine", {"operation": "union"}),
    "asleep": build(bought(THIS_YEAR, exists=False)),
    "awake": ("combine", {"operation": "exclusion", "primary": {"node": "union", "port": "out"}}),
    "unique": ("deduplication", {"fields": ["email"], "keep": 1, "method": "random"}),
    "enriched": (
        "enrichment",
        {
            "data": [
                {"kind": "aggregate", "link": "purchases", "aggregate": "sum", "attribute": "amount", "alias": "spent"},
                {"kind": "aggregate", "link": "purchases", "aggregate": "count", "alias": "orders"},
            ]
        },
    ),
    "split": (
        "split",
        {
            "subsets": [
                {
                    "code": "test",
                    "limit": {"type": "percent", "value": 10, "of": "inbound"},
                    "sort": {"by": "profile_id", "descending": False},
                },
                {"code": "good", "rule": GOOD},
            ],
            "complement": True,
        },
    ),
    "region": build(bought(REGION)),
    "both": ("combine", {"operation": "intersection"}),
    "orders": ("change_dimension", {"dimension": "purchases", "link": "purchases"}),
}
EDGES = [
    ("home", "out", "union"), ("spenders", "out", "union"), ("category", "out", "union"),
    ("union", "out", "awake"), ("asleep", "out", "awake"), ("awake", "out", "unique"), ("unique", "out", "enriched"),
    ("enriched", "out", "split"), ("split", "good", "both"), ("region", "out", "both"), ("both", "out", "orders"),
]  # fmt: skip
LOT = "md5('seed|' || profile_id)"
BY_HAND = {
    "home": "SELECT profile_id FROM profiles WHERE city IN ('Paris', 'Lyon', 'Lille')",
    "spenders": f"""SELECT profile_id FROM profiles WHERE profile_id IN (SELECT profile_id FROM purchases
        WHERE bought_at >= {YEAR_AGO} AND bought_at <= {NOW_SQL} GROUP BY profile_id HAVING sum(amount) > 500)""",
    "category": f"""SELECT profile_id FROM profiles WHERE profile_id IN (
        SELECT b.profile_id FROM purchases b JOIN products t ON t.product_id = b.product_id
        WHERE t.category = 'category 7' AND b.bought_at >= {QUARTER_AGO} AND b.bought_at <= {NOW_SQL})""",
    "union": "SELECT profile_id FROM home UNION SELECT profile_id FROM spenders UNION SELECT profile_id FROM category",
    "asleep": f"""SELECT profile_id FROM profiles WHERE profile_id NOT IN (SELECT profile_id FROM purchases
        WHERE bought_at >= {YEAR_AGO} AND bought_at <= {NOW_SQL})""",
    "awake": "SELECT profile_id FROM union_ ANTI JOIN asleep USING (profile_id)",
    "unique": f"""SELECT profile_id FROM awake JOIN profiles USING (profile_id)
        QUALIFY row_number() OVER (PARTITION BY email ORDER BY {LOT}) = 1""",
    "enriched": """SELECT u.profile_id, coalesce(f.spent, 0) AS spent, coalesce(f.orders, 0) AS orders FROM unique_ u
        LEFT JOIN (SELECT profile_id, sum(amount) AS spent, count(*) AS orders FROM purchases GROUP BY profile_id) f
        USING (profile_id)""",
    "split.test": """SELECT *, 'test' AS segment_code FROM enriched ORDER BY profile_id
        LIMIT (SELECT count(*) // 10 FROM enriched)""",
    "split.good": """SELECT e.*, 'good' AS segment_code FROM enriched e JOIN profiles USING (profile_id)
        ANTI JOIN split_test USING (profile_id) WHERE score >= 50""",
    "split.complement": """SELECT e.*, 'complement' AS segment_code FROM enriched e
        ANTI JOIN split_test USING (profile_id) ANTI JOIN split_good USING (profile_id)""",
    "region": """SELECT profile_id FROM profiles WHERE profile_id IN (
        SELECT b.profile_id FROM purchases b JOIN stores s ON s.store_id = b.store_id
        WHERE s.region IN ('region 1', 'region 2'))""",
    "both": "SELECT profile_id FROM split_good SEMI JOIN region USING (profile_id)",
    "orders": "SELECT b.purchase_id FROM purchases b SEMI JOIN both_ USING (profile_id)",
}
RESERVED = {"union", "unique", "both"}


def orchcamp(lake: Path, engine_url: str) -> Callable[[], Rows]:
    """A test run of the campaign, from its start to its end."""
    data = lake.parent / "control"
    shutil.rmtree(data, ignore_errors=True)
    os.environ |= {"ORCHCAMP_DATA": str(data), "ORCHCAMP_LAKE": str(lake), "ORCHCAMP_ENGINE": engine_url}
    os.environ["DJANGO_SETTINGS_MODULE"] = "orchcamp.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from activities.graph import Edge, Graph, Node
    from campaigns import execution, lifecycle, store
    from orchcamp.datasets import engine

    from .market import NOW, register

    register(lake)
    engine.drop("runs")
    graph = Graph({id: Node(id, type, id, settings) for id, (type, settings) in NODES.items()})
    for source, port, target in EDGES:
        graph = graph.with_edge(Edge(source, port, target, "in"))
    campaign = lifecycle.create(name="Benchmark", dimension="profiles", by=None)
    version = campaign.draft()
    type(version).objects.filter(pk=version.pk).update(document=graph.to_json())
    version.refresh_from_db()

    def run() -> Rows:
        slot = NOW.replace(microsecond=campaign.runs.count())
        run = execution.run_to_end(execution.start(version, mode="test", scheduled_for=slot))
        assert run.status == "succeeded", run.error
        nodes = {node.node_id: node.outputs for node in run.nodes.all()}
        store.purge(run.pk)
        return {
            id if port == "out" else f"{id}.{port}": kept["rows"]
            for id, outputs in nodes.items()
            for port, kept in outputs.items()
        }

    return run


def duckdb(lake: Path, engine_url: str) -> Callable[[], Rows]:
    """Every statement by hand, its rows written to a file as the product does."""
    import duckdb

    from .market import paths

    con = duckdb.connect(config=dict(parse_qsl(urlsplit(engine_url).query)))
    con.execute("SET TimeZone = 'UTC'")
    for slug, path in paths(lake).items():
        con.execute(f"CREATE VIEW {slug} AS SELECT * FROM read_parquet('{path}')")
    folder = lake.parent / "by-hand"
    folder.mkdir(exist_ok=True)

    def run() -> Rows:
        rows = {}
        for name, statement in BY_HAND.items():
            file, view = folder / f"{name}.parquet", name.replace(".", "_") + ("_" if name in RESERVED else "")
            (rows[name],) = con.execute(f"COPY ({statement}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)").fetchone()
            con.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM read_parquet('{file}')")
        return rows

    return run


def main() -> None:
    side, lake, url = sys.argv[1:]
    run = {"orchcamp": orchcamp, "duckdb": duckdb}[side](Path(lake), url)
    for _line in sys.stdin:
        began = time.perf_counter()
        rows = run()
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rows": rows, "seconds": seconds, "peak": peak}), flush=True)


if __name__ == "__main__":
    main()
