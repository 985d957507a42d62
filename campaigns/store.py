"""Where a run keeps its populations: one Parquet file per node and port, written once."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import ibis.expr.operations as ops
from ibis.expr.types import Table

from activities import links
from activities.graph import Edge
from activities.populations import Linked, Population
from orchcamp.datasets import engine

from .models import NodeRun, Run


class RunStore:
    """A run's populations, and through which transitions it went."""

    def __init__(self, run: Run):
        self.run = run
        self.nodes: dict[str, NodeRun] = {node.node_id: node for node in run.nodes.all()}

    def path(self, node_id: str, port: str) -> str:
        """The lake path of one population."""
        return f"{self.folder(node_id)}/{_safe(port)}.parquet"

    def folder(self, node_id: str) -> str:
        """The lake folder of what one node keeps."""
        return f"{folder(self.run.pk)}/{_safe(node_id)}"

    def keep_all(self, node_id: str, parts: Mapping[str, Population]) -> dict[str, Any]:
        """Write the rows of every port, computing only once what the ports have in common."""
        path = f"{self.folder(node_id)}/.shared-{self.nodes[node_id].attempts}.parquet"  # another attempt may still read its own
        waiting = [port for port in parts if not engine.exists(self.path(node_id, port))]
        tables = engine.shared([parts[port].table for port in waiting], path)
        split = dict(parts) | {port: parts[port].with_table(table) for port, table in zip(waiting, tables, strict=True)}
        outputs = {port: self.keep(node_id, port, part) for port, part in split.items()}
        engine.drop(path)
        return outputs

    def keep(self, node_id: str, port: str, population: Population) -> dict[str, Any]:
        """Write the rows once and say how many there are: a retry finds the file and counts it."""
        path = self.path(node_id, port)
        source = _stored(population.table)
        if source and not engine.exists(path):
            _link(source, path)
        rows = engine.write(population.table, path)
        facts: dict[str, Any] = {"rows": rows, "dimension": population.dimension, "key": list(population.key)}
        if population.apart:
            facts["apart"] = list(population.apart)
        if population.links:
            facts["links"] = {name: self._keep_link(node_id, name, linked) for name, linked in population.links.items()}
        return facts

    def _keep_link(self, node_id: str, name: str, linked: Linked) -> dict[str, Any]:
        """Write the rows of a link once in a run: nodes behind name the same file."""
        path = _stored(linked.table) or f"{self.folder(node_id)}/links/{_safe(name)}.parquet"
        engine.write(linked.table, path)
        return links.to_json(linked, path)

    def kept(self, node_id: str, port: str, kept: dict[str, Any]) -> Population:
        """The rows that were kept, lazily: read instead of computed again."""
        found = {
            name: links.from_json(name, facts, engine.table(facts["path"]))
            for name, facts in kept.get("links", {}).items()
        }
        table = engine.table(self.path(node_id, port))
        return Population(table, kept["dimension"], tuple(kept["key"]), found, tuple(kept.get("apart", ())))

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
    """Remove a run's populations; the counts stay in its rows. The empty folder's time says when that was."""
    if engine.exists(folder(run_id)):
        engine.drop(folder(run_id))
        (engine.root() / folder(run_id)).mkdir()


def forget(run_id: int) -> None:
    """Remove everything of a run that is no more."""
    engine.drop(folder(run_id))


def purged_at(run_id: int) -> datetime | None:
    """When a run's populations were removed; None where nobody knows."""
    place = engine.root() / folder(run_id)
    return datetime.fromtimestamp(place.stat().st_mtime, UTC) if place.is_dir() else None


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
    with contextlib.suppress(OSError):  # there already, or a file system without links: then the rows are written
        engine.link(source, path)
