"""Short messages: what an SMS takes, and which fields its text has."""

from __future__ import annotations

import pytest

from orchcamp.messaging import content, texts


@pytest.mark.parametrize(
    ("text", "encoding", "places", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("é" * 160, "GSM-7", 160, 1),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("[{~}]^|\\", "GSM-7", 16, 1),
        ("line\nline", "GSM-7", 9, 1),
        ("ç", "UCS-2", 1, 1),  # the basic set has the capital only
        ("Ç", "GSM-7", 1, 1),
        ("a`", "UCS-2", 2, 1),
        ("Ω" * 160, "GSM-7", 160, 1),
        ("я" * 70, "UCS-2", 70, 1),
        ("я" * 71, "UCS-2", 71, 2),
        ("я" * 134, "UCS-2", 134, 2),
        ("я" * 135, "UCS-2", 135, 3),
        ("a" * 70 + "’", "UCS-2", 71, 2),
        ("😀" * 35, "UCS-2", 70, 1),  # two places each
        ("😀" * 36, "UCS-2", 72, 2),
        ("€" * 153, "GSM-7", 306, 3),  # no sign is cut in two: 76 of them in a part of 153
        ("😀" * 67, "UCS-2", 134, 3),
    ],
)
def test_how_many_sms_a_text_takes(text, encoding, places, segments):
    found = texts.length(text)
    assert (found.encoding, found.places, found.segments, found.personal) == (encoding, places, segments, False)


def test_fields_are_not_counted_and_that_is_said():
    found = texts.length("Hello {{ first_name|default('’') }}{% if x %}!{% endif %}")
    assert (found.encoding, found.places, found.personal) == ("GSM-7", 7, True)
    assert str(found) == "7 characters, 1 SMS (GSM-7), fields not counted"


COLUMNS = {"name", "item1_name", "item2_name"}


def test_fields_are_those_of_every_text_and_variables_are_none():
    found = texts.Texts(
        {"Title": "{{ name }}", "Body": "{{ home.region }} {{ variables.town }}"}, columns=frozenset({"points"})
    )
    assert found.fields == {"name", "home.region", "points"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{{ nme }}", "Text: there is no field “nme” here."),
        ("{{ variables.shop }}", "Text: there is no field “variables.shop” here."),
        ("{{ name", "Text: Text: line 1"),
        ("{{ name|nothing }}", "there is no filter “nothing”"),
    ],
)
def test_what_keeps_a_text_from_being_sent_is_said(text, sentence):
    (found,) = texts.Texts({"Text": text}, variables={"town": "Paris"}).problems(COLUMNS)
    assert sentence in found


def test_a_list_of_collected_rows_is_a_field():
    asked = texts.Texts(
        {"Text": "{% for i in item %}{{ i.name }} {% endfor %}{{ variables.town }}"}, variables={"town": ""}
    )
    assert asked.problems(COLUMNS) == []


def test_a_text_is_written_for_one_row_with_its_lists_and_variables():
    text = texts.Texts(
        {"Text": "{{ name }}:{% for i in item %} {{ i.name }}{% endfor %} {{ variables.town }} {{ home.region }}"},
        variables={"town": "Paris"},
    )
    row = {"name": "Ann & Bob", "item1_name": "pot", "item2_name": "", "item3_name": "cup", "home.region": "North"}
    assert text.render(row) == {"Text": "Ann & Bob: pot cup Paris North"}
    with pytest.raises(content.RenderError, match="“name” is empty"):
        text.render({**row, "name": None})


def test_a_text_with_fields_is_told_in_a_line():
    source = "{% if city %}Hello{% endif %}\n{{ first_name|default('friend') }},\n10 % back in {{ city }}!"
    assert texts.sketch(source) == "Hello [first_name], 10 % back in [city]!"
    assert texts.sketch("{{ 'a' }} {{") == "{{"
