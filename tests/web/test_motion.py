"""Nothing moves for who asked their system for less motion."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "orchcamp" / "static" / "orchcamp"
STILL = "prefers-reduced-motion: reduce"
WELCOME = "prefers-reduced-motion: no-preference"
MOVES = re.compile(r"(?<![-\w])(animation|transition)(-[a-z]+)?\s*:|scroll-behavior\s*:\s*smooth")
MOVES_BY_SCRIPT = re.compile(r"""\.animate\(|behavior:\s*["']smooth|startViewTransition""")


def moving(css: str) -> list[str]:
    """What moves without asking whether motion is welcome; whatever stands in the rule for those who want none is an end
    to motion."""
    css, found, around, said = re.sub(r"/\*.*?\*/", "", css, flags=re.S), [], [], ""
    for part in re.split(r"([{};])", css):
        if part == "{":
            around.append(said.strip())
        elif part == "}":
            around.pop()
        elif part != ";" and around and MOVES.search(part) and not re.search(f"{STILL}|{WELCOME}", " ".join(around)):
            found.append(f"{around[-1]} {{ {part.strip()} }}")
        said = part
    return found


@pytest.mark.parametrize("sheet", sorted(STATIC.glob("*.css")), ids=lambda sheet: sheet.name)
def test_a_sheet_moves_things_only_where_motion_is_welcome(sheet):
    assert moving(sheet.read_text()) == []


@pytest.mark.parametrize("script", sorted(STATIC.glob("*.js")), ids=lambda script: script.name)
def test_a_script_leaves_motion_to_the_sheets(script):
    assert MOVES_BY_SCRIPT.findall(script.read_text()) == []


def test_what_moves_unasked_is_found():
    assert moving(".a { color: red; transition: width 1s }") == [".a { transition: width 1s }"]
    assert moving("@media print { .a { animation: turn 1s; } }") == [".a { animation: turn 1s }"]
    assert moving(f"@media ({WELCOME}) {{ .a {{ animation: turn 1s; }} }} .b-transition {{ color: red; }}") == []
