"""One pass: how much it may remove, and what it has removed or, of a dry run, would remove."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from orchcamp.datasets import engine

MOST_FILES = 5_000  # in one pass


@dataclass
class Pass:
    """Counts what goes; says when it is enough for now."""

    dry: bool = False
    until: float = float("inf")  # time.monotonic()
    most: int = MOST_FILES
    files: int = 0
    size: int = 0
    interim: int = 0  # runs whose populations went
    histories: int = 0  # runs whose history went
    campaigns: int = 0
    orphans: int = 0
    audit: int = 0  # entries of the audit trail
    tasks: int = 0  # rows of the queue about what it has done
    more: bool = False  # something is left for another pass
    lines: list[str] = field(default_factory=list)  # what went, in words

    def full(self) -> bool:
        """Whether this pass has done enough; then it says that there is more."""
        over = self.files >= self.most or time.monotonic() > self.until
        self.more = self.more or over
        return over

    def drop(self, path: str) -> bool:
        """Remove the files under a lake path, as many as may still go; whether all of them are gone."""
        place = engine.root() / path
        if place.is_dir() and not place.is_symlink():
            return self._drop_folder(place)
        if place.exists():
            if self.full():
                return False
            self.remove(place)
        return True

    def remove(self, place: Path) -> None:
        """Remove one file."""
        try:
            self.size += place.stat().st_size
        except OSError:
            return
        self.files += 1
        if not self.dry:
            place.unlink(missing_ok=True)

    def _drop_folder(self, place: Path) -> bool:
        for folder, _folders, names in os.walk(place, topdown=False):
            for name in names:
                if self.full():
                    return False
                self.remove(Path(folder) / name)
            if not self.dry:
                try:
                    os.rmdir(folder)
                except OSError:  # somebody has just put something there
                    return False
        return True

    def numbers(self) -> dict[str, int]:
        """What went, for the record."""
        names = ("interim", "histories", "campaigns", "orphans", "audit", "tasks", "files", "size")
        return {name: getattr(self, name) for name in names}
