"""The journal of one batch: what was begun and what was answered, line by line, so that a crash loses nothing.

Each attempt at a batch appends to a file of its own; a lock beside them keeps two workers apart, also when one of
them was thought dead. See docs/adr/0010 for why this is enough, and what synchronising each line buys.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

BEGUN, ACCEPTED, REFUSED, DEFERRED, LOST, EXCLUDED, SERVER = "b", "a", "r", "d", "l", "x", "s"
FINAL = frozenset({ACCEPTED, REFUSED, LOST, EXCLUDED})


class Busy(Exception):
    """Another worker, perhaps a slow one thought dead, still holds the batch."""


@dataclass(slots=True)
class Entry:
    """What is known of one message."""

    state: str
    at: float
    code: int = 0
    text: str = ""
    tries: int = 0  # temporary failures so far
    begun_at: float = 0.0

    @property
    def in_doubt(self) -> bool:
        return self.state in (BEGUN, LOST)

    @property
    def settled(self) -> bool:
        return self.state in FINAL or self.state == BEGUN


class Journal:
    """Open one batch for one attempt; ``with`` holds the batch's lock. Raises Busy when another process has it."""

    def __init__(self, folder: Path, batch: int, attempt: int, *, synchronise: bool = False):
        self._folder, self._batch, self._attempt = folder, batch, attempt
        self._synchronise = synchronise
        self._lock = self._file = -1

    def __enter__(self) -> Journal:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._folder / f"{self._batch}.lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise Busy from None
        path = self._folder / f"{self._batch}.{self._attempt:06d}.log"
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)
        os.close(self._lock)

    # --- Writing -------------------------------------------------------------------------------

    def write(self, state: str, message_id: str, code: int = 0, text: str = "") -> None:
        """One line, one system call. When it returns, the line outlives this process."""
        if text:
            text = " ".join(text.split())[:300]
        line = f"{state}\t{message_id}\t{time.time():.3f}\t{code}\t{text}\n".encode()
        if os.write(self._file, line) != len(line):
            raise OSError(f"The journal of batch {self._batch} could not be written: is the disk full?")
        if self._synchronise:
            os.fdatasync(self._file)

    def begun(self, message_id: str) -> None:
        """From here until an answer is written the message may have gone out."""
        self.write(BEGUN, message_id)

    # --- Reading -------------------------------------------------------------------------------

    def read(self) -> tuple[dict[str, Entry], int]:
        """What all attempts say of each message, and how often in a row the server could not be used at all."""
        return read(self._folder, self._batch)


def is_held(folder: Path, batch: int) -> bool:
    """Whether a living process works on the batch, be it ever so slow."""
    try:
        lock = os.open(folder / f"{batch}.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def read(folder: Path, batch: int) -> tuple[dict[str, Entry], int]:
    """As ``Journal.read``, for whoever only looks."""
    entries: dict[str, Entry] = {}
    unreachable = 0
    for state, message_id, at, code, text in _lines(folder, batch):
        if state == SERVER:
            unreachable += 1
            continue
        unreachable = 0
        known = entries.get(message_id)
        if known is None:
            known = entries[message_id] = Entry(state, at)
        elif known.state in FINAL:
            continue  # the first answer is the answer
        known.state, known.at, known.code, known.text = state, at, code, text
        if state == BEGUN:
            known.begun_at = at
        known.tries += state == DEFERRED
    return entries, unreachable


def _lines(folder: Path, batch: int) -> Iterator[tuple[str, str, float, int, str]]:
    for path in sorted(folder.glob(f"{batch}.*.log")):
        whole, _, _torn = path.read_bytes().rpartition(b"\n")  # a torn last line was never acted upon
        for line in whole.decode("utf-8", "replace").split("\n") if whole else ():
            state, message_id, at, code, text = line.split("\t", 4)
            yield state, message_id, float(at), int(code), text
