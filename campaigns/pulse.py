"""A sign of life while something long is going on: leases are renewed and beats written from a thread beside it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connections

logger = logging.getLogger(__name__)

EVERY = 5.0  # seconds


@contextmanager
def pulse(beat: Callable[[], object], every: float = EVERY) -> Iterator[None]:
    """Call ``beat`` every few seconds until the block ends; a database that is busy is tried again next time."""
    over = threading.Event()

    def run() -> None:
        try:
            while not over.wait(every):
                try:
                    beat()
                except DatabaseError as error:
                    logger.warning("A sign of life could not be written: %s", error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, name="pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=30)
