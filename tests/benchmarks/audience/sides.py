"""One side of the comparison in a process of its own: asked on standard input, answers on standard output.

    python -m tests.benchmarks.audience.sides orchcamp LAKE 'duckdb://?memory_limit=2GB&threads=2'

A line is the number of a question; the answer is JSON: the rows, the seconds, this process's peak memory in MiB.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from .questions import QUESTIONS

Ask = Callable[[int], int]


def orchcamp(lake: Path, engine_url: str) -> Ask:
    """The product's own way: the rule is read, translated and counted."""
    os.environ |= {"ORCHCAMP_DATA": str(lake.parent), "ORCHCAMP_LAKE": str(lake), "ORCHCAMP_ENGINE": engine_url}
    os.environ["DJANGO_SETTINGS_MODULE"] = "orchcamp.settings"
    import django

    django.setup()
    from orchcamp.datasets import engine, rules

    from .market import NOW, model

    data = model(lake)

    def ask(number: int) -> int:
        ctx = rules.RuleContext(data, NOW)
        return engine.count(rules.keep(data.table("profiles"), QUESTIONS[number].rule, "profiles", ctx))

    return ask


def duckdb(lake: Path, engine_url: str) -> Ask:
    """The statement written by hand, over the same files, with the same memory and threads."""
    import duckdb

    from .market import paths

    con = duckdb.connect(config=dict(parse_qsl(urlsplit(engine_url).query)))
    con.execute("SET TimeZone = 'UTC'")
    for slug, path in paths(lake).items():
        con.execute(f"CREATE VIEW {slug} AS SELECT * FROM read_parquet('{path}')")
    return lambda number: int(con.execute(QUESTIONS[number].sql).fetchone()[0])


def postgresql(lake: Path, url: str) -> Ask:
    """The same statement on PostgreSQL, whose tables have an index on every column that is asked for."""
    import psycopg

    con = psycopg.connect(url, autocommit=True)
    con.execute("SET TimeZone = 'UTC'")
    return lambda number: int(con.execute(QUESTIONS[number].sql).fetchone()[0])


def main() -> None:
    side, lake, url = sys.argv[1:]
    ask = {"orchcamp": orchcamp, "duckdb": duckdb, "postgresql": postgresql}[side](Path(lake), url)
    for line in sys.stdin:
        began = time.perf_counter()
        rows = ask(int(line))
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rows": rows, "seconds": seconds, "peak": peak}), flush=True)


if __name__ == "__main__":
    main()
