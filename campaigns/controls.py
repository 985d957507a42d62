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

from .models import Approval, Beat, Campaign, CampaignVersion, NodeRun, Run

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


def missing_right(user: User, action: str, campaign: Campaign) -> str:
    """Why this person may not do this to a campaign; empty when they may."""
    subject = Campaign if action == "add" else campaign
    return "" if access.may(user, action, subject) else access.refusal(Campaign, action)


def worker_silent() -> bool:
    """Whether no worker has been heard of lately: a test would only wait."""
    return not Beat.objects.filter(at__gte=timezone.now() - SILENT).exists()


class _Desk:
    """The campaign and the person, to make controls from."""

    def __init__(self, campaign: Campaign, user: User):
        self.campaign, self.user, self.answers = campaign, user, {}

    def right(self, action: str) -> str:
        if action not in self.answers:
            self.answers[action] = missing_right(self.user, action, self.campaign)
        return self.answers[action]

    def control(self, key: str, label: str, icon: str, *, right: str = "", reason: str = "", **more) -> Control:
        address = more.pop("address", "") or reverse(f"campaigns:{key}", args=[self.campaign.slug])
        return Control(key, label, icon, address, reason=(self.right(right) if right else "") or reason, **more)


def header(
    campaign: Campaign, version: CampaignVersion, user: User, *, run: Run | None, errors: int, nodes: int
) -> list[Control]:
    """The buttons beside the campaign's status, by state; the last is what usually comes next."""
    desk = _Desk(campaign, user)
    if campaign.status == Status.ARCHIVED:
        return []
    if version.is_draft:
        return [_test(desk, run, nodes), _submit(desk, errors, nodes)]
    if campaign.status == Status.IN_REVIEW:
        return _in_review(desk, version)
    found = [desk.control("edit_again", _("Edit again"), "edit", right="change", post=True)]
    if campaign.status == Status.APPROVED:
        found.append(desk.control("publish", _("Publish"), "rocket_launch", right="publish", primary=True))
    if run is not None and run.is_open and run.mode == Run.Mode.LIVE:
        address = reverse("campaigns:run", args=[campaign.slug, run.pk])
        if waits_for_confirmation(run):
            found.append(
                desk.control("confirm", _("Confirm…"), "front_hand", right="confirm", address=address, primary=True)
            )
        else:
            found.append(desk.control("run", _("Follow the run"), "monitoring", address=address, primary=True))
    return found


def waits_for_confirmation(run: Run) -> bool:
    waiting = NodeRun.Status.WAITING, NodeRun.WaitingFor.CONFIRMATION
    return any((row.status, row.waiting_for) == waiting for row in run.nodes.all())


def _test(desk: _Desk, run: Run | None, nodes: int) -> Control:
    reason = ""
    if not nodes:
        reason = _("The canvas is empty: add an activity first.")
    elif run is not None and run.is_open:
        reason = _("A test is running; wait until it has ended.")
    return desk.control("test", _("Test"), "play_arrow", right="test", reason=reason, post=True, live=True)


def _submit(desk: _Desk, errors: int, nodes: int) -> Control:
    reason = ""
    if not nodes:
        reason = _("The canvas is empty: add an activity first.")
    elif errors:
        reason = ngettext(
            "Mend %(n)s error first: see the alerts.", "Mend %(n)s errors first: see the alerts.", errors
        ) % {"n": errors}
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
    ]
    if campaign.status == Status.DRAFT:
        entries.append(desk.control("delete", _("Delete…"), "delete", right="delete", danger=True))
    elif campaign.status != Status.ARCHIVED:
        busy = _("A run is open: stop it first.") if run is not None and run.is_open else ""
        if campaign.status == Status.IN_REVIEW:
            busy = _("Withdraw the request for approval first.")
        entries.append(desk.control("archive", _("Archive…"), "inventory_2", right="change", reason=busy))
    return entries
