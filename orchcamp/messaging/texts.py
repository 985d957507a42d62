"""Short messages: their texts with fields, and how many parts an SMS takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from . import content
from .markup import TAG

BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("^{}\\[~]|€\f")  # take two places
LIMITS = {"GSM-7": (160, 153), "UCS-2": (70, 67)}  # of one message, and of each part of several


FIELD = re.compile(r"\{\{\s*([\w.]+).*?\}\}", re.DOTALL)


def sketch(source: str) -> str:
    """A text with fields in one line for people: fields as “[first_name]”, conditions and filters left out."""
    return " ".join(TAG.sub("", FIELD.sub(r"[\1]", source)).split())


@dataclass(frozen=True)
class Length:
    """How long an SMS is, as it is paid for."""

    places: int
    segments: int
    encoding: str
    personal: bool  # holds fields, so that the true length differs from person to person

    def __str__(self) -> str:
        words = _("%(places)s characters, %(segments)s SMS (%(encoding)s)")
        text = words % {"places": self.places, "segments": self.segments, "encoding": self.encoding}
        return f"{text}, {_('fields not counted')}" if self.personal else text


def length(text: str) -> Length:
    """The length of a text without its fields: one character beyond GSM-7 makes all of it UCS-2."""
    bare = TAG.sub("", text)
    if all(sign in BASIC or sign in EXTENDED for sign in bare):
        encoding, widths = "GSM-7", [2 if sign in EXTENDED else 1 for sign in bare]
    else:
        encoding, widths = "UCS-2", [2 if sign > "\uffff" else 1 for sign in bare]
    single, part = LIMITS[encoding]
    places = sum(widths)
    segments = 0 if not places else 1 if places <= single else _parts(widths, part)
    return Length(places, segments, encoding, bare != text)


def _parts(widths: Iterable[int], room: int) -> int:
    """How many parts signs fill, none of which is cut in two."""
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts


@dataclass(frozen=True)
class Texts:
    """The texts of a message that is no mail, by what they are called."""

    sources: Mapping[str, str]
    category: str = "marketing"
    variables: Mapping[str, Any] = field(default_factory=dict, compare=False)
    columns: frozenset[str] = frozenset()  # that go along as they are, such as those of a file

    def render(self, row: Mapping[str, Any]) -> dict[str, str]:
        """Each text for one row; collected columns are lists too, as in mails. Raises RenderError with the reason."""
        values = content.with_lists(row, self.fields) | {content.VARIABLES: dict(self.variables)}
        return {label: content.phrase(source, values) for label, source in self.sources.items()}

    @property
    def fields(self) -> set[str]:
        """The columns that the message needs."""
        names: set[str] = set(self.columns)
        for source in self.sources.values():
            try:
                names |= content.check_phrase(source)
            except content.ContentError:
                continue
        return {name for name in names if not content.is_variable(name)}

    def problems(self, columns: set[str]) -> list[str]:
        """What keeps it from being sent to rows with these columns."""
        known = columns | content.known_variables(self.variables)
        found = []
        for label, source in self.sources.items():
            try:
                asked = content.check_phrase(source)
            except content.ContentError as error:
                found.append(f"{label}: {error}")
                continue
            sentence = _("%(label)s: there is no field “%(name)s” here.")
            absent = sorted(name for name in asked - known if not content.numbered(name, columns))
            found += [sentence % {"label": label, "name": name} for name in absent]
        sentence = _("There is no column “%(name)s” here.")
        return found + [sentence % {"name": name} for name in sorted(self.columns - known)]
