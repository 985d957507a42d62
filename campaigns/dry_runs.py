"""A dry run for people: each channel with its waterfall and samples, whom it reaches, how long it would take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities import catalogue
from activities.base import Writer
from activities.graph import Graph, Node
from orchcamp.datasets.models import Dataset
from orchcamp.messaging import transports
from orchcamp.messaging.models import Channel as Kind

from . import assumptions, charts, progress, proofreading
from .counts import changed_nodes
from .models import CampaignVersion, LogEntry, NodeRun, Run, SealedPlan
from .reporting import Books

WHY = {
    "shortest": gettext_lazy("Shortest"),
    "longest": gettext_lazy("Longest"),
    "empty": gettext_lazy("With an empty field"),
    "random": gettext_lazy("By lot"),
    "fails": gettext_lazy("Fails"),
}
MENDS = {  # how a fault's sentence begins -> what to do, where the sentence does not say it
    "A filter": gettext_lazy("Use the filter only where the field holds such a value, or choose another field."),
    "The subject is empty": gettext_lazy("Give the fields of the subject something to fall back on."),
    "The address": gettext_lazy("Correct the address in the data; everybody else gets the message."),
}
SOURCES = {
    "measured": gettext_lazy("as measured in past sendings"),
    "limit": gettext_lazy("by the limit of the configuration"),
    "unknown": gettext_lazy("rate unknown: nothing was sent with this configuration yet, and it has no limit"),
    "none": gettext_lazy("nothing is handed over: no transport for this channel"),
    "nothing": gettext_lazy("nothing to send"),
}
PEOPLE = {
    "confirmation": gettext_lazy("somebody confirms the sending"),
    "answer": gettext_lazy("somebody answers"),
    "signal": gettext_lazy("a signal comes"),
    "breakpoint": gettext_lazy("somebody resumes the run at its breakpoint"),
}


@dataclass(frozen=True)
class Sample:
    """One message to look at, by the reason for which it was chosen."""

    message: str
    why: str
    length: int
    number: int = 0  # where several were chosen for the same reason

    @property
    def label(self) -> str:
        label = str(WHY.get(self.why, self.why))
        return f"{label} {self.number}" if self.number else label

    @property
    def fails(self) -> bool:
        return self.why == "fails"


@dataclass(frozen=True)
class Fault:
    """A kind of message that cannot be put together."""

    sentence: str
    messages: int
    example: str  # message

    @property
    def mend(self) -> str:
        return next((str(mend) for begin, mend in MENDS.items() if self.sentence.startswith(begin)), "")


@dataclass(frozen=True)
class Rehearsed:
    """One channel of a dry run."""

    sealed: SealedPlan
    node: Node
    icon: str

    @property
    def books(self) -> Books:
        return Books(self.sealed.targeted, self.sealed.excluded, pending=self.sealed.prepared)

    @property
    def falls(self) -> list[charts.Fall]:
        return charts.rehearsed(self.books)

    @property
    def is_mail(self) -> bool:
        return self.sealed.channel == Kind.EMAIL

    @property
    def has_transport(self) -> bool:
        return self.sealed.channel in transports.CHANNELS

    @property
    def all_rendered(self) -> bool:
        return self.sealed.rendered == self.sealed.prepared

    @property
    def samples(self) -> list[Sample]:
        whys = [sample["why"] for sample in self.sealed.samples]
        numbers = [whys[:place].count(why) + 1 if whys.count(why) > 1 else 0 for place, why in enumerate(whys)]
        return [Sample(**sample, number=number) for sample, number in zip(self.sealed.samples, numbers, strict=True)]

    @property
    def faults(self) -> list[Fault]:
        return [Fault(**fault) for fault in self.sealed.faults]

    @property
    def empty(self) -> list[tuple[str, int]]:
        """Field and how many of those who would get the message have nothing in it, the most frequent first."""
        return sorted(self.sealed.empty.items(), key=lambda item: (-item[1], item[0]))

    @property
    def parts(self) -> list[tuple[str, int]]:
        """How many SMS one message is, and how many of the rendered messages are so long."""
        return list(self.sealed.lengths.get("parts", {}).items())

    def chosen(self, message: str) -> Sample | None:
        """The sample that is shown: the one that was asked for, else the first."""
        known = [*self.samples, *(Sample(fault.example, "fails", 0) for fault in self.faults)]
        named = next((sample for sample in known if sample.message == message), None)
        return named or next(iter(self.samples), None)


def channels(run: Run) -> list[Rehearsed]:
    """The channels that the dry run came to, in the order of the canvas."""
    graph, found = run.graph, {}
    for sealed in run.sealed_plans.select_related("configuration"):
        found[sealed.node_id] = sealed
    nodes = [graph.nodes[id] for id in graph.order() if id in found]
    return [Rehearsed(found[node.id], node, progress.describe(node)[0]) for node in nodes]


# --- The whole -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """What a dry run took for granted at one gate."""

    node: Node
    label: str


@dataclass(frozen=True)
class Summary:
    """What the page shows beside the channels."""

    channels: list[Rehearsed]
    reach: list[Mapping[str, Any]]
    time: Mapping[str, Any]
    taken: list[Taken]
    deeds: list[tuple[Node, str, str]]  # node, icon, what a live run would do there

    @property
    def messages(self) -> int:
        return sum(channel.sealed.prepared for channel in self.channels)

    @property
    def targeted(self) -> int:
        return sum(channel.sealed.targeted for channel in self.channels)

    @property
    def left_out(self) -> int:
        return sum(channel.sealed.left_out for channel in self.channels)

    @property
    def failing(self) -> int:
        return sum(channel.sealed.failing for channel in self.channels)

    @property
    def rendered(self) -> int:
        return sum(channel.sealed.rendered for channel in self.channels)

    @property
    def people(self) -> list[tuple[str, str]]:
        """Where a live run would wait for somebody, and for what."""
        return [(item["name"], str(PEOPLE[item["what"]])) for item in self.time.get("people", [])]

    @property
    def sendings(self) -> list[dict[str, Any]]:
        return [{**item, "how": SOURCES[item["source"]]} for item in self.time.get("sendings", [])]


def summary(run: Run) -> Summary:
    """Everything about a dry run, whether it is over or not."""
    graph = run.graph
    labels = dict(Dataset.objects.values_list("slug", "label"))
    reach = [{**row, "label": labels.get(row["dimension"], row["dimension"]), "told": _told(row)}
             for row in run.foresight.get("reach", [])]  # fmt: skip
    return Summary(channels(run), reach, run.foresight.get("time", {}), _taken(run, graph), _deeds(run, graph))


def _told(row: Mapping[str, Any]) -> list[tuple[str, int]]:
    """How many people get one message, two, three or more."""
    found = []
    for number, persons in row["by"].items():
        label = ngettext("%(n)s message", "%(n)s messages", int(number)) % {"n": number}
        found.append((_("3 messages or more") if number == "3" else label, persons))
    return found


def _taken(run: Run, graph: Graph) -> list[Taken]:
    rows = {row.node_id: row for row in run.nodes.all()}
    found = []
    for gate in assumptions.of(graph):
        row = rows.get(gate.node.id)
        if row is not None and row.status == NodeRun.Status.SUCCEEDED:
            ways = dict(gate.ways)
            found.append(Taken(gate.node, ways.get(next(iter(row.follows), ""), "–")))
    return found


def _deeds(run: Run, graph: Graph) -> list[tuple[Node, str, str]]:
    """What the writers said they would do, in the order of the canvas."""
    doers = {id: catalogue.get(node.type) for id, node in graph.nodes.items() if _acts(node)}
    said: dict[str, str] = {}
    for entry in LogEntry.objects.filter(run=run, node_id__in=doers).order_by("pk"):
        said[entry.node_id] = entry.message.removeprefix(f"“{graph.nodes[entry.node_id].name}”: ")
    return [(graph.nodes[id], doers[id].icon, said[id]) for id in graph.order() if id in said]


def _acts(node: Node) -> bool:
    try:
        cls = catalogue.get(node.type)
    except catalogue.UnknownActivity:
        return False
    return issubclass(cls, Writer) and not (node.type == "end" and not node.settings.get("signal"))


def latest(version: CampaignVersion) -> Run | None:
    """The campaign's latest dry run up to this version."""
    runs = Run.objects.dry().filter(campaign=version.campaign_id, version__number__lte=version.number)
    return runs.select_related("version", "started_by").first()


def is_stale(run: Run, version: CampaignVersion) -> bool:
    """Whether the canvas has changed since."""
    return bool(changed_nodes(run.graph, version.graph)) or set(run.graph.nodes) != set(version.graph.nodes)


def look(channel: Rehearsed, message: str, *, masked: bool) -> proofreading.Shown | None:
    """The chosen sample of a channel, put together again."""
    sample = channel.chosen(message)
    return proofreading.shown(channel.sealed, channel.node.type, sample.message, masked=masked) if sample else None
