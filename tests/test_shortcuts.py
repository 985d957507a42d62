"""The guide's page of keys is the list that ? shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.template.loader import render_to_string

from campaigns.shortcuts import CANVAS, QUEUE
from orchcamp.web.shortcuts import EVERYWHERE, Section

PAGE = Path(__file__).resolve().parent.parent / "docs" / "guide" / "keyboard.md"
SECTIONS = (*CANVAS, *QUEUE, EVERYWHERE)


def table(section: Section) -> str:
    """A section as the guide shows it."""
    rows = [f"| {', '.join(shortcut.keys)} | {shortcut.does} |" for shortcut in section.shortcuts]
    return "\n".join([f"## {section.title}", "", "| press | to |", "| --- | --- |", *rows])


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: str(section.title))
def test_the_guide_has_every_shortcut_of_a_section(section):
    assert table(section) in PAGE.read_text()


def test_the_guide_has_no_other_sections():
    assert PAGE.read_text().count("\n## ") == len(SECTIONS)


def test_the_list_of_a_page_shows_its_own_and_those_of_every_page():
    shown = render_to_string("components/shortcuts.html", {"sections": CANVAS})
    assert all(f"<caption>{section.title}</caption>" in shown for section in (*CANVAS, EVERYWHERE))
    assert "<kbd>Ctrl</kbd>" in shown and "<kbd>+</kbd>" in shown
