"""How many queries and how much server time every list page takes, with few campaigns and with many.

    python -m tests.benchmarks.pages [--campaigns 10000] [--people 1000] [--groups 50] [--permissions 100000]
        [--rounds 15] [--on sqlite postgresql] [--only campaigns …]

Everything runs through Django's test client, with every middleware, on SQLite and on a PostgreSQL of its own, each in a
process of its own. Three people look: an administrator, a manager whose profile reaches everywhere, and a manager who
reaches only what was shared with them. Each page is asked for with a tenth of the rows and with all of them. Asked for
is at most 12 queries, the same number however many rows there are, and a median of at most 100 ms; what misses is said.
“ms” is the median of the wall clock, “low” its least, “p95” the 95th percentile, “cpu” the processor time of this process
alone (PostgreSQL works in its own): beside other work the wall clock says little. How fast the machine was is said
beside each table by a loop of five million additions, for a rented one may be twice as slow a minute later.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks import starting

if TYPE_CHECKING:
    from django.test import Client

    from orchcamp.accounts.models import User
    from tests.crowd import Amounts

DATABASES = ("sqlite", "postgresql")
POSTGRES = Path(__file__).resolve().parents[2] / ".ci" / "postgres"
HERE = "ORCHCAMP_PAGES_ON"  # set in the process that measures one database


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaigns", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--groups", type=int, default=50)
    parser.add_argument("--permissions", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--on", nargs="*", choices=DATABASES, default=DATABASES)
    parser.add_argument("--only", nargs="*", default=[], help="pages whose name begins so")
    given = parser.parse_args()
    if HERE in os.environ:
        with tempfile.TemporaryDirectory() as folder:
            starting.begin(folder, ORCHCAMP_LOG_LEVEL="ERROR")
            measure(given)
        return
    for database in given.on:
        before = [str(POSTGRES)] if database == "postgresql" else []
        command = [*before, sys.executable, "-m", "tests.benchmarks.pages", *sys.argv[1:]]
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {HERE: database}
        subprocess.run(command, env=environment, check=True)


def measure(given: argparse.Namespace) -> None:
    """Both sizes on the database that is set, and the table."""
    from django.db import connection

    from campaigns.models import CampaignGroupPermission, CampaignUserPermission
    from tests import crowd

    people = crowd.society(given.people, given.groups)
    some, everything = amounts(given, 10), amounts(given, 1)
    crowd.fill(people, crowd.Amounts(), some)
    settle()
    few = {reader.username: look(reader, given) for reader in people.readers}
    crowd.fill(people, some, everything)
    settle()
    shared = CampaignUserPermission.objects.count() + CampaignGroupPermission.objects.count()
    facts = f"{given.campaigns:,} campaigns, {given.people:,} people, {given.groups} groups"
    print(f"\n{connection.vendor}: {facts}, {shared:,} object permissions")
    for reader in people.readers:
        before = yardstick()
        full = look(reader, given)
        table(reader, few[reader.username], full)
        print(f"five million additions: {before:.2f} s before, {yardstick():.2f} s after", flush=True)


def yardstick() -> float:
    """Seconds that this machine takes now for five million additions in Python."""
    began, total = time.perf_counter(), 0
    for number in range(5_000_000):
        total += number
    return time.perf_counter() - began


def settle() -> None:
    """What the database and the product do once after much has changed: statistics, the index of search."""
    from django.db import connection

    from campaigns import finding

    while finding.refresh():
        pass
    connection.cursor().execute("ANALYZE")


def amounts(given: argparse.Namespace, share: int) -> Amounts:
    from tests import crowd

    campaigns = given.campaigns // share
    return crowd.Amounts(
        campaigns=campaigns,
        busy=max(campaigns // 10, 5),
        shelves=max(campaigns // 100, 5),
        shares=given.permissions // given.campaigns,
    )


@dataclass(frozen=True)
class Taken:
    """What the rounds of one page took."""

    queries: int
    times: list[float]
    worked: list[float]
    size: int

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def lowest(self) -> float:
        """What it takes when nothing else disturbs it."""
        return min(self.times)

    @property
    def slowest(self) -> float:
        """The 95th percentile."""
        return statistics.quantiles(self.times, n=20)[-1] if len(self.times) > 1 else self.times[0]


def look(reader: User, given: argparse.Namespace) -> dict[str, Taken]:
    """Every page as a person sees it; those that are closed to them are left out."""
    from django.conf import settings
    from django.test import Client

    from tests.list_pages import PAGES

    client = Client()
    client.force_login(reader, backend=settings.AUTHENTICATION_BACKENDS[1])
    wanted = {name: at for name, at in PAGES.items() if not given.only or name.startswith(tuple(given.only))}
    found = {name: ask(client, address, given.rounds) for name, address in wanted.items()}
    return {name: taken for name, taken in found.items() if taken is not None}


def ask(client: Client, address: str, rounds: int) -> Taken | None:
    """Queries, milliseconds of each round, and bytes; the first round warms up and does not count."""
    from django.db import connection

    asked: list[str] = []

    def noted(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    times, worked, size = [], [], 0
    for number in range(rounds + 1):
        asked.clear()
        with connection.execute_wrapper(noted):
            began, busy = time.perf_counter(), time.process_time()
            response = client.get(address)
            spent, used = (time.perf_counter() - began) * 1000, (time.process_time() - busy) * 1000
        if response.status_code in {302, 403}:  # closed to this person
            return None
        assert response.status_code == 200, (address, response.status_code)
        size = len(response.content)
        if number:
            times.append(spent)
            worked.append(used)
    if os.environ.get("SHOW_QUERIES") == address:
        print(*(sql[:300] for sql in asked), sep="\n    ")
    return Taken(len(asked), times, worked, size)


def table(reader: User, few: dict[str, Taken], many: dict[str, Taken]) -> None:
    """A person's pages, at a tenth of the rows and at all of them."""
    from tests.list_pages import MOST_MS, MOST_QUERIES

    side = f"{'queries':>8} {'ms':>6} {'low':>6} {'p95':>6} {'cpu':>6}"
    print(f"\n{reader.username:24} {'a tenth':^36} │ {'all':^36}\n{'':24} {side} │ {side} {'KB':>6}")
    for name, full in many.items():
        part = few[name]
        missed = [
            *([f"more than {MOST_QUERIES} queries"] if full.queries > MOST_QUERIES else []),
            *([f"queries grew from {part.queries}"] if full.queries > part.queries else []),
            *([f"over {MOST_MS} ms"] if full.median > MOST_MS else []),
        ]
        sides = [
            f"{taken.queries:8} {taken.median:6.0f} {taken.lowest:6.0f} {taken.slowest:6.0f} "
            f"{statistics.median(taken.worked):6.0f}"
            for taken in (part, full)
        ]
        print(f"{name:24} {' │ '.join(sides)} {full.size / 1024:6.0f}  {', '.join(missed)}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
