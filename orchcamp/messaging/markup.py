"""Markup of messages: MJML to HTML, and the plain text that an HTML body says. Template tags pass through untouched."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import mrml

from orchcamp.web.errors import Refused

TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MJ_TAG = re.compile(r"<(mj[\w-]*)")
_ANY_TAG = re.compile(r"<[A-Za-z]")
# mrml recurses: deeper documents end the whole process (tried: it takes 1,000 nested sections, not 2,000).
_MAX_MJ_TAGS, _MAX_TAGS = 600, 6000
_MAX_UNCLOSED = 50  # of what is opened and never closed; Python's parser reads to the end again for each
MJML_TAGS = frozenset(
    [
        "mjml",
        "mj-head",
        "mj-body",
        "mj-attributes",
        "mj-all",
        "mj-class",
        "mj-breakpoint",
        "mj-font",
        "mj-preview",
        "mj-style",
        "mj-title",
        "mj-html-attributes",
        "mj-accordion",
        "mj-accordion-element",
        "mj-accordion-text",
        "mj-accordion-title",
        "mj-button",
        "mj-carousel",
        "mj-carousel-image",
        "mj-column",
        "mj-divider",
        "mj-group",
        "mj-hero",
        "mj-image",
        "mj-navbar",
        "mj-navbar-link",
        "mj-raw",
        "mj-section",
        "mj-social",
        "mj-social-element",
        "mj-spacer",
        "mj-table",
        "mj-text",
        "mj-wrapper",
    ]
)


class MarkupError(Refused):
    """A body that cannot be turned into a message."""


def protect(source: str) -> tuple[str, list[str], str]:
    """Replace template tags by words that no parser of markup minds; the tags, and how the words begin."""
    prefix, tags = "octag", []
    while prefix in source:
        prefix += "q"

    def token(match: re.Match[str]) -> str:
        tags.append(match[0])
        return f"{prefix}{len(tags) - 1}z"

    return TAG.sub(token, source), tags, prefix


def restore(source: str, tags: list[str], prefix: str) -> str:
    return re.sub(prefix + r"(\d+)z", lambda match: tags[int(match[1])], source)


def _line(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1


def mjml_to_html(source: str) -> str:
    """The HTML of an MJML body. Raises MarkupError naming the line where it can."""
    for match in _MJ_TAG.finditer(source):
        if match[1] not in MJML_TAGS:
            raise MarkupError(f"line {_line(source, match.start())}: there is no MJML tag <{match[1]}>.")
    mjml_tags = len(_MJ_TAG.findall(source))
    if mjml_tags > _MAX_MJ_TAGS or len(_ANY_TAG.findall(source)) > _MAX_TAGS:
        raise MarkupError(f"The body has too many tags; at most {_MAX_MJ_TAGS} of MJML and {_MAX_TAGS} in all.")
    if not mjml_tags or not source.lstrip().startswith("<mjml"):
        raise MarkupError(
            "An MJML body begins with <mjml> and ends with </mjml>; write HTML with format “HTML” instead."
        )
    bare, tags, prefix = protect(source)
    try:
        html = mrml.to_html(bare).content
    except OSError as error:
        raise MarkupError(_mjml_sentence(bare, str(error))) from None
    return restore(html, tags, prefix)


def _mjml_sentence(source: str, reason: str) -> str:
    checker = _Balance()
    _fed(checker, source)
    if checker.fault:
        return checker.fault
    if found := re.search(r"at position (\d+)", reason):
        return f"line {_line(source, int(found[1]))}: MJML cannot read this; files cannot be included."
    return "MJML cannot read the body: close every tag, and put every attribute's value in quotes."


class _Balance(HTMLParser):
    """Finds the first tag that is not closed, or closed without being open."""

    VOID = frozenset(
        ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
    )

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, int]] = []
        self.fault = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raw = self.get_starttag_text() or ""
        if not self.fault and re.search(r"=\s*[^\s\"'>=]", re.sub(r"\"[^\"]*\"|'[^']*'", '""', raw)):
            self.fault = f"line {self.getpos()[0]}: put the values of <{tag}>’s attributes in quotes."
        if tag not in self.VOID:
            self.open.append((tag, self.getpos()[0]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if self.fault or tag in self.VOID:
            return
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
        elif self.open:
            self.fault = f"line {self.open[-1][1]}: <{self.open[-1][0]}> is not closed before </{tag}>."
        else:
            self.fault = f"line {self.getpos()[0]}: </{tag}> closes nothing."


class _Reader(HTMLParser):
    """Reads HTML aloud: blocks become lines, links keep their address, what is hidden is left out."""

    BLOCKS = frozenset(
        [
            "p",
            "div",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "ul",
            "ol",
            "table",
            "tr",
            "blockquote",
            "section",
            "article",
            "header",
            "footer",
            "main",
            "nav",
            "pre",
            "form",
            "address",
        ]
    )
    PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "table"])
    SILENT = frozenset(["head", "style", "script", "title", "template"])

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[tuple[str, int]] = []
        self.hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        style = given.get("style", "").replace(" ", "").lower()
        if self.hidden or tag in self.SILENT or "display:none" in style:
            if tag not in _Balance.VOID:
                self.hidden.append(tag)
            return
        if tag == "br":
            self.parts.append("\n")
        elif tag == "hr":
            self.parts.append("\n\n---\n\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag in self.BLOCKS:
            self.parts.append("\n\n" if tag in self.PARAGRAPHS else "\n")
        elif tag == "img" and given.get("alt", "").strip():
            self.parts.append(f" {given['alt'].strip()} ")
        elif tag == "a":
            self.links.append((given.get("href", "").strip(), len(self.parts)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _Balance.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.hidden:
            if tag in self.hidden:
                while self.hidden.pop() != tag:
                    pass
        elif tag == "a" and self.links:
            address, start = self.links.pop()
            said = " ".join("".join(self.parts[start:]).split())
            if address and not address.startswith("#") and address.removeprefix("mailto:") != said:
                self.parts.append(f" ({address})" if said else address)
        elif tag in self.BLOCKS:
            self.parts.append("\n\n" if tag in self.PARAGRAPHS else "\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(re.sub(r"[ \t\r\n\f]+", " ", data))


def _fed(reader: HTMLParser, source: str) -> None:
    """Let a reader read it all. Raises MarkupError where Python's parser gives up."""
    try:
        reader.feed(source)
        reader.close()
    except AssertionError:
        line = reader.getpos()[0]
        raise MarkupError(f"line {line}: a declaration that begins with “<!” cannot be read; take it out.") from None


def demand_closed(source: str) -> None:
    """Raise MarkupError for a body that ends in the middle of many tags or comments."""
    for opening, closing in (("<", ">"), ("<!--", "-->")):
        end = source.rfind(closing)
        if source.count(opening, end + 1) > _MAX_UNCLOSED:
            line = _line(source, source.find(opening, end + 1))
            raise MarkupError(f"line {line}: “{opening}” is never closed by “{closing}”.")


def html_to_text(source: str) -> str:
    """The plain-text part of an HTML body (a template too: its tags are kept). Raises MarkupError."""
    bare, tags, prefix = protect(source)
    demand_closed(bare)
    reader = _Reader()
    _fed(reader, bare)
    lines = [" ".join(line.replace("\xa0", " ").split()) for line in "".join(reader.parts).split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return restore(text, [unescape(tag) for tag in tags], prefix)
