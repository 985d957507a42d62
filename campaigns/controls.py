"""What a person may do with a campaign now, and for what they may not: the reason, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchcamp.accounts import access
from orchcamp.accounts.models import User

from . import assumptions, launches
from .models import Approval, Beat, Campaign, CampaignVersion, NodeRun, Run
from .status import PUBLISHED, TRANSITIONS, possible

SILENT = timedelta(minutes=2)  # a worker that has not been heard of for so long is not there
Status = Campaign.Status


@dataclass(frozen=True)
class Control:
    """A button of the header or an entry of its menu; with a ``reason`` it is shown, but cannot be used."""

    key: str
    label: str
    icon: str
    address: str
    post: bool = False
    primary: bool = False
    danger: bool = False
    reason: str = ""
    live: bool = False  # posted by htmx: the canvas follows
    action: str = ""  # what its button says beside its address


def missing_right(user: User, action: str, campaign: Campaign) -> str:
    """Why this person may not do this to a campaign; empty when they may."""
    if action == "add":
        return "" if access.may(user, action, Campaign) else access.refusal(Campaign, action)
    return "" if access.may(user, action, campaign) else access.why_not(user, action, campaign)


def worker_silent() -> bool:
    """Whether no worker has been heard of lately: a test would only wait."""
    return not Beat.objects.filter(name__startswith="worker:", at__gte=timezone.now() - SILENT).exists()


class _Desk:
    """The campaign and the person, to make controls from."""

    def __init__(self, campaign: Campaign, user: User):
        self.campaign, self.user, self.answers = campaign, user, {}

    def right(self, action: str) -> str:
        if action not in self.answers:
            self.answers[action] = missing_right(self.user, action, self.campaign)
        return self.answers[action]

    def address(self, key: str) -> str:
        return reverse(f"campaigns:{key}", args=[self.campaign.slug])

    def control(self, key: str, label: str, icon: str, *, right: str = "", reason: str = "", **more) -> Control:
        address = more.pop("address", "") or self.address(key)
        return Control(key, label, icon, address, reason=(self.right(right) if right else "") or reason, **more)


def header(
    campaign: Campaign, version: CampaignVersion, user: User, *, run: Run | None, errors: int, nodes: int
) -> list[Control]:
    """The buttons beside the campaign's status, by state; the last is what usually comes next."""
    desk = _Desk(campaign, user)
    if campaign.status == Status.ARCHIVED:
        return [desk.control("restore", _("Restore"), "unarchive", right="change", post=True, primary=True)]
    if version.is_draft:
        held = _held(desk, run) if run is not None and run.status == Run.Status.PAUSED else []
        tries = held or [_test(desk, run, nodes), _dry_run(desk, version, run, errors, nodes)]
        return [*tries, _submit(desk, errors, nodes)]
    if asked := _in_review(desk, version):
        return asked
    found = _next(desk, version)
    busy = run is not None and run.is_open
    if launches.by_clock(campaign) and not busy:
        found.append(desk.control("launch_now", _("Launch now"), "fast_forward", right="publish", post=True))
    if run is not None and run.is_open and run.mode == Run.Mode.LIVE:
        address = reverse("campaigns:run", args=[campaign.slug, run.pk])
        if waits_for_confirmation(run):
            found.append(
                desk.control("confirm", _("Confirm…"), "front_hand", right="confirm", address=address, primary=True)
            )
        elif any(row.waiting_for == NodeRun.WaitingFor.ANSWER for row in run.nodes.all()):
            found.append(desk.control("answer", _("Answer…"), "how_to_reg", address=address, primary=True))
        else:
            found.append(desk.control("run", _("Follow the run"), "monitoring", address=address, primary=True))
    return found


def _next(desk: _Desk, version: CampaignVersion) -> list[Control]:
    """What usually comes next for a frozen version that nobody has to decide about."""
    campaign, number = desk.campaign, version.number
    if campaign.status in PUBLISHED and number < campaign.latest_version().number:
        return []  # an earlier one is looked at
    ready = campaign.status == Status.APPROVED or (campaign.status in PUBLISHED and version.published_at is None)
    found = []
    if campaign.status == Status.APPROVED:
        found.append(desk.control("edit_again", _("Back to draft"), "edit", right="change", post=True))
    elif campaign.status in PUBLISHED:
        label = _("Edit as version %(number)s") % {"number": number + 1}
        found.append(desk.control("begin_version", label, "edit", right="change", post=True))
    elif campaign.status == Status.STOPPED:
        found.append(_verb(desk, "take_up", _("Take up again…"), "replay"))
    if campaign.status == Status.PAUSED:
        found.append(_verb(desk, "resume", _("Resume…"), "play_arrow"))
    if ready and version.approved_at is not None:
        found.append(desk.control("publish", _("Publish"), "rocket_launch", right="publish", primary=True))
    return found


def _verb(desk: _Desk, verb: str, label: str, icon: str, reason: str = "", **more) -> Control:
    """A verb of the state machine, which asks before it does anything."""
    address = reverse("campaigns:govern", args=[desk.campaign.slug, verb])
    refusal = "" if possible(desk.campaign, verb) else f"{TRANSITIONS[verb].refusal}."
    return desk.control(
        verb, label, icon, right=TRANSITIONS[verb].right, address=address, reason=reason or refusal, **more
    )


