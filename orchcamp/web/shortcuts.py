"""Keys and gestures as values: what a page's list of shortcuts shows. Pages bring their own sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Shortcut:
    """What can be pressed, each alone or as a chord joined by +, and what it does."""

    keys: tuple[str, ...]
    does: Any  # a text, translated when it is shown

    @property
    def chords(self) -> list[list[str]]:
        return [[chord] if chord == "+" else chord.split("+") for chord in self.keys]


@dataclass(frozen=True)
class Section:
    title: Any
    shortcuts: tuple[Shortcut, ...]


EVERYWHERE = Section(
    _("On every page"),
    (
        Shortcut(("?",), _("show this list")),
        Shortcut(("Esc",), _("close what is open")),
    ),
)
