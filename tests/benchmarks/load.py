"""How long a CSV file takes to load, and how much memory: ``python tests/benchmarks/load.py [ROWS …] [--memory 1GB]``.

Each size is generated, loaded once into an empty installation and once more over itself (a full upsert), in a process
of its own whose peak memory is measured by the system.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = """
datasets:
  profiles:
    file: profiles.csv
    key: [id]
    version: updated_at
    target: {email: email}
"""


def generate(folder: Path, rows: int) -> Path:
    """Profiles of ten columns, about 110 bytes a row; one row in 100,000 is spoilt."""
    place = folder / "profiles.csv"
    duckdb.sql(
        f"""COPY (SELECT i AS id, 'first' || i % 9973 AS first_name, 'last' || i % 99991 AS last_name,
        'person' || i || '@example.org' AS email, i % 7 <> 0 AS consent, date '1940-01-01' + (i % 25000)::INT AS born,
        CASE WHEN i % 100000 = 99999 THEN 'n/a' ELSE (i % 100000 / 100)::VARCHAR END AS spent,
        'city ' || i % 5000 AS city, i % 50 AS visits,
        timestamp '2020-01-01' + INTERVAL (i % 100000000) SECOND AS updated_at
        FROM range({rows}) t(i)) TO '{place}' (HEADER)"""
    )
    manifest = folder / "manifest.yaml"
    manifest.write_text(MANIFEST + "    columns: {spent: {type: decimal}}\n")
    return manifest


def peak(process: subprocess.Popen, found: list[int]) -> None:
    """The most memory the process had resident, as the kernel says."""
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        found[0] = max([found[0], *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))])
        time.sleep(0.05)


def run(command: list[str], environment: dict[str, str]) -> tuple[str, float, int]:
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    most = [0]
    watcher = threading.Thread(target=peak, args=(process, most))
    watcher.start()
    output, _errors = process.communicate()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {process.returncode}")
    return output, time.perf_counter() - started, most[0]


def measure(rows: int, memory: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = generate(folder, rows)
        size = (folder / "profiles.csv").stat().st_size
        environment = os.environ | {
            "ORCHCAMP_DATA": str(folder / "data"),
            "ORCHCAMP_LAKE": str(folder / "data" / "lake"),
            "ORCHCAMP_ENGINE": f"duckdb://?memory_limit={memory}",
            "DATABASE_URL": "",
        }
        manage = [sys.executable, "manage.py"]
        run([*manage, "migrate", "--skip-checks", "-v0"], environment)
        for label in ("first load", "upsert of all"):
            output, seconds, most = run([*manage, "load_datasets", str(manifest), "--json"], environment)
            answer = json.loads(output)["profiles"]
            assert answer["read"] == rows == answer["kept"] + answer["rejected"] + answer["replaced"]
            print(
                f"| {rows:>11,} | {size / 2**20:>7,.0f} | {label:<13} | {answer['rejected']:>8,} | {seconds:>7.1f} |"
                f" {rows / seconds:>11,.0f} | {most / 1024:>8,.0f} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="*", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--memory", default="1GB", help="the engine's memory_limit")
    options = parser.parse_args()
    print(f"memory_limit {options.memory}, {os.cpu_count()} cores\n")
    print("|        rows | CSV MiB | what          | rejected | seconds |    rows / s | peak MiB |")
    print("| ----------: | ------: | ------------- | -------: | ------: | ----------: | -------: |")
    for rows in options.rows:
        measure(rows, options.memory)


if __name__ == "__main__":
    main()
