"""How many queries and how much server time every list page takes, with few campaigns and with many.

    python -m tests.benchmarks.pages [CAMPAIGNS …] [--rounds 9] [--people 1000] [--groups 50] [--shares 10]

Everything runs in this process through Django's test client, with every middleware, on the database that
``DATABASE_URL`` names (SQLite without one; ``.ci/postgres python -m …`` gives one of PostgreSQL's own). Each campaign
is shared ``--shares`` times with people and groups. Two people look: one whose profile reaches everywhere, and one of
a profile that reaches only what was shared with them, which is the slower way. What is asked for: the same number of
queries however many rows there are, at most 12, and a median of at most 100 ms.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.contrib.auth.models import Group
    from django.test import Client

    from orchcamp.accounts.models import User

PAGES = {
    "home": "/",
    "campaigns": "/campaigns/",
    "campaigns, searched": "/campaigns/?q=spring",
    "campaigns, by name": "/campaigns/?sort=name",
    "campaigns, page 20": "/campaigns/?page=20",
    "calendar": "/calendar/",
    "approvals": "/approvals/",
    "tasks": "/tasks/",
    "all tasks": "/tasks/?whose=all",
    "folders": "/campaigns/folders",
    "templates": "/campaigns/templates/",
    "audiences": "/data/audiences/",
    "filters": "/data/filters/",
    "datasets": "/data/",
    "reports": "/reports/",
    "search": "/search?q=spring",
}
BATCH = 2000
MOST_QUERIES, MOST_MS = 12, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaigns", nargs="*", type=int, default=[100, 10_000])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--groups", type=int, default=50)
    parser.add_argument("--shares", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ORCHCAMP_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "orchcamp.settings"
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection

        settings.ALLOWED_HOSTS = ["testserver"]
        call_command("migrate", verbosity=0)
        people, groups, readers = society(given.people, given.groups)
        made, known = 0, {}
        print(f"{connection.vendor}: {given.people} people, {given.groups} groups")
        for wanted in sorted(given.campaigns):
            fill(made, wanted, people, groups, given.shares)
            made = wanted
            connection.cursor().execute("ANALYZE")
            for reader in readers:
                look(reader, wanted, given.rounds, known)


# --- What there is -----------------------------------------------------------------------------------


def society(people: int, groups: int) -> tuple[list[User], list[Group], list[User]]:
    """Everybody, their teams, and the two who look at the pages."""
    from django.contrib.auth.models import Group, Permission

    from orchcamp.accounts.models import ProductProfile, User
    from tests.builders import make_shop
    from tests.campaigns.builders import make_configuration
    from tests.conftest import person

    make_shop()
    make_configuration()
    User.objects.bulk_create([User(username=f"person{n}", first_name=f"Person {n}") for n in range(people)])
    Group.objects.bulk_create([Group(name=f"Team {n}") for n in range(groups)])
    everybody = list(User.objects.filter(username__startswith="person"))
    teams = list(Group.objects.filter(name__startswith="Team "))
    through = User.groups.through
    members = [through(user=user, group=teams[n % groups]) for n, user in enumerate(everybody)]
    through.objects.bulk_create(members, batch_size=BATCH)
    narrow = Group.objects.create(name="Narrow")
    ProductProfile.objects.create(group=narrow, slug="narrow", everywhere=False)
    manager = Group.objects.get(profile__slug="manager")
    narrow.permissions.set(Permission.objects.filter(group=manager))
    wide, shared = person("wide", "manager"), person("shared", None)
    shared.groups.add(narrow, teams[0])
    return [*everybody, shared], teams, [wide, shared]


def fill(made: int, wanted: int, people: list[User], groups: list[Group], shares: int) -> None:
    """Campaigns with a version, a test run, a request, a task, and the people and teams they are shared with."""
    from django.contrib.auth.models import Permission
    from django.utils import timezone

    from campaigns.models import (
        Approval,
        Campaign,
        CampaignGroupPermission,
        CampaignUserPermission,
        CampaignVersion,
        Folder,
        Run,
        Task,
    )
    from tests.campaigns.builders import simple_graph

    chance, now = random.Random(made), timezone.now()
    folders = [Folder.objects.get_or_create(name=f"Folder {n}")[0] for n in range(20)]
    document = simple_graph().to_json()
    statuses = [*Campaign.Status.values]
    campaigns = [
        Campaign(
            slug=f"campaign-{n}",
            name=f"{chance.choice(['Spring', 'Autumn', 'Welcome', 'Loyalty'])} {n}",
            dimension="people",
            status=statuses[n % len(statuses)],
            tags=[f"tag{n % 30}", f"season{n % 4}"],
            folder=folders[n % 20],
            owner=people[n % len(people)],
            schedule={"frequency": "once", "at": (now + timedelta(days=n % 60 - 30)).strftime("%Y-%m-%dT%H:%M")},
        )
        for n in range(made, wanted)
    ]
    Campaign.objects.bulk_create(campaigns, batch_size=BATCH)
    versions = CampaignVersion.objects.bulk_create(
        [
            CampaignVersion(
                campaign=campaign,
                document=document,
                author=campaign.owner,
                frozen_at=None if campaign.status == "draft" else now,
                approved_at=None if campaign.status in {"draft", "in_review"} else now,
            )
            for campaign in campaigns
        ],
        batch_size=BATCH,
    )
    Run.objects.bulk_create(
        [
            Run(
                campaign=version.campaign,
                version=version,
                mode=Run.Mode.TEST,
                status=Run.Status.SUCCEEDED,
                scheduled_for=now,
                document=document,
                started_by=version.author,
                finished_at=now,
            )
            for version in versions
        ],
        batch_size=BATCH,
    )
    waiting = [version for version in versions if version.campaign.status == "in_review"]
    Approval.objects.bulk_create(
        [Approval(version=version, requested_by=version.author, counts={"people": {"out": 6}}) for version in waiting],
        batch_size=BATCH,
    )
    Task.objects.bulk_create(
        [Task(campaign=one, title=f"Look at {one}", assignee=chance.choice(people)) for one in campaigns],
        batch_size=BATCH,
    )
    rights = list(Permission.objects.filter(codename__in=["view_campaign", "change_campaign", "report_campaign"]))
    with_people, with_groups = [], []
    for campaign in campaigns:
        for _share in range(shares // 2):
            right = chance.choice(rights)
            with_people.append(
                CampaignUserPermission(content_object=campaign, user=chance.choice(people), permission=right)
            )
            with_groups.append(
                CampaignGroupPermission(content_object=campaign, group=chance.choice(groups), permission=right)
            )
    CampaignUserPermission.objects.bulk_create(with_people, batch_size=BATCH, ignore_conflicts=True)
    CampaignGroupPermission.objects.bulk_create(with_groups, batch_size=BATCH, ignore_conflicts=True)


# --- Looking -----------------------------------------------------------------------------------------


def look(reader: User, campaigns: int, rounds: int, known: dict[tuple[str, str], int]) -> None:
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(reader, backend=settings.AUTHENTICATION_BACKENDS[1])
    print(f"\n{campaigns} campaigns, {reader.username:12} {'queries':>8} {'ms':>6} {'worst':>6} {'KB':>6}")
    for name, address in PAGES.items():
        queries, taken, size = measure(client, address, rounds)
        before = known.setdefault((reader.username, name), queries)
        told = [
            *(["more than 12"] if queries > MOST_QUERIES else []),
            *([f"grew from {before}"] if queries > before else []),
            *(["slow"] if statistics.median(taken) > MOST_MS else []),
        ]
        figures = f"{queries:8} {statistics.median(taken):6.0f} {max(taken):6.0f} {size / 1024:6.0f}"
        print(f"  {name:32} {figures}  {', '.join(told)}", flush=True)


def measure(client: Client, address: str, rounds: int) -> tuple[int, list[float], int]:
    """Queries, milliseconds of each round, and bytes; the first round warms up and does not count."""
    from django.db import connection

    asked: list[str] = []

    def noted(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    taken, size = [], 0
    for number in range(rounds + 1):
        asked.clear()
        with connection.execute_wrapper(noted):
            began = time.perf_counter()
            response = client.get(address)
            spent = (time.perf_counter() - began) * 1000
        assert response.status_code == 200, (address, response.status_code)
        size = len(response.content)
        if number:
            taken.append(spent)
    if os.environ.get("SHOW_QUERIES") == address:
        print(*(sql[:300] for sql in asked), sep="\n    ")
    return len(asked), taken, size


if __name__ == "__main__":
    main()
