"""Numbers in what strangers send: addresses, forms, names of buttons."""

from __future__ import annotations

MOST_DIGITS = 18  # what every database holds as a key


def whole(text: str | None) -> int | None:
    """A number written in plain digits; None for everything else, however long."""
    return int(text) if text and len(text) <= MOST_DIGITS and text.isascii() and text.isdigit() else None
