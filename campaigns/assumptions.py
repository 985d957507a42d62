"""What a dry run takes for granted where a live run would ask people or wait for a signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from activities import catalogue
from activities.base import Gate
from activities.graph import Graph, Node

from .errors import CampaignError


@dataclass(frozen=True)
class Assumption:
    """One gate of a canvas, and the ways on through it; the first is taken unless a person chooses another."""

    node: Node
    icon: str
    asks: bool  # people, and not another program
    ways: tuple[tuple[str, str], ...]  # (code, label)


def of(graph: Graph) -> list[Assumption]:
    """The gates of a canvas that wait for people or programs, in its order."""
    found = []
    for id in graph.order():
        node = graph.nodes[id]
        gate = _gate(node)
        if gate is None or node.disabled:
            continue
        asks = gate.waits_for == "answer"
        labels = {} if asks else {"out": _("The signal comes"), gate.expiry: _("No signal comes in time")}
        ways = tuple((port.name, labels.get(port.name, str(port.label or port.name))) for port in gate.outputs())
        found.append(Assumption(node, gate.icon, asks, ways))
    return found


def _gate(node: Node) -> Gate | None:
    """The gate that a node is, where it asks somebody; nothing for the others."""
    try:
        gate = catalogue.build(node.type, node.settings)
    except catalogue.UnknownActivity:
        return None
    return gate if isinstance(gate, Gate) and gate.waits_for != "time" else None


def read(graph: Graph, answers: Mapping[str, str]) -> dict[str, str]:
    """What was chosen, checked: node -> code. Raises CampaignError that names what there is."""
    known = {found.node.id: found for found in of(graph)} if answers else {}
    for id, code in answers.items():
        if id not in known:
            names = ", ".join(known) or _("none")
            sentence = _("There is no approval or external signal “%(id)s” on this canvas; there are: %(names)s.")
            raise CampaignError(sentence % {"id": id, "names": names})
        codes = [code for code, _label in known[id].ways]
        if code not in codes:
            sentence = _("“%(name)s” has no answer “%(code)s”; it has: %(codes)s.")
            facts = {"name": known[id].node.name, "code": code, "codes": ", ".join(codes)}
            raise CampaignError(sentence % facts)
    return dict(answers)
