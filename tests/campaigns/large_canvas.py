"""Canvases of any size over the shop of ``tests.builders``: as people draw them, or one long chain."""

from __future__ import annotations

from typing import Any

from activities.graph import Edge, Graph, Node

from .builders import PARIS, audience, email

BOUGHT = {"link": "purchases", "aggregate": "count", "operator": "greater_or_equal", "value": 1}
SPENT = {"kind": "aggregate", "link": "purchases", "aggregate": "sum", "attribute": "amount", "alias": "spent"}
CITY = {"kind": "expression", "expression": "Upper([city])", "alias": "town"}


def subset(code: str, rule: dict[str, Any] | None = None, percent: float | None = None) -> dict[str, Any]:
    limit = {"type": "percent", "value": percent, "of": "inbound"} if percent else None
    return {"code": code, "label": f"Group {code.upper()}", "rule": rule, "limit": limit}


def split(*subsets: dict[str, Any], complement: bool = False) -> tuple[str, dict[str, Any]]:
    return "split", {"subsets": list(subsets), "complement": complement, "overlap": False}


def chain_graph(nodes: int) -> Graph:
    """An audience and one split after the other, as deep as there are nodes."""
    steps = {"n0": ("build_audience", audience(PARIS))}
    steps |= {f"n{place}": split(subset("a", percent=90)) for place in range(1, nodes)}
    ports = ["out", *["a"] * nodes]
    return _graph(steps, [(f"n{place}", ports[place], f"n{place + 1}") for place in range(nodes - 1)])


def large_graph(nodes: int) -> Graph:
    """A canvas of exactly so many nodes, as people draw them: blocks of fourteen, three in a row, many such rows."""
    steps: dict[str, tuple[str, dict[str, Any]]] = {}
    edges: list[tuple[str, str, str]] = []
    place = 0
    while len(steps) < nodes:
        within = {name: f"{name}{place}" for name in BLOCK}
        steps |= {within[name]: node for name, node in BLOCK.items()}
        edges += [(within[source], port, within[target]) for source, port, target in WAYS]
        if place % 3:
            edges.append((f"union{place - 1}", "out", within["enrich"]))
            del steps[within["who"]]
            edges.remove((within["who"], "out", within["enrich"]))
        place += 1
    kept = dict(list(steps.items())[:nodes])
    return _graph(kept, [edge for edge in edges if edge[0] in kept and edge[2] in kept])


BLOCK: dict[str, tuple[str, dict[str, Any]]] = {
    "who": ("build_audience", audience({"group": "and", "items": [PARIS, BOUGHT]})),
    "enrich": ("enrichment", {"data": [SPENT, CITY]}),
    "split": split(
        subset("a", {"attribute": "spent", "operator": "greater_than", "value": 100}),
        subset("b", {"attribute": "consent", "operator": "equals", "value": True}, percent=30),
        subset("c", percent=20),
        complement=True,
    ),
    "union": ("combine", {"operation": "union"}),
    "once": ("deduplication", {"fields": ["email"], "keep": 1, "method": "random", "complement": False}),
    "wait": ("wait", {"type": "duration", "value": 2, "unit": "days"}),
    "mail": ("email", email()),
    "enough": ("test", {}),
    "second": ("email", email(subject="For {{ town }}")),
    "halves": split(subset("one", percent=50), complement=True),
    "third": ("email", email()),
    "later": ("wait", {"type": "duration", "value": 3, "unit": "hours"}),
    "fourth": ("email", email(subject="You spent {{ spent }}")),
    "end": ("end", {}),
}
WAYS = [
    ("who", "out", "enrich"),
    ("enrich", "out", "split"),
    ("split", "a", "once"),
    ("once", "out", "wait"),
    ("wait", "out", "mail"),
    ("split", "b", "enough"),
    ("enough", "true", "second"),
    ("second", "out", "halves"),
    ("halves", "one", "third"),
    ("halves", "complement", "later"),
    ("later", "out", "fourth"),
    ("enough", "false", "end"),
    ("split", "c", "union"),
    ("split", "complement", "union"),
]


def _graph(steps: dict[str, tuple[str, dict[str, Any]]], edges: list[tuple[str, str, str]]) -> Graph:
    nodes = {id: Node(id, type, id.capitalize(), settings) for id, (type, settings) in steps.items()}
    return Graph(nodes, tuple(Edge(*edge) for edge in edges))
