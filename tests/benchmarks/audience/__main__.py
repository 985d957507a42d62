"""Counts of ten rules, and a canvas of twelve nodes, on three sides in one run.

    python -m tests.benchmarks.audience --profiles 1000000 10000000 --keep /tmp/market

Every question is put to each side in turn, round by round, each side in a process of its own; the table shows medians.
PostgreSQL is left out where it is not installed, or with ``--without-postgresql``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from . import market
from .postgres import Cluster
from .questions import QUESTIONS

ENGINE = "duckdb://?memory_limit=2GB&threads=2"


class Side:
    """A process that answers questions."""

    def __init__(self, name: str, *arguments: str, module: str = "sides"):
        command = [sys.executable, "-m", f"tests.benchmarks.audience.{module}", name, *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.name, self.peak = name, 0.0

    def ask(self, number: int) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        print(number, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with {self.process.wait()} at question {number}.")
        answer = json.loads(line)
        self.peak = max(self.peak, answer["peak"])
        return answer

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="folder for the data, used again by the next run")
    parser.add_argument("--engine", default=ENGINE)
    parser.add_argument("--without-postgresql", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for profiles in options.profiles:
            measure((options.keep or Path(folder)) / str(profiles), profiles, options)


def measure(folder: Path, profiles: int, options: argparse.Namespace) -> None:
    lake = folder / "lake"
    market.generate(lake, profiles)
    print(f"\n{profiles:,} profiles, {4 * profiles:,} purchases; {options.engine}; median of {options.rounds}\n")
    with ExitStack() as stack:
        sides = [Side("orchcamp", str(lake), options.engine), Side("duckdb", str(lake), options.engine)]
        if Cluster.installed() and not options.without_postgresql:
            cluster = stack.enter_context(Cluster(folder / "postgresql"))
            cluster.load(lake)
            sides.append(Side("postgresql", str(lake), cluster.url))
        counts(sides, options.rounds)
        for side in sides:
            side.close()
    canvas(lake, options)


def counts(sides: list[Side], rounds: int) -> None:
    """The table of the ten rules: seconds on each side, and how Orchcamp stands to the others."""
    print(f"{'rule':28} {'rows':>11}" + "".join(f" {side.name:>11}" for side in sides) + "   /duckdb  postgresql/")
    ratios: list[list[float]] = [[], []]
    for number, question in enumerate(QUESTIONS):
        asked = [[side.ask(number) for side in sides] for _round in range(rounds + 1)][1:]  # the first one warms
        rows = {answer["rows"] for answers in asked for answer in answers}
        assert len(rows) == 1, f"{question.name}: the sides do not agree: {rows}"
        seconds = [statistics.median(answers[n]["seconds"] for answers in asked) for n in range(len(sides))]
        ratios[0].append(seconds[0] / seconds[1])
        line = f"{question.name:28} {rows.pop():11,}" + "".join(f" {taken:10.3f}s" for taken in seconds)
        line += f" {ratios[0][-1]:9.2f}"
        if len(seconds) > 2:
            ratios[1].append(seconds[2] / seconds[0])
            line += f" {ratios[1][-1]:12.1f}"
        print(line, flush=True)
    medians = [statistics.median(found) for found in ratios if found]
    print(f"{'median':28} {'':11}" + " " * 12 * len(sides) + f" {medians[0]:9.2f}", end="")
    print(f" {medians[1]:12.1f}" if len(medians) > 1 else "")
    print(f"{'peak MiB of the process':28} {'':11}" + "".join(f" {side.peak:11,.0f}" for side in sides[:2]))


def canvas(lake: Path, options: argparse.Namespace) -> None:
    """The table of the canvas: a whole run against the sum of its statements written by hand."""
    sides = [Side(name, str(lake), options.engine, module="canvas") for name in ("orchcamp", "duckdb")]
    asked = [[side.ask(0) for side in sides] for _round in range(options.rounds + 1)][1:]
    for answers in asked:
        assert answers[0]["rows"] == answers[1]["rows"], [answer["rows"] for answer in answers]
    seconds = [statistics.median(answers[n]["seconds"] for answers in asked) for n in range(2)]
    rows = sum(asked[0][0]["rows"].values())
    line = f"{'canvas of 12 nodes':28} {rows:11,}" + "".join(f" {taken:10.3f}s" for taken in seconds)
    print(f"\n{line} {seconds[0] / seconds[1]:21.2f}")
    print(f"{'peak MiB of the process':28} {'':11}" + "".join(f" {side.peak:11,.0f}" for side in sides), flush=True)
    for side in sides:
        side.close()


if __name__ == "__main__":
    main()
