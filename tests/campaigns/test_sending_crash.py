"""Workers killed at random while a real server counts: nobody gets two messages, nobody is forgotten."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.campaigns.crash_stage import address
from tests.messaging.smtp_server import received, running

ROOT = Path(__file__).parents[2]


def stage(folder: Path, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "tests.campaigns.crash_stage", *map(str, arguments)]


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORCHCAMP_", "DATABASE_"))}
    return kept | {
        "ORCHCAMP_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "orchcamp.settings",
        "ORCHCAMP_ENGINE": "duckdb://?threads=1",
    }


def run(folder: Path, *arguments: object) -> str:
    done = subprocess.run(
        stage(folder, *arguments), cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def start(folder: Path) -> subprocess.Popen:
    return subprocess.Popen(stage(folder, "work"), cwd=ROOT, env=environment(folder), stdin=subprocess.DEVNULL)


def killed_at_random(folder: Path, box: Path, kills: int, messages: int) -> int:
    """Keep two workers going, kill one or the other at random moments of the sending; how many were killed."""
    chance = random.Random(20261123)
    workers = [start(folder), start(folder)]
    done, deadline = 0, time.monotonic() + 1_800
    while any(worker.poll() is None for worker in workers):
        assert time.monotonic() < deadline, "the sending does not end"
        came = sum(received(box).values())
        if done < kills and came >= messages * (done + chance.random()) / (kills + 1) and came:
            time.sleep(chance.random() * 0.05)
            victim = chance.randrange(2)
            if workers[victim].poll() is None:
                workers[victim].send_signal(signal.SIGKILL)
                workers[victim].wait()
                done += 1
                workers[victim] = start(folder)
        time.sleep(0.005)
    return done


def descendants(pid: int) -> list[int]:
    """Every process below one, the nearest first."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # ended meanwhile
            parents[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
    found, wanted = [], [pid]
    while wanted:
        children = [child for child, parent in parents.items() if parent == wanted[0]]
        found, wanted = found + children, wanted[1:] + children
    return found


def kill_under_the_supervisor(supervisor: subprocess.Popen, folder: Path, box: Path, kills: int, messages: int) -> None:
    """Kill any process of the queue's cluster, main, sentinel or worker, at random moments, until all is sent."""
    chance, done, deadline = random.Random(20261123), 0, time.monotonic() + 1_800
    while sum(received(box).values()) < messages - done:
        assert time.monotonic() < deadline, "the sending does not go on"
        came = sum(received(box).values())
        if done < kills and came > messages * done / kills:
            time.sleep(chance.random() * 0.5)
            if below := descendants(supervisor.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(below), signal.SIGKILL)
                    done += 1
        time.sleep(0.05)
    while json.loads(run(folder, "report"))["status"] != "succeeded":
        assert time.monotonic() < deadline, "the sending does not end"
        time.sleep(1)


def check(folder: Path, box: Path, messages: int, kills: int) -> None:
    facts, came = json.loads(run(folder, "report")), received(box)
    doubtful, books = set(facts["doubtful"]), facts["books"]
    everyone = {address(number) for number in range(messages)}
    assert set(came) <= everyone and max(came.values()) == 1, "somebody got two messages"
    assert everyone - set(came) <= doubtful, "somebody was forgotten"
    assert len(doubtful) <= kills, "more doubts than kills, and a worker has one connection"
    assert facts["status"] == "succeeded"
    assert books["in_doubt"] == len(doubtful) and books["pending"] == books["refused"] == 0
    assert books["accepted"] + books["in_doubt"] == messages == books["targeted"]
    assert len(facts["outcomes"]) == messages


@pytest.mark.parametrize(
    ("messages", "kills", "batch", "port"),
    [
        pytest.param(1_500, 4, 100, 9162, id="small"),
        pytest.param(20_000, 20, 500, 9163, id="full", marks=pytest.mark.slow),
    ],
)
def test_workers_killed_at_random_moments_lose_and_repeat_nothing(tmp_path, messages, kills, batch, port):
    folder, box = tmp_path / "data", tmp_path / "received"
    run(folder, "setup", messages, port, batch)
    with running(port, box, delay=0.003):
        assert killed_at_random(folder, box, kills, messages) == kills
        check(folder, box, messages, kills)


@pytest.mark.slow
def test_the_supervised_worker_survives_the_killing_of_any_of_its_processes(tmp_path):
    folder, box, messages, kills = tmp_path / "data", tmp_path / "received", 3_000, 6
    run(folder, "setup", messages, 9163, 100)
    with running(9163, box, delay=0.003):
        command = [sys.executable, "manage.py", "worker"]
        supervisor = subprocess.Popen(command, cwd=ROOT, env=environment(folder), stdin=subprocess.DEVNULL)
        try:
            kill_under_the_supervisor(supervisor, folder, box, kills, messages)
        finally:
            supervisor.terminate()
            try:
                supervisor.wait(120)
            except subprocess.TimeoutExpired:
                for pid in [supervisor.pid, *descendants(supervisor.pid)]:
                    os.kill(pid, signal.SIGKILL)
        check(folder, box, messages, kills * 2)  # a cluster killed as a whole takes two workers with it
