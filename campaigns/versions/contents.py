"""The messages of two versions side by side, with what was written anew marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from activities import catalogue
from activities.fields import BodyField, TextField
from activities.graph import Graph, Node
from campaigns.contexts import is_channel
from orchcamp.messaging.markup import html_to_text, mjml_to_html
from orchcamp.web.errors import Refused

LONGEST = 20_000  # characters that are compared word by word
WORDS = re.compile(r"\s+|\w+|[^\w\s]")
Piece = tuple[str, str]  # "same", "removed" or "added", and the text


@dataclass(frozen=True)
class Text:
    """One text of a message in both versions, each in pieces."""

    label: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]
    rows: int  # lines of the longer one

    @property
    def differs(self) -> bool:
        return any(kind != "same" for kind, _text in (*self.before, *self.after))


@dataclass(frozen=True)
class Message:
    node: Node
    texts: tuple[Text, ...]
    before: bool  # whether the earlier version has it
    after: bool

    @property
    def differs(self) -> bool:
        return self.before != self.after or any(text.differs for text in self.texts)


def messages(before: Graph, after: Graph) -> list[Message]:
    """Every message of either canvas; those that differ first."""
    found = []
    for id in [*after.order(), *(id for id in before.order() if id not in after.nodes)]:
        nodes = before.nodes.get(id), after.nodes.get(id)
        node = nodes[1] or nodes[0]
        if node is not None and any(one is not None and is_channel(one) for one in nodes):
            found.append(Message(node, tuple(_texts(node, *nodes)), nodes[0] is not None, nodes[1] is not None))
    return sorted(found, key=lambda message: not message.differs)


def _texts(node: Node, before: Node | None, after: Node | None) -> Iterator[Text]:
    """The texts that people read, by the labels of the form; a body as its reader sees it, without markup."""
    fields = catalogue.get(node.type).form_class.base_fields if is_channel(node) else {}
    for name, field in fields.items():
        if not isinstance(field, TextField) or getattr(field, "choices", None) is not None:
            continue
        sides = [one.settings if one is not None else {} for one in (before, after)]
        raw = [str(side.get(name) or "") for side in sides]
        if not any(raw):
            continue
        read = [
            shown(text, side) if isinstance(field, BodyField) else text for text, side in zip(raw, sides, strict=True)
        ]
        if read[0] == read[1] and raw[0] != raw[1]:
            read = raw  # the words are the same, the markup is not
        yield text_of(str(field.label), *read)


def shown(body: str, settings: Mapping[str, Any]) -> str:
    """A body as plain text; one that cannot be read as it was written."""
    try:
        html = mjml_to_html(body) if settings.get("format") == "mjml" else body
        return html_to_text(html) if "<" in html else html
    except Refused:
        return body


def text_of(label: str, before: str, after: str) -> Text:
    """Two texts with what differs marked in each."""
    pieces = ([], []) if before == after else _compared(before[:LONGEST], after[:LONGEST])
    if before == after:
        pieces = ([("same", before)], [("same", after)])
    old, new = (tuple(piece for piece in side if piece[1]) for side in pieces)
    return Text(label, old, new, max(before.count("\n"), after.count("\n")) + 1)


def _compared(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    words = WORDS.findall(before), WORDS.findall(after)
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, *words, autojunk=False).get_opcodes():
        sides[0].append(("same" if kind == "equal" else "removed", "".join(words[0][a1:a2])))
        sides[1].append(("same" if kind == "equal" else "added", "".join(words[1][b1:b2])))
    return sides
