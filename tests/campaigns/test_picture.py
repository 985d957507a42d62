"""The canvas as a file: well-formed whatever it is called, with every name and count, and nothing cut within a letter."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from activities.notes import COLOURS, Note
from campaigns import drawing, execution, lettering, picture
from campaigns.models import Campaign
from tests.builders import make_shop

from .builders import make_campaign, make_configuration, targeting_graph

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("1")</script> & Söhne 👩‍👩‍👧‍👦🇫🇷\x0b]]>'


def fetched(client, campaign: Campaign, **query: str) -> ElementTree.Element:
    response = client.get(reverse("campaigns:canvas_svg", args=[campaign.slug]), query)
    assert response["Content-Type"] == "image/svg+xml; charset=utf-8"
    return ElementTree.fromstring(response.content)


def words(root: ElementTree.Element) -> list[str]:
    return [text.strip() for text in root.itertext() if text.strip()]


@pytest.mark.django_db
def test_the_picture_holds_every_name_and_count(client, mark):
    make_shop()
    campaign = make_campaign(targeting_graph(), owner=mark, name="Spring & summer")
    execution.run_to_end(execution.start(campaign.draft(), mode="test"))
    client.force_login(mark)
    root = fetched(client, campaign)
    said = words(root)
    assert "Spring & summer" in said
    assert any(each.startswith("Version 1 · Draft · counts of the test of ") for each in said)
    shown = [each.text for each in root.iter(f"{SVG}text")]
    for node in campaign.draft().graph.nodes.values():
        assert node.name in shown
    assert "Consents" in shown and "Rest" in shown
    assert {"3", "2", "1"} <= set(shown)


@pytest.mark.django_db
def test_any_name_makes_a_picture_that_viewers_open(client, mark):
    make_shop()
    make_configuration()
    graph = targeting_graph()
    for node in list(graph.nodes.values()):
        graph = graph.with_node(replace(node, name=f"{HOSTILE} {node.id}"))
    campaign = make_campaign(graph, owner=mark, name=HOSTILE)
    client.force_login(mark)
    root = fetched(client, campaign)
    assert not list(root.iter(f"{SVG}script")) and not list(root.iter(f"{SVG}foreignObject"))
    titles = " ".join(each.text or "" for each in root.iter(f"{SVG}title"))
    for id in graph.nodes:
        assert f'<script>alert("1")</script> & Söhne 👩‍👩‍👧‍👦🇫🇷]]> {id}' in titles


@pytest.mark.django_db
@pytest.mark.parametrize("flow", ["right", "down"])
def test_it_flows_as_the_canvas_does_and_holds_all_of_it(client, mark, flow):
    make_shop()
    campaign = make_campaign(targeting_graph(), owner=mark)
    client.force_login(mark)
    client.get(reverse("campaigns:canvas", args=[campaign.slug]), {"flow": flow})
    root = fetched(client, campaign)
    width, height = float(root.get("width")), float(root.get("height"))
    assert (width > height) == (flow == "right")
    assert root.get("viewBox") == f"0 0 {width:g} {height:g}"
    cards = [each for each in root.iter(f"{SVG}rect") if each.get("rx") == "9"]
    assert len(cards) == 4
    for card in cards:
        assert float(card.get("x")) + float(card.get("width")) <= width
        assert float(card.get("y")) + float(card.get("height")) + picture.HEAD <= height


@pytest.mark.django_db
def test_a_dark_one_is_dark_and_an_empty_one_says_so(client, mark):
    from activities.graph import Graph

    campaign = make_campaign(Graph(), owner=mark)
    client.force_login(mark)
    assert next(fetched(client, campaign).iter(f"{SVG}rect")).get("fill") == picture.LIGHT.ground
    root = fetched(client, campaign, theme="dark")
    assert next(root.iter(f"{SVG}rect")).get("fill") == picture.DARK.ground
    assert "This canvas is empty" in words(root)


@pytest.mark.django_db
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_notes_are_on_it_wherever_they_lie(client, mark, theme):
    graph = targeting_graph()
    said = "Ask Ann & Bob before it goes out " * 12
    for place, colour in enumerate(COLOURS):
        graph = graph.with_note(Note(f"t{place}", said, colour, -300 + place * 220, -200))
    client.force_login(mark)
    root = fetched(client, make_campaign(graph, owner=mark), theme=theme)
    assert f"{said.strip()}" in " ".join(words(root))
    shown = [each.text or "" for each in root.iter(f"{SVG}text")]
    assert any(line.startswith("Ask Ann & Bob before") for line in shown) and any(line.endswith("…") for line in shown)
    (group,) = root.findall(f"{SVG}g")
    left, top = (float(part) for part in group.get("transform", "")[len("translate(") : -1].split())
    for note in (each for each in root.iter(f"{SVG}rect") if each.get("rx") == "4"):
        assert float(note.get("x")) + left >= 0 and float(note.get("y")) + top >= picture.HEAD
        assert float(note.get("x")) + float(note.get("width")) + left <= float(root.get("width"))


def test_every_tone_of_a_state_has_a_colour():
    tones = {"gray", "blue", "green", "orange", "red"}
    for theme in picture.THEMES.values():
        assert tones | set(picture.GROUPS.values()) <= set(theme.tones)
    assert drawing.DASH  # a stale count is drawn too


@given(st.text(max_size=60), st.floats(10, 300))
def test_what_is_cut_fits_and_is_the_beginning(text, room):
    shown = lettering.cut(text, room, 12)
    whole = " ".join(lettering.plain(text).split())
    assert shown == whole or (shown.endswith("…") and whole.startswith(shown[:-1]))
    assert lettering.width(shown, 12) <= max(room, lettering.width("…", 12))
    ElementTree.fromstring(ElementTree.tostring(picture_of(text)))


def picture_of(text: str) -> ElementTree.Element:
    element = ElementTree.Element("text")
    element.text = lettering.cut(text, 10_000, 12)
    return element


def test_joined_pictures_accents_and_flags_are_never_torn():
    assert list(lettering.clusters("e\u0301👩‍👩‍👧x👍🏽🇫🇷🇩🇪")) == ["e\u0301", "👩‍👩‍👧", "x", "👍🏽", "🇫🇷", "🇩🇪"]
    family = "👩‍👩‍👧‍👦" * 3
    for room in range(10, 120, 3):
        shown = lettering.cut(family, room, 12).removesuffix("…")
        assert family.startswith(shown) and len(shown) % len("👩‍👩‍👧‍👦") == 0
