"""Settings forms as people use them: drawn, sent, half-done, with rows that come, go and move."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from activities import catalogue
from activities.forms import NOWHERE, Scope

from .browser import drawn, sent
from .stage import CHOICES, clean, make_model, make_scope
from .test_contract import EVERY, SETTINGS

SPLIT = catalogue.get("split").form_class


def split_form(*codes: str, press: tuple[str, str] | None = None):
    """The split's form after a press on one of its buttons."""
    subsets = [{"code": code, "label": f"Part {code}"} for code in codes]
    shown = SPLIT(scope=make_scope(), initial={"subsets": subsets})
    return SPLIT(sent(shown, press), scope=make_scope())


def codes(form) -> list[str]:
    assert form.is_valid(), list(form.sentences())
    return [row["code"] for row in form.cleaned_data["subsets"]]


@EVERY
def test_what_the_panel_shows_comes_back_when_it_is_sent(kind):
    settings = clean(kind.key, SETTINGS[kind.key])
    form = kind.form_class(sent(kind.form_class(scope=make_scope(), initial=settings)), scope=make_scope())
    assert form.is_valid(), list(form.sentences())
    assert form.cleaned_data == settings


@EVERY
def test_a_new_node_can_be_drawn_and_sent_as_it_is(kind):
    shown = kind.form_class(scope=make_scope(), initial=kind.initial())
    form = kind.form_class(sent(shown), scope=make_scope(), draft=True)
    assert form.is_valid(), list(form.sentences())
    assert form.cleaned_data == kind.initial() or kind.key == "build_audience"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("add", ["x", "b", "z", "a"]),
        ("remove:1", ["x", "z"]),
        ("up:2", ["x", "z", "b"]),
        ("down:0", ["b", "x", "z"]),
    ],
)
def test_a_button_changes_the_rows_and_the_form_shows_itself_again(command, expected):
    form = split_form("x", "b", "z", press=("subsets-edit", command))
    assert form.editing
    assert codes(form) == expected
    again = SPLIT(sent(form), scope=make_scope())
    assert not again.editing
    assert codes(again) == expected


@pytest.mark.parametrize("command", ["up:0", "down:2", "remove:9", "remove:-1", "remove:x", "jump:1", "", "add:²"])
def test_a_button_that_makes_no_sense_changes_nothing(command):
    data = sent(SPLIT(scope=make_scope(), initial={"subsets": [{"code": c} for c in "xbz"]})).copy()
    data["subsets-edit"] = command
    form = SPLIT(data, scope=make_scope())
    assert codes(form) == ["x", "b", "z"] or command.startswith("add")


def test_rows_may_all_be_removed_from_a_draft_only():
    form = split_form("x", press=("subsets-edit", "remove:0"))
    assert list(form.sentences()) == ["Subsets: Add at least 1."]
    draft = SPLIT(form.data, scope=make_scope(), draft=True)
    assert codes(draft) == []


def test_a_row_that_is_refused_says_so_beside_its_input():
    data = sent(SPLIT(scope=make_scope(), initial={"subsets": [{"code": "a"}]})).copy()
    data["subsets-0-code"] = "1st"
    page = drawn(SPLIT(data, scope=make_scope()))
    assert page.count("Begin with a letter") >= 2  # in the sum on top, and at the input
    assert 'value="1st"' in page


def test_a_draft_drops_required_and_nothing_else():
    email = catalogue.get("email").form_class
    assert email({}, scope=make_scope(), draft=True).is_valid()
    assert not email({"format": "fax"}, scope=make_scope(), draft=True).is_valid()
    assert not email({}, scope=make_scope()).is_valid()


def test_without_an_audience_the_form_says_why_and_keeps_what_was_chosen():
    scope = Scope(make_model(), missing="“A” before this node is not ready.", choices=CHOICES)
    settings = clean("deduplication", SETTINGS["deduplication"])
    form = catalogue.get("deduplication").form_class(scope=scope, initial=settings)
    page = drawn(form)
    assert "“A” before this node is not ready." in page
    again = catalogue.get("deduplication").form_class(sent(form), scope=scope)
    assert again.is_valid(), list(again.sentences())
    assert again.cleaned_data == settings


def test_a_column_that_is_gone_is_shown_and_refused():
    form = catalogue.get("email").form_class(scope=make_scope(), initial={"address": "fax"})
    assert "fax (not here)" in drawn(form)
    again = catalogue.get("email").form_class(sent(form), scope=make_scope())
    assert "Column “fax” does not reach this node" in " ".join(again.sentences())


def test_an_unchecked_box_of_a_sent_form_is_no_though_the_default_is_yes():
    email = catalogue.get("email").form_class
    assert email({}, scope=NOWHERE, draft=True).fields["track_opens"].initial is True
    sent_form, from_json = email(QueryDict("subject=x"), draft=True), email({"subject": "x"}, draft=True)
    assert sent_form.is_valid() and from_json.is_valid()
    assert (sent_form.cleaned_data["track_opens"], from_json.cleaned_data["track_opens"]) == (False, True)


def test_texts_of_an_email_are_escaped_in_its_panel():
    form = catalogue.get("email").form_class(
        scope=make_scope(), initial={"subject": '"><script>', "body": "</textarea><b>"}
    )
    assert "<script>" not in drawn(form) and "</textarea><b>" not in drawn(form)
    assert "{{ first_name }}" in drawn(form) and 'data-insert="{{ name }}"' in drawn(form)
