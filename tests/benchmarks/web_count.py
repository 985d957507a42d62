"""How much the web adds to a count: the same rule through the rule builder's endpoint and in a bare process, warm.

    python -m tests.benchmarks.web_count

Both sides run in this process on the demo's data, in turn; the endpoint is asked through Django's test client, signed
in as a manager, with every middleware. The figure promised: at most 1.5 × the bare Ibis expression.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks import starting

ROUNDS = 15
FORM = "application/x-www-form-urlencoded"  # as htmx sends it
SPRING = {"attribute": "transaction_timestamp", "operator": "between", "value": ["2017-03-01", "2017-05-31"]}
RULES = {
    "income": {"attribute": "income", "operator": "equals", "value": "50-74K"},
    "bought grocery": {
        "link": "transactions",
        "where": {"attribute": "product.department", "operator": "equals", "value": "GROCERY"},
    },
    "5 purchases in spring": {
        "link": "transactions", "aggregate": "count", "where": SPRING, "operator": "greater_or_equal", "value": 5,
    },
    "spent 500, not on drugs": {
        "group": "and",
        "items": [
            {"link": "transactions", "aggregate": "sum", "attribute": "sales_value", "operator": "greater_than", "value": 500},
            {
                "link": "transactions", "exists": False,
                "where": {"attribute": "product.department", "operator": "equals", "value": "DRUG GM"},
            },
        ],
    },
}  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        starting.begin(folder)
        measure(Path(folder))


def measure(folder: Path) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client
    from django.urls import reverse
    from django.utils import timezone

    from orchcamp.datasets import demo, engine, rules, schema
    from orchcamp.datasets.rules.forms import Nowhere, sealed
    from tests.conftest import person

    manifest = demo.write_files(folder / "demo")
    call_command("load_datasets", str(manifest), stdout=sys.stderr, stderr=sys.stderr)
    client = Client()
    client.force_login(person("mark", "manager"), backend=settings.AUTHENTICATION_BACKENDS[1])
    model = schema.load()
    now = timezone.now()
    scope = sealed(Nowhere(model, "households", {}, now))
    print(f"{'rule':26} {'rows':>7} {'bare ms':>9} {'web ms':>9} {'ratio':>7}")
    for name, tree in RULES.items():

        def bare(tree=tree) -> int:
            ctx = rules.RuleContext(model, now)
            total = rules.keep(model.table("households"), tree, "households", ctx).count()
            return int(engine.arrow(total).as_py())

        def web(tree=tree) -> None:
            data = urlencode({"name": "rule", "rule": json.dumps(tree), "rule:scope": scope, "ticket": "t"})
            response = client.post(reverse("datasets:rule_count"), data, FORM, headers={"HX-Request": "true"})
            assert b"rule-count" in response.content, response.content

        rows = bare()
        web()
        without, within = in_turn(bare, web)
        print(f"{name:26} {rows:7,} {without:9.1f} {within:9.1f} {within / without:7.2f}")


def in_turn(*deeds: Callable[[], object]) -> list[float]:
    """The median milliseconds of each deed, done one after the other, round by round."""
    times: list[list[float]] = [[] for _deed in deeds]
    for _round in range(ROUNDS):
        for n, deed in enumerate(deeds):
            began = time.perf_counter()
            deed()
            times[n].append((time.perf_counter() - began) * 1000)
    return [statistics.median(taken) for taken in times]


if __name__ == "__main__":
    main()
