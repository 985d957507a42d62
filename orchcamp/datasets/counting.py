"""Exact counts that can be called off, from any web process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from orchcamp.web.errors import Refused

from . import engine

POLL_SECONDS = 0.15
KEEP_SECONDS = 600
T = TypeVar("T")


class Cancelled(Refused):
    """A question that was called off, or took longer than it may."""


def limit() -> float:
    """How many seconds a question from a screen may take."""
    return float(getattr(settings, "COUNT_SECONDS", 120))


def cancel(ticket: str) -> None:
    """Call off the question that runs under this ticket, in whatever process it runs."""
    cache.set(_key(ticket), True, KEEP_SECONDS)


def counted(expression: Table, ticket: str) -> int:
    """How many rows, exactly. Raises Cancelled."""
    return asked(lambda: engine.count(expression), ticket)


def asked(question: Callable[[], T], ticket: str) -> T:
    """The answer of a question to the engine, asked in this thread. Raises Cancelled."""
    with _watched(ticket) as watch:
        try:
            return question()
        except engine.Interrupted:
            raise Cancelled(watch.reason) from None


def _key(ticket: str) -> str:
    return f"count-cancelled:{ticket}"


class _Watch:
    """One question that may be called off: interrupts its thread's query, and never the next one."""

    def __init__(self, ticket: str, handle: Any):
        self.ticket, self.handle, self.began = ticket, handle, time.monotonic()
        self.lock, self.done = threading.Lock(), False
        self.reason = _("The question was called off.")
        self.too_long = _("The question took longer than %(n)s seconds and was called off; ask for less.")

    def look(self) -> None:
        """Interrupt the query if it was called off or takes too long."""
        if time.monotonic() - self.began > limit():
            self.reason = self.too_long % {"n": round(limit())}
        elif not cache.get(_key(self.ticket)):
            return
        with self.lock:
            if not self.done:
                self.handle.interrupt()

    def finish(self) -> None:
        with self.lock:
            self.done = True


class _Watcher:
    """One thread a process that looks after all open questions, and sleeps while there is none."""

    def __init__(self) -> None:
        self.lock, self.wake = threading.Lock(), threading.Event()
        self.open: set[_Watch] = set()
        self.thread: threading.Thread | None = None
        self.pid = 0

    def add(self, watch: _Watch) -> None:
        with self.lock:
            if self.pid != os.getpid():  # a forked worker has none of its parent's threads
                self.open, self.wake, self.pid = set(), threading.Event(), os.getpid()
                self.thread = None
            self.open.add(watch)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self.run, name="count-watcher", daemon=True)
                self.thread.start()
            self.wake.set()

    def remove(self, watch: _Watch) -> None:
        watch.finish()
        with self.lock:
            self.open.discard(watch)

    def run(self) -> None:
        try:
            while self.wake.wait():
                time.sleep(POLL_SECONDS)
                with self.lock:
                    watches = list(self.open)
                    if not watches:
                        self.wake.clear()
                for watch in watches:
                    watch.look()
                if not watches:
                    connections.close_all()
        finally:
            connections.close_all()  # the next question starts a new thread


_watcher = _Watcher()


@contextmanager
def _watched(ticket: str) -> Iterator[_Watch]:
    watch = _Watch(ticket, engine.interrupt_handle())
    _watcher.add(watch)
    try:
        yield watch
    finally:
        _watcher.remove(watch)
