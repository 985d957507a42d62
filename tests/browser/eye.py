"""Looks at pages with axe-core, the accessibility engine, and collects what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Expect, Page

ENGINE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
EVERY_RULE = {"runOnly": {"type": "tag", "values": WCAG}, "rules": {"target-size": {"enabled": True}}}
OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
OF_SIZES = {"runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}}

# A look takes its time, and the page answers meanwhile: on a busy machine that is more than the usual five seconds.
expect = Expect()
expect.set_options(timeout=30_000)

# The frame of a message shows a mail as its author wrote it, without scripts: no engine can run within, and its
# colours are not ours.
CONTEXT = {"exclude": [["iframe"]]}
# The size of what is scrolled half out of sight, below the head of a panel, is not the size that it has.
SCROLLED = "because it is partially obscured"

# Without "preload" the engine does not ask for every style sheet once more on each page.
LOOK = """([context, options]) => axe.run(context, {...options, resultTypes: ["violations"], preload: false})
  .then(({violations}) => violations.flatMap(({id, help, nodes}) => nodes.map((node) => [
    id, help, node.target.flat().join(" "),
    [...node.any, ...node.all, ...node.none].map((check) => check.message).join(" ").slice(0, 220),
  ])))"""
WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const scrolls = (one) => one && (/auto|scroll|hidden|clip/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  return [...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > wide + 1 && !scrolls(one.parentElement))
    .slice(0, 3).map((one) => one.id ? `#${one.id}` : `${one.localName}.${one.className}`);
}"""
DESK, PHONE, NARROWEST = (
    {"width": 1440, "height": 900},
    {"width": 390, "height": 844},
    {"width": 320, "height": 700},
)


class Eye:
    """What was found on all pages looked at; the same mistake in one place of many pages is told once."""

    def __init__(self, page: Page):
        self.page = page
        self.found: dict[tuple[str, str], list[str]] = {}
        page.emulate_media(reduced_motion="reduce")  # what fades is not caught half way

    def look(self, where: str, within: str = "", *, dark: bool = True, phone: bool = True) -> None:
        """In light with every rule, in dark for its colours, on a phone for sizes and for what does not fit."""
        self._ask(where, EVERY_RULE, within)
        if dark:
            self._dark(True)
            self._ask(f"{where}, dark", OF_COLOURS, within)
            self._dark(False)
        if phone:
            self.page.set_viewport_size(PHONE)
            self._ask(f"{where}, phone", OF_SIZES, within)
            self.page.set_viewport_size(NARROWEST)
            for one in self.page.evaluate(WIDE):
                self._keep(f"{where}, 320 px", "reflow", "The page must not scroll sideways", one, "")
            self.page.set_viewport_size(DESK)

    def tell(self) -> None:
        """Fail with everything that was found, in words."""
        told = [f"{what}\n    {text}\n    on {', '.join(where)}" for (what, text), where in self.found.items()]
        if told:
            pytest.fail("\n".join(told), pytrace=False)

    def _dark(self, on: bool) -> None:
        self.page.evaluate("on => document.documentElement.classList.toggle('dark', on)", on)

    def _ask(self, where: str, options: dict[str, Any], within: str) -> None:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(ENGINE)
        context = {**CONTEXT, "include": [[within]]} if within else CONTEXT
        for rule, sentence, target, why in self.page.evaluate(LOOK, [context, options]):
            if SCROLLED not in why:
                self._keep(where, rule, sentence, target, why)

    def _keep(self, where: str, rule: str, sentence: str, target: str, why: str) -> None:
        self.found.setdefault((f"{rule}: {target}", f"{sentence}. {why}"), []).append(where)
