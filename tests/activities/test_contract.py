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
from activities.forms import NOWHERE
from activities.populations import Inputs

from .stage import clean, make_context, make_scope

RULE = {"group": "and", "items": [{"attribute": "city", "operator": "equals", "value": "Paris"}]}
SETTINGS = {
    "build_audience": {"dimension": "people", "rule": RULE, "keep_empty": True},
    "read_audience": {"audience": "vips", "columns": ["score"], "keep_empty": True, "process_errors": True},
    "save_audience": {
        "audience": "best",
        "label": "Best",
        "operation": "append",
        "columns": [{"column": "city", "name": "town"}, {"column": "points"}],
        "out": True,
        "process_errors": True,
    },
    "incremental_query": {"dimension": "people", "rule": RULE, "mode": "exclude", "history_days": 30},
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
    "and_join": {},
    "enrichment": {
        "data": [
            {"kind": "attribute", "attribute": "home.region"},
            {"kind": "expression", "expression": "Upper([name])", "alias": "loud"},
        ],
        "links": [
            {
                "name": "shop",
                "relation": "one",
                "dataset": "stores",
                "pairs": [{"source": "city", "destination": "code"}],
                "condition": "[name] <> [there_region]",
            }
        ],
        "process_errors": True,
    },
    "reconciliation": {
        "dimension": "stores",
        "pairs": [{"source": "city", "destination": "code"}],
        "condition": "[name] <> [there_region]",
        "filter": {"group": "and", "items": [{"attribute": "region", "operator": "is_not_empty"}]},
        "ignore_case": True,
        "complement": True,
        "process_errors": True,
    },
    "change_dimension": {"dimension": "stores", "link": "home", "complement": True},
    "fork": {"transitions": [{"code": "left", "label": "Left"}, {"code": "right"}]},
    "wait": {"type": "fixed", "at": "2026-12-01T09:00"},
    "test": {
        "conditions": [
            {"code": "many", "label": "Many", "of": "population", "operator": "greater_than", "value": 1000},
            {"code": "some", "operator": "equals", "value": 3},
        ],
        "default": {"code": "few", "label": "Few"},
    },
    "approval": {
        "title": "Send to {{ rows }}?",
        "message": "It is {{ date }}.",
        "group": "Approvers",
        "several": True,
        "answers": [{"code": "yes", "label": "Yes"}, {"code": "later"}],
        "expiry": {"type": "duration", "value": 2, "unit": "days"},
        "reminder": {"value": 12, "unit": "hours"},
    },
    "alert": {"title": "Few: {{ rows }}", "message": "Only {{ rows }} rows on {{ date }}.", "severity": "warning"},
    "external_signal": {
        "parameters": [
            {"name": "season", "type": "text", "value": "spring"},
            {"name": "n", "type": "number", "value": 3},
        ],
        "expiry": {"type": "fixed", "at": "2026-12-01T09:00"},
    },
    "end": {
        "signal": {
            "campaign": "next",
            "parameters": [{"name": "rows", "value": "{{ rows }}"}, {"name": "n", "value": "12"}],
        }
    },
    "load_file": {
        "file": "clients.csv",
        "format": "delimited",
        "columns": [
            {"name": "email", "source": "E-mail", "case": "lower", "personal": True, "nulls": "required"},
            {"name": "spent", "type": "float", "number_format": "space", "on_error": "default", "default": "0"},
            {"name": "born", "type": "date", "date_formats": ["DD/MM/YYYY"], "on_error": "ignore"},
            {"name": "kind", "remapping": [{"from": "M", "to": "male"}], "unmapped": "reject"},
            {"name": "note", "ignore": True},
        ],
        "separator": ";",
        "skip_lines": 1,
        "errors_allowed": 5,
        "process_errors": True,
    },
    "extract_file": {
        "columns": [{"source": "email"}, {"expression": "Upper([city])", "label": "Town", "width": 5}],
        "sort": [{"by": "age", "descending": True}],
        "remove_duplicates": True,
        "file_name": "people-{{ date }}",
        "format": "tsv",
        "datetime_format": "DD/MM/YYYY HH:mm",
        "destination": "folder",
        "folder": "/srv/out",
    },
    "sms": {"configuration": "texter", "text": "Hello {{ name }}", "address": "city"},
    "push": {
        "configuration": "app",
        "title": "Hello {{ name }}",
        "body": "Come in\nnow.",
        "link": "https://example.org/?id={{ id }}",
        "address": "email",
    },
    "direct_mail": {"configuration": "printer", "address": ["name", "city"], "columns": ["points"], "format": "xlsx"},
    "update_data": {
        "dataset": "stores",
        "operation": "insert_or_update",
        "identification": [{"source": "city", "destination": "code"}],
        "fields": [
            {"destination": "region", "expression": "Upper([city])", "condition": "[age] > 3"},
        ],
    },
    "webhook": {
        "url": "https://example.org/hook?x=1",
        "columns": [{"source": "email"}, {"expression": "Upper([city])", "label": "town"}],
        "batch_size": 2,
        "headers": [{"name": "X-Shop", "value": "north"}],
        "signature": "shop",
    },
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
