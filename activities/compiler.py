"""From a canvas to lazy tables: one reading for forms, alerts, counts, previews and runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import ibis
from django.utils.translation import gettext as _

from orchcamp.datasets.schema import ColumnShape, DatasetShape
from orchcamp.web.errors import Refused

from . import catalogue, columns, links
from .base import ERROR, Activity, Gate
from .forms import Scope, SettingsForm
from .graph import Edge, Graph, Node
from .populations import ActivityError, Context, Inputs, Population

Outputs = Mapping[str, Population]
V = TypeVar("V")


def extended(ctx: Context, graph: Graph) -> Context:
    """The context with the datasets that the canvas's own nodes bring along, and the variables that they declare."""
    declared = {name: value for found in _declared(ctx, graph).values() for name, value in found.items()}
    if declared:
        ctx = replace(ctx, variables={**declared, **ctx.variables})
    return _with_datasets(ctx, graph)


def _with_datasets(ctx: Context, graph: Graph) -> Context:
    shapes = brought(ctx, graph)
    return ctx.with_datasets(shapes) if shapes else ctx


def brought(ctx: Context, graph: Graph) -> list[DatasetShape]:
    """The datasets that exist only on this canvas, such as the rows of a file."""
    shapes: list[DatasetShape] = []
    for node in _that(graph, "brings"):
        with suppress(Refused):
            shapes += catalogue.of(node).brings(ctx.at(node.id))
    return shapes


def _that(graph: Graph, does: str) -> Iterator[Node]:
    """The nodes whose type has something of its own to say; on a large canvas few do."""
    for node in graph.nodes.values():
        with suppress(catalogue.UnknownActivity):
            if getattr(catalogue.get(node.type), does) is not getattr(Activity, does):
                yield node


def _declared(ctx: Context, graph: Graph) -> dict[str, Mapping[str, Any]]:
    """Node → the variables that it sets for what comes behind it; in a live run they are there when they have come."""
    found: dict[str, Mapping[str, Any]] = {}
    for node in _that(graph, "declares") if not ctx.live else ():
        with suppress(Refused):
            if not node.disabled and (declared := catalogue.of(node).declares()):
                found[node.id] = declared
    return found


