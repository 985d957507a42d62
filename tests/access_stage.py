"""One of everything that an address can name, for the walk through all addresses."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import Group
from django.utils import timezone

from campaigns.models import Approval, Batch, Campaign, CampaignVersion, DoubtfulMessage, NodeRun, Run, Task
from orchcamp.accounts.models import User
from orchcamp.datasets import engine
from orchcamp.datasets.models import Dataset, Load
from orchcamp.messaging.models import Channel, Delivery, Suppression
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, simple_graph

SECRET = "Quokka"  # in the name of everything: who may see nothing, never reads it


def build(author: User) -> dict[str, object]:
    """What the names in addresses stand for: a campaign with everything, and one that waits for approval."""
    make_shop()
    configuration = make_configuration(label=f"{SECRET} sender")
    campaign = make_campaign(owner=author, slug="spring", name=f"{SECRET} spring")
    run = live_run(campaign, author)
    delivery = Delivery.objects.create(
        reference=f"{run.pk}-mail",
        campaign="spring",
        label=f"{SECRET} mail",
        channel=Channel.EMAIL,
        configuration=configuration,
        dimension="people",
        key=["id"],
        plan="nowhere.parquet",
    )
    node = NodeRun.objects.create(run=run, node_id="mail", status=NodeRun.Status.SUCCEEDED)
    batch = Batch.objects.create(
        node_run=node, delivery=delivery, number=1, size=1, status=Batch.Status.SETTLED, in_doubt=1
    )
    doubt = DoubtfulMessage.objects.create(
        batch=batch, message_id="m1", address="a@example.org", begun_at=timezone.now(), evidence=SECRET
    )
    summer = make_campaign(owner=author, slug="summer", name=f"{SECRET} summer", status=Campaign.Status.IN_REVIEW)
    frozen = summer.versions.get()
    CampaignVersion.objects.filter(pk=frozen.pk).update(frozen_at=timezone.now())
    return {
        "campaign": campaign.slug,
        "in_review": summer.slug,
        "run": run.pk,
        "doubt": doubt.pk,
        "approval": Approval.objects.create(version=frozen, requested_by=author, message=SECRET).pk,
        "task": Task.objects.create(campaign=campaign, title=f"{SECRET} task", created_by=author).pk,
        "load": load().pk,
        "suppression": Suppression.objects.create(address=f"{SECRET.lower()}@example.org").pk,
        "viewers": Group.objects.get(profile__slug="viewer").pk,
    }


def live_run(campaign: Campaign, author: User) -> Run:
    """A live run of an earlier version that is over."""
    now = timezone.now()
    version = CampaignVersion.objects.create(
        campaign=campaign, number=2, author=author, frozen_at=now, approved_at=now, document=simple_graph().to_json()
    )
    campaign.versions.filter(number=1).update(number=3)
    return Run.objects.create(
        campaign=campaign,
        version=version,
        mode=Run.Mode.LIVE,
        status=Run.Status.SUCCEEDED,
        scheduled_for=now - timedelta(hours=1),
        document=version.document,
        finished_at=now,
    )


def load() -> Load:
    """A load with one rejected line."""
    people = Dataset.objects.get(slug="people")
    path = engine.root() / "rejects" / "1.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"file,line,column,reason,record\npeople.csv,2,born,no date,{SECRET}\n")
    return Load.objects.create(
        dataset=people, source=f"{SECRET}.csv", status=Load.Status.DONE, rejected=1, reject_path="rejects/1.csv"
    )
