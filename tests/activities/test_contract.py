"""What every activity type keeps, asked of all of them at once. A new type needs its entry in SETTINGS."""

from __future__ import annotations

import json
from pathlib import Path

import ibis
import pytest
from django.http import QueryDict
from django.template.loader import get_template
from django.utils.encoding import force_str

from activities import catalogue
from activities.base import Inputs
from activities.forms import NOWHERE

from .stage import clean, make_context, make_scope

RULE = {"group": "and", "items": [{"attribute": "city", "operator": "equals", "value": "Paris"}]}
SETTINGS = {
    "build_audience": {"dimension": "people", "rule": RULE, "keep_empty": True},
    "split": {
        "subsets": [
            {
                "code": "top",
                "label": "Top",
                "rule": RULE,
                "limit": {"type": "percent", "value": 12.5, "of": "remainder"},
                "sort": {"by": "points", "descending": True},
                "skip_empty": True,
            },
            {"code": "b", "limit": {"type": "number", "value": 10}},
        ],
        "complement": True,
        "overlap": False,
    },
    "deduplication": {
        "fields": ["email"],
        "keep": 2,
        "method": "values",
        "sort": {"by": "city"},
        "values": ["Paris", "Lyon"],
        "complement": True,
    },
    "combine": {"operation": "exclusion", "complement": True},
    "fork": {"transitions": [{"code": "left", "label": "Left"}, {"code": "right"}]},
    "wait": {"type": "fixed", "at": "2026-12-01T09:00"},
    "end": {},
    "email": {
        "configuration": "newsletter",
        "subject": "Hello {{ name }}",
        "format": "html",
        "body": "<p>Hello {{ name }}</p>\r\n",
        "address": "email",
    },
}
EVERY = pytest.mark.parametrize("kind", catalogue.all_types(), ids=lambda kind: kind.key)
GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"


def compiled(kind, settings=None):
    ctx = make_context()
    people = ctx.everyone("people")
    activity = kind(settings or clean(kind.key, SETTINGS[kind.key]))
    arrived = {port.name: [people, people] if port.many else [people] for port in kind.inputs}
    sources = {port.name: [("n1", "out"), ("n2", "out")] for port in kind.inputs}
    return activity, activity.compile(Inputs(arrived, sources), ctx.at("n9"))


@EVERY
def test_settings_survive_json_and_a_second_cleaning(kind):
    once = clean(kind.key, SETTINGS[kind.key])
    again = json.loads(json.dumps(once))
    assert again == once
    assert clean(kind.key, again) == once
    assert clean(kind.key, again, draft=True) == once


@EVERY
def test_compiling_touches_no_data_and_fills_exactly_the_ports(kind):
    activity, parts = compiled(kind)  # the tables of this model do not exist: a query would fail
    assert set(parts) == {port.name for port in activity.outputs()}
    for part in parts.values():
        assert set(part.key) <= set(part.table.columns)


@EVERY
def test_compiling_twice_gives_equal_expressions(kind):
    _activity, once = compiled(kind)
    _activity, again = compiled(kind)
    assert all(once[port].table.equals(again[port].table) for port in once)


@EVERY
def test_nothing_in_it_depends_on_the_engine_or_the_clock(kind):
    _activity, parts = compiled(kind)
    for part in parts.values():
        statement = ibis.to_sql(part.table, dialect="duckdb").lower()
        assert not [word for word in ("random(", "now(", "current_", " hash(") if word in statement]


@EVERY
def test_an_empty_draft_is_kept_and_can_be_drawn(kind):
    form = kind.form_class({}, scope=make_scope(), draft=True)
    assert form.is_valid(), form.errors
    json.dumps(form.cleaned_data)
    for settings in ({}, form.cleaned_data, dict.fromkeys(form.fields), dict.fromkeys(form.fields, "x")):
        activity = kind(settings)
        assert isinstance(force_str(activity.summary()), str)
        assert all(port.name for port in activity.outputs())


@EVERY
def test_what_has_no_default_is_asked_for_in_words(kind):
    form = kind.form_class(dict.fromkeys(kind.form_class.base_fields), scope=make_scope())
    required = [name for name, field in form.fields.items() if field.required]
    assert form.is_valid() is not bool(required)
    assert set(required) <= set(form.errors)
    assert all(sentence.endswith(".") for sentence in form.sentences())


@EVERY
def test_an_unknown_setting_is_named(kind):
    form = kind.form_class(SETTINGS[kind.key] | {"colour": "red"}, scope=make_scope())
    assert not form.is_valid()
    assert "“colour”" in " ".join(form.sentences())


@EVERY
@pytest.mark.parametrize("junk", [[], {}, "x", 7, True, [[1]], {"a": {"b": 1}}], ids=repr)
def test_settings_of_the_wrong_shape_are_refused_or_read_but_never_crash(kind, junk):
    settings = dict.fromkeys(kind.form_class.base_fields, junk)
    for draft in (False, True):
        form = kind.form_class(settings, scope=make_scope(), draft=draft)
        if form.is_valid():
            json.dumps(form.cleaned_data)
    kind(settings).outputs(), kind(settings).summary()


@EVERY
def test_its_panel_can_be_drawn_empty_filled_and_refused(kind):
    for form in (
        kind.form_class(scope=make_scope()),
        kind.form_class(scope=NOWHERE),
        kind.form_class(scope=make_scope(), initial=SETTINGS[kind.key]),
        kind.form_class(QueryDict(), scope=make_scope()),
    ):
        page = get_template(form.template).render({"form": form})
        assert "style=" not in page and "<script" not in page and " on" + "click" not in page
        assert all(str(field.label) in page.replace("&#x27;", "'") for field in form.fields.values())


@EVERY
def test_every_field_has_a_label_and_a_word_of_help(kind):
    fields = kind.form_class.base_fields.values()
    assert all(field.label and field.help_text for field in fields)


@EVERY
def test_it_stands_in_the_palette_and_in_the_glossary(kind):
    assert kind.group in catalogue.GROUPS
    assert str(kind.help).endswith(".") and kind.icon.replace("_", "").isalpha()
    assert f"**{kind.label}** (`{kind.key}`)" in GLOSSARY.read_text()


def test_every_type_is_tried_here():
    assert set(SETTINGS) == {kind.key for kind in catalogue.all_types()}
