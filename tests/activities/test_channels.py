"""The forms of the channels: what each asks for, what it refuses, and what the alerts panel says of it."""

from __future__ import annotations

import pytest

from activities import catalogue, check

from .stage import CHOICES, EVERYONE, clean, make_context, make_graph, make_scope

SENDERS = {"configurations_sms": [("texter", "Texter")], "configurations_push": [("app", "App")]}
OFFERED = CHOICES | SENDERS | {"configurations_direct_mail": [("printer", "Printer")]}
GOOD = {
    "email": {"configuration": "newsletter", "subject": "Hello", "format": "html", "body": "<p>Hi</p>"},
    "sms": {"configuration": "texter", "text": "Hello {{ name }}", "address": "city"},
    "push": {"configuration": "app", "title": "Hello", "body": "Come in.", "address": "city"},
    "direct_mail": {"configuration": "printer", "address": ["name", "city"], "columns": ["points"]},
}


def sentences(kind, settings):
    form = catalogue.get(kind).form_class(settings, scope=make_scope(choices=OFFERED))
    form.is_valid()
    return " ".join(form.sentences())


def findings(kind, change, severity="error"):
    graph = make_graph({"a": EVERYONE, "m": (kind, GOOD[kind] | change)}, "a→m")
    found = check.problems(graph, make_context(), OFFERED)
    return [each.sentence for each in found if each.node_id == "m" and each.severity == severity]


@pytest.mark.parametrize("kind", GOOD)
def test_settings_that_are_done_are_kept_as_they_are_and_nothing_is_wrong(kind):
    cleaned = clean(kind, GOOD[kind], scope=make_scope(choices=OFFERED))
    assert cleaned.items() >= GOOD[kind].items()
    assert (cleaned["category"], cleaned["one_per_address"]) == ("marketing", True)
    assert clean(kind, cleaned, scope=make_scope(choices=OFFERED)) == cleaned
    assert findings(kind, {}) == []


@pytest.mark.parametrize(
    ("kind", "absent", "sentence"),
    [
        ("email", "subject", "Write a subject."),
        ("email", "body", "Write the body of the message."),
        ("sms", "text", "Write the text."),
        ("push", "title", "Write a title."),
        ("push", "body", "Write the body."),
        *((kind, "configuration", "Choose the channel configuration that sends it.") for kind in GOOD),
    ],
)
def test_what_lacks_is_asked_for_but_a_draft_may_be_half_done(kind, absent, sentence):
    settings = {name: value for name, value in GOOD[kind].items() if name != absent}
    assert sentence in sentences(kind, settings)
    clean(kind, settings, draft=True, scope=make_scope(choices=OFFERED))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("sms", {"configuration": "newsletter"}),  # of another channel
        ("sms", {"text": "x" * 1601}),
        ("sms", {"address": "shoe"}),
        ("sms", {"address": "home.shoe"}),
        ("push", {"title": "x" * 201}),
        ("push", {"body": "x" * 2001}),
        ("direct_mail", {"format": "pdf"}),
        ("direct_mail", {"columns": ["shoe"]}),
        ("direct_mail", {"address": "name"}),
        ("email", {"category": "spam"}),
        ("email", {"subject": "x" * 801}),
        ("email", {"colour": "red"}),
    ],
)
def test_what_does_not_fit_is_refused_in_words(kind, change):
    assert sentences(kind, GOOD[kind] | change)


@pytest.mark.parametrize("kind", ["sms", "push"])
def test_an_address_may_stand_in_a_linked_row(kind):
    assert findings(kind, {"address": "home.region"}) == []


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("sms", {"address": ""}, "“People” has no address column for sms; choose the address column here."),
        ("push", {"address": ""}, "has no address column for push"),
        ("direct_mail", {"address": []}, "has no address column for direct mail"),
        ("sms", {"text": "{{ nme }}"}, "Text: there is no field “nme” here."),
        ("push", {"link": "https://example.org/{{ nme }}"}, "Link: there is no field “nme” here."),
        ("push", {"title": "{{ name"}, "Title: "),
        ("email", {"subject": "{{ nme }}"}, "there is no field “nme” here. Did you mean “name”?"),
    ],
)
def test_what_cannot_be_sent_is_an_error(kind, change, sentence):
    (found,) = findings(kind, change)
    assert sentence in found


@pytest.mark.parametrize("kind", ["sms", "push", "direct_mail"])
def test_a_channel_without_transport_says_that_nothing_is_sent(kind):
    assert any("nothing is sent" in sentence for sentence in findings(kind, {}, "warning"))


def test_a_long_sms_is_warned_about():
    assert "This text takes 4 SMS for each recipient; shorten it if one should do." in findings(
        "sms", {"text": "a" * 460}, "warning"
    )


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("email", "Hello"),
        ("sms", "Hello [name] · 6 characters, 1 SMS (GSM-7), fields not counted"),
        ("push", "Hello"),
        ("direct_mail", "3 columns, CSV"),
    ],
)
def test_the_line_under_a_channel_says_what_it_sends(kind, line):
    assert catalogue.build(kind, GOOD[kind]).summary() == line
    assert catalogue.build(kind, {}).summary().startswith("No ")
    for odd in ({"text": 5, "subject": [], "title": None, "address": "x", "columns": 3},):
        assert catalogue.build(kind, odd).summary()
