"""The supervisor of the queue's cluster: starts it, listens for its beat, restarts it, and recovers lost work.

A worker of the queue that is killed while idle takes the queue's lock with it, and the cluster waits for ever without a
word. Nothing inside notices; so the cluster lives in a process group of its own, and when nothing has beaten for a
while the whole group is killed and started again. Our rows hold the truth, so nothing is lost by it.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.models import Q
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from . import tasks
from .models import Beat

logger = logging.getLogger(__name__)

TICK = 0.5  # seconds between two looks
BEAT_EVERY = 4.0
RECOVER_EVERY = 10.0
STALE_AFTER = 20.0  # no beat for so long: the cluster is dead or dead-locked
START_GRACE = 45.0  # until the first beat after a start
STOP_AFTER = 12.0  # how long a graceful stop may take; shorter than what starts us waits for us
CROWDED = 50  # with so many tasks in the queue no run needs a nudge
BEAT = "campaigns.tasks.beat"


def follow_parent() -> None:
    """In the child: end when the supervisor is killed, so that no cluster is left that nobody watches (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Supervisor:
    """One cluster of workers, kept alive."""

    def __init__(self) -> None:
        self.name = f"{tasks.WORKER}{socket.gethostname()}"[:30] + f":{os.getpid()}"
        self.cluster: subprocess.Popen[bytes] | None = None
        self.over = threading.Event()
        self.started = self.beaten = self.recovered = 0.0

    def run(self) -> None:
        """Until SIGTERM or SIGINT; then stop the cluster and return."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.over.set())
        ours = Q(name__startswith=tasks.WORKER) | Q(name__startswith=tasks.SCHEDULER)
        Beat.objects.filter(ours, at__lt=timezone.now() - timedelta(days=1)).delete()
        self.start()
        try:
            while not self.over.wait(TICK):
                try:
                    self.look()
                except DatabaseError as error:
                    logger.warning("The database did not answer: %s", error)
                    close_old_connections()
        finally:
            self.stop()

    def start(self) -> None:
        """Start the cluster in its own process group; what the last one had taken is free again."""
        OrmQ.objects.filter(key=settings.Q_CLUSTER["name"]).update(lock=timezone.now())
        environment = {**os.environ, "ORCHCAMP_WORKER_NAME": self.name}
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]
        self.cluster = subprocess.Popen(  # noqa: S603
            command, env=environment, start_new_session=True, preexec_fn=follow_parent
        )
        self.started, self.beaten = time.monotonic(), 0.0
        logger.info("Workers started (process %s).", self.cluster.pid)

    def look(self) -> None:
        """One look: beat, recover, and restart what is dead."""
        assert self.cluster is not None
        now = time.monotonic()
        if now - self.beaten > BEAT_EVERY:
            self.beaten = now
            self.ask_for_beat()
        if now - self.recovered > RECOVER_EVERY:
            self.recovered = now
            tasks.recover(crowded=OrmQ.objects.filter(key=settings.Q_CLUSTER["name"]).count() >= CROWDED)
        if self.cluster.poll() is not None:
            logger.warning("The workers ended by themselves (status %s); starting them again.", self.cluster.returncode)
            self.restart()
        elif self.silent():
            logger.warning("The workers have been silent for too long; killing and starting them again.")
            self.restart()

    def ask_for_beat(self) -> None:
        """Queue a beat unless one is waiting already."""
        waiting = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"], lock__lte=timezone.now())
        if not any(row.func() == BEAT for row in waiting[:CROWDED]):
            async_task(BEAT, ack_failure=True)

    def silent(self) -> bool:
        """Whether the cluster should have said something by now."""
        age = time.monotonic() - self.started
        last: datetime | None = Beat.objects.filter(name=self.name).values_list("at", flat=True).first()
        since_beat = (timezone.now() - last).total_seconds() if last else age
        if since_beat >= age:  # no beat since the start
            return age > START_GRACE
        return since_beat > STALE_AFTER

    def restart(self) -> None:
        self.kill()
        self.start()

    def kill(self) -> None:
        """End every process of the group, at once."""
        assert self.cluster is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.cluster.pid, signal.SIGKILL)
        self.cluster.wait()

    def stop(self) -> None:
        """Let running tasks come to the end of their slice, but not for ever.

        The signal goes to the main process alone: sent to the group it kills the workers and leaves the rest hanging.
        """
        if self.cluster is None:
            return
        if self.cluster.poll() is None:
            self.cluster.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.cluster.wait(STOP_AFTER)
        self.kill()
        Beat.objects.filter(name=self.name).delete()
        logger.info("Workers stopped.")
