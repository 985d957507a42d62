"""Exact counts that can be called off, from any web process."""

from __future__ import annotations

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
    """Interrupts this thread's query, from a thread of its own, and never the next one."""

    def __init__(self, ticket: str, handle: Any):
        self.ticket, self.handle = ticket, handle
        self.lock, self.done = threading.Lock(), threading.Event()
        self.reason = _("The question was called off.")
        self.too_long = _("The question took longer than %(n)s seconds and was called off; ask for less.")

    def run(self) -> None:
        began = time.monotonic()
        try:
            while not self.done.wait(POLL_SECONDS):
                if time.monotonic() - began > limit():
                    self.reason = self.too_long % {"n": round(limit())}
                elif not cache.get(_key(self.ticket)):
                    continue
                with self.lock:
                    if not self.done.is_set():
                        self.handle.interrupt()
        finally:
            connections.close_all()

    def finish(self) -> None:
        with self.lock:
            self.done.set()


@contextmanager
def _watched(ticket: str) -> Iterator[_Watch]:
    watch = _Watch(ticket, engine.interrupt_handle())
    thread = threading.Thread(target=watch.run, name="count-watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.finish()  # and never mind when the thread ends
