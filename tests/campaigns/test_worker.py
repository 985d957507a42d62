"""The supervised worker: what its pieces decide, and (slow) that killed processes lose no run."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from campaigns import execution, tasks, worker
from campaigns.models import Beat, NodeRun, Run
from campaigns.pulse import pulse
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, targeting_graph

ROOT = Path(__file__).resolve().parent.parent.parent


# --- Pieces -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_nudge_runs_a_canvas_to_its_end():
    make_shop()
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    tasks.run_async(run)
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED
    assert set(run.nodes.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_a_nudge_that_was_lost_is_made_up_for():
    make_shop()
    run = execution.start(make_campaign(targeting_graph()).draft(), mode=Run.Mode.TEST)
    tasks.recover()
    run.refresh_from_db()
    assert run.status == Run.Status.SUCCEEDED


@pytest.mark.django_db
def test_tasks_of_rows_that_are_gone_do_nothing():
    tasks.advance(99)
    tasks.execute_node(99)
    tasks.send_batch(99)


@pytest.mark.django_db
def test_a_fresh_cluster_is_given_time_and_a_silent_one_is_not():
    supervisor = worker.Supervisor()
    supervisor.started = time.monotonic()
    assert not supervisor.silent()
    supervisor.started -= worker.START_GRACE + 1
    assert supervisor.silent()
    beat = Beat.objects.create(name=supervisor.name, at=timezone.now())
    assert not supervisor.silent()
    beat.at -= timedelta(seconds=worker.STALE_AFTER + 1)
    beat.save()
    assert supervisor.silent()


@pytest.mark.django_db
def test_the_beat_of_another_supervisor_does_not_count():
    supervisor = worker.Supervisor()
    supervisor.started = time.monotonic() - worker.START_GRACE - 1
    Beat.objects.create(name="worker:elsewhere:1", at=timezone.now())
    assert supervisor.silent()


@pytest.mark.django_db
def test_one_beat_waits_in_the_queue_and_not_two(monkeypatch):
    from django_q.conf import Conf

    monkeypatch.setattr(Conf, "SYNC", False)
    supervisor = worker.Supervisor()
    supervisor.ask_for_beat()
    supervisor.ask_for_beat()
    assert [row.func() for row in OrmQ.objects.all()] == [worker.BEAT]


def test_a_sign_of_life_is_given_while_something_goes_on():
    beats: list[int] = []
    with pulse(lambda: beats.append(1), every=0.02):
        wait_for(lambda: len(beats) >= 3, 10)
    seen = len(beats)
    time.sleep(0.1)
    assert seen == len(beats)  # it ends with what went on


# --- The real thing -------------------------------------------------------------------------------------


class Stage:
    """A data folder of its own with a worker beside it."""

    def __init__(self, folder: Path):
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "ORCHCAMP_LAKE"},
            "ORCHCAMP_DATA": str(folder),
            "DJANGO_SETTINGS_MODULE": "orchcamp.settings",
            "PYTHONPATH": str(ROOT),
        }
        self.manage("migrate", "-v0")
        self.log = (folder / "worker.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"], cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log
        )

    def manage(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, check=True)

    def play(self, *arguments: object) -> str:
        command = [sys.executable, "-m", "tests.campaigns.stage", *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def state(self, run: str) -> dict:
        return json.loads(self.play("state", run))

    def statuses(self, run: str) -> set[str]:
        """The states of a run's nodes, read at once: a process of its own would come too late."""
        with closing(sqlite3.connect(Path(self.environment["ORCHCAMP_DATA"]) / "orchcamp.sqlite3", timeout=10)) as rows:
            return {
                status for (status,) in rows.execute("SELECT status FROM campaigns_noderun WHERE run_id = ?", [run])
            }

    def cluster(self) -> int:
        """The main process of the queue."""
        return (children(self.process.pid) or [0])[0]

    def workers(self) -> list[int]:
        """The sentinel starts its workers first, then monitor and pusher."""
        sentinel = (children(self.cluster()) or [0])[0]
        return children(sentinel)[:2]

    def close(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(160)
        finally:
            self.process.kill()
            self.log.close()


def children(pid: int) -> list[int]:
    try:
        return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except FileNotFoundError:
        return []


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    """Wait as long as it takes on a quiet machine, and on a busy one four times as long."""
    until = time.monotonic() + 4 * seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.2)


@pytest.fixture
def stage(tmp_path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    try:
        wait_for(lambda: len(stage.workers()) == 2, 40)
        yield stage
    finally:
        stage.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killed_workers_lose_no_run_and_a_stop_leaves_nothing_behind(stage):
    stage.play("fill", 800_000)
    first = stage.play("begin", "quick").strip()
    wait_for(lambda: stage.state(first)["status"] == "succeeded", 30)

    for pid in stage.workers():  # idle: one of them holds the queue's lock, and everything stands still
        os.kill(pid, signal.SIGKILL)
    second = stage.play("begin", "quick").strip()
    wait_for(lambda: stage.state(second)["status"] == "succeeded", 90)

    third = stage.play("begin", "heavy").strip()
    wait_for(lambda: NodeRun.Status.RUNNING in stage.statuses(third), 30)
    for pid in stage.workers():  # one of them is at work
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: stage.state(third)["status"] == "succeeded", 120)
    found = stage.state(third)["nodes"]
    assert found["a"][2]["out"]["rows"] == 4_800_000
    assert sum(port["rows"] for port in found["d"][2].values()) == 4_800_000

    cluster = stage.cluster()
    group = [cluster, *children(cluster), *stage.workers()]
    assert stage.close() == 0
    assert not [pid for pid in group if Path(f"/proc/{pid}").exists()]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_supervisor_leaves_no_cluster_behind(stage):
    cluster = stage.cluster()
    stage.process.kill()
    wait_for(lambda: not Path(f"/proc/{cluster}").exists(), 30)
