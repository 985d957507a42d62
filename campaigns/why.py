"""Why was nothing sent? Every usual reason, asked of the real state, with what proves it and the way to mend it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities.base import Writer
from activities.graph import Graph
from orchcamp.messaging import transports
from orchcamp.messaging.models import Channel as Kind
from orchcamp.messaging.models import ChannelConfiguration
from orchcamp.messaging.transports import Unreachable
from orchcamp.messaging.transports.server import server_of

from . import launches, progress
from .contexts import is_channel
from .controls import worker_silent
from .models import Approval, Campaign, LogEntry, NodeRun, Run
from .progress import Sending, Step
from .reasons import LATER, OK, WHY, Check, Mend, Scene, moment, rows
from .steering import not_taken_up

S = NodeRun.Status


def checks(scene: Scene) -> list[Check]:
    """All checks, in the order in which to look."""
    return [check(scene) for check in CHECKS]


def look(
    campaign: Campaign, run: Run | None, steps: list[Step] | None = None, sendings: list[Sending] | None = None
) -> list[Check]:
    """The checks of a campaign with its last live run, or before it has one."""
    if run is not None and steps is None:
        steps = progress.steps(run)
        sendings = progress.sendings(run, [step.row for step in steps])
    return checks(Scene(campaign, run, steps or [], sendings or []))


def applies(run: Run | None, sendings: list[Sending]) -> bool:
    """Whether a page says it by itself: a live run that has sends in it, and none was accepted."""
    if run is None or run.mode != Run.Mode.LIVE or not any(is_channel(node) for node in run.graph.nodes.values()):
        return False
    return not any(sending.books.accepted for sending in sendings)


# --- Before the run ---------------------------------------------------------------------------------


def _published(scene: Scene) -> Check:
    title, campaign = _("Approved and published"), scene.campaign
    if scene.run is not None:
        said = _("Version %(number)s is published.") % {"number": scene.run.version.number}
        return Check(title, OK, said)
    if launches.by_clock(campaign) and (version := campaign.published_version()):
        return Check(title, OK, _("Version %(number)s is published.") % {"number": version.number})
    approval = Approval.objects.filter(version__campaign=campaign, status=Approval.Status.WAITING).first()
    if approval is not None:
        evidence = ((_("Asked for by"), str(approval.requested_by or _("the system"))),)
        mend = Mend(_("Open the request"), reverse("campaigns:approval", args=[approval.pk]))
        return Check(title, WHY, _("It waits for an approval; nothing is sent before."), evidence, (mend,))
    if campaign.status == Campaign.Status.APPROVED:
        mend = Mend(_("Publish"), reverse("campaigns:publish", args=[campaign.slug]))
        return Check(title, WHY, _("It is approved, but not published; nothing is sent before."), (), (mend,))
    if campaign.status == Campaign.Status.LIVE and campaign.by_signal:
        mend = Mend(_("Send the signal"), reverse("campaigns:runs", args=[campaign.slug]))
        return Check(title, WHY, _("It is live and waits for a signal; none has come yet."), (), (mend,))
    status = campaign.get_status_display().lower()
    said = _("It is %(status)s: a test sends nothing, and no version was published yet.") % {"status": status}
    mend = Mend(_("Open the canvas"), reverse("campaigns:canvas", args=[campaign.slug]))
    return Check(title, WHY, said, (), (mend,))


def _held(scene: Scene) -> Check:
    title, run = _("Run is on"), scene.run
    if run is None:
        return Check(title, LATER, _("There is no live run yet."))
    last = LogEntry.objects.filter(run=run).exclude(by=None).order_by("-pk").first()
    evidence = ((_("Last deed"), f"{last.message} {moment(last.at)}"),) if last else ()
    mend = Mend(_("Go to the controls of the run"), scene.page("#run-progress"))
    if run.status == Run.Status.PAUSED:
        return Check(title, WHY, _("The run is paused; resume it to go on."), evidence, (mend,))
    if run.status == Run.Status.STOPPED:
        why_not = not_taken_up(run)
        said = _("The run was stopped before anything was sent. %(what)s") % {
            "what": why_not or _("It can be taken up again.")
        }
        return Check(title, WHY, said, evidence, () if why_not else (mend,))
    return Check(title, OK, _("The run is neither paused nor stopped."))


def _worker(scene: Scene) -> Check:
    title = _("Worker")
    if not worker_silent():
        return Check(title, OK, _("A worker has been heard of within the last two minutes."))
    said = _("No worker has been heard of for two minutes; start one with “manage.py worker”.")
    over = scene.run is not None and not scene.run.is_open
    return Check(title, OK if over else WHY, _("The run is over; it needs no worker.") if over else said)


def _start(scene: Scene) -> Check:
    title, run = _("Start"), scene.run
    if run is None and launches.by_clock(scene.campaign):
        return _not_launched(title, scene.campaign)
    if run is None:
        return Check(title, LATER, _("There is no live run yet."))
    if run.is_open and run.scheduled_for > timezone.now():
        evidence = ((_("Begins"), moment(run.scheduled_for)),)
        mend = Mend(_("Begin now"), scene.page("#run-progress"))
        return Check(title, WHY, _("The run starts in the future."), evidence, (mend,))
    return Check(title, OK, _("The start lies in the past."), ((_("Began"), moment(run.scheduled_for)),))


def _not_launched(title: str, campaign: Campaign) -> Check:
    """A campaign in force of which nothing was launched yet: its launch is still to come, or could not begin."""
    last = campaign.launches.first()
    if last is not None:
        evidence = ((_("Planned for"), moment(last.slot)), (_("Why"), last.reason))
        mend = Mend(_("See the launches"), reverse("campaigns:runs", args=[campaign.slug]) + "#launches")
        return Check(title, WHY, _("The last launch did not run."), evidence, (mend,))
    mend = Mend(_("Launch now"), reverse("campaigns:canvas", args=[campaign.slug]))
    at = campaign.next_launch_at
    return Check(
        title, WHY, _("Its first launch is still to come."), ((_("Launches"), moment(at)),) if at else (), (mend,)
    )


# --- On the way to the message ------------------------------------------------------------------------


HELD = {
    NodeRun.WaitingFor.TIME: gettext_lazy("“%(name)s” holds the run back until its moment."),
    NodeRun.WaitingFor.ANSWER: gettext_lazy("“%(name)s” waits for somebody's answer."),
    NodeRun.WaitingFor.SIGNAL: gettext_lazy("“%(name)s” waits for a signal."),
    NodeRun.WaitingFor.BREAKPOINT: gettext_lazy("“%(name)s” has a breakpoint, which paused the run; resume it."),
}


def _path(scene: Scene) -> Check:
    title = _("Way to the message")
    for id, node in scene.graph.nodes.items():
        if node.disabled and _leads_to_a_channel(scene.graph, id):
            said = _("“%(name)s” is disabled: it and what follows are not executed.") % {"name": node.name}
            return Check(title, WHY, said, (), (scene.node(id),))
    for step in scene.steps:
        waits = step.row.status == S.WAITING and _leads_to_a_channel(scene.graph, step.node.id)
        if waits and (sentence := HELD.get(NodeRun.WaitingFor(step.row.waiting_for))):
            until = ((_("Until"), moment(step.row.resume_at)),) if step.row.resume_at else ()
            mends = (Mend(_("Go to the step"), scene.page(f"#step-{step.row.pk}")), scene.node(step.node.id))
            return Check(title, WHY, sentence % {"name": step.node.name}, until, mends)
    if not any(is_channel(node) for node in scene.graph.nodes.values()):
        return Check(
            title,
            WHY,
            _("There is no message on the canvas."),
            (),
            (Mend(_("Open the canvas"), reverse("campaigns:canvas", args=[scene.campaign.slug])),),
        )
    return Check(title, OK, _("No node before a message is disabled, has a breakpoint or waits."))


def _leads_to_a_channel(graph: Graph, id: str) -> bool:
    return any(
        is_channel(graph.nodes[other]) and (other == id or id in graph.ancestors(other)) for other in graph.nodes
    )


def _audience(scene: Scene) -> Check:
    title = _("Saved audience")
    if not scene.steps:
        return Check(title, LATER, _("There is no live run yet."))
    busy = [
        step for step in scene.steps if _saves(step) and step.row.status not in NodeRun.SETTLED | {S.FAILED, S.STOPPED}
    ]
    if busy:
        step = busy[0]
        said = _("“%(name)s” is not saved yet; messages wait for it.") % {"name": step.node.name}
        state = WHY if step.row.status in {S.QUEUED, S.RUNNING, S.WAITING} else LATER
        return Check(
            title,
            state,
            said,
            ((_("Status"), step.row.get_status_display()),),
            (Mend(_("Go to the step"), scene.page(f"#step-{step.row.pk}")),),
        )
    return Check(title, OK, _("No message waits for an audience to be saved."))


def _saves(step: Step) -> bool:
    kind = progress.type_of(step.node)
    return kind is not None and issubclass(kind, Writer) and kind.holds_back


def _population(scene: Scene) -> Check:
    title = _("Population")
    for step in scene.channels:
        if step.row.status == S.SKIPPED or step.arrived == 0:
            return _empty(scene, title, step)
    if all(step.arrived is None for step in scene.channels):
        return Check(title, LATER, _("Not counted yet: the run has not come to a message."))
    found = tuple((step.node.name, rows(step.arrived or 0)) for step in scene.channels if step.arrived)
    return Check(title, OK, _("Every message that was reached has people in it."), found)


def _empty(scene: Scene, title: str, channel: Step) -> Check:
    """Nobody arrived: the first node on the way that let nobody through."""
    said = _("Nobody arrived at “%(name)s”.") % {"name": channel.node.name}
    before = [step for step in scene.steps if step.node.id in scene.graph.ancestors(channel.node.id)]
    evidence = tuple((step.node.name, rows(_left(step))) for step in before if step.row.status == S.SUCCEEDED)
    culprit = next((step for step in before if step.row.status == S.SUCCEEDED and not _left(step)), None)
    if culprit is None:
        return Check(title, WHY, said, evidence, (scene.node(channel.node.id),))
    said += " " + _("“%(name)s” is the first that let nobody through.") % {"name": culprit.node.name}
    return Check(title, WHY, said, evidence, (scene.node(culprit.node.id),))


def _left(step: Step) -> int:
    return sum(out.rows or 0 for out in step.outputs if out.followed)


# --- The message itself -------------------------------------------------------------------------------


def _configuration(scene: Scene) -> Check:
    title = _("Channel configuration")
    for node in scene.graph.nodes.values():
        if not is_channel(node):
            continue
        slug = str(node.settings.get("configuration") or "")
        configuration = ChannelConfiguration.objects.filter(slug=slug).first()
        if configuration is None:
            said = _("“%(name)s” has no channel configuration, or it is gone.") % {"name": node.name}
            return Check(title, WHY, said, (), (scene.node(node.id),))
        mend = Mend(_("Open the configuration"), reverse("messaging:channel", args=[slug]))
        if sentence := unusable(configuration):
            return Check(title, WHY, sentence, ((_("Used by"), node.name),), (mend,))
    return Check(title, OK, _("Every message has a configuration with a server."))


def unusable(configuration: ChannelConfiguration) -> str:
    names = {"label": configuration.label, "channel": str(Kind(configuration.channel).label)}
    if not configuration.active:
        return _("Channel configuration “%(label)s” is switched off.") % names
    if configuration.channel not in transports.CHANNELS:
        return _("This version has no transport for %(channel)s: such messages are prepared, not sent.") % names
    try:
        server_of(configuration)
    except Unreachable as error:
        return str(error)
    return ""


def _excluded(scene: Scene) -> Check:
    title = _("Consent and suppression")
    empty = [sending for sending in scene.sendings if sending.books.targeted and not sending.books.prepared]
    if empty:
        books, name = empty[0].books, empty[0].delivery.label
        evidence = (
            (_("Targeted"), rows(books.targeted)),
            *((label, f"−{rows(number)}") for label, number in books.reasons),
        )
        said = _("“%(name)s” leaves out everybody it targets.") % {"name": name}
        mends = (scene.node(empty[0].row.node_id),) if empty[0].row else ()
        return Check(title, WHY, said, (*evidence, (_("Left"), "0")), mends)
    if not scene.sendings:
        return Check(title, LATER, _("No message is planned yet."))
    left = tuple(
        (s.delivery.label, _("%(n)s of %(all)s") % {"n": rows(s.books.prepared), "all": rows(s.books.targeted)})
        for s in scene.sendings
    )
    return Check(title, OK, _("Somebody may be written to in every planned message."), left)


def _confirmation(scene: Scene) -> Check:
    title = _("Confirmation")
    waiting = [sending for sending in scene.sendings if sending.waits]
    if waiting:
        names = ", ".join(sending.delivery.label for sending in waiting)
        evidence = tuple((sending.delivery.label, rows(sending.books.pending)) for sending in waiting)
        mend = Mend(_("Look and confirm"), scene.page("#run-attention"))
        who = (_("Who may"), _("everybody with the right “confirm sendings”: approvers and administrators as a rule"))
        return Check(
            title, WHY, _("Waits for somebody to confirm: %(names)s.") % {"names": names}, (*evidence, who), (mend,)
        )
    confirmed = tuple(
        (s.delivery.label, str(s.row.confirmed_by)) for s in scene.sendings if s.row and s.row.confirmed_by
    )
    if not scene.sendings:
        return Check(title, LATER, _("No message is planned yet."))
    return Check(title, OK, _("No message waits for confirmation."), confirmed)


def _errors(scene: Scene) -> Check:
    title = _("Errors")
    failed = [step for step in scene.steps if step.row.status == S.FAILED]
    if failed:
        step = failed[0]
        mends = (Mend(_("Try it again"), scene.page("#run-attention")), scene.node(step.node.id))
        said = _("“%(name)s” is in error.") % {"name": step.node.name}
        return Check(title, WHY, said, ((_("What happened"), step.row.error),), mends)
    if scene.run is not None and scene.run.status == Run.Status.FAILED:
        return Check(title, WHY, scene.run.error or _("The run failed."), (), (Mend(_("Open the run"), scene.page()),))
    return Check(title, OK, _("No node is in error."))


def _pace(scene: Scene) -> Check:
    title = _("Pace")
    moving = [s for s in scene.sendings if s.books.pending and s.row and s.row.status == S.SENDING]
    put_off = [(s, s.next_due) for s in moving if s.next_due]
    if put_off:
        sending, due = put_off[0]
        said = _("The server put “%(name)s” off; it is tried again by itself.") % {"name": sending.delivery.label}
        return Check(
            title,
            WHY,
            said,
            ((_("Next try"), moment(due)),),
            (Mend(_("Go to the sending"), scene.page("#run-progress")),),
        )
    slow = [s for s in moving if s.delivery.configuration.throttle]
    if slow:
        return _slow(title, slow[0])
    if not scene.sendings:
        return Check(title, LATER, _("No message is planned yet."))
    return Check(title, OK, _("Nothing is held back by a rate limit."))


def _slow(title: str, sending: Sending) -> Check:
    limit, pending = sending.delivery.configuration.throttle or 1, sending.books.pending
    ends_at = timezone.now() + timedelta(seconds=pending / limit)
    said = ngettext(
        "At most %(rate)s message a second: %(pending)s are still to go.",
        "At most %(rate)s messages a second: %(pending)s are still to go.",
        limit,
    ) % {"rate": limit, "pending": rows(pending)}
    mend = Mend(_("Open the configuration"), reverse("messaging:channel", args=[sending.delivery.configuration.slug]))
    return Check(title, WHY, said, ((_("Expected end"), moment(ends_at)),), (mend,))


CHECKS: tuple[Callable[[Scene], Check], ...] = (
    _published,
    _start,
    _held,
    _worker,
    _path,
    _audience,
    _population,
    _configuration,
    _excluded,
    _confirmation,
    _errors,
    _pace,
)
