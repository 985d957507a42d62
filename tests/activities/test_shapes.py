"""What is said of a canvas without compiling all of it: the same as if all of it were compiled, after any edits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from activities import catalogue, check, shapes
from activities.compiler import Compiler
from activities.graph import Edge, Graph, GraphError, Node
from activities.populations import Context, Population
from activities.shapes import Shapes
from orchcamp.datasets.schema import DataModel
from orchcamp.web.errors import Refused

from .stage import CHOICES, EMAIL, EVERYONE, NOW, make_context, make_graph
from .test_contract import SETTINGS

HALF = {"subsets": [{"code": "half", "limit": {"type": "percent", "value": 50}}], "complement": True}
BRINGS = {"data": [{"kind": "expression", "expression": "Upper([name])", "alias": "loud"}]}
LINKS = {
    "data": [],
    "links": [{"name": "shop", "relation": "many", "dataset": "stores", "pairs": [{"source": "city", "destination": "code"}]}],
}  # fmt: skip
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *[(key, given) for key, given in SETTINGS.items()],
    *[(key, {}) for key in SETTINGS],
    EVERYONE,
    EVERYONE,  # what begins is what most often is there
    ("build_audience", {"dimension": "stores"}),
    ("split", HALF),
    ("enrichment", BRINGS),
    ("enrichment", LINKS),
    ("split", {"subsets": [{"code": "a", "rule": {"attribute": "loud", "operator": "equals", "value": "x"}}]}),
    ("split", {"subsets": [{"code": "a", "rule": {"link": "shop", "exists": True}}]}),
    ("deduplication", {"fields": ["segment_code"], "keep": 1}),
    ("email", EMAIL[1] | {"subject": "{{ loud }} {{ segment_code }} {{ variables.season }}"}),
    ("combine", {"operation": "union"}),
    ("combine", {"operation": "exclusion", "match": "columns", "columns": ["city"]}),
    (
        "combine",
        {
            "operation": "exclusion",
            "rules": [{"set": {"node": "n1", "port": "out"}, "link": "", "pairs": [{"source": "code", "destination": "city"}]}],
        },
    ),
    ("teleport", {}),
    ("split", {"subsets": 3, "complement": "x"}),
]  # fmt: skip
MODEL = make_context().model
CTX = make_context(variables={"season": "spring"})  # one for all: what was kept for one canvas must fit the next
PLACES = st.integers(0, 6)
EDITS = st.one_of(
    st.tuples(st.just("set"), PLACES, st.integers(0, len(VARIANTS) - 1)),
    st.tuples(st.just("join"), PLACES, PLACES, st.integers(0, 3)),
    st.tuples(st.just("join"), PLACES, PLACES, st.integers(0, 3)),
    st.tuples(st.just("cut"), PLACES),
    st.tuples(st.just("switch"), PLACES),
    st.tuples(st.just("rename"), PLACES, st.sampled_from(["Ann", "Bob"])),
    st.tuples(st.just("remove"), PLACES),
)


def edited(graph: Graph, edit: tuple[Any, ...]) -> Graph:
    """The graph after an edit that may make no sense."""
    verb, place, *more = edit
    id = f"n{place}"
    try:
        if verb == "set":
            type, given = VARIANTS[more[0]]
            return graph.with_node(Node(id, type, graph.nodes[id].name if id in graph.nodes else id, given))
        if verb == "join":
            ports = [port.name for port in catalogue.of(graph.node(id)).ports()] or ["gone"]
            return graph.with_edge(Edge(id, ports[more[1] % len(ports)], f"n{more[0]}"))
        if verb == "cut":
            return replace(graph, edges=graph.edges[:place] + graph.edges[place + 1 :])
        if verb == "switch":
            return graph.with_node(replace(graph.node(id), disabled=not graph.node(id).disabled))
        if verb == "rename":
            return graph.with_node(replace(graph.node(id), name=more[0]))
        return graph.without_node(id)
    except (GraphError, catalogue.UnknownActivity):
        return graph


def columns(population: Population) -> tuple[Any, ...]:
    links = {name: (each.table.schema(), replace(each, table=None)) for name, each in population.links.items()}
    return population.dimension, population.key, population.apart, population.table.schema(), links


def shape_of(compiler: Compiler, node_id: str) -> Any:
    """What leaves a node, or why nothing does."""
    try:
        return {port: columns(each) for port, each in compiler.outputs(node_id).items()}
    except Refused as error:
        return type(error), str(error), vars(error)


def demand_equal(graph: Graph, ctx: Context) -> None:
    whole, cut = Compiler(graph, ctx), Shapes(graph, ctx)
    for id in graph.nodes:
        assert shape_of(cut, id) == shape_of(whole, id)
        seen, known = cut.scope(id, CHOICES), whole.scope(id, CHOICES)
        assert (seen.fields, seen.missing, list(seen.sets)) == (known.fields, known.missing, list(known.sets))
        assert (seen.variables, seen.choices) == (known.variables, known.choices)
    assert check.problems(graph, ctx, CHOICES) == check.problems(graph, ctx, CHOICES, Compiler)


@settings(max_examples=30)
@given(st.lists(EDITS, min_size=4, max_size=14))
def test_after_any_edits_it_says_what_compiling_all_of_it_says(edits):
    graph, ctx = make_graph({"n0": EVERYONE, "n1": EVERYONE}), CTX
    for edit in edits:
        after = edited(graph, edit)
        if after is not graph and len(after.nodes) > 2:
            demand_equal(after, ctx)
        graph = after


@pytest.mark.parametrize("key", SETTINGS)
def test_every_activity_is_seen_through(key):
    needs = bool(catalogue.get(key).inputs)
    nodes = {"a": EVERYONE, "x": (key, SETTINGS[key]), "e": ("enrichment", BRINGS)}
    graph = make_graph(nodes, *(["a→x"] if needs else []))
    for port in catalogue.of(graph.nodes["x"]).ports():
        demand_equal(graph.with_edge(Edge("x", port.name, "e")), make_context())
        demand_equal(graph.with_edge(Edge("x", port.name, "e")), make_context())


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The nodes that are compiled from here on."""
    compiled: list[str] = []
    before = Compiler._activity

    def noted(self: Compiler, kind: Any, node: Node, scope: Any) -> Any:
        compiled.append(node.id)
        return before(self, kind, node, scope)

    monkeypatch.setattr(Compiler, "_activity", noted)
    return compiled


