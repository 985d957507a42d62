"""The alerts panel: every problem with its node, how bad it is, and what mends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activities import check
from activities.graph import Edge, Graph, Node

from .stage import CHOICES, EMAIL, EVERYONE, make_context, make_graph

PARIS = (
    "build_audience",
    {"dimension": "people", "rule": {"attribute": "city", "operator": "equals", "value": "Paris"}},
)


def said(graph: Graph) -> list[tuple[str | None, str, str]]:
    found = check.problems(graph, make_context(), CHOICES)
    return [(problem.node_id, problem.severity, problem.sentence) for problem in found]


def errors(graph: Graph) -> list[tuple[str | None, str]]:
    return [(node_id, sentence) for node_id, severity, sentence in said(graph) if severity == "error"]


def warnings(graph: Graph) -> list[tuple[str | None, str]]:
    return [(node_id, sentence) for node_id, severity, sentence in said(graph) if severity == "warning"]


def test_a_canvas_that_is_done_has_nothing_to_say():
    assert said(make_graph({"a": PARIS, "m": EMAIL, "e": ("end", {})}, "a→m", "m→e")) == []


def test_an_empty_canvas_says_how_to_begin():
    assert said(Graph()) == [(None, "error", "The canvas is empty; add a “Build audience” to begin.")]


def test_an_unknown_type_is_an_error_of_its_node_and_no_crash():
    graph = make_graph({"a": PARIS, "x": ("teleport", {"to": 1}), "m": EMAIL}, "a→x", "x→m")
    sentence = "This version of Orchcamp has no activity “teleport”; install it, or remove the node."
    assert errors(graph) == [("x", sentence)]


def test_a_node_without_inbound_is_an_error_once_and_what_is_behind_it_a_warning():
    graph = make_graph({"a": PARIS, "m": EMAIL, "w": ("wait", {}), "e": ("end", {})}, "w→e", "a→m")
    assert errors(graph) == [("w", "Nothing leads to this node; connect a transition to it, or remove it.")]
    assert warnings(graph) == [("e", "Nothing reaches this node: “W” before it is not connected; connect it.")]


def test_a_canvas_needs_a_start():
    graph = make_graph({"m": EMAIL})
    assert (None, "Nothing starts this canvas; add a “Build audience” and connect it.") in errors(graph)


def test_a_node_that_is_switched_off_is_a_warning_and_so_is_what_is_behind_it():
    graph = make_graph({"a": PARIS, "w": ("wait", {"value": "x"}), "m": EMAIL}, "a→w", "w→m")
    graph = graph.with_node(replace(graph.nodes["w"], disabled=True))
    assert errors(graph) == []
    assert warnings(graph) == [
        ("w", "“W” is switched off, so what comes after it does not run; switch it on, or remove it."),
        ("m", "Nothing reaches this node: “W” before it is switched off; switch it on."),
    ]


def test_two_transitions_into_a_single_port_are_an_error():
    graph = make_graph({"a": PARIS, "b": PARIS, "m": EMAIL}, "a→m")
    graph = replace(graph, edges=(*graph.edges, Edge("b", "out", "m")))
    assert errors(graph) == [("m", "2 transitions arrive where one is allowed; join them with a “Combine” first.")]


def test_ports_that_are_not_there_are_named():
    graph = make_graph({"a": PARIS, "m": EMAIL, "e": ("end", {})}, "a→m", "m.reply→e")
    assert errors(graph)[0] == (
        "m",
        "A transition leaves “reply”, which this node no longer has; remove it or connect it again.",
    )
    graph = replace(graph, edges=(Edge("a", "out", "m", "side"),))
    assert "A transition arrives at “side”" in dict(errors(graph))["m"] or any("“side”" in s for _, s in errors(graph))


def test_a_combine_with_one_set_is_a_warning_and_with_two_dimensions_an_error():
    graph = make_graph({"a": PARIS, "c": ("combine", {}), "m": EMAIL}, "a→c", "c→m")
    assert warnings(graph) == [("c", "Only one transition arrives; connect those that are to be joined.")]
    stores = (
        "build_audience",
        {"dimension": "stores", "rule": {"attribute": "code", "operator": "equals", "value": "x"}},
    )
    graph = make_graph({"a": PARIS, "b": stores, "c": ("combine", {}), "m": EMAIL}, "a→c", "b→c", "c→m")
    assert errors(graph) == [
        (
            "c",
            "The sets are of different dimensions (people, stores); combine sets of one dimension, or match them on columns.",
        )
    ]


def test_a_half_done_node_is_said_once_and_not_again_behind_it():
    graph = make_graph({"a": ("build_audience", {}), "s": ("split", {"subsets": [{"code": "a"}]}), "m": EMAIL})
    graph = graph.with_edge(Edge("a", "out", "s")).with_edge(Edge("s", "a", "m"))
    assert errors(graph) == [("a", "Targeting dimension: Choose the targeting dimension.")]


def test_a_start_without_audience_is_said_where_an_audience_is_needed():
    fork = ("fork", {"transitions": [{"code": "left"}, {"code": "right"}]})
    graph = make_graph({"f": fork, "a": PARIS, "m": EMAIL, "x": EMAIL}, "f.left→a", "a→m", "f.right→x")
    assert errors(graph) == [("x", "No audience arrives here; put a “Build audience” before this node.")]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"configuration": ""}, "Choose the channel configuration that sends it."),
        ({"configuration": "gone"}, "There is no “gone”; there are: newsletter."),
        ({"subject": " "}, "Write a subject."),
        ({"body": ""}, "Write the body of the message."),
        ({"subject": "Hi {{ nickname }}"}, "there is no field “nickname” here"),
        ({"body": "<p>{{ nam }}</p>"}, "there is no field “nam” here. Did you mean “name”?"),
        ({"body": "<p>{% if %}</p>"}, ""),
        ({"address": "fax"}, "Column “fax” does not reach this node"),
        ({"format": "fax"}, "fax is not one of the available choices"),
        ({"colour": "red"}, "Unknown setting “colour”"),
    ],
)
def test_an_email_that_cannot_be_sent_is_an_error(change, sentence):
    graph = make_graph({"a": PARIS, "m": ("email", EMAIL[1] | change)}, "a→m")
    assert [node_id for node_id, _sentence in errors(graph)] == ["m"]
    assert sentence in errors(graph)[0][1]


def test_a_dimension_without_email_addresses_is_an_error_that_a_column_mends():
    stores = (
        "build_audience",
        {"dimension": "stores", "rule": {"attribute": "code", "operator": "equals", "value": "x"}},
    )
    graph = make_graph({"a": stores, "m": EMAIL}, "a→m")
    assert errors(graph) == [("m", "“Stores” has no address column for email; choose the address column here.")]
    assert not errors(make_graph({"a": stores, "m": ("email", EMAIL[1] | {"address": "region"})}, "a→m"))


def test_columns_that_nodes_added_are_fields_of_the_message():
    split = ("split", {"subsets": [{"code": "top"}]})
    mail = ("email", EMAIL[1] | {"subject": "{{ segment_code }}"})
    assert errors(make_graph({"a": PARIS, "s": split, "m": mail}, "a→s", "s.top→m")) == []


def test_an_audience_by_a_rule_that_cannot_be_used_says_where():
    broken = ("build_audience", {"dimension": "people", "rule": {"group": "and", "items": [{"attribute": "shoe"}]}})
    ((node_id, sentence),) = errors(make_graph({"a": broken, "m": EMAIL}, "a→m"))
    assert node_id == "a" and "items[0]" in sentence


def test_everyone_and_no_channel_are_warnings():
    graph = make_graph({"a": EVERYONE, "e": ("end", {})}, "a→e")
    assert [node_id for node_id, _sentence in warnings(graph)] == [None, "a"]
    assert errors(graph) == []


def test_more_than_ten_channels_are_a_warning():
    nodes = {"a": PARIS} | {f"m{i}": EMAIL for i in range(11)}
    graph = make_graph(nodes, *(f"a→m{i}" for i in range(11)))
    assert [sentence for _id, sentence in warnings(graph)] == [
        "There are 11 channels; more than 10 are hard to follow, so consider a second campaign."
    ]


def test_settings_of_any_shape_are_checked_without_a_crash():
    junk = {"subsets": 3, "fields": {"a": 1}, "transitions": ["x"], "operation": [], "type": {}, "rule": "["}
    kinds = ("split", "deduplication", "fork", "combine", "wait", "build_audience", "email", "end")
    for key in kinds:
        graph = Graph().with_node(Node("a", *PARIS[:1], "A", PARIS[1])).with_node(Node("x", key, "X", junk))
        assert errors(graph.with_edge(Edge("a", "out", "x")))
