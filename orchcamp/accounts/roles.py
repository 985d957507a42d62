"""The product profiles and their rights: the matrix, and the one function that writes it to the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from .models import ProductProfile

ADMINISTRATOR, APPROVER, MANAGER, VIEWER = "administrator", "approver", "manager", "viewer"
EVERYONE = (ADMINISTRATOR, APPROVER, MANAGER, VIEWER)
MAKERS = (ADMINISTRATOR, APPROVER, MANAGER)
DECIDERS = (ADMINISTRATOR, APPROVER)
ONLY_ADMINISTRATOR = (ADMINISTRATOR,)


@dataclass(frozen=True)
class Profile:
    slug: str
    label: str  # also the name of its group: data, not translated
    description: str


PROFILES = (
    Profile(ADMINISTRATOR, "Administrator", "Everything: data, channels, suppression and people, besides campaigns."),
    Profile(APPROVER, "Approver", "Designs, tests, approves and publishes campaigns; sees the configuration."),
    Profile(MANAGER, "Manager", "Designs and tests campaigns and asks for their approval; sees the configuration."),
    Profile(VIEWER, "Viewer", "Reads campaigns and reports."),
)


@dataclass(frozen=True)
class Right:
    code: str  # "app.codename", a Django permission
    label: Any  # completes "You need the right to …"
    profiles: tuple[str, ...]


def _rights(profiles: tuple[str, ...], *rights: tuple[str, Any]) -> tuple[Right, ...]:
    return tuple(Right(code, label, profiles) for code, label in rights)


RIGHTS: tuple[Right, ...] = (
    *_rights(
        EVERYONE,
        ("campaigns.view_campaign", _("see campaigns")),
        ("campaigns.report_campaign", _("see reports")),
        ("campaigns.view_folder", _("see folders")),
    ),
    *_rights(
        MAKERS,
        ("campaigns.add_campaign", _("create campaigns")),
        ("campaigns.change_campaign", _("change campaigns")),
        ("campaigns.delete_campaign", _("delete campaigns")),
        ("campaigns.test_campaign", _("test campaigns")),
        ("campaigns.add_task", _("create tasks")),
        ("campaigns.change_task", _("change tasks")),
        ("campaigns.delete_task", _("delete tasks")),
        ("campaigns.add_comment", _("write comments")),
        ("campaigns.add_folder", _("create folders")),
        ("campaigns.change_folder", _("change folders")),
        ("messaging.view_seedaddress", _("see proof addresses")),
        ("messaging.add_seedaddress", _("add proof addresses")),
        ("messaging.change_seedaddress", _("change proof addresses")),
        ("messaging.delete_seedaddress", _("delete proof addresses")),
        ("datasets.view_dataset", _("see customer data")),
        ("datasets.view_audience", _("see audiences")),
        ("datasets.use_audience", _("use audiences in campaigns")),
        ("datasets.add_audience", _("create audiences")),
        ("datasets.change_audience", _("change audiences")),
        ("datasets.delete_audience", _("delete audiences")),
        ("datasets.view_predefinedfilter", _("see predefined filters")),
        ("datasets.add_predefinedfilter", _("create predefined filters")),
        ("datasets.change_predefinedfilter", _("change predefined filters")),
        ("datasets.delete_predefinedfilter", _("delete predefined filters")),
        ("datasets.view_personal", _("see personal data unmasked")),
        ("messaging.view_channelconfiguration", _("see channel configurations")),
        ("messaging.view_connection", _("see connections")),
        ("campaigns.view_approvalpolicy", _("see approval policies")),
    ),
    *_rights(
        DECIDERS,
        ("campaigns.approve_campaign", _("decide approvals")),
        ("campaigns.publish_campaign", _("publish campaigns")),
        ("campaigns.confirm_campaign", _("confirm sendings")),
    ),
    *_rights(
        ONLY_ADMINISTRATOR,
        ("campaigns.delete_folder", _("delete folders")),
        ("campaigns.delete_comment", _("delete comments of others")),
        ("campaigns.add_approvalpolicy", _("create approval policies")),
        ("campaigns.change_approvalpolicy", _("change and activate approval policies")),
        ("campaigns.delete_approvalpolicy", _("delete approval policies")),
        ("datasets.add_dataset", _("load customer data")),
        ("datasets.change_dataset", _("change datasets")),
        ("datasets.delete_dataset", _("delete datasets")),
        ("messaging.add_channelconfiguration", _("create channel configurations")),
        ("messaging.change_channelconfiguration", _("change channel configurations")),
        ("messaging.delete_channelconfiguration", _("delete channel configurations")),
        ("messaging.add_connection", _("create connections")),
        ("messaging.change_connection", _("change connections")),
        ("messaging.delete_connection", _("delete connections")),
        ("messaging.view_suppression", _("see the suppression list")),
        ("messaging.add_suppression", _("add to the suppression list")),
        ("messaging.change_suppression", _("change the suppression list")),
        ("messaging.delete_suppression", _("remove from the suppression list")),
        ("accounts.view_user", _("see people")),
        ("accounts.add_user", _("add people")),
        ("accounts.change_user", _("change people")),
        ("accounts.delete_user", _("delete people")),
        ("accounts.look_as", _("look as another person, read-only")),
        ("accounts.view_productprofile", _("see product profiles")),
        ("accounts.add_productprofile", _("create product profiles")),
        ("accounts.change_productprofile", _("change product profiles")),
        ("accounts.delete_productprofile", _("delete product profiles")),
        ("accounts.view_team", _("see groups of people")),
        ("accounts.add_team", _("create groups of people")),
        ("accounts.change_team", _("change groups of people")),
        ("accounts.delete_team", _("delete groups of people")),
        ("accounts.view_auditentry", _("see the audit trail")),
        ("accounts.view_apitoken", _("see the tokens of programs")),
        ("accounts.change_apitoken", _("revoke the tokens of others")),
        ("accounts.delete_apitoken", _("delete the tokens of a person with that person")),
        ("campaigns.view_installation", _("see the health of the installation")),
        ("campaigns.change_installation", _("set the retention and clean up")),
    ),
)
BY_CODE = {right.code: right for right in RIGHTS}
APPS = frozenset(code.split(".")[0] for code in BY_CODE)


def codes(slug: str) -> set[str]:
    """The permissions of one built-in profile."""
    return {right.code for right in RIGHTS if slug in right.profiles}


def rights_of(user: Any) -> list[Right]:
    """What a person may do, in the order of the table."""
    return [right for right in RIGHTS if user.has_perm(right.code)]


def permissions(wanted: Iterable[str]) -> list[Permission]:
    """The rows of these codes, those that exist already."""
    names = set(wanted)
    rows = Permission.objects.filter(content_type__app_label__in={name.split(".")[0] for name in names})
    return [
        row for row in rows.select_related("content_type") if f"{row.content_type.app_label}.{row.codename}" in names
    ]


def held_by(profile: ProductProfile) -> list[Right]:
    """The rights of one profile, in the order of the table."""
    rows = profile.group.permissions.values_list("content_type__app_label", "codename")
    held = {f"{app}.{code}" for app, code in rows}
    return [right for right in RIGHTS if right.code in held]


@transaction.atomic
def define(profile: ProductProfile, rights: Iterable[str]) -> None:
    """Save a profile of one's own together with its group; only rights of the table can be in it."""
    if profile.pk is None:
        profile.slug = slugify(profile.label)
        profile.group = Group.objects.create(name=profile.label)
    else:
        Group.objects.filter(pk=profile.group_id).update(name=profile.label)
    profile.save()
    profile.group.permissions.set(permissions(set(rights) & BY_CODE.keys()))


