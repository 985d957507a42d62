"""One of everything that an address can name, for the walk through all addresses."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from activities.graph import Node
from campaigns import retention
from campaigns.models import (
    Alert,
    Approval,
    ApprovalPolicy,
    Batch,
    Campaign,
    CampaignTemplate,
    CampaignVersion,
    ChecklistItem,
    Comment,
    DoubtfulMessage,
    Folder,
    Mention,
    NodeRun,
    Question,
    Run,
    RunFile,
    SavedView,
    SealedPlan,
    Task,
)
from orchcamp.accounts import tokens
from orchcamp.accounts.models import User
from orchcamp.datasets import audiences, engine, predefined, refreshing
from orchcamp.datasets.models import Dataset, Load
from orchcamp.messaging.models import Channel, ChannelConfiguration, Delivery, Suppression
from tests.builders import make_shop
from tests.campaigns.builders import make_campaign, make_configuration, simple_graph

SECRET = "Quokka"  # in the name of everything: who may see nothing, never reads it


def build(author: User) -> dict[str, object]:
    """What the names in addresses stand for: a campaign with everything, and one that waits for approval."""
    make_shop()
    people = Dataset.objects.get(slug="people")
    refreshing.refresh(audiences.create(f"{SECRET}s", people, by=author))
    configuration = make_configuration(label=f"{SECRET} sender")
    canvas = simple_graph().with_node(Node("file", "load_file", "File", {"file": "a.csv"}))
    campaign = make_campaign(canvas, owner=author, slug="spring", name=f"{SECRET} spring")
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
    made = engine.root() / "runs" / "made.csv"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text(SECRET)
    file = RunFile.objects.create(run=run, node_id="mail", name=f"{SECRET}.csv", path="runs/made.csv", rows=1)
    alert = Alert.objects.create(run=run, node_id="mail", title=SECRET, message=SECRET)
    question = Question.objects.create(
        node_run=node,
        title=SECRET,
        answers=[{"code": "yes", "label": "Yes"}],
        group=Group.objects.get(profile__slug="approver"),
    )
    summer = make_campaign(owner=author, slug="summer", name=f"{SECRET} summer", status=Campaign.Status.IN_REVIEW)
    frozen = summer.versions.get()
    CampaignVersion.objects.filter(pk=frozen.pk).update(frozen_at=timezone.now())
    dear = predefined.create(label=f"{SECRET} buyers", dataset="people", rule={}, shared=True, by=author)
    brand = Folder.objects.create(name=f"{SECRET} brand", owner=author)
    folder = Folder.objects.create(name=f"{SECRET} season", parent=brand, owner=author)
    Campaign.objects.update(folder=folder)
    retention.installation()
    return {
        "brand": brand.pk,
        "folder": folder.pk,
        "policy": ApprovalPolicy.objects.create(name=f"{SECRET} policy").pk,
        "view": SavedView.objects.create(user=author, name=f"{SECRET} view").pk,
        "filter": dear.slug,
        "campaign": campaign.slug,
        "in_review": summer.slug,
        "run": run.pk,
        "alert": alert.pk,
        "question": question.pk,
        "doubt": doubt.pk,
        "run_file": file.pk,
        "dry_run": dry_run(campaign, configuration).pk,
        "approval": Approval.objects.create(version=frozen, requested_by=author, message=SECRET).pk,
        **work(campaign, author),
        "load": load().pk,
        "template": CampaignTemplate.objects.create(
            slug="kept", name=f"{SECRET} canvas", description="A canvas.", document=campaign.latest_version().document
        ).slug,
        "suppression": Suppression.objects.create(address=f"{SECRET.lower()}@example.org").pk,
        "person": author.pk,
        "token": tokens.make(author, f"{SECRET} till")[0].pk,
        "notification": author.notifications.create(
            kind="mention", key="1", sentence=SECRET, address="/campaigns/spring/"
        ).pk,
        "viewers": Group.objects.get(profile__slug="viewer").pk,
    }


def work(campaign: Campaign, author: User) -> dict[str, object]:
    """A task with a step, one for the approvers, and a comment that names its author."""
    approvers = Group.objects.get(profile__slug="approver")
    task = Task.objects.create(campaign=campaign, title=f"{SECRET} task", created_by=author)
    given = {"campaign": campaign, "title": f"{SECRET} work", "group": approvers, "team": approvers}
    comment = Comment.objects.create(campaign=campaign, node_id="mail", author=author, text=f"{SECRET}, @mark?")
    return {
        "task": task.pk,
        "team_task": Task.objects.create(**given).pk,
        "step": ChecklistItem.objects.create(task=task, text=f"{SECRET} step").pk,
        "approvers": approvers.pk,
        "comment": comment.pk,
        "mention": Mention.objects.create(comment=comment, person=author).pk,
    }


def sign_in(user: User) -> User:
    """Give a person of the stage a session that lives as long as the stage does: what is undone keeps it."""
    client = Client()
    client.force_login(user)
    user.session_key = client.session.session_key
    return user


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


def dry_run(campaign: Campaign, configuration: ChannelConfiguration) -> Run:
    """A dry run whose rows were purged."""
    now, version = timezone.now(), campaign.versions.get(number=3)
    facts = {"scheduled_for": now, "document": version.document, "status": Run.Status.SUCCEEDED, "finished_at": now}
    run = Run.objects.create(campaign=campaign, version=version, mode=Run.Mode.DRY, **facts)
    NodeRun.objects.create(run=run, node_id="mail", status=NodeRun.Status.SUCCEEDED)
    SealedPlan.objects.create(
        run=run, node_id="mail", channel=Channel.EMAIL, configuration=configuration, dimension="people", key=["id"],
        path="nowhere/sealed.parquet", targeted=3, prepared=2, left_out=1, excluded={"no_address": 1}, rendered=2,
        samples=[{"message": "m1", "why": "longest", "length": 9}],
    )  # fmt: skip
    return run


def load() -> Load:
    """A load with one rejected line."""
    people = Dataset.objects.get(slug="people")
    path = engine.root() / "rejects" / "1.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"file,line,column,reason,record\npeople.csv,2,born,no date,{SECRET}\n")
    return Load.objects.create(
        dataset=people, source=f"{SECRET}.csv", status=Load.Status.DONE, rejected=1, reject_path="rejects/1.csv"
    )
