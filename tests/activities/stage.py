"""A small data model in memory for activity tests, with rows to count or with tables that do not exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import ibis
import pyarrow as pa

from activities import catalogue
from activities.forms import Scope
from activities.graph import Edge, Graph, Node
from activities.populations import Context, Inputs, Population
from orchcamp.datasets import engine
from orchcamp.datasets.schema import TYPES, AudienceShape, ColumnShape, DataModel, DatasetShape, Step

HOME = Step("home", "people", ("city",), "stores", ("code",), True)
RESIDENTS = Step("residents", "stores", ("code",), "people", ("city",), False)
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
PEOPLE = {"id": "integer", "name": "string", "city": "string", "email": "string", "age": "integer", "points": "float"}
STORES = {"code": "string", "region": "string"}
FILES = {"clients.csv": "uploads/spring/0123456789/clients.csv"}  # leads nowhere
CHOICES = {
    "configurations": [("newsletter", "Newsletter")],
    "dimensions": [("people", "People"), ("stores", "Stores")],
}


def shape(slug: str, key: tuple[str, ...], columns: Mapping[str, str], target: Mapping[str, str]) -> DatasetShape:
    """A dataset whose lake path leads nowhere: any query on it fails."""
    shapes = {name: ColumnShape(name, name.capitalize(), type) for name, type in columns.items()}
    steps = {step.name: step for step in (HOME, RESIDENTS) if step.source == slug}
    return DatasetShape(slug, slug.capitalize(), key, shapes, target, steps, 1, f"datasets/{slug}/999.parquet")


def make_model(
    people: Sequence[Mapping[str, Any]] | None = None, stores: Sequence[Mapping[str, Any]] = ()
) -> DataModel:
    """people and stores; without rows their tables do not exist."""
    datasets = {
        "people": shape("people", ("id",), PEOPLE, {"email": "email"}),
        "stores": shape("stores", ("code",), STORES, {"sms": "region"}),
    }
    vips = AudienceShape(
        "vips", "VIPs", "people", {"score": ColumnShape("score", "score", "integer")}, 1, "audiences/vips/999.parquet"
    )
    audiences = {"vips": vips, "none_yet": AudienceShape("none_yet", "None yet", "people")}
    if people is None:
        return DataModel(datasets, audiences=audiences)
    return DataModel(datasets, {"people": table(people, PEOPLE), "stores": table(stores, STORES)}, audiences)


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> ibis.Table:
    schema = ibis.schema({name: TYPES[type] for name, type in columns.items()})
    cells = {name: [row.get(name) for row in rows] for name in columns}
    return ibis.memtable(pa.table(cells, schema=schema.to_pyarrow()), schema=schema)


def crowd(n: int, **columns: Any) -> list[dict[str, Any]]:
    """n people; a column may be a function of the number."""
    return [{"id": i, **{name: f(i) if callable(f) else f for name, f in columns.items()}} for i in range(1, n + 1)]


def make_context(people: Sequence[Mapping[str, Any]] | None = None, **options: Any) -> Context:
    options.setdefault("files", FILES)
    return Context(make_model(people), NOW, seed="spring", **options)


def make_scope(ctx: Context | None = None, **options: Any) -> Scope:
    model = ctx.model if ctx else make_model()
    return Scope(model, **({"dimension": "people", "now": NOW, "choices": CHOICES} | options))


def clean(key: str, settings: Mapping[str, Any], *, draft: bool = False, scope: Scope | None = None) -> dict[str, Any]:
    """The settings as the form gives them; fails the test when it refuses them."""
    form = catalogue.get(key).form_class(settings, scope=scope or make_scope(), draft=draft)
    assert form.is_valid(), list(form.sentences())
    return form.cleaned_data


def run(key: str, settings: Mapping[str, Any], ctx: Context, *arrived: Population) -> dict[str, list[dict[str, Any]]]:
    """The rows that come out of one node, by port."""
    activity = catalogue.build(key, clean(key, settings, scope=make_scope(ctx)))
    sources = [(f"n{place}", "out") for place, _population in enumerate(arrived, start=1)]
    parts = activity.compile(Inputs({"in": list(arrived)}, {"in": sources}), ctx.at("node"))
    return {port: engine.rows(part.table) for port, part in parts.items()}


def ids(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Keys in order, as often as they come."""
    return sorted(row["id"] for row in rows)


def make_graph(nodes: Mapping[str, tuple[str, Mapping[str, Any]]], *edges: str) -> Graph:
    """``make_graph({"a": ("build_audience", {...})}, "a→b", "b.left→c")``."""
    graph = Graph()
    for id, (type, settings) in nodes.items():
        graph = graph.with_node(Node(id, type, id.upper(), settings))
    for edge in edges:
        source, target = edge.split("→")
        source, _dot, port = source.partition(".")
        graph = graph.with_edge(Edge(source, port or "out", target))
    return graph


EVERYONE = ("build_audience", {"dimension": "people"})
EMAIL = ("email", {"configuration": "newsletter", "subject": "Hello", "format": "html", "body": "<p>Hi</p>"})