def waits_for_confirmation(run: Run) -> bool:
    waiting = NodeRun.Status.WAITING, NodeRun.WaitingFor.CONFIRMATION
    return any((row.status, row.waiting_for) == waiting for row in run.nodes.all())


def _test(desk: _Desk, run: Run | None, nodes: int) -> Control:
    reason = ""
    if not nodes:
        reason = _("The canvas is empty: add an activity first.")
    elif run is not None and run.is_open:
        reason = _still_on(run)
    return desk.control("test", _("Test"), "play_arrow", right="test", reason=reason, post=True, live=True)


def _held(desk: _Desk, run: Run) -> list[Control]:
    """A test or dry run that is paused, by a breakpoint or a person: go on, or end it."""
    address = reverse("campaigns:control", args=[desk.campaign.slug, run.pk])
    same = {"right": "test", "address": address, "post": True, "live": True}
    return (
        [
            desk.control("stop", _("Stop"), "stop", action="stop", **same),
            desk.control("resume", _("Resume"), "play_arrow", action="resume", **same),
        ]
        if run.mode != Run.Mode.LIVE
        else []
    )


def _still_on(run: Run) -> str:
    if run.mode == Run.Mode.DRY:
        return _("A dry run is on; wait until it has ended.")
    return _("A test is running; wait until it has ended.")


def _dry_run(desk: _Desk, version: CampaignVersion, run: Run | None, errors: int, nodes: int) -> Control:
    reason = _unsound(errors, nodes)
    if not reason and run is not None and run.is_open:
        reason = _still_on(run)
    if not reason and assumptions.of(version.graph):  # there is something to choose first
        return desk.control("dry_run", _("Dry run…"), "theaters", right="test")
    return desk.control("dry_run", _("Dry run"), "theaters", right="test", reason=reason, post=True, live=True)


def _unsound(errors: int, nodes: int) -> str:
    """What a test may overlook, but nothing that runs to the end."""
    if not nodes:
        return _("The canvas is empty: add an activity first.")
    sentence = ngettext("Mend %(n)s error first: see the alerts.", "Mend %(n)s errors first: see the alerts.", errors)
    return sentence % {"n": errors} if errors else ""


def _submit(desk: _Desk, errors: int, nodes: int) -> Control:
    reason = _unsound(errors, nodes)
    return desk.control("submit", _("Request approval"), "approval", right="change", reason=reason, primary=True)


def _in_review(desk: _Desk, version: CampaignVersion) -> list[Control]:
    approval = version.approvals.filter(status=Approval.Status.WAITING).first()
    if approval is None:
        return []
    found = []
    if approval.requested_by_id == desk.user.pk:
        found.append(desk.control("withdraw", _("Withdraw"), "undo", right="change", post=True))
    address = reverse("campaigns:approval", args=[approval.pk])
    return [
        *found,
        desk.control("approval", _("Open the request"), "rate_review", address=address, primary=not found),
    ]


def menu(campaign: Campaign, user: User, *, run: Run | None) -> list[Control]:
    """The … menu: what can be done in every state, and what ends a campaign."""
    desk = _Desk(campaign, user)
    entries = [
        desk.control("properties", _("Properties"), "tune", right="change"),
        desk.control("duplicate", _("Duplicate"), "content_copy", right="add"),
        desk.control("save_template", _("Save as template…"), "bookmark_add", right="change"),
        desk.control("canvas_svg", _("Download as SVG"), "image"),
        desk.control("png", _("Download as PNG"), "photo_library", address=desk.address("canvas_svg")),
    ]
    if campaign.status == Status.DRAFT:
        entries.append(desk.control("delete", _("Delete…"), "delete", right="delete", danger=True))
    if campaign.status in PUBLISHED:
        entries += [
            _verb(desk, "pause", _("Pause…"), "pause_circle"),
            _verb(desk, "resume", _("Resume…"), "play_circle"),
            _verb(desk, "close", _("Close…"), "door_front"),
            _verb(desk, "stop", _("Stop…"), "stop_circle", danger=True),
        ]
    if campaign.status == Status.STOPPED:
        entries.append(_verb(desk, "take_up", _("Take up again…"), "replay"))
    if campaign.status not in (Status.DRAFT, Status.IN_REVIEW, Status.ARCHIVED):
        back = desk.control("edit_again", _("Back to draft…"), "edit", right="change", reason=_busy(campaign))
        entries.append(back)
    if campaign.status != Status.ARCHIVED:
        reason = _busy(campaign) or ("" if possible(campaign, "archive") else f"{TRANSITIONS['archive'].refusal}.")
        entries.append(desk.control("archive", _("Archive…"), "inventory_2", right="change", reason=reason))
    return entries


def _busy(campaign: Campaign) -> str:
    """Why a campaign cannot leave what it is doing now; empty when it can."""
    if Run.objects.open().live().filter(campaign=campaign).exists():
        return _("A run is open: stop it, or wait until it has ended.")
    if Approval.objects.filter(version__campaign=campaign, status=Approval.Status.WAITING).exists():
        return _("Withdraw the request for approval first.")
    return ""
