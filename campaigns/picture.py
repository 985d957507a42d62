"""The canvas as a picture that stands for itself: one SVG without scripts, style sheets, fonts or foreign objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from django.utils.translation import gettext as _

from .drawing import Card, Drawing, Outlet, Wire
from .lettering import cut, plain, wrapped
from .note_drawing import LINE, NoteCard

SVG = "http://www.w3.org/2000/svg"
FONTS = "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', 'Noto Color Emoji', sans-serif"
HEAD = 84  # room of the heading
LEAST = 480  # of the width, so that a heading has room
EDGE = 40
ElementTree.register_namespace("", SVG)


@dataclass(frozen=True)
class Theme:
    ground: str
    card: str
    border: str
    line: str
    text: str
    muted: str
    tones: dict[str, str]
    notes: dict[str, tuple[str, str, str]]  # colour -> ground, edge, text


LIGHT = Theme(
    ground="#ffffff",
    card="#ffffff",
    border="#d5d9e0",
    line="#8c94a2",
    text="#101828",
    muted="#535d6c",
    tones={"blue": "#1d4fc4", "violet": "#1f4fd8", "green": "#11692f", "orange": "#9a4208", "red": "#b3201f", "gray": "#4b5563"},
    notes={
        "yellow": ("#fdf3c4", "#e6d48a", "#4a3b06"),
        "blue": ("#dcebfd", "#a9c8ef", "#14345f"),
        "green": ("#dcf3df", "#a5d3ac", "#123f1c"),
        "pink": ("#fbe0ea", "#e6aec5", "#5c1534"),
    },
)  # fmt: skip
DARK = Theme(
    ground="#0b111c",
    card="#1f293a",
    border="#38455b",
    line="#6b788e",
    text="#eef1f6",
    muted="#a3adbd",
    tones={"blue": "#9bbcff", "violet": "#86a9ff", "green": "#7fdca0", "orange": "#fdba74", "red": "#ff9b96", "gray": "#a3adbd"},
    notes={
        "yellow": ("#3d3413", "#6d5e25", "#f6e7b0"),
        "blue": ("#17304f", "#34567f", "#d3e4fa"),
        "green": ("#163a20", "#356b43", "#cdeed4"),
        "pink": ("#44182b", "#7a3a55", "#f7d3e1"),
    },
)  # fmt: skip
THEMES = {"light": LIGHT, "dark": DARK}
GROUPS = {"data": "violet", "targeting": "blue", "flow": "orange", "channel": "green"}  # the colour of a card's edge


def svg(drawing: Drawing, *, title: str, facts: Iterable[str], theme: Theme = LIGHT) -> bytes:
    """The picture: a heading with facts about the campaign, and below it the canvas with its counts."""
    left = min(0, *(note.left - EDGE // 2 for note in drawing.notes), 0)
    top = min(0, *(note.top - EDGE // 2 for note in drawing.notes), 0)
    width = max(float(drawing.width) - left, LEAST)
    height = max(float(drawing.height) - top, EDGE) + HEAD
    root = Element("svg", xmlns=SVG, version="1.1", width=f"{width:g}", height=f"{height:g}")
    root.set("viewBox", f"0 0 {width:g} {height:g}")
    root.set("font-family", FONTS)
    SubElement(root, "title").text = plain(title)
    _arrow(SubElement(root, "defs"), theme)
    SubElement(root, "rect", width="100%", height="100%", fill=theme.ground)
    _text(root, EDGE, 44, title, width - 2 * EDGE, 20, theme.text, bold=True)
    _text(root, EDGE, 66, " · ".join(facts), width - 2 * EDGE, 12.5, theme.muted)
    canvas = SubElement(root, "g", transform=f"translate({-left} {HEAD - top})")
    if not drawing.cards:
        _text(canvas, EDGE, 20, _("This canvas is empty"), width - 2 * EDGE, 13, theme.muted)
    for wire in drawing.wires:
        _wire(canvas, wire, theme)
    for card in drawing.cards:
        _card(canvas, card, theme)
    for outlet in drawing.outlets:
        _outlet(canvas, outlet, theme)
    for note in drawing.notes:
        _note(canvas, note, theme)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _arrow(defs: Element, theme: Theme) -> None:
    marker = SubElement(defs, "marker", id="arrow", viewBox="0 0 10 10", refX="9", refY="5", orient="auto")
    marker.set("markerWidth", "7")
    marker.set("markerHeight", "7")
    SubElement(marker, "path", d="M0 0.8L9.5 5L0 9.2z", fill=theme.line)


def _wire(parent: Element, wire: Wire, theme: Theme) -> None:
    line = SubElement(parent, "path", d=wire.path, fill="none")
    line.set("stroke", theme.tones["green"] if wire.followed else theme.line)
    line.set("stroke-width", "1.5")
    line.set("marker-end", "url(#arrow)")


def _outlet(parent: Element, outlet: Outlet, theme: Theme) -> None:
    exit = outlet.exit
    if exit.is_open:
        line = SubElement(parent, "path", d=outlet.path, fill="none", stroke=theme.line)
        line.set("stroke-width", "1.5")
        line.set("stroke-dasharray", "3 4")
    port = SubElement(parent, "circle", cx=outlet.x, cy=outlet.y, r="4", fill=theme.card, stroke=theme.line)
    port.set("stroke-width", "1.5")
    x, y, room = float(outlet.label_x), float(outlet.label_y), float(outlet.label_width)
    group = SubElement(parent, "g")
    SubElement(group, "title").text = plain(" · ".join(filter(None, [exit.name, exit.label, exit.count])))
    if exit.label:
        _text(group, x, y + 15, exit.label, room, 11.5, theme.muted)
    if exit.count:
        _text(
            group,
            x,
            y + 35,
            exit.count,
            max(room, 120),
            12,
            theme.muted if exit.stale else theme.text,
            bold=not exit.stale,
        )


def _card(parent: Element, card: Card, theme: Theme) -> None:
    x, y, width, height = (float(value) for value in (card.x, card.y, card.width, card.height))
    group = SubElement(parent, "g", opacity="0.6" if card.disabled else "1")
    SubElement(group, "title").text = plain(
        " · ".join(filter(None, [card.name, card.kind, card.summary, card.state.label]))
    )
    box = SubElement(group, "rect", x=card.x, y=card.y, width=card.width, height=card.height, rx="9", fill=theme.card)
    box.set("stroke", theme.tones["red"] if card.severity == "error" else theme.border)
    tone = theme.tones[GROUPS.get(card.group, "gray")]
    SubElement(group, "rect", x=f"{x + 7:g}", y=f"{y + 11:g}", width="4", height=f"{height - 22:g}", rx="2", fill=tone)
    room = width - 38
    name = _text(group, x + 20, y + 26, card.name, room, 13.5, theme.text, bold=True)
    if card.disabled:
        name.set("text-decoration", "line-through")
    _text(group, x + 20, y + 44, card.summary or card.kind, room, 11.5, theme.muted)
    foot = y + height - 13
    if card.arrived:
        _text(group, x + 20, foot, card.arrived, room - 20, 12.5, theme.text, bold=True)
    state = SubElement(group, "circle", cx=f"{x + width - 16:g}", cy=f"{foot - 4:g}", r="4.5", fill=theme.card)
    state.set("stroke", theme.tones[card.state.tone])
    state.set("stroke-width", "1.5")
    if card.state.tone != "gray":
        state.set("fill", theme.tones[card.state.tone])
    if card.severity:
        colour = theme.tones["red" if card.severity == "error" else "orange"]
        flag = SubElement(group, "g")
        SubElement(flag, "title").text = plain(card.sentences)
        _text(flag, x + width - 34, foot, "!", 20, 14, colour, bold=True)


def _note(parent: Element, note: NoteCard, theme: Theme) -> None:
    ground, edge, text = theme.notes[note.colour]
    group = SubElement(parent, "g")
    SubElement(group, "title").text = plain(note.text)
    SubElement(
        group, "rect", x=note.x, y=note.y, width=note.width, height=note.height, rx="4", fill=ground, stroke=edge
    )
    most = max(1, int((note.high - 16) // LINE))
    for place, line in enumerate(wrapped(note.text, note.wide - 22, 12, most)):
        _text(group, note.left + 11, note.top + 21 + place * LINE, line, note.wide - 22, 12, text)


def _text(
    parent: Element, x: float, y: float, words: str, room: float, size: float, fill: str, *, bold: bool = False
) -> Element:
    found = SubElement(parent, "text", x=f"{x:g}", y=f"{y:g}", fill=fill)
    found.set("font-size", f"{size:g}")
    if bold:
        found.set("font-weight", "600")
    found.text = cut(words, room, size, bold=bold)
    return found