def _behind(graph: Graph, declared: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Node → the variables that were set before it. Where nobody called in time, nothing was."""
    known: dict[str, dict[str, Any]] = {}
    for id in graph.order() if declared else ():
        known[id] = {}
        for edge in graph.incoming(id):
            own = {} if edge.source_port in (Gate.expiry, ERROR) else declared.get(edge.source, {})
            known[id] |= {**known[edge.source], **own}
    return known


def _nothing(arrived: Inputs, outputs: Outputs) -> Population:
    """What the port for errors carries while nothing has failed: no rows of what arrived."""
    populations = [*arrived.many(), *outputs.values()]
    return populations[0].where(ibis.literal(False)) if populations else Population(columns.nobody(), "", ("start",))


class NotReady(ActivityError):
    """A node behind one that cannot be compiled; the sentence names that one and says why."""

    def __init__(self, node: Node, sentence: str):
        self.node_id, self.reason = node.id, sentence
        super().__init__(_("“{name}” before this node is not ready: {why}").format(name=node.name, why=sentence))


class Compiler:
    """Compiles nodes on demand, each at most once, and never queries.

    A run passes ``stored``, which gives the population that it has already computed at the start of an edge, and
    ``open``, which says whether it went through the edge. Without them everything upstream becomes one expression:
    that is the preview. Nothing comes through a node that is switched off.
    """

    def __init__(
        self,
        graph: Graph,
        ctx: Context,
        stored: Callable[[Edge], Population | None] | None = None,
        open: Callable[[Edge], bool] | None = None,
    ):
        self.graph, self.ctx = graph, _with_datasets(ctx, graph)
        self._behind = _behind(graph, _declared(ctx, graph))
        self._stored = stored or (lambda edge: None)
        self._open = open or (lambda edge: True)
        self._results: dict[str, Outputs | Refused] = {}
        self._arrivals: dict[Edge, Population | None] = {}
        self._order = {id: place for place, id in enumerate(graph.order())}

    def outputs(self, node_id: str) -> Outputs:
        """The populations that leave a node, by port. Raises Refused."""
        for id in self._missing([node_id]):
            self._results[id] = self._result(id)
        result = self._results[node_id]
        if isinstance(result, Refused):
            raise result
        return result

    def inputs(self, node_id: str) -> Inputs:
        """The populations that arrive at a node. Raises Refused when one before it cannot be compiled."""
        self._compile_before(node_id)
        return self._inputs(node_id)

    def scope(self, node_id: str, choices: Mapping[str, list[tuple[Any, Any]]] | None = None) -> Scope:
        """What the node's form may offer. Never raises: ``missing`` says why there are no columns."""
        try:
            arrived = self.inputs(node_id)
        except Refused as error:
            return self._scope(node_id, None, choices, str(error))
        return self._scope(node_id, arrived, choices)

    def activity(self, node_id: str) -> Activity:
        """The node's activity, with settings that its form has read. Raises Refused."""
        node = self.graph.node(node_id)
        return self._activity(catalogue.get(node.type), node, self._scope(node_id, self.inputs(node_id), None))

    def at(self, node_id: str) -> Context:
        """The context at one node: with the variables that nodes before it have set."""
        ctx, known = self.ctx.at(node_id), self._behind.get(node_id)
        return replace(ctx, variables={**known, **ctx.variables}) if known else ctx

    def arrives(self, node_id: str) -> bool:
        """Whether any transition can bring something to the node."""
        return bool(self.edges(node_id))

    def kept(self, node_id: str, subject: Hashable, make: Callable[[], V]) -> V:
        """Something about one node, made from it and from what arrives there; ``Shapes`` keeps it between canvases."""
        return make()

    # --- One node --------------------------------------------------------------------------

    def _compile_before(self, node_id: str) -> None:
        edges = self.edges(node_id)
        for id in self._missing([edge.source for edge in edges if self._kept(edge) is None]):
            self._results[id] = self._result(id)

    def _result(self, node_id: str) -> Outputs | Refused:
        """What ``outputs`` gives or raises; everything before the node is in ``_results`` already."""
        try:
            node = self.graph.node(node_id)
            if node.disabled:
                raise ActivityError(_("This node is switched off."))
            kind = catalogue.get(node.type)
            arrived = self._inputs(node_id)
            activity = self._activity(kind, node, self._scope(node_id, arrived, None))
            outputs = activity.compile(arrived, self.at(node_id))
            return {**outputs, ERROR: _nothing(arrived, outputs)} if activity.processes_errors else outputs
        except Refused as error:
            return error

    def _activity(self, kind: type[Activity], node: Node, scope: Scope) -> Activity:
        """The activity with settings that its own form has read: complete in shape, though perhaps half-done."""
        form: SettingsForm = kind.form_class(node.settings, scope=scope, draft=True)
        if not form.is_valid():
            raise ActivityError(next(form.sentences()))
        return kind(form.cleaned_data)

    def _inputs(self, node_id: str) -> Inputs:
        arrived: dict[str, list[Population]] = {}
        sources: dict[str, list[tuple[str, str]]] = {}
        for edge in self.edges(node_id):
            arrived.setdefault(edge.target_port, []).append(self._population(edge))
            sources.setdefault(edge.target_port, []).append((edge.source, edge.source_port))
        return Inputs(arrived, sources)

    def _population(self, edge: Edge) -> Population:
        if (kept := self._kept(edge)) is not None:
            return kept
        source, result = self.graph.node(edge.source), self._results[edge.source]
        if isinstance(result, NotReady):
            raise NotReady(self.graph.node(result.node_id), result.reason)
        if isinstance(result, Refused):
            raise NotReady(source, str(result))
        if edge.source_port not in result:
            sentence = _("it has no port “{port}” any more; connect the transition again.")
            raise NotReady(source, sentence.format(port=edge.source_port))
        return result[edge.source_port]

    # --- Ways through the graph ------------------------------------------------------------

    def edges(self, node_id: str) -> list[Edge]:
        """The transitions through which something can arrive."""
        incoming = self.graph.incoming(node_id)
        return [edge for edge in incoming if not self.graph.node(edge.source).disabled and self._open(edge)]

    def _kept(self, edge: Edge) -> Population | None:
        if edge not in self._arrivals:
            self._arrivals[edge] = self._stored(edge)
        return self._arrivals[edge]

    def _missing(self, node_ids: list[str]) -> list[str]:
        """What must be compiled first, these included, in order; without recursion, for canvases are deep."""
        found, waiting = set[str](), [id for id in node_ids if id not in self._results]
        while waiting:
            id = waiting.pop()
            if id not in found:
                found.add(id)
                sources = [edge.source for edge in self.edges(id) if self._kept(edge) is None]
                waiting += [source for source in sources if source not in self._results]
        return sorted(found, key=lambda id: self._order.get(id, -1))

    # --- Scope -----------------------------------------------------------------------------

    def _scope(
        self,
        node_id: str,
        arrived: Inputs | None,
        choices: Mapping[str, list[tuple[Any, Any]]] | None,
        missing: str = "",
    ) -> Scope:
        populations = [p for p in self._all(node_id, arrived) if p.dimension]
        if not populations and not missing:
            missing = _("No audience reaches this node yet.")
        place = Scope(
            model=self.ctx.model,
            now=self.ctx.now,
            timezone=self.ctx.timezone,
            variables=self.at(node_id).variables,
            choices={**(choices or {}), "inbound": self._inbound(node_id)},
            missing="" if populations else missing,
        )
        if not populations or arrived is None:
            return place
        here = self._at(place, populations[0])
        return replace(here, columns=self._common(populations), sets=self._sets(node_id, arrived, place))

    def _at(self, place: Scope, population: Population) -> Scope:
        """The place as the rows of one population see it."""
        return replace(
            place,
            model=links.extended(place.model, population),
            dimension=population.dimension,
            columns=columns.shapes(population),
        )

    def _sets(self, node_id: str, arrived: Inputs, place: Scope) -> dict[str, Scope]:
        """Every set that arrives, by node and port."""
        found, seen = {}, dict[str, int]()
        for edge in self.edges(node_id):
            at = seen[edge.target_port] = seen.get(edge.target_port, -1) + 1
            population = arrived.many(edge.target_port)[at]
            if population.dimension:
                found[f"{edge.source}:{edge.source_port}"] = self._at(place, population)
        return found

    def _all(self, node_id: str, arrived: Inputs | None) -> list[Population]:
        ports = dict.fromkeys(edge.target_port for edge in self.edges(node_id))
        return [population for port in ports for population in arrived.many(port)] if arrived else []

    def _common(self, populations: list[Population]) -> dict[str, ColumnShape]:
        """The columns that nodes added to every population that arrives."""
        found = [columns.shapes(population) for population in populations]
        first = found[0] if found else {}
        return {name: shape for name, shape in first.items() if all(name in other for other in found)}

    def _inbound(self, node_id: str) -> list[tuple[Any, Any]]:
        """What a joining node may call its sets by."""
        labels = []
        for edge in self.graph.incoming(node_id):
            source = self.graph.node(edge.source)
            name = source.name if edge.source_port == "out" else f"{source.name} · {edge.source_port}"
            labels.append((f"{edge.source}:{edge.source_port}", name))
        return labels
