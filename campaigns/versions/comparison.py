"""Two versions of a campaign beside each other: everything that the page shows of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.compiler import Compiler
from activities.graph import Edge, Graph
from campaigns import comparing, contexts, drawing, layout
from campaigns.choices import choices
from campaigns.models import CampaignVersion, Run

from . import contents, overlay
from . import diff as differing

LABELS = {
    "dimension": gettext_lazy("Targeting dimension"),
    "timezone": gettext_lazy("Time zone"),
    "variables": gettext_lazy("Variable"),
    "schedule": gettext_lazy("Schedule"),
    "settings": gettext_lazy("Settings"),
}


@dataclass(frozen=True)
class Words:
    """What differs between two versions, in words."""

    difference: differing.Difference
    properties: list[str]
    edges: list[tuple[str, str]]  # added or removed, and the transition in words

    def __bool__(self) -> bool:
        return bool(self.difference or self.properties)


@dataclass(frozen=True)
class Comparison:
    a: CampaignVersion
    b: CampaignVersion
    words: Words
    drawn: overlay.Overlay
    messages: list[contents.Message]
    runs: tuple[Run | None, Run | None]
    counts: comparing.Comparison | None

    @property
    def differs(self) -> bool:
        return bool(self.words)


def words(a: CampaignVersion, b: CampaignVersion) -> Words:
    """What one has to do to the first version to have the second."""
    return _words(a, b, _compilers(a, b))


def _compilers(a: CampaignVersion, b: CampaignVersion) -> tuple[Compiler, Compiler]:
    first, second = (Compiler(version.graph, contexts.draft_context(version.planned())) for version in (a, b))
    return first, second


def _words(a: CampaignVersion, b: CampaignVersion, compilers: tuple[Compiler, Compiler]) -> Words:
    offered = choices()
    places = (_place(compilers[0], offered), _place(compilers[1], offered))
    difference = differing.diff(a.graph, b.graph, places)
    properties = [{name: getattr(version.planned(), name) for name in LABELS} for version in (a, b)]
    edges = [*_edges(differing.REMOVED, difference.edges_removed, a.graph, b.graph),
             *_edges(differing.ADDED, difference.edges_added, b.graph, a.graph)]  # fmt: skip
    return Words(difference, differing.properties(*properties, LABELS), edges)


def compare(a: CampaignVersion, b: CampaignVersion, flow: layout.Measures) -> Comparison:
    """What differs between two versions, and the counts of both where both were run."""
    compilers = _compilers(a, b)
    said = _words(a, b, compilers)
    runs = run_of(a), run_of(b)
    return Comparison(
        a,
        b,
        said,
        overlay.draw(a.graph, b.graph, said.difference, compilers[1].ctx, flow),
        contents.messages(a.graph, b.graph),
        runs,
        comparing.compare(runs[0], runs[1], comparing.CANVAS) if runs[0] and runs[1] else None,
    )


def _place(compiler: Compiler, offered) -> differing.Place:
    return lambda node_id: compiler.scope(node_id, offered)


def run_of(version: CampaignVersion) -> Run | None:
    """The run whose counts stand for a version: its last that ended well, else the test it was approved with."""
    own = version.runs.filter(status=Run.Status.SUCCEEDED).order_by("-started_at", "-pk").first()
    if own is None:
        tested = version.approvals.exclude(test_run=None).select_related("test_run").last()
        own = tested.test_run if tested else None
    if own is not None:
        own.campaign = version.campaign
    return own


def _edges(kind: str, edges: Iterable[Edge], graph: Graph, other: Graph) -> Iterable[tuple[str, str]]:
    """Transitions in words; those of an activity that itself came or went are said with it."""
    for edge in sorted(edges):
        source, target = graph.nodes[edge.source], graph.nodes[edge.target]
        if source.id not in other.nodes or target.id not in other.nodes:
            continue
        ports = {port.name: str(port.label) for port in drawing.ports_of(source)}
        way = f" ({label})" if (label := ports.get(edge.source_port)) else ""
        yield (
            kind,
            _("“%(source)s”%(way)s → “%(target)s”")
            % {
                "source": source.name,
                "way": way,
                "target": target.name,
            },
        )
