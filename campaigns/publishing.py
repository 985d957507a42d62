"""Before a version is put in force: everything that has to be in order, each in a line, and what stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities import catalogue
from activities.base import Channel, Gate, Writer
from activities.check import Problem
from activities.graph import Graph, Node
from orchcamp.accounts.models import User
from orchcamp.datasets import schema
from orchcamp.messaging import secrets, transports
from orchcamp.messaging.models import ChannelConfiguration
from orchcamp.web.errors import Refused
from orchcamp.web.templatetags.ui import thousands

from . import contexts, controls, launches, lifecycle, progress, why
from .approvals import guard
from .errors import CampaignError
from .models import Approval, Campaign, CampaignVersion, Run
from .pins import pins
from .status import PUBLISHED

OK, WARNING, STOPS = "ok", "warning", "stops"


class NotInOrder(CampaignError):
    """Something stops the publication; the sentence says what first."""


@dataclass(frozen=True)
class Line:
    """One thing that was looked at: how it stands, in a sentence."""

    title: str
    level: str
    sentence: str


@dataclass(frozen=True)
class Case:
    """What is to be published."""

    campaign: Campaign
    version: CampaignVersion
    approval: Approval | None

    @property
    def graph(self) -> Graph:
        return self.version.graph

    @property
    def planned(self) -> Campaign:
        """The campaign as it would run: beside a version in force by what the next one keeps apart."""
        return self.version.planned() if self.campaign.status in PUBLISHED else self.campaign

    @property
    def channels(self) -> list[Node]:
        return [node for node in self.graph.nodes.values() if contexts.is_channel(node) and not node.disabled]


def case(campaign: Campaign) -> Case:
    """The version that would be published, with the approval it has."""
    version = campaign.latest_version()
    version.campaign = campaign
    approval = version.approvals.filter(status=Approval.Status.APPROVED).select_related("decided_by", "test_run").last()
    return Case(campaign, version, approval)


def lines(found: Case) -> list[Line]:
    """Everything that is looked at, in the order in which it would be missed."""
    return [line for check in CHECKS for line in check(found)]


def publish(campaign: Campaign, *, by: User | None, reason: str = "") -> Run | None:
    """Publish what is in order; a run that begins with it is returned. Raises NotInOrder for what stops it."""
    found = case(campaign)
    if found.version.published_at is None and campaign.status in PUBLISHED | {Campaign.Status.APPROVED}:
        for line in lines(found):
            if line.level == STOPS:
                raise NotInOrder(f"{line.title}: {line.sentence}")
    return lifecycle.publish(campaign, by=by, reason=reason)


# --- One by one --------------------------------------------------------------------------------------------------


def _approved(found: Case) -> Iterable[Line]:
    title = _("Approval")
    if found.version.approved_at is None:
        yield Line(title, STOPS, _("This version is not approved; ask for an approval first."))
    elif changed := guard.refusal(found.version):
        yield Line(title, STOPS, changed)
    elif found.approval is None:
        yield Line(title, OK, _("Approved."))
    else:
        facts = {"person": found.approval.decided_by or _("the system"), "when": _moment(found.version.approved_at)}
        yield Line(title, OK, _("Approved on %(when)s by %(person)s.") % facts)


def _canvas(found: Case) -> Iterable[Line]:
    """Required settings, contents, expressions, the number of channels: what the alerts of the canvas say."""
    title, problems = _("Canvas, contents and expressions"), contexts.problems(found.version)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        number = ngettext("%(n)s error.", "%(n)s errors.", len(errors)) % {"n": len(errors)}
        yield Line(title, STOPS, f"{number} {_named(found, errors[0])}")
    elif problems:
        number = ngettext("No errors, %(n)s warning.", "No errors, %(n)s warnings.", len(problems))
        yield Line(title, WARNING, f"{number % {'n': len(problems)}} {_named(found, problems[0])}")
    else:
        yield Line(title, OK, _("Nothing is missing and nothing is odd."))


def _named(found: Case, problem: Problem) -> str:
    """What is said of a problem, with the name of its activity."""
    node = found.graph.nodes.get(problem.node_id or "")
    return f"“{node.name}”: {problem.sentence}" if node else problem.sentence


def _schedule(found: Case) -> Iterable[Line]:
    title, planned = _("Schedule"), found.planned
    try:
        starts = lifecycle.first_launch(planned)
    except Refused as refusal:
        yield Line(title, STOPS, str(refusal))
        return
    said = f"{launches.in_words(planned)}."
    if starts:
        local = starts.astimezone(launches.zone(planned))
        facts = {"when": formats.date_format(local, "DATETIME_FORMAT"), "zone": planned.timezone}
        said += " " + _("The first run begins on %(when)s (%(zone)s).") % facts
    if starts or planned.by_signal:
        yield Line(title, OK, said)
    elif found.campaign.status in (Campaign.Status.APPROVED, Campaign.Status.SCHEDULED):
        yield Line(title, WARNING, said)  # the run begins with the publication
    else:
        none = _("No launch is to come by it: this version runs only when somebody launches the campaign again.")
        yield Line(title, WARNING, f"{said} {none}")


def _now(found: Case) -> Iterable[Line]:
    """What goes on beside it, where a version is in force already."""
    if found.campaign.status not in PUBLISHED:
        return
    run = found.campaign.runs.open().live().select_related("version").first()
    published = found.campaign.published_version()
    number = published.number if published else 0
    said = _("Version %(number)s is in force until the next launch.") % {"number": number}
    if run is not None:
        said += " " + _("Run %(run)s goes to its end with version %(number)s.") % {
            "run": run.pk,
            "number": run.version.number,
        }
    yield Line(_("Version in force"), OK, said)


def _worker(_found: Case) -> Iterable[Line]:
    if controls.worker_silent():
        said = _("No worker has been heard of for two minutes: nothing begins until one runs (“manage.py worker”).")
        yield Line(_("Worker"), WARNING, said)
    else:
        yield Line(_("Worker"), OK, _("A worker is there."))


def _configurations(found: Case) -> Iterable[Line]:
    """Every sender that a message names is there and could be used."""
    known = {one.slug: one for one in ChannelConfiguration.objects.all()}
    faults: dict[str, bool] = {}  # sentence -> whether it stops the publication
    for node in found.channels:
        configuration = known.get(str(node.settings.get("configuration", "")))
        if configuration is not None and (fault := why.unusable(configuration) or _locked(configuration)):
            faults[f"“{node.name}”: {fault}"] = configuration.channel in transports.CHANNELS
    for fault, stops in faults.items():
        yield Line(_("Channels"), STOPS if stops else WARNING, fault)
    if faults:
        return
    if found.channels:
        number = len(found.channels)
        said = ngettext("%(n)s message, its sender is in order.", "%(n)s messages, their senders are in order.", number)
        yield Line(_("Channels"), OK, said % {"n": number})
    else:
        yield Line(_("Channels"), WARNING, _("No message is sent."))


def _locked(configuration: ChannelConfiguration) -> str:
    """Why the password of a sender is not to be had; empty when it is, or none is needed."""
    try:
        secrets.password(configuration)
    except transports.Unreachable as error:
        return str(error)
    return ""


def _audiences(found: Case) -> Iterable[Line]:
    """Audiences are saved before any message leaves, unless they stand behind one."""
    writers = [node for node in found.graph.nodes.values() if not node.disabled and _saves(node)]
    for node in writers if found.channels else ():
        behind = [
            found.graph.nodes[id].name
            for id in found.graph.ancestors(node.id)
            if _is(found.graph.nodes[id], Channel, Gate)
        ]
        if behind:
            said = _("“%(name)s” is done only after “%(before)s”; messages do not wait for it.")
            yield Line(_("Saved first"), WARNING, said % {"name": node.name, "before": behind[0]})
        else:
            said = _("“%(name)s” is done before any message exists.") % {"name": node.name}
            yield Line(_("Saved first"), OK, said)


def _saves(node: Node) -> bool:
    kind = _kind(node)
    return issubclass(kind, Writer) and kind.holds_back


def _is(node: Node, *kinds: type) -> bool:
    return issubclass(_kind(node), kinds)


def _kind(node: Node) -> type:
    try:
        return catalogue.get(node.type)
    except catalogue.UnknownActivity:
        return object


def _reach(found: Case) -> Iterable[Line]:
    """How many the messages reach, by the counts that were approved."""
    counts = found.approval.counts if found.approval else {}
    for node in found.channels if counts else ():
        rows = progress.arrived(found.graph, node.id, counts)
        if rows is None:
            said = _("“%(name)s”: not counted; a test ends before it.") % {"name": node.name}
            yield Line(_("Reach"), WARNING, said)
        elif not rows:
            yield Line(_("Reach"), WARNING, _("“%(name)s”: nobody, by the approved counts.") % {"name": node.name})
        else:
            facts = {"name": node.name, "rows": thousands(rows)}
            yield Line(_("Reach"), OK, _("“%(name)s”: about %(rows)s, by the approved counts.") % facts)
    tested = found.approval.test_run if found.approval else None
    if tested is not None and tested.snapshots != pins(schema.load(), found.version.document):
        said = _("Data were loaded since the counts were approved, so they may differ.")
        yield Line(_("Data"), WARNING, said)


def _confirmations(found: Case) -> Iterable[Line]:
    at_once = [node.name for node in found.channels if node.settings.get("without_confirmation")]
    waiting = [node.name for node in found.channels if not node.settings.get("without_confirmation")]
    if at_once:
        names = ", ".join(f"“{name}”" for name in at_once)
        yield Line(_("Confirmation"), WARNING, _("%(names)s: sent at once, without confirmation.") % {"names": names})
    if waiting:
        names = ", ".join(f"“{name}”" for name in waiting)
        yield Line(
            _("Confirmation"), OK, _("%(names)s: prepared, then sent when somebody confirms.") % {"names": names}
        )


CHECKS: tuple[Callable[[Case], Iterable[Line]], ...] = (
    _approved,
    _canvas,
    _schedule,
    _now,
    _worker,
    _configurations,
    _audiences,
    _reach,
    _confirmations,
)


def _moment(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT")
