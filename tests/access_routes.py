"""What a line of the table of addresses says."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Route:
    get: str
    post: str
    names: dict[str, str] = field(default_factory=dict)  # argument of the address -> thing of the stage, or "=text"
    data: dict[str, str] = field(default_factory=dict)  # what is posted
    absent: bool = False  # the thing it names does not exist: those with the right get "not found"
