"""Sticky notes of a canvas: written, moved, taken away; each change is one step that can be undone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.graph import Graph
from activities.notes import COLOURS, FAR, MAX_TEXT, Note
from orchcamp.accounts.models import User

from . import canvas
from .errors import CampaignError
from .models import CampaignVersion

NAMES = {
    "yellow": gettext_lazy("Yellow"),
    "blue": gettext_lazy("Blue"),
    "green": gettext_lazy("Green"),
    "pink": gettext_lazy("Pink"),
}

STEP = 40  # how far a note goes at a time when it is not dragged
WAYS = {
    "left": (-STEP, 0, "arrow_back", gettext_lazy("Move left")),
    "up": (0, -STEP, "arrow_upward", gettext_lazy("Move up")),
    "down": (0, STEP, "arrow_downward", gettext_lazy("Move down")),
    "right": (STEP, 0, "arrow_forward", gettext_lazy("Move right")),
}


def ways() -> list[tuple[str, str, str]]:
    """The four ways a note can be moved without dragging: (name, icon, words)."""
    return [(way, icon, str(words)) for way, (_x, _y, icon, words) in WAYS.items()]


def moved(note: Note, way: str) -> dict[str, int]:
    """The place of a note one step that way. Raises CampaignError for a way that there is not."""
    if way not in WAYS:
        raise CampaignError(_("A note moves left, right, up or down."))
    x, y, _icon, _words = WAYS[way]
    return {"x": note.x + x, "y": note.y + y}


def colours() -> list[tuple[str, str]]:
    return [(colour, str(NAMES[colour])) for colour in COLOURS]


def add(
    version: CampaignVersion,
    *,
    revision: int,
    by: User | None,
    text: str,
    colour: str = COLOURS[0],
    x: int = 0,
    y: int = 0,
    node: str = "",
) -> tuple[Graph, str]:
    """A note on its own, or pinned to a node (then ``x``, ``y`` count from its upper left corner)."""
    note = checked(Note(version.graph.new_id(), text, colour, x, y, node))
    graph = canvas.edit(
        version,
        lambda graph: graph.with_note(note),
        revision=revision,
        by=by,
        verb="added note",
        deed="add_note",
        note=note.id,
    )
    return graph, note.id


def change(version: CampaignVersion, note_id: str, *, revision: int, by: User | None, **changes: Any) -> Graph:
    """Change a note's text, colour or place; what is not named stays."""

    def changed(graph: Graph) -> Graph:
        return graph.with_note(checked(replace(graph.note(note_id), **changes)))

    deed = "move_note" if set(changes) <= {"x", "y"} else "change_note"
    return canvas.edit(version, changed, revision=revision, by=by, verb="changed note", deed=deed, note=note_id)


def remove(version: CampaignVersion, note_id: str, *, revision: int, by: User | None) -> Graph:
    return canvas.edit(
        version,
        lambda graph: graph.without_note(note_id),
        revision=revision,
        by=by,
        verb="removed note",
        deed="remove_note",
        note=note_id,
    )


def checked(note: Note) -> Note:
    """The note with its text in order. Raises CampaignError with what is wrong with it."""
    text = note.text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise CampaignError(_("A note needs words: write something, or remove it."))
    if len(text) > MAX_TEXT:
        raise CampaignError(_("A note has at most %(most)s characters; this one has %(n)s.") % _sizes(text))
    if note.colour not in COLOURS:
        raise CampaignError(_("Choose one of the four colours of a note."))
    if max(abs(note.x), abs(note.y)) > FAR:
        raise CampaignError(_("That place is too far away from the canvas."))
    return replace(note, text=text)


def _sizes(text: str) -> dict[str, int]:
    return {"most": MAX_TEXT, "n": len(text)}
