"""Both themes are legible: WCAG 2.2 AA, 4.5 for words and 3 for the outlines of fields."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SHEET = (Path(__file__).resolve().parents[2] / "orchcamp/static/orchcamp/tokens.css").read_text()
SURFACES = ["surface", "surface-2", "surface-3"]
TONES = ["gray", "blue", "green", "orange", "red"]
WORDS = [
    *((ink, surface) for ink in ("text", "text-muted", "accent") for surface in SURFACES),
    *((tone, f"{tone}-soft") for tone in TONES),
    *((tone, "surface") for tone in TONES),
    *(("text", f"{tone}-soft") for tone in TONES),
    ("accent", "accent-soft"),
    ("accent-text", "accent"),
    ("fill-text", "fill"),
    ("fill-text", "fill-hover"),
    ("danger-text", "danger"),
]


def colours(theme: str) -> dict[str, str]:
    light, dark = SHEET.split("html.dark")
    found = dict(re.findall(r"--([\w-]+): #([0-9a-f]{3,6});", light))
    return found | (dict(re.findall(r"--([\w-]+): #([0-9a-f]{3,6});", dark)) if theme == "dark" else {})


def luminance(colour: str) -> float:
    digits = "".join(digit * 2 for digit in colour) if len(colour) == 3 else colour
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "paper"), WORDS)
def test_words_stand_out(theme, ink, paper):
    palette = colours(theme)
    assert contrast(palette[ink], palette[paper]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_fields_have_an_outline_that_is_seen(theme):
    palette = colours(theme)
    assert contrast(palette["border-strong"], palette["surface"]) >= 3
