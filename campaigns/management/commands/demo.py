"""Everything in one terminal: data, web server, worker and a local mail server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from campaigns import demo
from campaigns.worker import follow_parent
from orchcamp.web.commands import SentenceCommand
from orchcamp.web.errors import Refused

PATIENCE = 15  # seconds that a process has to end by itself


class Command(SentenceCommand):
    help = "Load the demo and run web server, worker and a local mail server until Ctrl-C."
    serves = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where the web server listens (default 8000)")

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        if not settings.DEMO:
            raise Refused("The demo has known passwords; start it with “make demo”, or set ORCHCAMP_DEMO=1.")
        if not is_free(port):
            raise Refused(f"Port {port} is in use; stop what listens there or choose another: make demo PORT=9000")
        sink_port = next(candidate for candidate in range(settings.SINK_PORT, 65536) if is_free(candidate))
        self.stdout.write("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        demo.load(sink_port=sink_port, say=self.say)
        address = f"http://127.0.0.1:{port}"
        environment = {"ORCHCAMP_LOG_LEVEL": "WARNING", **os.environ}
        environment |= {"ORCHCAMP_BASE_URL": address, "ORCHCAMP_SINK_PORT": str(sink_port)}
        self.run(port, environment, address)

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def run(self, port: int, environment: dict[str, str], address: str) -> None:
        manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py")]
        gunicorn = [sys.executable, "-m", "gunicorn", "orchcamp.wsgi", "--bind", f"127.0.0.1:{port}"]
        gunicorn += ["--workers", "2", "--worker-class", "gthread", "--threads", "4", "--log-level", "warning"]
        gunicorn += ["--timeout", "150", "--graceful-timeout", "8"]
        commands = {"mail": [*manage, "sink"], "worker": [*manage, "worker"], "web": gunicorn}
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: sys.exit(0))
        running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name, command in commands.items():
                running[name] = begin(command, environment)
            wait_until_well(f"{address}/health", running)
            self.say(self.welcome(address))
            while all(process.poll() is None for process in running.values()):
                time.sleep(0.5)
            ended = ", ".join(name for name, process in running.items() if process.poll() is not None)
            raise Refused(f"The {ended} process ended by itself; its messages are above.")
        except SystemExit:
            self.say("\nStopping …")
        finally:
            stop(running)

    def welcome(self, address: str) -> str:
        logins = "\n".join(f"    {name:<14} {demo.PASSWORD}" for name in demo.PEOPLE)
        return (
            f"\nOrchcamp is running:  {address}\n\n    user           password\n{logins}\n\nCtrl-C stops everything.\n"
        )


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def begin(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A process in a group of its own: Ctrl-C comes to us alone, and we end it by its main process.

    A worker of gunicorn that is told to quit twice, by the terminal and by its own master, waits for itself for ever.
    """
    return subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=follow_parent,
    )


def wait_until_well(url: str, running: dict[str, subprocess.Popen[bytes]]) -> None:
    """Return when the health page says so, or after a minute: what is unwell is then on the page itself."""
    for _ in range(120):
        if any(process.poll() is not None for process in running.values()):
            return
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.5)


def stop(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """End what runs, politely first; a second Ctrl-C does not leave anything behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for process in running.values():
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in running.values():
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
