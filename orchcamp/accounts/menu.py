"""The menu of the shell: what a person may open, in groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Entry:
    section: str
    label: Any
    icon: str
    view: str
    permission: str = ""
    demo: bool = False

    @property
    def address(self) -> str:
        return reverse(self.view)


@dataclass(frozen=True)
class Group:
    label: Any
    entries: tuple[Entry, ...]


GROUPS = (
    Group(
        _("Workspace"),
        (
            Entry("home", _("Home"), "home", "campaigns:home"),
            Entry("work", _("My work"), "task_alt", "campaigns:work", "campaigns.view_campaign"),
            Entry("campaigns", _("Campaigns"), "campaign", "campaigns:list", "campaigns.view_campaign"),
            Entry("calendar", _("Calendar"), "calendar_month", "campaigns:calendar", "campaigns.view_campaign"),
            Entry("approvals", _("Approvals"), "approval", "campaigns:approvals", "campaigns.view_campaign"),
        ),
    ),
    Group(
        _("Customers and channels"),
        (
            Entry("audiences", _("Audiences"), "groups", "datasets:audiences", "datasets.view_audience"),
            Entry("filters", _("Filters"), "filter_alt", "datasets:filters", "datasets.view_predefinedfilter"),
            Entry("data", _("Data"), "database", "datasets:list", "datasets.view_dataset"),
            Entry("channels", _("Channels"), "cell_tower", "messaging:channels", "messaging.view_channelconfiguration"),
        ),
    ),
    Group(
        _("Results"),
        (
            Entry("reports", _("Reports"), "bar_chart", "campaigns:reports", "campaigns.report_campaign"),
            Entry(
                "delivered",
                _("Delivered mail"),
                "mark_email_read",
                "messaging:delivered",
                "datasets.view_personal",
                demo=True,
            ),
        ),
    ),
    Group(
        _("Administration"),
        (
            Entry("policies", _("Approval policies"), "policy", "campaigns:policies", "campaigns.view_approvalpolicy"),
            Entry("health", _("Health"), "monitor_heart", "campaigns:health", "campaigns.view_installation"),
            Entry("admin", _("People and settings"), "manage_accounts", "admin:index", "accounts.change_user"),
        ),
    ),
)


def menu(user: Any) -> list[Group]:
    """The groups and entries that this person can use; no group without an entry."""
    if not user.is_authenticated:
        return []
    groups = [Group(group.label, tuple(e for e in group.entries if _shown(e, user))) for group in GROUPS]
    return [group for group in groups if group.entries]


def _shown(entry: Entry, user: Any) -> bool:
    if entry.demo and not settings.DEMO:
        return False
    return not entry.permission or user.has_perm(entry.permission)
