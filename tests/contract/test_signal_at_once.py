"""Signals to a real server with a database in a file: of those that come in the same moment one begins the run, and the
program of the guide does what the guide says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGE = [sys.executable, "-m", "tests.contract.signal_stage"]


class Server:
    """The application in a process of its own."""

    def __init__(self, folder: Path):
        names = {name: value for name, value in os.environ.items() if not name.startswith(("ORCHCAMP_", "DJANGO_"))}
        names.pop("DATABASE_URL", None)
        self.environment = names | {"ORCHCAMP_DATA": str(folder)}
        self.secret = self.ask("setup")
        self.process = subprocess.Popen(
            [*STAGE, "serve"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.port = int(self.process.stdout.readline())  # type: ignore[union-attr]

    def ask(self, command: str) -> str:
        done = subprocess.run(
            [*STAGE, command], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def signal(self, slug: str, gate: threading.Barrier, key: str = "") -> tuple[int, dict]:
        """Send a signal when the others do."""
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        address = f"http://127.0.0.1:{self.port}/api/v1/campaigns/{slug}/signal"
        request = urllib.request.Request(
            address, b"{}", headers | ({"Idempotency-Key": key} if key else {}), method="POST"
        )
        gate.wait()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def at_once(self, slug: str, callers: int, key: str = "") -> list[tuple[int, dict]]:
        gate = threading.Barrier(callers)
        with ThreadPoolExecutor(callers) as pool:
            return list(pool.map(lambda _each: self.signal(slug, gate, key), range(callers)))


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("signals"))
    yield found
    found.process.kill()
    found.process.wait()


def test_of_two_signals_at_once_one_begins_the_run_and_the_other_is_told_to_wait(server):
    answers = server.at_once("first", 2)
    assert sorted(status for status, _body in answers) == [202, 429]
    begun = next(body for status, body in answers if status == 202)
    assert json.loads(server.ask("report"))["runs"]["first"] == [begun["run"]]


def test_of_four_calls_at_once_with_one_key_all_are_told_the_same_run(server):
    answers = server.at_once("second", 4, key="order 17")
    assert {status for status, _body in answers} <= {200, 202}
    assert len({body["run"] for _status, body in answers}) == 1
    found = json.loads(server.ask("report"))
    assert len(found["runs"]["second"]) == 1
    assert found["taken"].count(found["runs"]["second"][0]) == 1


def test_the_program_of_the_guide_begins_a_run_and_follows_it_to_its_end(server, tmp_path):
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/guide/signals.md").read_text(), re.DOTALL)
    (tmp_path / "program.py").write_text(program)
    known = {"ORCHCAMP_URL": f"http://127.0.0.1:{server.port}", "ORCHCAMP_TOKEN": server.secret}
    running = subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py")],
        env=os.environ | known,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _try in range(60):
        if json.loads(server.ask("report"))["runs"]["back-in-stock"] or running.poll() is not None:
            break
    server.ask("work")
    said, complaint = running.communicate(timeout=60)
    assert (said, complaint) == ("succeeded {}\n", "")
