"""Where a run keeps its populations: one Parquet file per node and port, written once."""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import Any
from urllib.parse import quote

import ibis.expr.operations as ops
from ibis.expr.types import Table

from activities.base import Population
from activities.graph import Edge
from orchcamp.datasets import engine

from .models import NodeRun, Run


class RunStore:
    """A run's populations, and through which transitions it went."""

    def __init__(self, run: Run):
        self.run = run
        self.nodes: dict[str, NodeRun] = {node.node_id: node for node in run.nodes.all()}

    def path(self, node_id: str, port: str) -> str:
        """The lake path of one population."""
        return f"{folder(self.run.pk)}/{_safe(node_id)}/{_safe(port)}.parquet"

    def keep(self, node_id: str, port: str, population: Population) -> dict[str, Any]:
        """Write the rows once and say how many there are: a retry finds the file and counts it."""
        path = self.path(node_id, port)
        source = _stored(population.table)
        if source and not engine.exists(path):
            _link(source, path)
        rows = engine.write(population.table, path)
        return {"rows": rows, "dimension": population.dimension, "key": list(population.key)}

    def kept(self, node_id: str, port: str, kept: dict[str, Any]) -> Population:
        """The rows that were kept, lazily: read instead of computed again."""
        return Population(engine.table(self.path(node_id, port)), kept["dimension"], tuple(kept["key"]))

    def read(self, edge: Edge) -> Population | None:
        """What the run computed at the start of a transition, if it has."""
        return self.population(edge.source, edge.source_port)

    def population(self, node_id: str, port: str) -> Population | None:
        """The rows that left one port, lazily; None when the node has not come so far or they were purged."""
        node = self.nodes.get(node_id)
        kept = node.outputs.get(port) if node else None
        return self.kept(node_id, port, kept) if kept and engine.exists(self.path(node_id, port)) else None

    def open(self, edge: Edge) -> bool:
        """Whether the run went through a transition."""
        node = self.nodes.get(edge.source)
        return node is not None and node.status == NodeRun.Status.SUCCEEDED and edge.source_port in node.follows


def folder(run_id: int) -> str:
    """The lake folder of everything that a run keeps."""
    return f"runs/{run_id}"


def purge(run_id: int) -> None:
    """Remove a run's populations; the counts stay in its rows."""
    if engine.exists(folder(run_id)):
        engine.drop(folder(run_id))


def _safe(name: str) -> str:
    """A name that is one harmless step of a path, whatever a campaign file called it."""
    quoted = quote(name, safe="").replace(".", "%2E")
    return quoted if len(quoted) <= 100 else hashlib.sha256(name.encode()).hexdigest()


def _stored(table: Table) -> str | None:
    """The lake path of a population that passes through unchanged."""
    operation = table.op()
    if isinstance(operation, ops.UnboundTable) and operation.name.startswith("runs/"):
        return str(operation.name)
    return None


def _link(source: str, path: str) -> None:
    """Give rows that pass through unchanged a second name instead of a copy."""
    place = engine.root() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # there already, or a file system without links: then the rows are written
        os.link(engine.root() / source, place)
