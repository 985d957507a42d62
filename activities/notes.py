"""A sticky note on the canvas: words for people, which no run reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchcamp.web.errors import Refused

COLOURS = ("yellow", "blue", "green", "pink")
MAX_TEXT = 2000
MAX_NOTES = 200
FAR = 100_000  # no place on a canvas is farther from its beginning


class NoteError(Refused):
    """A note that a canvas cannot hold; the sentence names the place."""


@dataclass(frozen=True)
class Note:
    """Free, or pinned to a node: then its place is told from the node's upper left corner."""

    id: str
    text: str
    colour: str = COLOURS[0]
    x: int = 0
    y: int = 0
    node: str = ""

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {"text": self.text, "colour": self.colour, "x": self.x, "y": self.y}
        return document | {"node": self.node} if self.node else document


def read(raw: Any, nodes: Mapping[str, Any]) -> dict[str, Note]:
    """The notes of a stored or imported canvas. Raises NoteError that names the place."""
    if not isinstance(raw, dict):
        raise NoteError("“notes” must be an object: note id → note.")
    if len(raw) > MAX_NOTES:
        raise NoteError(f"The canvas has {len(raw)} notes; at most {MAX_NOTES} are allowed.")
    return {id: _note(id, note, nodes) for id, note in raw.items()}


def _note(id: str, raw: Any, nodes: Mapping[str, Any]) -> Note:
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        raise NoteError(f"Note “{id}” must be an object with a “text”.")
    if len(raw["text"]) > MAX_TEXT:
        raise NoteError(f"Note “{id}” has more than {MAX_TEXT} characters.")
    colour, node = raw.get("colour", COLOURS[0]), raw.get("node", "")
    if colour not in COLOURS:
        raise NoteError(f"“colour” of note “{id}” must be one of {', '.join(COLOURS)}.")
    if not isinstance(node, str) or (node and node not in nodes):
        raise NoteError(f"Note “{id}” is pinned to a node that is not on this canvas.")
    x, y = (_place(id, name, raw.get(name, 0)) for name in ("x", "y"))
    return Note(id, raw["text"], colour, x, y, node)


def _place(id: str, name: str, value: Any) -> int:
    """A whole number that a drawing can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -FAR <= value <= FAR:
        raise NoteError(f"“{name}” of note “{id}” must be a number between -{FAR} and {FAR}.")
    return round(value)
