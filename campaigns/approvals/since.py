"""What is otherwise than in the last approved version: in words, in counts, and in what the messages say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from activities.graph import Graph, Node
from campaigns import contexts, progress
from campaigns.comparing import Figure
from campaigns.models import Approval, CampaignVersion
from campaigns.models.policy import FACET_LABELS
from campaigns.versions import comparison, contents

from .facets import hashes

Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Line:
    """One activity with the rows that left it, approved then and asked for now."""

    node: Node
    figures: tuple[Figure, ...]

    @property
    def differs(self) -> bool:
        return any(figure.difference for figure in self.figures)


@dataclass(frozen=True)
class Since:
    """A version beside the last that was approved before it."""

    before: CampaignVersion
    after: CampaignVersion
    approval: Approval | None  # that of the earlier one
    words: comparison.Words
    counts: list[Line]
    messages: list[contents.Message]

    @property
    def changed_messages(self) -> list[contents.Message]:
        return [message for message in self.messages if message.differs]

    @property
    def changed_counts(self) -> list[Line]:
        return [line for line in self.counts if line.differs]

    @property
    def differs(self) -> bool:
        return bool(self.words or self.changed_messages or self.changed_counts)


def last_approved(version: CampaignVersion) -> CampaignVersion | None:
    """The latest version before this one that was approved."""
    earlier = CampaignVersion.objects.filter(campaign=version.campaign_id, number__lt=version.number)
    return earlier.exclude(approved_at=None).order_by("-number").select_related("campaign").first()


def since(version: CampaignVersion, counts: Counts) -> Since | None:
    """What differs from the last approved version, with the counts that were approved then and those of now."""
    before = last_approved(version)
    if before is None:
        return None
    before.campaign = version.campaign
    approved = before.approvals.filter(status=Approval.Status.APPROVED)
    approval = approved.select_related("decided_by", "requested_by").order_by("-pk").first()
    return Since(
        before,
        version,
        approval,
        comparison.words(before, version),
        lines((before.graph, approval.counts if approval else {}), (version.graph, counts)),
        contents.messages(before.graph, version.graph),
    )


def facets(approval: Approval) -> list[tuple[str, bool | None]]:
    """Each part that people sign, and whether it is another than in the last approved version; None: nothing to tell."""
    before = last_approved(approval.version)
    known = approval.hashes or hashes(approval.version)
    then = hashes(before) if before is not None else {}
    return [(str(label), known.get(facet) != then[facet] if then else None) for facet, label in FACET_LABELS.items()]


def lines(before: tuple[Graph, Counts], after: tuple[Graph, Counts]) -> list[Line]:
    """Every activity of either canvas with the counts of both, in the order of the later."""
    graphs, rows = (before[0], after[0]), (_rows(*before), _rows(*after))
    ids = [*graphs[1].order(), *(id for id in graphs[0].order() if id not in graphs[1].nodes)]
    found = []
    for id in ids:
        node = graphs[1].nodes.get(id) or graphs[0].nodes[id]
        labels = progress.port_labels(node)
        ports = dict.fromkeys([*rows[0].get(id, {}), *rows[1].get(id, {})])
        figures = tuple(
            Figure(str(labels.get(port, "")) if len(ports) > 1 else "", rows[0].get(id, {}).get(port), rows[1].get(id, {}).get(port))
            for port in ports
        )  # fmt: skip
        if figures:
            found.append(Line(node, figures))
    return found


def _rows(graph: Graph, counts: Counts) -> dict[str, dict[str, int]]:
    """Node → port → rows; what reaches a message counts as what it targets."""
    found: dict[str, dict[str, int]] = {}
    for id, node in graph.nodes.items():
        if contexts.is_channel(node):
            arrived = progress.arrived(graph, id, dict(counts))
            found[id] = {} if arrived is None else {"": arrived}
        else:
            found[id] = dict(counts.get(id, {}))
    return found
