"""A mail's HTML for a file that is kept: it shows as it read, and fetches, opens and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser

from . import markup


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


TAGS = _set(
    "p div span h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption thead tbody tfoot tr td th br hr strong b em i u s "
    "small sub sup blockquote pre code center section article header footer main address"
)
VOID = frozenset(["br", "hr"])
SILENT = _set(
    "script style head title template svg math iframe object embed applet noscript noembed noframes select textarea "
    "button audio video canvas map dialog"
)
NUMBERS = frozenset(["width", "height", "colspan", "rowspan", "border", "cellpadding", "cellspacing"])
WORDS = frozenset(["align", "valign", "bgcolor", "dir", "lang"])
STYLES = _set(
    "color background-color font font-family font-size font-style font-weight line-height letter-spacing text-align "
    "text-decoration text-transform text-indent vertical-align white-space width max-width min-width height padding "
    "padding-top padding-right padding-bottom padding-left margin margin-top margin-right margin-bottom margin-left "
    "border border-top border-right border-bottom border-left border-color border-style border-width border-radius "
    "border-collapse border-spacing display direction list-style-type"
)
_NUMBER = re.compile(r"\d{1,4}%?")
_WORD = re.compile(r"[#\w-]{1,40}")
_VALUE = re.compile(r"(?:[\w\s#%.,'\"+-]|\b(?:rgb|rgba|hsl|hsla)\([\d\s.,%/]{1,40}\)){1,200}", re.IGNORECASE)
DEEPEST = 400


def harmless(html: str) -> str:
    """What a body says and how it looks, in tags that refer to nothing: a link keeps its words, a picture its text."""
    try:
        markup.demand_closed(html)
        keeper = _Keeper()
        keeper.feed(html)
        keeper.close()
    except (AssertionError, markup.MarkupError):  # a declaration or a torn tag that no parser reads to its end
        return f"<pre>{escape(html)}</pre>"
    return keeper.done()


class _Keeper(HTMLParser):
    """Writes what it hears again, but only what is on the lists, and closes whatever it opened."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.silent or tag in SILENT:
            if tag in SILENT:
                self.silent.append(tag)
            return
        if tag == "img":
            said = " ".join((dict(attrs).get("alt") or "").split())
            self.parts.append(f"<span>[{escape(said)}]</span>" if said else "")
        elif tag == "a":
            self._begin("span", [("style", "text-decoration:underline")])
        elif tag in TAGS:
            self._begin(tag, attrs)

    def _begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self.open) >= DEEPEST:
            return
        self.parts.append(f"<{tag}{''.join(_kept(attrs))}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            return
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            if tag == self.silent[-1]:
                self.silent.pop()
            return
        tag = "span" if tag == "a" else tag
        if tag in VOID or tag not in self.open:
            return
        while (last := self.open.pop()) != tag:
            self.parts.append(f"</{last}>")
        self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(escape(data))

    def done(self) -> str:
        return "".join([*self.parts, *(f"</{tag}>" for tag in reversed(self.open))])


def _kept(attrs: list[tuple[str, str | None]]) -> Iterable[str]:
    for name, value in dict(attrs).items():
        value = (value or "").strip()
        if name == "style":
            value = ";".join(_styles(value))
        elif not ((name in NUMBERS and _NUMBER.fullmatch(value)) or (name in WORDS and _WORD.fullmatch(value))):
            continue
        if value:
            yield f' {name}="{escape(value)}"'


def _styles(text: str) -> Iterable[str]:
    for declaration in text.split(";"):
        name, _colon, value = (part.strip() for part in declaration.partition(":"))
        if name.lower() in STYLES and _VALUE.fullmatch(value):
            yield f"{name.lower()}:{value}"
