"""What stands on the shelves of a crowd: data, audiences, filters, channels, folders; and one very busy campaign."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from campaigns.models import (
    Campaign,
    CampaignTemplate,
    CampaignVersion,
    Folder,
    Launch,
    LogEntry,
    Run,
    SavedView,
    Signal,
)
from orchcamp.datasets.models import (
    Audience,
    AudienceVersion,
    Column,
    Dataset,
    FilterRevision,
    Load,
    PredefinedFilter,
    Snapshot,
)
from orchcamp.messaging.models import Connection, SeedAddress, Suppression
from tests.campaigns.builders import EVERYONE, make_configuration, simple_graph

if TYPE_CHECKING:
    from tests.crowd import Society

BATCH = 2000


def fill(crowd: Society, before: int, after: int) -> None:
    """From so many of each to more."""
    numbers, chief = range(before, after), crowd.readers[0]
    people = Dataset.objects.get(slug="people")
    for n in numbers:
        _dataset(n)
        audience = Audience.objects.create(
            slug=f"audience-{n}", label=f"Audience {n}", dataset=people, rule=EVERYONE, owner=crowd.everybody[0]
        )
        audience.current = AudienceVersion.objects.create(audience=audience, number=1, path="nowhere.parquet", rows=n)
        audience.save()
        filter = PredefinedFilter.objects.create(
            slug=f"filter-{n}", label=f"Filter {n}", dataset=people, shared=True, owner=crowd.everybody[0]
        )
        FilterRevision.objects.create(filter=filter, number=1, rule=EVERYONE)
        make_configuration(f"channel-{n}")
        Connection.objects.create(slug=f"server-{n}", label=f"Server {n}", kind=Connection.Kind.SFTP)
        folder = Folder.objects.create(name=f"Folder {n}", parent=None if n % 4 == 0 else _roots()[n % len(_roots())])
        CampaignTemplate.objects.create(
            slug=f"template-{n}",
            name=f"Template {n}",
            description=f"As in {folder}.",
            dimension="people",
            document=simple_graph().to_json(),
            author=chief,
        )
    Load.objects.bulk_create(
        [Load(dataset=people, source=f"people-{n}.csv", status=Load.Status.DONE, by=chief) for n in numbers]
    )
    Suppression.objects.bulk_create([Suppression(address=f"no{n}@example.org", by=chief) for n in numbers])
    SeedAddress.objects.bulk_create([SeedAddress(label=f"Seed {n}", address=f"seed{n}@example.org") for n in numbers])
    SavedView.objects.bulk_create(
        [
            SavedView(user=reader, name=f"View {n}", query="tag=tag1")
            for reader in crowd.readers
            for n in numbers
            if n < 5
        ]
    )


def _roots() -> list[Folder]:
    return list(Folder.objects.filter(parent=None).order_by("pk"))


def _dataset(number: int) -> None:
    found = Dataset.objects.create(slug=f"data-{number}", label=f"Data {number}", key=["id"])
    Column.objects.create(dataset=found, name="id", label="Id", type="integer")
    found.snapshot = Snapshot.objects.create(dataset=found, number=1, path="nowhere.parquet", rows=number)
    found.save()


def fill_busy(campaign: Campaign, before: int, after: int) -> None:
    """Runs, log entries, versions, launches and signals of one campaign."""
    numbers, now = range(before, after), timezone.now()
    version = campaign.versions.order_by("number")[0]
    document, person = version.document, campaign.owner
    CampaignVersion.objects.bulk_create(
        [
            CampaignVersion(
                campaign=campaign,
                number=n + 2,
                document=document,
                author=person,
                frozen_at=now,
                approved_at=now,
                published_at=now,
                published_by=person,
            )
            for n in numbers[: len(numbers) // 10 or 1]
        ],
        batch_size=BATCH,
    )
    runs = Run.objects.bulk_create(
        [
            Run(
                campaign=campaign,
                version=version,
                mode=Run.Mode.LIVE,
                status=Run.Status.SUCCEEDED,
                scheduled_for=now - timedelta(hours=n + 1),
                document=document,
                started_by=person,
                finished_at=now,
            )
            for n in numbers
        ],
        batch_size=BATCH,
    )
    LogEntry.objects.bulk_create(
        [LogEntry(run=run, node_id="mail", message="Sent.", by=person) for run in runs for _n in range(5)],
        batch_size=BATCH,
    )
    Launch.objects.bulk_create(
        [
            Launch(
                campaign=campaign, slot=run.scheduled_for, status=Launch.Status.SKIPPED, run=None, reason="Too early."
            )
            for run in runs
        ],
        batch_size=BATCH,
    )
    Signal.objects.bulk_create(
        [Signal(campaign=campaign, key=f"signal-{n}", source="The till", by=person) for n in numbers], batch_size=BATCH
    )