@pytest.fixture(autouse=True)
def fresh() -> None:
    shapes.forget()


def chain() -> Graph:
    nodes = {
        "a": EVERYONE,
        "s": ("split", HALF),
        "w": ("wait", {"value": 2, "unit": "days"}),
        "m": EMAIL,
        "e": ("end", {}),
    }
    return make_graph(nodes, "a→s", "s.half→w", "w→m", "m→e")  # fmt: skip


def test_an_edit_compiles_only_what_it_changes(monkeypatch):
    ctx, graph = make_context(), chain()
    check.problems(graph, ctx, CHOICES)
    compiled = counted(monkeypatch)
    check.problems(graph, ctx, CHOICES)
    check.problems(graph.with_node(replace(graph.nodes["e"], name="Finish")), ctx, CHOICES)
    assert compiled == []
    paris = {"dimension": "people", "rule": {"attribute": "city", "operator": "equals", "value": "Paris"}}
    graph = graph.with_node(replace(graph.nodes["a"], settings=paris))
    check.problems(graph, ctx, CHOICES)
    assert compiled == ["a"]  # what leaves it looks as before
    check.problems(graph.with_node(replace(graph.nodes["s"], name="Halves")), ctx, CHOICES)
    assert compiled == ["a", "w"]  # whose form names what is before it


@pytest.mark.parametrize(
    "other",
    [
        {"variables": {"season": "summer"}},
        {"files": {"others.csv": "uploads/x"}},
        {"memories": {"a": {"mark": "2026-01-01"}}},
        {"timezone": "Asia/Tokyo"},
        {"now": NOW + timedelta(days=1)},
        {"model": DataModel({**MODEL.datasets, "people": replace(MODEL.datasets["people"], label="Persons")})},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_place_is_looked_at_anew(other, monkeypatch):
    ctx = make_context()
    check.problems(chain(), ctx, CHOICES)
    compiled = counted(monkeypatch)
    check.problems(chain(), replace(ctx, **other), CHOICES)
    assert sorted(compiled) == ["a", "e", "m", "s", "w"]


def test_data_that_were_loaded_again_are_no_reason_to_look_anew(monkeypatch):
    ctx = make_context()
    check.problems(chain(), ctx, CHOICES)
    compiled = counted(monkeypatch)
    loaded = replace(MODEL.datasets["people"], snapshot=2, path="datasets/people/1000.parquet")
    model = replace(ctx.model, datasets={**MODEL.datasets, "people": loaded})
    assert check.problems(chain(), replace(ctx, model=model), CHOICES) == check.problems(
        chain(), ctx, CHOICES, Compiler
    )
    assert sorted(compiled) == ["a", "e", "m", "s", "w"]  # those of the whole compiler


def test_data_without_rows_are_noticed():
    ctx = make_context()
    empty = replace(MODEL.datasets["people"], snapshot=None, path=None)
    model = replace(ctx.model, datasets={**MODEL.datasets, "people": empty})
    demand_equal(chain(), ctx)
    demand_equal(chain(), replace(ctx, model=model))


def test_other_choices_are_heeded_at_once():
    ctx = make_context()
    assert not [problem for problem in check.problems(chain(), ctx, CHOICES) if problem.is_error]
    (error,) = (p for p in check.problems(chain(), ctx, CHOICES | {"configurations": []}) if p.is_error)
    assert "newsletter" in error.sentence


def test_a_sentence_is_said_in_the_language_of_its_reader():
    graph = make_graph({"a": ("build_audience", {}), "m": EMAIL}, "a→m")
    said = check.problems(graph, make_context(), CHOICES)
    with override("fr"):
        assert check.problems(graph, make_context(), CHOICES) == check.problems(
            graph, make_context(), CHOICES, Compiler
        )
    assert check.problems(graph, make_context(), CHOICES) == said


def test_a_date_that_passes_is_noticed_within_the_day():
    graph = make_graph(
        {"a": EVERYONE, "w": ("wait", {"type": "fixed", "at": "2026-06-01T10:00"}), "m": EMAIL}, "a→w", "w→m"
    )

    def past(hours: int) -> bool:
        ctx = make_context()
        said = check.problems(graph, replace(ctx, now=NOW + timedelta(hours=hours)), CHOICES)
        return any("That date is past" in problem.sentence for problem in said)

    assert [past(0), past(2), past(0)] == [False, True, False]  # fmt: skip


def test_no_more_is_kept_than_was_allowed(monkeypatch):
    monkeypatch.setattr(shapes._recent, "most", 3)
    demand_equal(chain(), make_context())
    assert len(shapes._recent) <= 6
