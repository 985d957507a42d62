"""Variables: typed, and known where they are set; what is not known is said in words at the node that asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities import check, variables
from activities.compiler import Compiler
from activities.populations import ActivityError
from orchcamp.datasets import engine

from .stage import CHOICES, EMAIL, EVERYONE, clean, crowd, ids, make_context, make_graph

TOWN = {"attribute": "city", "operator": "equals", "value": {"variable": "town"}}
SIGNAL = ("external_signal", {"parameters": [{"name": "town", "type": "text", "value": "Paris"}]})


def splitting(rule):
    return ("split", {"subsets": [{"code": "half", "rule": rule}]})


def said(graph, **known):
    return [
        (p.node_id, p.sentence) for p in check.problems(graph, make_context(variables=known), CHOICES) if p.is_error
    ]


# --- Types -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("text", " Ann ", " Ann "),
        ("text", None, ""),
        ("text", 12, "12"),
        ("number", "12.50", 12.5),
        ("number", " 7 ", 7),
        ("number", "1e3", 1000),
        ("number", 0, 0),
        ("date", "2026-12-01", "2026-12-01"),
        ("date", " 2026-12-01T09:30 ", "2026-12-01T09:30:00"),
        ("date", "2026-12-01T09:30+02:00", "2026-12-01T09:30:00+02:00"),
        ("list", "a, b,,\nc ", ["a", "b", "c"]),
        ("list", ["a", 2], ["a", 2]),
        ("list", None, []),
        ("list", "", []),
    ],
)
def test_what_a_person_types_becomes_a_value_of_its_type(kind, typed, value):
    found = variables.typed(kind, typed)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("number", "twelve", "“twelve” is no number"),
        ("number", "", "“” is no number"),
        ("number", "12,5", "“12,5” is no number"),
        ("number", "nan", "too large a number"),
        ("number", "Infinity", "too large a number"),
        ("number", "1e18", "too large a number"),
        ("number", True, "no number"),
        ("number", [1], "no number"),
        ("date", "1 December", "no date"),
        ("date", "2026-02-30", "no date"),
        ("date", None, "no date"),
        ("list", [{"a": 1}], "texts and numbers only"),
        ("text", ["a"], "Give a text."),
    ],
)
def test_what_is_no_value_of_its_type_is_refused_in_words(kind, typed, sentence):
    with pytest.raises(ActivityError, match=sentence):
        variables.typed(kind, typed)


JSON = st.one_of(
    st.text(st.characters(exclude_characters=",\n\r", exclude_categories=["Cs", "Z", "C"])),
    st.integers(-(10**17), 10**17),
    st.floats(-1e15, 1e15, allow_nan=False).map(lambda number: round(number, 3)),
    st.lists(st.text("abcé ", min_size=1).filter(lambda text: text == text.strip()), max_size=4),
)


@given(JSON)
def test_a_value_survives_being_shown_and_typed_again(value):
    kind = variables.type_of(value)
    assert variables.typed(kind, variables.shown(value)) == variables.typed(kind, value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [("2026-12-01", "date"), ("20261201", "text"), ("2026", "text"), ("", "text"), (1.5, "number"), ([], "list")],
)
def test_the_type_of_a_stored_value_is_seen_by_it(value, kind):
    assert variables.type_of(value) == kind


def test_a_name_is_one_that_rules_and_texts_can_write():
    for name in ("1st", "a b", "a-b", "é", "x" * 61):
        form = variables.VariableForm({"name": name, "type": "text", "value": "x"})
        assert not form.is_valid(), name
    for name in ("population", "True", "null"):
        assert "reserved" in str(variables.VariableForm({"name": name, "value": "x"}).errors)
    assert variables.VariableForm({"name": "_a1", "type": "list", "value": "x, y"}).is_valid()


# --- Where they are known --------------------------------------------------------------------------------


def test_behind_its_signal_a_parameter_is_known_and_a_preview_takes_its_test_value():
    graph = make_graph({"a": EVERYONE, "w": SIGNAL, "s": splitting(TOWN)}, "a→w", "w→s")
    assert said(graph) == []
    ctx = make_context(crowd(4, city=lambda i: "Paris" if i < 3 else "Lyon"))
    assert ids(engine.rows(Compiler(graph, ctx).outputs("s")["half"].table)) == [1, 2]


ASKING = {
    "a rule": (splitting(TOWN), "town"),
    "a text of a rule's expression": (
        splitting({"expression": "[city] = $town", "operator": "equals", "value": True}),
        "There is no variable “town”",
    ),
    "an expression": (
        ("extract_file", {"file_name": "x", "columns": [{"expression": "Upper($town)", "label": "t"}]}),
        "There is no variable “town”",
    ),
    "a file name": (("extract_file", {"file_name": "{{ variables.town }}"}), "There is no “variables.town” here"),
    "an alert": (("alert", {"title": "{{ variables.town }}", "message": "x"}), "There is no “variables.town” here"),
    "a test": (
        ("test", {"conditions": [{"code": "yes", "of": "town", "operator": "equals", "value": "x"}]}),
        "town",
    ),
    "an email": ((EMAIL[0], EMAIL[1] | {"subject": "{{ variables.town }}"}), "there is no field “variables.town”"),
    "an SMS": (
        ("sms", {"configuration": "texter", "text": "{{ variables.town }}", "address": "city"}),
        "there is no field “variables.town”",
    ),
}


@pytest.fixture(params=ASKING)
def asking(request):
    return ASKING[request.param]


@pytest.fixture(autouse=True)
def texter(monkeypatch):
    monkeypatch.setitem(CHOICES, "configurations_sms", [("texter", "Texter")])


def test_before_its_signal_or_without_one_a_variable_is_an_error_of_the_node_that_asks(asking):
    node, sentence = asking
    for graph in (
        make_graph({"a": EVERYONE, "s": node, "w": SIGNAL}, "a→s", "a→w"),
        make_graph({"a": EVERYONE, "s": node}, "a→s"),
    ):
        ((place, problem),) = said(graph)
        assert place == "s"
        assert sentence in problem


def test_behind_its_signal_or_of_the_campaign_it_is_none(asking):
    node, _sentence = asking
    assert said(make_graph({"a": EVERYONE, "w": SIGNAL, "s": node}, "a→w", "w→s")) == []
    assert said(make_graph({"a": EVERYONE, "s": node}, "a→s"), town="Paris") == []


def test_where_nobody_called_in_time_the_parameter_is_not_there():
    late = (SIGNAL[0], SIGNAL[1] | {"expiry": {"type": "duration", "value": 1, "unit": "days"}})
    nodes = {"a": EVERYONE, "w": late, "s": splitting(TOWN)}
    assert said(make_graph(nodes, "a→w", "w→s")) == []
    ((place, sentence),) = said(make_graph(nodes, "a→w", "w.expired→s"))
    assert (place, "town" in sentence) == ("s", True)


def test_a_signal_that_is_switched_off_brings_nothing():
    graph = make_graph({"a": EVERYONE, "w": SIGNAL, "s": splitting(TOWN)}, "a→w", "a→s")
    assert [place for place, _sentence in said(graph)] == ["s"]


def test_what_one_signal_brings_is_known_far_behind_it_and_behind_a_second():
    second = ("external_signal", {"parameters": [{"name": "shop", "type": "text", "value": "Orch"}]})
    both = {"group": "and", "items": [TOWN, {"attribute": "name", "operator": "equals", "value": {"variable": "shop"}}]}
    nodes = {"a": EVERYONE, "w": SIGNAL, "v": second, "c": ("wait", {"value": 1}), "s": splitting(both)}
    assert said(make_graph(nodes, "a→w", "w→v", "v→c", "c→s")) == []
    ((place, sentence),) = said(make_graph(nodes, "a→v", "v→c", "c→s", "a→w"))
    assert place == "s"
    assert "town" in sentence


def test_the_form_offers_only_what_is_known_at_its_node():
    graph = make_graph({"a": EVERYONE, "w": SIGNAL, "s": splitting({}), "t": splitting({})}, "a→w", "w→s", "a→t")
    compiler = Compiler(graph, make_context(variables={"shop": "Orch"}))
    assert set(compiler.scope("s").variables) == {"shop", "town"}
    assert set(compiler.scope("t").variables) == {"shop"}


def test_a_name_near_to_the_one_that_is_meant_is_offered():
    graph = make_graph({"a": EVERYONE, "s": splitting(TOWN)}, "a→s")
    ((_place, sentence),) = said(graph, towns="Paris")
    assert "towns" in sentence


def test_a_parameter_s_test_value_is_of_its_type():
    with pytest.raises(AssertionError, match="no number"):
        clean("external_signal", {"parameters": [{"name": "n", "type": "number", "value": "many"}]})
