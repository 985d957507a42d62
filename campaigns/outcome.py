"""What came of one node of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What came of a node, and the sentence for the log."""

    status: str
    outputs: dict[str, Any] = field(default_factory=dict)
    follows: list[str] = field(default_factory=list)
    waiting_for: str = ""
    resume_at: datetime | None = None
    error: str = ""
    sentence: str = ""
    said: str = ""  # what a node of a dry run would do, or took for granted: a line of its own
    warns: bool = False  # the sentence is one to look at
    lost: list[dict[str, Any]] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "outputs": self.outputs,
            "follows": self.follows,
            "waiting_for": self.waiting_for,
            "resume_at": self.resume_at,
            "error": self.error,
            "lost": self.lost,
            "memory": self.memory,
        }
