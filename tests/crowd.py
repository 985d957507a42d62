"""A crowd: many people, teams, campaigns, and what they are shared for, to look at pages that are full."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from campaigns.models import (
    Alert,
    Approval,
    Campaign,
    CampaignGroupPermission,
    CampaignUserPermission,
    CampaignVersion,
    Folder,
    FolderUserPermission,
    NodeRun,
    Run,
    Task,
)
from orchcamp.accounts.models import AuditEntry, ProductProfile, User
from tests import crowd_shelves
from tests.builders import make_shop
from tests.campaigns.builders import make_configuration, simple_graph
from tests.conftest import person

BATCH = 2000
BUSY = "campaign-0"  # the campaign with many runs, versions, log entries, signals
RIGHTS = ("view_campaign", "change_campaign", "report_campaign")


@dataclass(frozen=True)
class Amounts:
    """How many there are of everything."""

    campaigns: int = 0
    busy: int = 0  # runs, log entries, versions, launches and signals of one campaign
    shelves: int = 0  # audiences, filters, datasets, channels, templates, folders
    shares: int = 10  # of each campaign with people and groups


@dataclass(frozen=True)
class Society:
    everybody: list[User]
    teams: list[Group]
    readers: list[User]  # an administrator, a manager who reaches everywhere, one who reaches what is shared with them


def society(people: int, groups: int) -> Society:
    """Everybody, their teams, and the three who look at the pages."""
    make_shop()
    make_configuration()
    User.objects.bulk_create([User(username=f"person{n}", first_name=f"Person {n}") for n in range(people)])
    Group.objects.bulk_create([Group(name=f"Team {n}") for n in range(groups)])
    everybody = list(User.objects.filter(username__startswith="person").order_by("pk"))
    teams = list(Group.objects.filter(name__startswith="Team ").order_by("pk"))
    through = User.groups.through
    members = [through(user=user, group=teams[n % groups]) for n, user in enumerate(everybody)]
    through.objects.bulk_create(members, batch_size=BATCH)
    narrow = Group.objects.create(name="Narrow")
    ProductProfile.objects.create(group=narrow, slug="narrow", label="Narrow", everywhere=False)
    narrow.permissions.set(Permission.objects.filter(group__profile__slug="manager"))
    shared = person("shared", None)
    shared.groups.add(narrow, teams[0])
    return Society(everybody, teams, [person("chief", "administrator"), person("wide", "manager"), shared])


def fill(crowd: Society, before: Amounts, after: Amounts) -> None:
    """From so many of everything to more."""
    crowd_shelves.fill(crowd, before.shelves, after.shelves)
    _fill_campaigns(crowd, range(before.campaigns, after.campaigns), after.shares)
    crowd_shelves.fill_busy(Campaign.objects.get(slug=BUSY), before.busy, after.busy)


def _fill_campaigns(crowd: Society, numbers: range, shares: int) -> None:
    """Campaigns with a version, a test run with its steps, a request, a task, and whom they are shared with."""
    chance, now = random.Random(numbers.start), timezone.now()
    folders, statuses = list(Folder.objects.order_by("pk")), [*Campaign.Status.values]
    campaigns = _made(
        Campaign(
            slug=f"campaign-{n}",
            name=f"{chance.choice(['Spring', 'Autumn', 'Welcome', 'Loyalty'])} {n}",
            dimension="people",
            status=statuses[n % len(statuses)],
            tags=[f"tag{n % 30}", f"season{n % 4}"],
            folder=folders[n % len(folders)] if folders else None,
            owner=crowd.everybody[n % len(crowd.everybody)],
            schedule={"frequency": "once", "at": (now + timedelta(days=n % 360 - 180)).strftime("%Y-%m-%dT%H:%M")},
        )
        for n in numbers
    )
    _fill_versions(campaigns)
    _made(Task(campaign=one, title=f"Look at {one}", assignee=_doer(crowd, n)) for n, one in enumerate(campaigns))
    _made(AuditEntry(actor=one.owner, actor_name=str(one.owner), verb="changed", label=one.name) for one in campaigns)
    _share(crowd, campaigns, chance, shares)


def _fill_versions(campaigns: list[Campaign]) -> None:
    now, document = timezone.now(), simple_graph().to_json()
    approved = [*Campaign.Status.values[2:-1]]
    versions = _made(
        CampaignVersion(
            campaign=one,
            document=document,
            author=one.owner,
            frozen_at=None if one.status == "draft" else now,
            approved_at=now if one.status in approved else None,
            published_at=now if one.status in approved[1:] else None,
        )
        for one in campaigns
    )
    runs = _made(
        Run(
            campaign=version.campaign,
            version=version,
            mode=Run.Mode.LIVE if version.published_at else Run.Mode.TEST,
            status=[Run.Status.SUCCEEDED, Run.Status.FAILED, Run.Status.STOPPED][n % 3],
            started_by=version.author,
            document=document,
            scheduled_for=now - timedelta(days=n % 360),
            started_at=now - timedelta(days=n % 360),
            finished_at=now - timedelta(days=n % 360),
        )
        for n, version in enumerate(versions)
    )
    counted = {"out": {"rows": 6, "dimension": "people", "key": ["id"]}}
    _made(
        NodeRun(run=run, node_id=id, status=NodeRun.Status.SUCCEEDED, outputs=counted, follows=["out"])
        for run in runs
        for id in document["nodes"]
    )
    waiting = [version for version in versions if version.campaign.status == "in_review"]
    _made(Approval(version=one, requested_by=one.author, counts={"people": {"out": 6}}) for one in waiting)
    told = [run for run in runs if run.mode == Run.Mode.LIVE][::10]
    _made(Alert(run=run, node_id="alert", title="Fewer than usual", message="Look at it.") for run in told)


def _share(crowd: Society, campaigns: list[Campaign], chance: random.Random, shares: int) -> None:
    rights = {right.codename: right for right in Permission.objects.filter(codename__in=[*RIGHTS, "view_folder"])}
    some = [rights[name] for name in RIGHTS]
    mine = [(one, crowd.readers[-1], right) for one in campaigns[::100] or campaigns[:1] for right in some]
    people = [
        (one, chance.choice(crowd.everybody), chance.choice(some)) for one in campaigns for _n in range(shares // 2)
    ]
    teams = [
        (one, chance.choice(crowd.teams), chance.choice(some))
        for one in campaigns
        for _n in range(shares - shares // 2)
    ]
    rows = [
        CampaignUserPermission(content_object=one, user=user, permission=right) for one, user, right in people + mine
    ]
    CampaignUserPermission.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    rows = [CampaignGroupPermission(content_object=one, group=group, permission=right) for one, group, right in teams]
    CampaignGroupPermission.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    opened = [
        FolderUserPermission(content_object=folder, user=crowd.readers[-1], permission=rights["view_folder"])
        for folder in Folder.objects.order_by("pk")[:3]
    ]
    FolderUserPermission.objects.bulk_create(opened, ignore_conflicts=True)


def _doer(crowd: Society, number: int) -> User:
    """Every tenth task is a reader's."""
    among = crowd.readers if number % 10 == 0 else crowd.everybody
    return among[number // 10 % len(among)]


def _made(rows: Iterable[Any]) -> list[Any]:
    """The rows, stored."""
    found = list(rows)
    return type(found[0])._default_manager.bulk_create(found, batch_size=BATCH) if found else []
