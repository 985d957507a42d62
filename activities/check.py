"""The alerts panel: what keeps a canvas from running, and what its author should know."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from . import catalogue
from .base import Activity, Channel
from .compiler import Compiler, NotReady
from .graph import Graph, Node
from .populations import Context
from .shapes import Shapes

ERROR, WARNING = "error", "warning"
MANY_CHANNELS = 10
Choices = Mapping[str, list[tuple[Any, Any]]]


@dataclass(frozen=True)
class Problem:
    """One line of the alerts panel; without ``node_id`` it is about the whole canvas."""

    node_id: str | None
    severity: str  # "error" blocks publishing, "warning" does not
    sentence: str

    @property
    def is_error(self) -> bool:
        return self.severity == ERROR


@dataclass(frozen=True)
class Asked:
    """What the nodes of a canvas are checked with."""

    graph: Graph
    compiler: Compiler
    choices: Choices | None

    def of(self, node_id: str) -> list[Problem]:
        """What there is to say about one node."""
        return [Problem(node_id, *each) for each in _about_node(self, self.graph.nodes[node_id], self.unreached)]

    @cached_property
    def unreached(self) -> dict[str, Node]:
        return _unreached(self.graph)

    @cached_property
    def offered(self) -> str:
        """The choices in few characters."""
        return hashlib.sha256(repr(self.choices).encode()).hexdigest()


def problems(
    graph: Graph, ctx: Context, choices: Choices | None = None, compiler: type[Compiler] = Shapes
) -> list[Problem]:
    """Everything there is to say about a canvas: the whole first, then node by node in order. Never raises, never
    queries. What is said of a node is kept while nothing that it depends on changes."""
    if not graph.nodes:
        return [Problem(None, ERROR, _("The canvas is empty; add a “Build audience” to begin."))]
    asked = Asked(graph, compiler(graph, ctx), choices)
    return [*_about_the_whole(graph), *(problem for id in graph.order() for problem in asked.of(id))]


def _about_the_whole(graph: Graph) -> Iterator[Problem]:
    kinds = {id: _kind(node) for id, node in graph.nodes.items() if not node.disabled}
    if not any(_may_start(kind) for kind in kinds.values()):
        yield Problem(None, ERROR, _("Nothing starts this canvas; add a “Build audience” and connect it."))
    channels = [id for id, kind in kinds.items() if kind and issubclass(kind, Channel)]
    if not channels:
        yield Problem(None, WARNING, _("No message is sent; add a channel, such as “Email”, if one is meant to be."))
    if len(channels) > MANY_CHANNELS:
        sentence = _("There are {n} channels; more than {most} are hard to follow, so consider a second campaign.")
        yield Problem(None, WARNING, sentence.format(n=len(channels), most=MANY_CHANNELS))


def _about_node(asked: Asked, node: Node, unreached: dict[str, Node]) -> Iterator[tuple[str, str]]:
    """Severity and sentence of each problem of one node."""
    if node.disabled:
        yield (
            WARNING,
            _("“{name}” is switched off, so what comes after it does not run; switch it on, or remove it.").format(
                name=node.name
            ),
        )
        return
    if node.breakpoint:
        sentence = _("“{name}” has a breakpoint: every run, live ones too, pauses before it until somebody resumes it.")
        yield WARNING, sentence.format(name=node.name)
    kind = _kind(node)
    if kind is None:
        sentence = _("This version of Orchcamp has no activity “{key}”; install it, or remove the node.")
        yield ERROR, sentence.format(key=node.type)
        return
    yield from _wiring(asked.graph, node, kind(node.settings))
    if node.id in unreached:
        cause = unreached[node.id]
        sentence = _("Nothing reaches this node: “{name}” before it {why}.")
        why = _("is switched off; switch it on") if cause.disabled else _("is not connected; connect it")
        yield WARNING, sentence.format(name=cause.name, why=why)
    subject = ("problems", asked.offered)
    yield from asked.compiler.kept(node.id, subject, lambda: list(_settings(node, kind, asked.compiler, asked.choices)))


def _wiring(graph: Graph, node: Node, activity: Activity) -> Iterator[tuple[str, str]]:
    ports = {port.name: port for port in activity.inputs}
    for port in ports.values():
        edges = graph.incoming(node.id, port.name)
        if port.required and not edges:
            yield ERROR, _("Nothing leads to this node; connect a transition to it, or remove it.")
        if port.many and not port.alone and len(edges) == 1:
            yield WARNING, _("Only one transition arrives; connect those that are to be joined.")
        if not port.many and len(edges) > 1:
            sentence = _("{n} transitions arrive where one is allowed; join them with a “Combine” first.")
            yield ERROR, sentence.format(n=len(edges))
    for edge in graph.incoming(node.id):
        if edge.target_port not in ports:
            sentence = _("A transition arrives at “{port}”, which this activity does not have; remove it.")
            yield ERROR, sentence.format(port=edge.target_port)
    leaving = {port.name for port in activity.ports()}
    for port_name in dict.fromkeys(edge.source_port for edge in graph.outgoing(node.id)):
        if port_name not in leaving:
            sentence = _("A transition leaves “{port}”, which this node no longer has; remove it or connect it again.")
            yield ERROR, sentence.format(port=port_name)


def _settings(
    node: Node, kind: type[Activity], compiler: Compiler, choices: Choices | None
) -> Iterator[tuple[str, str]]:
    scope = compiler.scope(node.id, choices)
    form = kind.form_class(node.settings, scope=scope)
    if not form.is_valid():
        yield from ((ERROR, sentence) for sentence in form.sentences())
        return
    try:
        compiler.outputs(node.id)
    except NotReady:
        pass  # said at the node that is the cause
    except Refused as error:
        if any(port.required for port in kind.inputs) and not compiler.arrives(node.id):
            return  # the wiring has said it, or what is before is switched off
        yield ERROR, str(error)
    yield from ((finding.severity, finding.sentence) for finding in kind(form.cleaned_data).findings(scope))


def _unreached(graph: Graph) -> dict[str, Node]:
    """Nodes that nothing can reach, each with the node before them that is to blame."""
    blame: dict[str, Node] = {}
    dead: dict[str, Node] = {}  # nodes that give nothing, and why
    for node in (graph.nodes[id] for id in graph.order()):
        causes = [dead.get(edge.source) for edge in graph.incoming(node.id)]
        if causes and all(causes):
            blame[node.id] = dead[node.id] = next(cause for cause in causes if cause)
        elif node.disabled or (not causes and not _may_start(_kind(node))):
            dead[node.id] = node
    return blame


def _kind(node: Node) -> type[Activity] | None:
    try:
        return catalogue.get(node.type)
    except catalogue.UnknownActivity:
        return None


def _may_start(kind: type[Activity] | None) -> bool:
    return kind is not None and not any(port.required for port in kind.inputs)
