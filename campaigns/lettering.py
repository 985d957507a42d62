"""How much room words take in a picture that is drawn without a browser, and where they must be cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

JOINER = "\u200d"
CUT = "…"
WIDTHS = {  # of a letter, in parts of the font's size; a little generous, for nobody knows the reader's font
    **dict.fromkeys("ijl|!'.,:;`", 0.29),
    **dict.fromkeys('ft()[]{}/\\I -"°·', 0.36),
    **dict.fromkeys("rJs*^", 0.47),
    **dict.fromkeys("mwMW%@—…", 0.95),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ&", 0.72),
}
USUAL, WIDE, PICTURE, BOLD = 0.6, 1.02, 1.35, 1.07


def width(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a text is."""
    return sum(_width(cluster) for cluster in clusters(text)) * size * (BOLD if bold else 1)


def cut(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, with a “…” for what has no room; never within a letter or a picture of several code points."""
    text = " ".join(plain(text).split())
    if width(text, size, bold=bold) <= room:
        return text
    left, kept = room - width(CUT, size, bold=bold), list[str]()
    for cluster in clusters(text):
        left -= width(cluster, size, bold=bold)
        if left < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + CUT


def wrapped(text: str, room: float, size: float, most: int) -> list[str]:
    """The text in lines, at most so many."""
    found: list[str] = []
    for paragraph in plain(text).splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if line and width(longer, size) > room:
                found.append(line)
                longer = word
            line = longer
        found.append(line)
    lines = [cut(line, room, size) for line in found[:most]]
    if len(found) > most:
        lines[-1] = cut(lines[-1], room - width(CUT, size), size).removesuffix(CUT) + CUT
    return lines


def plain(text: str) -> str:
    """The text without what no XML may hold: control characters, halves of characters."""
    return "".join(letter for letter in text if letter in "\t\n\r" or _is_xml(ord(letter)))


def _is_xml(code: int) -> bool:
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


def clusters(text: str) -> Iterator[str]:
    """What a reader takes for one letter: accents, skin tones and joined pictures stay with what they belong to."""
    found = ""
    for letter in text:
        if found and not _goes_on(found, letter):
            yield found
            found = ""
        found += letter
    if found:
        yield found


def _goes_on(before: str, letter: str) -> bool:
    if letter == JOINER or before.endswith(JOINER) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return True
    if "\U0001f3fb" <= letter <= "\U0001f3ff":  # skin tones
        return True
    flags = all("\U0001f1e6" <= each <= "\U0001f1ff" for each in before + letter)
    return flags and len(before) == 1


def _width(cluster: str) -> float:
    first = cluster[0]
    if first in WIDTHS:
        return WIDTHS[first]
    if unicodedata.category(first) == "So" or len(cluster) > 2:
        return PICTURE
    if unicodedata.east_asian_width(first) in ("W", "F"):
        return WIDE
    return USUAL