@transaction.atomic
def sync() -> None:
    """Make groups, profiles and their rights what this module says; may be called at any time, any number of times."""
    for profile in PROFILES:
        row = ProductProfile.objects.filter(slug=profile.slug).select_related("group").first()
        if row is None:
            group, _made = Group.objects.get_or_create(name=profile.label)
            row = ProductProfile.objects.create(
                slug=profile.slug, label=profile.label, description=profile.description, group=group, built_in=True
            )
        row.group.permissions.set(permissions(codes(profile.slug)))


def reference() -> str:
    """The matrix as Markdown, for ``docs/reference/permissions.md``."""
    heads = " | ".join(profile.label for profile in PROFILES)
    lines = [
        "# Permissions",
        "",
        "What each product profile may do; generated from `orchcamp/accounts/roles.py`.",
        "",
        "Access is *what* (these rights) times *where*: the four built-in profiles reach every campaign; a profile of your own",
        "may reach only the campaigns and folders that are shared with its members. The author of a version never approves it.",
        "",
        *(f"- **{profile.label}**: {profile.description}" for profile in PROFILES),
        "",
        f"| Right | Code | {heads} |",
        f"| --- | --- |{' :-: |' * len(PROFILES)}",
    ]
    for right in RIGHTS:
        marks = " | ".join("✓" if profile.slug in right.profiles else "–" for profile in PROFILES)
        lines.append(f"| {str(right.label).capitalize()} | `{right.code}` | {marks} |")
    return "\n".join([*lines, *_levels()]) + "\n"


def _levels() -> list[str]:
    """The levels at which things are shared, and what each opens, as Markdown."""
    from . import sharing  # it is told by the applications what can be shared

    lines = [
        "",
        "## Levels of sharing",
        "",
        "How far a share opens a thing to somebody whose profile does not reach everywhere; of what it opens, each may do what",
        "their profiles give. What is shared of a folder holds for the folders and campaigns in it.",
        "",
        "| What | Level | Opens |",
        "| --- | --- | --- |",
    ]
    for kind in sharing.kinds():
        name = str(kind.model._meta.verbose_name).capitalize()
        for level in kind.levels:
            lines.append(f"| {name} | {level.label} | {', '.join(level.actions)} |")
        lines.append(f"| {name} | its owner | {', '.join(kind.owner)} |")
    return lines
